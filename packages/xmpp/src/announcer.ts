import type { Element } from '@xmpp/xml';

import { toError } from './errors';
import type { Settings } from './options';
import { errorCondition, readAnnounced, workerAnnouncement } from './partition';

export interface AnnouncerOptions {
  readonly settings: Settings;
  readonly ask: (iq: Element, timeoutMs: number) => Promise<Element>;
  /** The plug-in has given to others what it had handed over here, up to this number, since this worker is not ready. */
  readonly onMoved: (n: number) => void;
}

/** What the plug-in has answered to the worker's announcement on the present connection. */
export interface Announced {
  /** It keeps what it hands over until that is reported as handled. */
  readonly acknowledges: boolean;
  /** The highest number that it has given to others instead, because this worker was not ready. */
  readonly moved: number | undefined;
}

const NOTHING: Announced = { acknowledges: false, moved: undefined };

/** Pause between two questions about what was given to others, milliseconds: many stanzas share one. */
const ASK_PAUSE_MS = 50;

/** Tells the plug-in who this worker is and whether it is to be chosen, at each connection and at each change. */
export class Announcer {
  private ready = true;
  private told: boolean | undefined;
  private answer = NOTHING;
  private asking: Promise<void> | undefined;

  constructor(private readonly options: AnnouncerOptions) {}

  get announced(): Announced {
    return this.answer;
  }

  /** A connection begins: nothing has been told on it. */
  reset(): void {
    this.told = undefined;
    this.answer = NOTHING;
  }

  /** Rejects as `ask` does. Resolves false when the plug-in does not know what it was told: it is missing. */
  async tell(): Promise<boolean> {
    const { settings, ask, onMoved } = this.options;
    const { ready } = this;
    this.told = ready;
    const reply = await ask(workerAnnouncement(settings, settings.workerName, ready), settings.timeoutMs);
    if (errorCondition(reply) !== undefined) return false;
    const before = this.answer.moved;
    this.answer = readAnnounced(reply);
    const { moved } = this.answer;
    if (moved !== undefined && moved !== before) onMoved(moved);
    return true;
  }

  /** From now on; on the present connection too, when `isUp`. */
  setReady(ready: boolean, isUp: boolean): void {
    this.ready = ready;
    if (isUp) this.tellChange();
  }

  /** Tells a change that has come since the plug-in was told last. */
  tellChange(): void {
    if (this.told === undefined || this.told === this.ready) return;
    this.tell().catch((error: unknown) => this.failed(error));
  }

  /** While this worker is not ready the plug-in may have given stanzas to others: resolves when it has told of what stood here before. */
  askMoved(): Promise<void> {
    if (this.ready || !this.answer.acknowledges) return Promise.resolve();
    this.asking ??= this.askSoon();
    return this.asking;
  }

  private async askSoon(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ASK_PAUSE_MS));
    this.asking = undefined; // whoever comes from now on may be too late for this one
    await this.tell().catch((error: unknown) => this.failed(error));
  }

  private failed(error: unknown): void {
    this.options.settings.log.warn({ why: toError(error).message }, 'xmpp_announce_failed');
  }
}
