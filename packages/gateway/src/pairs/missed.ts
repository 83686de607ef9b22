import type { EngineEvent } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';
import type { Ticket } from '@isthmus/xmpp';

/** Presence stanzas: nobody sends them again, and an error to their sender would not help. */
const KEPT: ReadonlySet<EngineEvent['on']> = new Set<EngineEvent['on']>([
  'xmpp.subscribe',
  'xmpp.subscribed',
  'xmpp.unsubscribe',
  'xmpp.unsubscribed',
  'xmpp.available',
  'xmpp.unavailable',
  'xmpp.probe',
]);

export interface MissedEvent {
  readonly pair: Pair;
  readonly event: EngineEvent;
  /** Of the stanza that it was; held, and to be released when the event has been taken. */
  readonly ticket: Ticket | undefined;
}

/** What came while the store was away. */
export interface Missed {
  /** To be taken now, in this order. */
  readonly events: readonly MissedEvent[];
  /** Keys of pairs whose NOTIFY was refused: the far side may have given the subscription up. */
  readonly refused: readonly string[];
  /** More came than could be kept. */
  readonly overflown: boolean;
}

/**
 * Events that could not be taken because the store was away, until it is back (promise 3). Held in memory only: a worker
 * that dies meanwhile leaves them to the XMPP server, which was not told that they are handled, and, where it cannot be told,
 * to the questions that the others ask when a worker is lost.
 */
export class MissedEvents {
  private events: MissedEvent[] = [];
  private refused = new Set<string>();
  private overflown = false;

  /** @param max events and pairs that are kept */
  constructor(private readonly max: number) {}

  /** Returns true when the event is kept, so that nobody needs to be told of an error. */
  keep(pair: Pair, event: EngineEvent, ticket?: Ticket): boolean {
    if (event.on !== 'sip.notify' && !KEPT.has(event.on)) return false;
    if (this.events.length + this.refused.size >= this.max) {
      this.overflown = true;
      return false;
    }
    if (event.on === 'sip.notify') this.refused.add(pairKey(pair));
    else {
      ticket?.hold();
      this.events.push({ pair, event, ticket });
    }
    return event.on !== 'sip.notify';
  }

  /** Hands over what was kept, and begins anew. */
  take(): Missed {
    const { events, refused, overflown } = this;
    this.events = [];
    this.refused = new Set();
    this.overflown = false;
    return { events, refused: [...refused], overflown };
  }
}
