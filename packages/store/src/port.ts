import type { BareJid, PolicyLists } from '@isthmus/model';
import type { Judge, Orphans } from './orphans';

/**
 * The store port (DESIGN section 4): one record per pair, changed by compare-and-set, with the pair's next due time.
 * The engine's records are opaque here. Every method rejects with `StoreUnavailableError` when the store cannot be
 * reached within its deadline; nothing is then known about whether a commit took place.
 */

export interface Stored<R> {
  readonly record: R;
  /** Grows with every commit of this key and is never used twice for it, not even after a deletion. */
  readonly version: number;
}

export interface Commit<R> {
  readonly key: string;
  /** The version that the step started from; 0 when there was no record. */
  readonly expected: number;
  /** Undefined deletes the record and its due time. Otherwise a plain JSON value; it is stored as such a value. */
  readonly record: R | undefined;
  /** When the pair must be looked at next, milliseconds since the epoch. Undefined: not before the next event. */
  readonly due: number | undefined;
}

export type CommitResult =
  /** `version` is what the next commit expects: the new record's version, 0 after a deletion. */
  | { readonly ok: true; readonly version: number }
  /** Somebody else committed first: load again, step again. */
  | { readonly ok: false };

/** A key with its due time, milliseconds since the epoch. */
export interface Due {
  readonly key: string;
  readonly at: number;
}

export interface PairStore<R> {
  load(key: string): Promise<Stored<R> | undefined>;
  commit(commit: Commit<R>): Promise<CommitResult>;
  /**
   * Writes a record again that was committed and that the store has lost since, as it was, with its version: the replica that took
   * over had not heard of it, or a restart read an older file. False, and nothing is changed, where the store has this version or a
   * later one, or knows that a later one was deleted.
   */
  putBack(key: string, stored: Stored<R>, due: number | undefined): Promise<boolean>;
  /**
   * Keys whose due time is at or before `now`, with that time, oldest first within a bucket; at most `limit` in all, and where there are many the
   * others come with a later look. Changes nothing.
   */
  due(now: number, limit: number): Promise<readonly Due[]>;
  /**
   * Those of `keys` that are due at `now`, still: their due time is moved to `until`, so that no other worker is given them before
   * that. A claim that leads to no commit comes back.
   */
  claim(keys: readonly string[], now: number, until: number): Promise<string[]>;
  /**
   * All keys that have a record and begin with `prefix`, each at least once, in no order; records made meanwhile may be
   * missing. Looks at every key whatever the prefix: not for the way of a message.
   */
  scan(prefix?: string): AsyncIterable<string>;
  /** How many records are held; for the metric. */
  count(): Promise<number>;
  /** Round trip to the store; rejects when it cannot be reached. */
  ping(): Promise<void>;
}

/**
 * What users said about who may see them: one value a user, changed by compare-and-set as records are. Never given up by
 * itself. The caller bounds the value.
 */
export interface PolicyStore {
  get(user: BareJid): Promise<Stored<PolicyLists> | undefined>;
  /** Undefined deletes. `expected`: the version that the change started from; 0 when there was none. */
  set(user: BareJid, policy: PolicyLists | undefined, expected: number): Promise<CommitResult>;
}

/** The SIP users of the installation, where the configuration keeps their list here. Prepared bare addresses. */
export interface UserList {
  has(user: BareJid): Promise<boolean>;
  /** How many of them were not on it. */
  add(users: readonly BareJid[]): Promise<number>;
  /** How many of them were on it. */
  remove(users: readonly BareJid[]): Promise<number>;
  /** These and no others: whoever reads meanwhile sees the old list or the new one. Two at once: the later one stays. */
  replace(users: readonly BareJid[]): Promise<void>;
  /** Everybody, each at least once, in no order. */
  list(): AsyncIterable<BareJid>;
  count(): Promise<number>;
}

/** What a heartbeat shows. */
export interface Beat {
  /**
   * False: nobody keeps a lease for this worker any more. It is new, or another one has found it dead, and may do its work
   * since then.
   */
  readonly known: boolean;
  /** All workers that have not been found dead, this one included, and their connections. */
  readonly workers: ReadonlyMap<string, readonly string[]>;
}

