import type { BareJid, PolicyLists } from '@isthmus/model';
import type { CommitResult, PolicyStore, Stored } from '../port';
import { MemoryPairs } from './memory-pairs';

/** Kept as pairs are: a value with a version that is never due. */
export class MemoryPolicies implements PolicyStore {
  private readonly values: MemoryPairs<PolicyLists>;

  constructor(maxRecords: number, open: () => void) {
    this.values = new MemoryPairs(maxRecords, open);
  }

  get(user: BareJid): Promise<Stored<PolicyLists> | undefined> {
    return this.values.load(user);
  }

  set(user: BareJid, policy: PolicyLists | undefined, expected: number): Promise<CommitResult> {
    return this.values.commit({ key: user, expected, record: policy, due: undefined });
  }
}
