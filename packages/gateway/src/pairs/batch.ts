import type { Effect, PairRecord } from '@isthmus/engine';
import type { Stored } from '@isthmus/store';
import type { Heard } from './heard';
import type { StoredPair } from './stored';

/** What a change leads to. */
export interface Changed {
  readonly record: PairRecord;
  readonly start: readonly Effect[];
  /** Effects that this instance gives up. */
  readonly givenUp?: readonly Effect[];
  /** The stanza that has led to that, where the XMPP server has numbered it. */
  readonly heard?: Heard;
}

/** A change to a record in the pair's turn, or undefined for no change. `heard`: what has been heard last before it. */
export type Change = (record: PairRecord, stored: StoredPair | undefined, heard: Heard | undefined) => Changed | undefined;

/** A change that waits for the pair's turn, and who waits for it. */
export interface Job {
  readonly change: Change;
  /** It tells of something done: where nothing follows from it, its commit may wait for others. */
  readonly mayWait: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface Applied {
  readonly record: PairRecord;
  readonly start: readonly Effect[];
  readonly givenUp: readonly Effect[];
  readonly heard: Heard | undefined;
  readonly failed: ReadonlyMap<Job, unknown>;
}

/** Jobs that have been run over a record of the cache, and whose commit waits for others. */
export interface Held {
  readonly base: Stored<StoredPair>;
  readonly jobs: readonly Job[];
  readonly record: PairRecord;
}

/** Runs the jobs over the record one after the other; one that throws changes nothing and spares the others. */
export function apply(before: PairRecord, stored: StoredPair | undefined, jobs: readonly Job[]): Applied {
  let record = before;
  let heard = stored?.heard;
  const start: Effect[] = [];
  const givenUp: Effect[] = [];
  const failed = new Map<Job, unknown>();
  for (const job of jobs) {
    try {
      const changed = job.change(record, stored, heard);
      if (changed === undefined) continue;
      record = changed.record;
      heard = changed.heard ?? heard;
      start.push(...changed.start);
      givenUp.push(...(changed.givenUp ?? []));
    } catch (error) {
      failed.set(job, error);
    }
  }
  return { record, start, givenUp, heard, failed };
}

/** As `apply`, going on from what is held where that was made of the same record. */
export function applyOnto(held: Held | undefined, base: Stored<StoredPair> | undefined, fresh: PairRecord, jobs: readonly Job[]): Applied {
  const stored = base?.record;
  if (held === undefined || held.base !== base) return apply(stored?.record ?? fresh, stored, jobs);
  return apply(held.record, stored, jobs.slice(held.jobs.length));
}
