import type { Orphan, OrphanKind, Store } from '@isthmus/store';
import { judgeRecord } from '../pairs/judge';
import type { StoredPair } from '../pairs/stored';
import { ok, warning, type Finding } from './finding';
import { wordsFor } from './network';

/** So long is looked, milliseconds: a large installation is not looked through at once. */
const LOOK_MS = 10_000;
const PART = 'records';

interface Cure {
  readonly what: string;
  readonly advice: (example: Orphan['example']) => string;
}

const byCommand = (command: string, ...names: readonly string[]): string => `redis-cli ${[command, ...names.map(quoted)].join(' ')}`;
/** A worker that finds a record due sets its time, or deletes it when nothing is in it. */
const look = ({ key, member = '' }: Orphan['example']): string => `let a worker look at it: ${byCommand('zadd', key, '0', member)}; then run the doctor again, for the next one`;

const CURES: Readonly<Record<OrphanKind, Cure>> = {
  unknownKey: { what: 'keys under the prefix that are not of isthmus', advice: ({ key }) => `find out who writes them and give isthmus a store.prefix of its own; what nobody needs: ${byCommand('del', key)}` },
  lastingKey: { what: 'keys that should expire and do not', advice: ({ key }) => `let it end in a day: ${byCommand('expire', key, '86400')}; then run the doctor again, for the next one` },
  empty: { what: 'records of pairs with nothing in them, which nobody deletes', advice: look },
  undue: { what: 'records of pairs that nobody will look at when their time comes', advice: look },
  damaged: { what: 'records that cannot be read', advice: ({ key, member = '' }) => `its pair gets no service until it is removed: ${byCommand('hdel', key, member)}; then run the doctor again, for the next one` },
  strayDue: { what: 'due times without a record', advice: () => 'nothing: a worker removes each when it comes to it, within a minute of its time' },
  endedLease: { what: 'leases of workers that ended more than an hour ago', advice: () => 'start a worker: its heartbeats remove them' },
};

/** What nobody answers for any more in the store. Changes nothing. */
export async function examineOrphans(store: Store<StoredPair>): Promise<readonly Finding[]> {
  try {
    const { found, keys, records, isComplete } = await store.orphans(judgeRecord, LOOK_MS);
    const seen = `${records} records in ${keys} keys${isComplete ? '' : `, as far as ${LOOK_MS / 1_000} s went`}`;
    if (found.size === 0) return [ok(PART, `${seen}: nothing is left over`)];
    const warnings = [...found].map(([kind, { count, example }]) => warning(PART, `${count} ${CURES[kind].what}, e.g. ${place(example)}`, CURES[kind].advice(example)));
    return [ok(PART, `${seen}, looked through`), ...warnings];
  } catch (error) {
    return [warning(PART, `not looked through: ${wordsFor(error)}`, 'let the user of Redis run SCAN, PTTL, HSCAN, ZSCAN and scripts')];
  }
}

const place = ({ key, member }: Orphan['example']): string => (member === undefined ? quoted(key) : `${quoted(member)} in ${quoted(key)}`);

/** As one word of a shell, on one line: keys that are not ours may contain anything. */
const quoted = (text: string): string => (/^[\w:.-]+$/.test(text) ? text : `'${text.replace(/[\u0000-\u001f\u007f]/g, '?').replaceAll("'", `'\\''`)}'`);
