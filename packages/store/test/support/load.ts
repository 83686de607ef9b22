import { StoreDoubtError, StoreUnavailableError } from '../../src';
import type { Store } from '../../src';
import { note } from './worlds';
import type { Note } from './worlds';

/** What became of the commits of one pair. */
interface Account {
  /** Counts whose commit was confirmed, in order. */
  readonly confirmed: number[];
  version: number;
  /** A commit of which nobody knows; the record tells. */
  doubt: number | undefined;
}

/** A bounded load: each pair's count is raised by one commit after the other, as workers do it. */
export class Load {
  private readonly accounts = new Map<string, Account>();
  private stopped = false;
  private runs: Promise<void>[] = [];
  private confirmed = 0;
  /** Records that the store had lost. */
  putBacks = 0;

  constructor(
    private readonly store: Store<Note>,
    readonly keys: readonly string[],
  ) {}

  start(): void {
    this.runs = this.keys.map((key) => this.run(key));
  }

  /** Commits confirmed so far. */
  get count(): number {
    return this.confirmed;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.runs);
  }

  /** Pairs whose record is not what the confirmations and doubts allow: older than the last confirmed, or newer than what was sent. */
  async wrong(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [key, { confirmed, doubt }] of this.accounts) {
      const count = (await this.stored(key))?.record.count ?? 0;
      const last = confirmed.at(-1) ?? 0;
      if (count !== last && count !== doubt) found.push(`${key}: ${count}, confirmed ${last}, in doubt ${doubt}`);
    }
    return found;
  }

  /** A place that is away once more is waited for. */
  private async stored(key: string): ReturnType<Store<Note>['pairs']['load']> {
    for (;;) {
      try {
        return await this.store.pairs.load(key);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  private async run(key: string): Promise<void> {
    const account: Account = { confirmed: [], version: 0, doubt: undefined };
    this.accounts.set(key, account);
    for (let count = 1; !this.stopped; count += 1) {
      if (!(await this.raise(key, account, count))) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Raises the count until it is sure that it was raised: what a worker does (decision 013). False when it was stopped before. */
  private async raise(key: string, account: Account, count: number): Promise<boolean> {
    while (!this.stopped) {
      try {
        if (account.doubt === count && (await this.tookPlace(key, account, count))) return true;
        const result = await this.store.pairs.commit({ key, expected: account.version, record: note(count), due: undefined });
        if (result.ok) {
          this.confirm(account, count, result.version);
          return true;
        }
        await this.putBack(key, account); // nobody else commits here: the store has lost what it had confirmed
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        if (error instanceof StoreDoubtError) account.doubt = count;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    return false;
  }

  private async putBack(key: string, account: Account): Promise<void> {
    const last = account.confirmed.at(-1);
    if (last === undefined) throw new Error(`${key}: somebody else committed`);
    if (!(await this.store.pairs.putBack(key, { record: note(last), version: account.version }, undefined))) throw new Error(`${key}: it was not lost`);
    this.putBacks += 1;
  }

  private async tookPlace(key: string, account: Account, count: number): Promise<boolean> {
    const stored = await this.store.pairs.load(key);
    if (stored?.record.count !== count) return false;
    this.confirm(account, count, stored.version);
    return true;
  }

  private confirm(account: Account, count: number, version: number): void {
    account.version = version;
    account.doubt = undefined;
    account.confirmed.push(count);
    this.confirmed += 1;
  }
}
