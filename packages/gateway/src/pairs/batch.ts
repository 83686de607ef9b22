import type { Effect, PairRecord } from '@isthmus/engine';
import type { StoredPair } from './stored';

/** A change to a record in the pair's turn: the new record and the effects to start, or undefined for no change. */
export type Change = (record: PairRecord, stored: StoredPair | undefined) => { record: PairRecord; start: readonly Effect[] } | undefined;

/** A change that waits for the pair's turn, and who waits for it. */
export interface Job {
  readonly change: Change;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface Applied {
  readonly record: PairRecord;
  readonly start: readonly Effect[];
  readonly failed: ReadonlyMap<Job, unknown>;
}

/** Runs the jobs over the record one after the other; one that throws changes nothing and spares the others. */
export function apply(before: PairRecord, stored: StoredPair | undefined, jobs: readonly Job[]): Applied {
  let record = before;
  const start: Effect[] = [];
  const failed = new Map<Job, unknown>();
  for (const job of jobs) {
    try {
      const changed = job.change(record, stored);
      if (changed === undefined) continue;
      record = changed.record;
      start.push(...changed.start);
    } catch (error) {
      failed.set(job, error);
    }
  }
  return { record, start, failed };
}
