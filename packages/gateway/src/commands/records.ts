import type { PairRecord } from '@isthmus/engine';
import { pairOf, type Pair } from '@isthmus/model';
import { DamagedRecordError, type PairStore } from '@isthmus/store';
import type { StoredPair } from '../pairs/stored';

/** Records that are asked for at a time. */
const BATCH = 100;

/** Shows the records of these keys, some at a time. Returns how many are damaged: those must not hide the others. */
export async function lookAt(pairs: PairStore<StoredPair>, keys: readonly string[], look: (pair: Pair, record: PairRecord) => void): Promise<number> {
  let damaged = 0;
  for (let at = 0; at < keys.length; at += BATCH) {
    const batch = await Promise.all(keys.slice(at, at + BATCH).map(async (key) => ({ key, stored: await load(pairs, key) })));
    for (const { key, stored } of batch) {
      if (stored === 'damaged') damaged += 1;
      else if (stored !== undefined) look(pairOf(key), stored.record.record);
    }
  }
  return damaged;
}

async function load(pairs: PairStore<StoredPair>, key: string): Promise<Awaited<ReturnType<typeof pairs.load>> | 'damaged'> {
  try {
    return await pairs.load(key);
  } catch (error) {
    if (error instanceof DamagedRecordError) return 'damaged';
    throw error;
  }
}
