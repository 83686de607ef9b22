import { checkClaim, checkCommit, checkDue } from '../arguments';
import type { Commit, CommitResult, Due, PairStore, Stored } from '../port';
import { StoreUnwritableError } from '../port';
import { DueIndex } from './due-index';

interface Held {
  /** The record's JSON, as Redis would hold it: nobody can change it from outside, and it is smaller than the value. */
  readonly json: string;
  readonly version: number;
}

export class MemoryPairs<R> implements PairStore<R> {
  private readonly records = new Map<string, Held>();
  private readonly dues = new DueIndex();
  /** One count for all keys: no version is ever given twice. */
  private versions = 0;

  constructor(
    private readonly maxRecords: number,
    /** Throws when the store is closed. */
    private readonly open: () => void,
  ) {}

  async load(key: string): Promise<Stored<R> | undefined> {
    this.open();
    const held = this.records.get(key);
    return held && { record: JSON.parse(held.json) as R, version: held.version };
  }

  async commit(commit: Commit<R>): Promise<CommitResult> {
    this.open();
    checkCommit(commit);
    const { key, expected, record, due } = commit;
    if ((this.records.get(key)?.version ?? 0) !== expected) return { ok: false };
    if (record === undefined) {
      this.records.delete(key);
      this.dues.delete(key);
      return { ok: true, version: 0 };
    }
    if (expected === 0) this.makeRoom();
    const version = ++this.versions;
    this.records.set(key, { json: JSON.stringify(record), version });
    if (due === undefined) this.dues.delete(key);
    else this.dues.set(key, due);
    return { ok: true, version };
  }

  /** Memory loses nothing as long as there is anybody who could put it back. */
  async putBack(): Promise<boolean> {
    this.open();
    return false;
  }

  async due(now: number, limit: number): Promise<readonly Due[]> {
    this.open();
    checkDue(now, limit);
    return this.dues.until(now, limit);
  }

  async claim(keys: readonly string[], now: number, until: number): Promise<string[]> {
    this.open();
    checkClaim(now, until);
    return keys.filter((key) => this.dues.claim(key, now, until));
  }

  async *scan(prefix = ''): AsyncGenerator<string> {
    this.open();
    for (const key of [...this.records.keys()].filter((each) => each.startsWith(prefix))) {
      if (this.records.has(key)) yield key;
    }
  }

  async count(): Promise<number> {
    this.open();
    return this.records.size;
  }

  async ping(): Promise<void> {
    this.open();
  }

  private makeRoom(): void {
    if (this.records.size < this.maxRecords) return;
    throw new StoreUnwritableError(`it holds ${this.maxRecords} records, its limit; raise the limit or use Redis`);
  }
}
