import { dueAt, isEmpty, type Effect, type PairRecord } from '@isthmus/engine';
import type { Heard } from './heard';

/** What the store holds for a pair: the engine's record, and which process has its effects in hand. */
export interface StoredPair {
  readonly record: PairRecord;
  /** The instance (worker name and start) that committed last. It has the effects in hand that `others` does not name. */
  readonly by: string;
  /** By effect key the instance that has it in hand instead: a commit does not take another one's requests from it. */
  readonly others?: Readonly<Record<string, string>>;
  /** Names of the last commits, the newest at the end: by its own a commit whose answer never came is found again. */
  readonly commits?: readonly string[];
  /** The stanza that was heard last. Absent in records of older versions, and where the XMPP server does not number. */
  readonly heard?: Heard;
}

/** So many commits of other workers may follow one in doubt until it is no longer found. */
const REMEMBERED_COMMITS = 4;

/** The value with the name of the commit that writes it, and what has been heard by then. */
export function named(value: StoredPair, commit: string, before: StoredPair | undefined, heard?: Heard): StoredPair {
  const { record, by, others } = value;
  const commits = [...(before?.commits ?? []), commit].slice(-REMEMBERED_COMMITS);
  return { ...unknownOf(before), record, by, commits, ...(others !== undefined && { others }), ...(heard !== undefined && { heard }) };
}

/** Whose hands an effect is in that its instance has given up: whoever can do it takes it. */
export const NOBODY = '';

/** What has been due for so long is anybody's to look after, and not its own worker's alone; milliseconds (decision 090). */
export const OVERDUE_MS = 2_000;

const KNOWN: ReadonlySet<string> = new Set<keyof StoredPair>(['record', 'by', 'others', 'commits', 'heard']);

/** What the next version writes beside what this one knows: it is kept (schema.ts). */
const unknownOf = (before: StoredPair | undefined): object => Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => !KNOWN.has(name)));

/** The instance that has an effect in hand. */
export function handOf(stored: StoredPair, effect: Effect): string {
  return stored.others?.[effect.key] ?? stored.by;
}

/** Has one of such instances anything in hand? */
export function holdsOf(stored: StoredPair, isOne: (instance: string) => boolean): boolean {
  return stored.record.effects.some((effect) => isOne(handOf(stored, effect)));
}

/** The effects of a record that others than this instance have in hand. */
export function elsewhere(record: PairRecord, stored: StoredPair | undefined, instance: string): readonly Effect[] {
  if (stored === undefined || (stored.by === instance && stored.others === undefined)) return [];
  return record.effects.filter((effect) => handOf(stored, effect) !== instance);
}

/** Was the effect there when the pair was loaded, or has it been added since? */
export function holds(stored: StoredPair, effect: Effect): boolean {
  return stored.record.effects.some(({ key }) => key === effect.key);
}

/**
 * When the pair must be looked at next: the machines' own timers, and the end of the lease while effects are not done,
 * so that whoever finds it due then can do them (DESIGN section 4). At once, and for all, while nobody has an effect in hand.
 */
export function nextDue({ record, others = {} }: StoredPair, now: number, leaseMs: number): number | undefined {
  const timer = dueAt(record);
  if (record.effects.length === 0) return timer;
  const isFree = Object.values(others).includes(NOBODY);
  return Math.min(timer ?? Infinity, isFree ? now - OVERDUE_MS : now + leaseMs);
}

/** What an instance takes into its hands by a commit, and what it lets go. */
export interface Hands {
  readonly started?: readonly Effect[];
  readonly givenUp?: readonly Effect[];
}

/** The value to store after a change by an instance: nothing at all for a pair that holds nothing worth keeping. */
export function toStored(record: PairRecord, by: string, before?: StoredPair, { started = [], givenUp = [] }: Hands = {}): StoredPair | undefined {
  if (isEmpty(record)) return undefined;
  if (before === undefined || (before.by === by && before.others === undefined && givenUp.length === 0)) return { record, by };
  const mine = new Set(started.map(({ key }) => key));
  const free = new Set(givenUp.map(({ key }) => key));
  const handAfter = (effect: Effect): string => {
    if (free.has(effect.key)) return NOBODY;
    return holds(before, effect) && !mine.has(effect.key) ? handOf(before, effect) : by;
  };
  const others = record.effects.map((effect) => [effect.key, handAfter(effect)] as const).filter(([, hand]) => hand !== by);
  return others.length === 0 ? { record, by } : { record, by, others: Object.fromEntries(others) };
}
