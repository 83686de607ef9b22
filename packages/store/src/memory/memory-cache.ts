import { checkName, checkTtl } from '../arguments';
import type { CacheStore } from '../port';

interface Entry {
  readonly value: string;
  readonly until: number;
}

/** Entries in the order in which they were set; when there are too many, the oldest goes. */
export class MemoryCache implements CacheStore {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly maxEntries: number,
    private readonly now: () => number,
    private readonly open: () => void,
  ) {}

  async get(key: string): Promise<string | undefined> {
    this.open();
    const entry = this.entries.get(key);
    if (entry === undefined || entry.until > this.now()) return entry?.value;
    this.entries.delete(key);
    return undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.open();
    checkName('key', key);
    checkTtl(ttlMs);
    this.entries.delete(key);
    this.entries.set(key, { value, until: this.now() + ttlMs });
    if (this.entries.size > this.maxEntries) this.dropOldest();
  }

  async delete(key: string): Promise<void> {
    this.open();
    this.entries.delete(key);
  }

  private dropOldest(): void {
    for (const key of this.entries.keys()) {
      this.entries.delete(key);
      return;
    }
  }
}
