import type { EngineEvent } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';

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

/** What came while the store was away. */
export interface Missed {
  /** To be taken now, in this order. */
  readonly events: readonly { readonly pair: Pair; readonly event: EngineEvent }[];
  /** Keys of pairs whose NOTIFY was refused: the far side may have given the subscription up. */
  readonly refused: readonly string[];
  /** More came than could be kept. */
  readonly overflown: boolean;
}

/**
 * Events that could not be taken because the store was away, until it is back (promise 3). Held in memory only: a worker
 * that dies meanwhile leaves them to the questions that the others ask when a worker is lost.
 */
export class MissedEvents {
  private events: { pair: Pair; event: EngineEvent }[] = [];
  private refused = new Set<string>();
  private overflown = false;

  /** @param max events and pairs that are kept */
  constructor(private readonly max: number) {}

  /** Returns true when the event is kept, so that nobody needs to be told of an error. */
  keep(pair: Pair, event: EngineEvent): boolean {
    if (event.on !== 'sip.notify' && !KEPT.has(event.on)) return false;
    if (this.events.length + this.refused.size >= this.max) {
      this.overflown = true;
      return false;
    }
    if (event.on === 'sip.notify') this.refused.add(pairKey(pair));
    else this.events.push({ pair, event });
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
