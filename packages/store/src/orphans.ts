/** What nobody answers for any more among what a store holds: none of it goes by itself, unless it says otherwise here. */

/**
 * - `unknownKey`: a key under our prefix of no kind that isthmus has.
 * - `lastingKey`: a key of a kind that expires, and this one does not.
 * - `empty`: a record with nothing in it, and no due time at which it would be deleted.
 * - `undue`: a record that must be looked at some time, and has no due time.
 * - `damaged`: a record that cannot be read.
 * - `strayDue`: a due time without a record; a worker that comes to it removes it.
 * - `endedLease`: a lease that ended more than an hour ago; the next two heartbeats remove it.
 */
export type OrphanKind = 'unknownKey' | 'lastingKey' | 'empty' | 'undue' | 'damaged' | 'strayDue' | 'endedLease';

export interface Orphan {
  readonly count: number;
  /** Where the first of them is: the Redis key, and what in it. */
  readonly example: { readonly key: string; readonly member?: string };
}

export interface Orphans {
  readonly found: ReadonlyMap<OrphanKind, Orphan>;
  /** So many were looked at; one that moves meanwhile may be counted twice. */
  readonly keys: number;
  readonly records: number;
  /** False: the time was over before everything had been looked at. */
  readonly isComplete: boolean;
}

/** What a record wants: to be deleted, to be looked at some time, or neither. Throws where it is no record. */
export type Judge<R> = (record: R) => 'empty' | 'timed' | 'untimed';

/** Counts, with one example of each kind: so much is kept however much is found. */
export class OrphanCount {
  readonly found = new Map<OrphanKind, Orphan>();

  add(kind: OrphanKind, key: string, member?: string): void {
    const before = this.found.get(kind);
    const example = before?.example ?? { key, ...(member !== undefined && { member }) };
    this.found.set(kind, { count: (before?.count ?? 0) + 1, example });
  }
}
