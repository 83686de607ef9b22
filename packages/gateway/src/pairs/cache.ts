import type { Stored } from '@isthmus/store';
import type { StoredPair } from './stored';

type Entry = Stored<StoredPair>;

/** A record that has not been used for a while, as text: about a third of the memory. */
interface Packed {
  readonly json: string;
  readonly version: number;
}

/** Of so many entries one is kept unpacked: those of conversations, in which event follows event. */
const UNPACKED_SHARE = 20;

/**
 * Records that this worker committed last, by pair key. A cached record may be out of date: its version then makes the
 * commit fail, and it is loaded again. Least recently used entries are packed, and dropped at the bound: a worker holds
 * tens of thousands of watches that are used once in an hour.
 */
export class RecordCache {
  private readonly unpacked = new Map<string, Entry>();
  private readonly packed = new Map<string, Packed>();
  private readonly maxUnpacked: number;

  constructor(private readonly max: number) {
    this.maxUnpacked = Math.ceil(max / UNPACKED_SHARE);
  }

  get size(): number {
    return this.unpacked.size + this.packed.size;
  }

  get(key: string): Entry | undefined {
    const entry = this.unpacked.get(key) ?? this.unpack(key);
    if (entry === undefined) return undefined;
    this.set(key, entry);
    return entry;
  }

  set(key: string, entry: Entry): void {
    this.delete(key);
    this.unpacked.set(key, entry);
    if (this.unpacked.size > this.maxUnpacked) this.packOldest();
    if (this.size > this.max) deleteOldest(this.packed.size > 0 ? this.packed : this.unpacked);
  }

  delete(key: string): void {
    this.unpacked.delete(key);
    this.packed.delete(key);
  }

  clear(): void {
    this.unpacked.clear();
    this.packed.clear();
  }

  private packOldest(): void {
    const oldest = this.unpacked.entries().next();
    if (oldest.done) return;
    const [key, { record, version }] = oldest.value;
    this.unpacked.delete(key);
    this.packed.set(key, { json: JSON.stringify(record), version });
  }

  private unpack(key: string): Entry | undefined {
    const found = this.packed.get(key);
    return found && { record: JSON.parse(found.json) as StoredPair, version: found.version };
  }
}

function deleteOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next();
  if (!oldest.done) entries.delete(oldest.value);
}
