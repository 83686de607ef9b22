import type { Context, Effect, EngineEvent, PairRecord } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import type { Ticket } from '@isthmus/xmpp';
import type { StoredPair } from './stored';

/** How a pair's contact is reached now, or undefined when no route leads there. */
export type ContextOf = (pair: Pair) => Context;

/** Takes the effects of a commit, in order; `elsewhere`: those that other workers have in hand. Must not wait for them: what became of them comes back as events. */
export type StartEffects = (pair: Pair, record: PairRecord, effects: readonly Effect[], elsewhere: readonly Effect[]) => void;

export interface LoopOptions {
  readonly store: PairStore<StoredPair>;
  /** This process: its worker name, start and life. Effects that were committed in an earlier life are not started. */
  readonly instance: () => string;
  readonly contextOf: ContextOf;
  readonly start: StartEffects;
  /** So long do undone effects stay with this instance before another may look at them, milliseconds. */
  readonly leaseMs: number;
  readonly maxPending: number;
  readonly maxCached: number;
  readonly now: () => number;
  /** Told once for each event that the tables have no cell for. */
  readonly onIgnored?: (pair: Pair, event: EngineEvent, why: string) => void;
  readonly onConflict?: (pair: Pair) => void;
  /** Pause between two looks at a commit in doubt, milliseconds; tests shorten it. */
  readonly doubtPauseMs?: number;
  /**
   * Calls back soon, when commits that nothing waits for are to be made, together. They hold what is known to be done: when
   * this process dies before that, it is done once more. A pair's next event takes what waits along. Absent: nothing waits.
   */
  readonly gather?: (commit: () => void) => void;
  /** Is there no other worker? What is handed over holds up those that take the pair's next event, until it is out of the record. */
  readonly isAlone?: () => boolean;
  /** The store is away: is the event kept until it is back? */
  readonly keep?: (pair: Pair, event: EngineEvent, ticket: Ticket | undefined) => boolean;
  /** A stanza had been heard before, by this worker or by another: nothing follows from it. */
  readonly onHeardBefore?: (pair: Pair, event: EngineEvent) => void;
}
