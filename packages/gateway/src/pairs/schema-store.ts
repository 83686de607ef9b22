import type { Judge, MemberStore, Orphans, PairStore, PolicyStore, Store, StoreExamination, StoreState, UserList, WorkerStore } from '@isthmus/store';
import { SchemaPairs, type SchemaOptions } from './schema';
import type { StoredPair } from './stored';

/** A store whose pairs are read and written as `SchemaPairs` does. */
export class SchemaStore implements Store<StoredPair> {
  readonly pairs: PairStore<StoredPair>;
  readonly policies: PolicyStore;
  readonly sipUsers: UserList;
  readonly workers: WorkerStore;
  readonly members: MemberStore;

  constructor(
    private readonly real: Store<StoredPair>,
    options: SchemaOptions,
  ) {
    this.pairs = new SchemaPairs(real.pairs, options);
    ({ policies: this.policies, sipUsers: this.sipUsers, workers: this.workers, members: this.members } = real);
  }

  get state(): StoreState {
    return this.real.state;
  }

  onState(listener: (state: StoreState) => void): () => void {
    return this.real.onState(listener);
  }

  examine(): Promise<StoreExamination> {
    return this.real.examine();
  }

  orphans(judge: Judge<StoredPair>, mostMs: number): Promise<Orphans> {
    return this.real.orphans(judge, mostMs);
  }

  close(): Promise<void> {
    return this.real.close();
  }
}
