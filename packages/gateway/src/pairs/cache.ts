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
  /** Not to be gone on from, but known to have been committed: the store may have lost it. */
  private readonly aside = new Map<string, Packed>();
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

  /** Those whose version is `since` or later, as they are now; one that is used meanwhile may come twice. */
  *recent(since: number): Generator<readonly [key: string, entry: Entry]> {
    const isRecent = ([, { version }]: readonly [string, { readonly version: number }]): boolean => version >= since;
    for (const [key, entry] of [...this.unpacked].filter(isRecent)) yield [key, entry];
    for (const [key, entry] of [...this.packed, ...this.aside].filter(isRecent)) yield [key, unpacked(entry)];
  }

  /** The latest version of all; 0 when there is none. */
  get newest(): number {
    let newest = 0;
    for (const entries of [this.unpacked, this.packed, this.aside]) for (const { version } of entries.values()) newest = Math.max(newest, version);
    return newest;
  }

  delete(key: string): void {
    this.unpacked.delete(key);
    this.packed.delete(key);
    this.aside.delete(key);
  }

  /** The next event must load; what is known is kept for `known` and `recent` until the key is set again. */
  setAside(key: string): void {
    const entry = this.unpacked.get(key) ?? this.unpack(key);
    if (entry === undefined) return;
    this.delete(key);
    this.aside.set(key, pack(entry));
    if (this.aside.size > this.max) deleteOldest(this.aside);
  }

  /** What was committed last as far as is known, to be gone on from or not. */
  known(key: string): Entry | undefined {
    const aside = this.aside.get(key);
    return this.get(key) ?? (aside && unpacked(aside));
  }

  clear(): void {
    this.unpacked.clear();
    this.packed.clear();
    this.aside.clear();
  }

  private packOldest(): void {
    const oldest = this.unpacked.entries().next();
    if (oldest.done) return;
    const [key, entry] = oldest.value;
    this.unpacked.delete(key);
    this.packed.set(key, pack(entry));
  }

  private unpack(key: string): Entry | undefined {
    const found = this.packed.get(key);
    return found && unpacked(found);
  }
}

const pack = ({ record, version }: Entry): Packed => ({ json: JSON.stringify(record), version });

const unpacked = ({ json, version }: Packed): Entry => ({ record: JSON.parse(json) as StoredPair, version });

function deleteOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next();
  if (!oldest.done) entries.delete(oldest.value);
}
