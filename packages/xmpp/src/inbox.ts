import type { Element } from '@xmpp/xml';

export type StanzaHandler = (stanza: Element) => void | Promise<void>;

export interface InboxOptions {
  readonly handler: StanzaHandler;
  /** The handler threw or rejected. */
  readonly onFailure: (stanza: Element, error: unknown) => void;
  /** Stanzas that may be with the handler at a time. */
  readonly maxInFlight: number;
  /** Stop or go on reading from the server. */
  readonly setReading: (reading: boolean) => void;
}

/** Stanzas that may wait while the self-test runs. */
const MAX_HELD = 10_000;

/**
 * Stanzas on their way to the handler. While the self-test runs they are held; later they are handed over in order, and
 * when too many are being handled the link stops reading, so that the server notices: it then keeps them, or gives the
 * pairs of this connection to another worker.
 */
export class Inbox {
  private held: Element[] | undefined = [];
  private inFlight = 0;
  private paused = false;
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly options: InboxOptions) {}

  /** @returns false when nothing more can be held: the stanza was not taken. */
  put(stanza: Element): boolean {
    if (this.held === undefined) {
      this.handOver(stanza);
      return true;
    }
    if (this.held.length >= MAX_HELD) return false;
    this.held.push(stanza);
    return true;
  }

  /** Hands over what was held, and from now on everything at once. */
  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    if (this.paused) this.options.setReading(false); // the connection is a new one
    for (const stanza of held) this.handOver(stanza);
  }

  /** The connection is gone: takes back what was held, which the handler will not see. From now on stanzas are held. */
  takeHeld(): readonly Element[] {
    const held = this.held ?? [];
    this.held = [];
    return held;
  }

  /** Resolves when the handler is done with everything it was given, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<boolean> {
    if (this.inFlight === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.idleWaiters.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  private handOver(stanza: Element): void {
    try {
      const work = this.options.handler(stanza);
      if (work !== undefined) this.follow(stanza, work);
    } catch (error) {
      this.options.onFailure(stanza, error);
    }
  }

  private follow(stanza: Element, work: Promise<void>): void {
    this.inFlight += 1;
    if (!this.paused && this.inFlight >= this.options.maxInFlight) this.pause(true);
    work
      .catch((error: unknown) => this.options.onFailure(stanza, error))
      .finally(() => this.done())
      .catch(() => undefined);
  }

  private done(): void {
    this.inFlight -= 1;
    if (this.paused && this.inFlight <= this.options.maxInFlight / 2) this.pause(false);
    if (this.inFlight > 0) return;
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const wake of waiters) wake();
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    this.options.setReading(!paused);
  }
}
