import type { Stored } from '@isthmus/store';
import type { StoredPair } from './stored';

/**
 * Records that this worker committed last, by pair key. A cached record may be out of date: its version then makes the
 * commit fail, and it is loaded again. Least recently used entries are dropped at the bound.
 */
export class RecordCache {
  private readonly entries = new Map<string, Stored<StoredPair>>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Stored<StoredPair> | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry;
  }

  set(key: string, entry: Stored<StoredPair>): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size <= this.max) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
