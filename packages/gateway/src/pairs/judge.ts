import { isEmpty } from '@isthmus/engine';
import { raised } from './schema';
import { nextDue, type StoredPair } from './stored';

/** What a record wants, for the search of records that nobody comes back to. One of a later version than this is left to that version. */
export function judgeRecord(stored: StoredPair): 'empty' | 'timed' | 'untimed' {
  const known = raised(stored);
  if (known === undefined) return 'untimed';
  if (isEmpty(known.record)) return 'empty';
  return nextDue(known, 0, 0) === undefined ? 'untimed' : 'timed';
}
