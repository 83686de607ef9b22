import { StoreUnavailableError, type Commit, type CommitResult, type Due, type PairStore, type Stored } from '@isthmus/store';
import type { StoredPair } from '../../src/pairs/stored';

/** A store between a worker and the real one: counts, and does what a test wants before or after the real thing. */
export class TappedPairs implements PairStore<StoredPair> {
  readonly commits: Commit<StoredPair>[] = [];
  loads = 0;
  /** Every call is rejected while this is set. */
  away = false;
  /** Called before the commit reaches the store. */
  beforeCommit: (commit: Commit<StoredPair>) => Promise<void> | void = () => undefined;
  /** Called when the commit has reached the store; what it throws is what the worker sees. */
  afterCommit: (commit: Commit<StoredPair>, result: CommitResult) => Promise<void> | void = () => undefined;

  constructor(private readonly real: PairStore<StoredPair>) {}

  async load(key: string): Promise<Stored<StoredPair> | undefined> {
    this.loads += 1;
    this.open();
    return this.real.load(key);
  }

  async commit(commit: Commit<StoredPair>): Promise<CommitResult> {
    this.commits.push(commit);
    await this.beforeCommit(commit);
    this.open();
    const result = await this.real.commit(commit);
    await this.afterCommit(commit, result);
    return result;
  }

  async putBack(key: string, stored: Stored<StoredPair>, due: number | undefined): Promise<boolean> {
    this.open();
    return this.real.putBack(key, stored, due);
  }

  async due(now: number, limit: number): Promise<readonly Due[]> {
    this.open();
    return this.real.due(now, limit);
  }

  async claim(keys: readonly string[], now: number, until: number): Promise<string[]> {
    this.open();
    return this.real.claim(keys, now, until);
  }

  async *scan(): AsyncGenerator<string> {
    this.open();
    for await (const key of this.real.scan()) {
      this.open();
      yield key;
    }
  }

  async count(): Promise<number> {
    return this.real.count();
  }

  async ping(): Promise<void> {
    this.open();
  }

  private open(): void {
    if (this.away) throw new StoreUnavailableError('the test took it away');
  }
}