/**
 * Which workers live: each keeps a lease alive by a heartbeat. A worker whose lease has ended is dead when another one finds it
 * so, and only a worker whose own lease has not ended finds anybody dead: after a time in which no heartbeat came through, the
 * first one to come back finds nobody dead, and gives everybody one more lease. But a new life (`name#life`) ends former ones of its own name
 * that have been silent for two fifths of a lease: a worker that dies and comes back again and again leaves no more than that.
 */
export interface WorkerStore {
  /**
   * Says that the worker lives for `ttlMs` more, and finds those dead whose lease has ended, in one step: what it shows is what
   * everybody is shown. `connections` are the owner names of its links (see Dialog.owner).
   */
  heartbeat(worker: string, ttlMs: number, connections: readonly string[]): Promise<Beat>;
  /** The workers whose lease has not ended, and their connections. */
  workers(): Promise<ReadonlyMap<string, readonly string[]>>;
  leave(worker: string): Promise<void>;
}

/** Bounded sets of names, whose members end by themselves unless they are put again. */
export interface MemberStore {
  /** Puts a member for `ttlMs` more. False, and nothing has changed, when it is none yet and there are `max` others. */
  put(set: string, member: string, max: number, ttlMs: number): Promise<boolean>;
  remove(set: string, member: string): Promise<void>;
}

/** Whether the store can be used. A store that is not ready tries again by itself until it is closed. */
export type StoreState =
  | {
      readonly is: 'ready';
      /** It works, but an administrator must change something. */
      readonly warning?: string;
    }
  /** It cannot be reached. */
  | { readonly is: 'away'; readonly why: string }
  /** It answers and takes no writes: its memory or its disk is full, or its replicas are gone. What does not write still works. */
  | { readonly is: 'unwritable'; readonly why: string }
  /** It answers, but not to us: our configuration or its own is wrong. */
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'closed' };

/** What a look at the store shows besides its state. */
export interface StoreExamination {
  /** What its clock says, milliseconds since the epoch. */
  readonly clock: number;
  /** It works, but in some case it will lose what it holds: which, and what to change. */
  readonly risks: readonly string[];
}

export interface Store<R> {
  readonly pairs: PairStore<R>;
  readonly policies: PolicyStore;
  readonly sipUsers: UserList;
  readonly workers: WorkerStore;
  readonly members: MemberStore;
  readonly state: StoreState;
  /** Tells every later change of `state`, once each. The result ends it. */
  onState(listener: (state: StoreState) => void): () => void;
  /** For an administrator who asks. Rejects as every call does. */
  examine(): Promise<StoreExamination>;
  /** Counts what nobody answers for any more, for an administrator who asks. Takes `mostMs` milliseconds or little more. */
  orphans(judge: Judge<R>, mostMs: number): Promise<Orphans>;
  /** What was begun is finished or rejected within its deadline; every later call rejects with `StoreUnavailableError`. */
  close(): Promise<void>;
}

export class StoreUnavailableError extends Error {
  constructor(why: string, options?: { readonly cause?: unknown }) {
    super(`the store is unavailable: ${why}`, options);
    this.name = 'StoreUnavailableError';
  }
}

/** One record cannot be made sense of; the others can. */
export class DamagedRecordError extends StoreUnavailableError {
  constructor(why: string) {
    super(why);
    this.name = 'DamagedRecordError';
  }
}

/** What was to be written is refused, for want of room or of replicas; nothing was changed. Loading still works. */
export class StoreUnwritableError extends StoreUnavailableError {
  constructor(why: string, options?: { readonly cause?: unknown }) {
    super(why, options);
    this.name = 'StoreUnwritableError';
  }
}

/** The command was sent and no answer came: whether it took place is not known, and only a load tells. */
export class StoreDoubtError extends StoreUnavailableError {
  constructor(why: string, options?: { readonly cause?: unknown }) {
    super(why, options);
    this.name = 'StoreDoubtError';
  }
}
