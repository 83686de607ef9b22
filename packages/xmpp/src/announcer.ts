import type { Element } from '@xmpp/xml';

import { toError } from './errors';
import type { Settings } from './options';
import { errorCondition, readAnnounced, workerAnnouncement } from './partition';

type Ask = (iq: Element, timeoutMs: number) => Promise<Element>;

/** What the plug-in has answered to the worker's announcement on the present connection. */
export interface Announced {
  /** It keeps what it hands over until that is reported as handled. */
  readonly acknowledges: boolean;
  /** The highest number that it has given to others instead, because this worker was not ready. */
  readonly moved: number | undefined;
}

const NOTHING: Announced = { acknowledges: false, moved: undefined };

/** Tells the plug-in who this worker is and whether it is to be chosen, at each connection and at each change. */
export class Announcer {
  private ready = true;
  private told: boolean | undefined;
  private answer = NOTHING;

  constructor(
    private readonly settings: Settings,
    private readonly ask: Ask,
  ) {}

  get announced(): Announced {
    return this.answer;
  }

  /** A connection begins or has ended: nothing has been told on it. */
  reset(): void {
    this.told = undefined;
    this.answer = NOTHING;
  }

  /** Rejects as `ask` does. Resolves false when the plug-in does not know what it was told: it is missing. */
  async tell(): Promise<boolean> {
    const { ready } = this;
    this.told = ready;
    const { workerName, timeoutMs } = this.settings;
    const answer = await this.ask(workerAnnouncement(this.settings, workerName, ready), timeoutMs);
    if (errorCondition(answer) !== undefined) return false;
    this.answer = readAnnounced(answer);
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
    this.tell().catch((error: unknown) => this.settings.log.warn({ why: toError(error).message }, 'xmpp_announce_failed'));
  }
}
