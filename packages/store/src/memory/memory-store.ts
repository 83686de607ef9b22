import type { Orphans } from '../orphans';
import type { MemberStore, PairStore, PolicyStore, Store, StoreExamination, StoreState, UserList, WorkerStore } from '../port';
import { StoreUnavailableError } from '../port';
import { ObservedState } from '../state';
import { MemoryMembers } from './memory-members';
import { MemoryPairs } from './memory-pairs';
import { MemoryPolicies } from './memory-policies';
import { MemoryUserList } from './memory-user-list';
import { MemoryWorkers } from './memory-workers';

export interface MemoryStoreOptions {
  /** A commit that would make one more record, or one more policy, is rejected with `StoreUnwritableError`. */
  readonly maxRecords?: number;
  /** Milliseconds since the epoch; for leases and limits. Tests hand in their own clock. */
  readonly now?: () => number;
}

const DEFAULT_MAX_RECORDS = 250_000;

/** The store of a single process: gone with it. Several workers of one test may share an instance. */
export class MemoryStore<R> implements Store<R> {
  readonly pairs: PairStore<R>;
  readonly policies: PolicyStore;
  readonly sipUsers: UserList;
  readonly workers: WorkerStore;
  readonly members: MemberStore;
  private readonly observed = new ObservedState({ is: 'ready' });
  private readonly now: () => number;

  constructor(options: MemoryStoreOptions = {}) {
    const { maxRecords = DEFAULT_MAX_RECORDS, now = Date.now } = options;
    const open = (): void => this.open();
    this.now = now;
    this.pairs = new MemoryPairs(maxRecords, open);
    this.policies = new MemoryPolicies(maxRecords, open);
    this.sipUsers = new MemoryUserList(open);
    this.workers = new MemoryWorkers(now, open);
    this.members = new MemoryMembers(now, open);
  }

  get state(): StoreState {
    return this.observed.current;
  }

  onState(listener: (state: StoreState) => void): () => void {
    return this.observed.listen(listener);
  }

  async examine(): Promise<StoreExamination> {
    this.open();
    return { clock: this.now(), risks: ['everything is forgotten when the worker stops, and there can be only one: use Redis'] };
  }

  /** It is looked at from another process than the one that filled it: there is nothing to be found. */
  async orphans(): Promise<Orphans> {
    this.open();
    return { found: new Map(), keys: 0, records: 0, isComplete: true };
  }

  async close(): Promise<void> {
    this.observed.become({ is: 'closed' });
  }

  private open(): void {
    if (this.state.is === 'closed') throw new StoreUnavailableError('it was closed');
  }
}
