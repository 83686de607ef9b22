import { dueAt, isEmpty, type PairRecord } from '@isthmus/engine';

/** What the store holds for a pair: the engine's record, and which process has its effects in hand. */
export interface StoredPair {
  readonly record: PairRecord;
  /** The instance (worker name and start) that committed last and does the effects not yet done. */
  readonly by: string;
}

/**
 * When the pair must be looked at next: the machines' own timers, and the end of the lease while effects are not done,
 * so that whoever finds it due then can do them (DESIGN section 4).
 */
export function nextDue(record: PairRecord, now: number, leaseMs: number): number | undefined {
  const timer = dueAt(record);
  if (record.effects.length === 0) return timer;
  return Math.min(timer ?? Infinity, now + leaseMs);
}

/** The value to store: nothing at all for a pair that holds nothing worth keeping. */
export function toStored(record: PairRecord, by: string): StoredPair | undefined {
  return isEmpty(record) ? undefined : { record, by };
}
