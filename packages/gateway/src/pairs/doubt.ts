import { type Commit, type CommitResult, type PairStore, StoreDoubtError, StoreUnavailableError, type Stored } from '@isthmus/store';
import type { StoredPair } from './stored';

/** No version: it took place, and another worker may have gone on from there. */
type Tried = CommitResult | { readonly ok: true; readonly version: undefined };

/** So often is looked whether a commit took place whose answer never came, with a pause in between: twelve seconds in all, in which a replica is promoted. */
const DOUBT_LOOKS = 120;
const DOUBT_PAUSE_MS = 100;

/**
 * A commit whose answer never came may have taken place. Until that is known neither an error is told nor anything
 * done twice (promise 1): the record is looked at as soon as the store is back.
 */
export async function commitSurely(store: PairStore<StoredPair>, commit: Commit<StoredPair>, pauseMs = DOUBT_PAUSE_MS): Promise<Tried> {
  try {
    return await store.commit(commit);
  } catch (error) {
    if (!(error instanceof StoreDoubtError)) throw error;
    return resolveDoubt(store, commit, error, pauseMs);
  }
}

async function resolveDoubt(store: PairStore<StoredPair>, commit: Commit<StoredPair>, doubt: StoreDoubtError, pauseMs: number): Promise<Tried> {
  for (let looks = 0; looks < DOUBT_LOOKS; looks += 1) {
    try {
      const stored = await store.load(commit.key);
      return tookPlace(commit, stored) ? { ok: true, version: undefined } : { ok: false };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw doubt;
}

/** Is the commit among those that led to what is stored? Another worker may have gone on from there. */
function tookPlace({ record, expected }: Commit<StoredPair>, stored: Stored<StoredPair> | undefined): boolean {
  if (stored === undefined) return record === undefined && expected > 0;
  const name = record?.commits?.at(-1);
  return name !== undefined && stored.record.commits?.includes(name) === true;
}
