import type { Element } from '@xmpp/xml';

import type { Ticket } from './acknowledgements';
import { toError } from './errors';

/**
 * Takes a stanza. It is handled when the handler is done with it and `ticket`, if the server wants to be told, is not held
 * any longer.
 */
export type StanzaHandler = (stanza: Element, ticket?: Ticket) => void | Promise<void>;

export interface InboxOptions {
  readonly handler: (stanza: Element, ticket: Ticket | undefined) => void | Promise<void>;
  /** Called once for each stanza that is about to be handed over, in order. */
  readonly ticketOf: (stanza: Element) => Ticket | undefined;
  /** The handler threw or rejected. */
  readonly onFailure: (stanza: Element, error: unknown, ticket: Ticket | undefined) => void | Promise<void>;
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
    const ticket = this.options.ticketOf(stanza);
    let work: void | Promise<void>;
    try {
      work = this.options.handler(stanza, ticket);
    } catch (error) {
      work = Promise.reject(toError(error));
    }
    if (work !== undefined) this.follow(stanza, ticket, work);
    else ticket?.release();
  }

  private follow(stanza: Element, ticket: Ticket | undefined, work: Promise<void>): void {
    this.inFlight += 1;
    if (!this.paused && this.inFlight >= this.options.maxInFlight) this.pause(true);
    work
      .catch((error: unknown) => this.options.onFailure(stanza, error, ticket))
      .finally(() => {
        ticket?.release();
        this.done();
      })
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
