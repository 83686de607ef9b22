import type { PairStore, Stored } from '@isthmus/store';
import type { RecordCache } from './cache';
import type { StoredPair } from './stored';

/**
 * What the store has lost and this worker still knows (decision 077). A replica that takes over has not heard of the last commits,
 * a Redis that is started again reads a file that may be a second old: their effects, and the texts that wait in them, would be
 * forgotten although their senders were told that they are accepted (promise 1).
 */

/** When a record must be looked at next. */
type DueOf = (stored: StoredPair) => number | undefined;

/** What was committed so long before the last commit may have been lost with it: versions are microseconds. */
const WINDOW = 20_000_000;
const AT_ONCE = 32;

/** What the store holds. Where that is older than `known`, which was committed by this worker, this one is put back first. */
export async function loadNewest(store: PairStore<StoredPair>, key: string, known: Stored<StoredPair> | undefined, dueOf: DueOf): Promise<Stored<StoredPair> | undefined> {
  const stored = await store.load(key);
  if (known === undefined || (stored?.version ?? 0) >= known.version) return stored;
  return (await store.putBack(key, known, dueOf(known.record))) ? known : store.load(key);
}

/** Puts back what this worker committed last, as far as the store has lost it; returns how many records it were. */
export async function putBackRecent(store: PairStore<StoredPair>, cache: RecordCache, dueOf: DueOf): Promise<number> {
  const recent = [...cache.recent(cache.newest - WINDOW)];
  let lost = 0;
  for (let at = 0; at < recent.length; at += AT_ONCE) {
    const some = recent.slice(at, at + AT_ONCE);
    const done = await Promise.all(some.map(([key, known]) => store.putBack(key, known, dueOf(known.record))));
    lost += done.filter(Boolean).length;
  }
  return lost;
}
