import type { Due } from '../port';

interface Entry {
  readonly key: string;
  due: number;
  /** Its place in the heap. */
  at: number;
}

/** Keys by due time: a binary heap whose entries know their place, so that each change costs O(log n) and leaves nothing behind. */
export class DueIndex {
  private readonly heap: Entry[] = [];
  private readonly entries = new Map<string, Entry>();

  get size(): number {
    return this.heap.length;
  }

  /** Sets or moves the due time of a key. */
  set(key: string, due: number): void {
    const held = this.entries.get(key);
    if (held === undefined) {
      const entry: Entry = { key, due, at: this.heap.length };
      this.entries.set(key, entry);
      this.heap.push(entry);
      this.rise(entry);
      return;
    }
    held.due = due;
    this.rise(held);
    this.sink(held);
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    const last = this.heap.pop();
    if (last === undefined || last === entry) return;
    this.place(last, entry.at);
    this.rise(last);
    this.sink(last);
  }

  /** At most `limit` keys that are due at `now`, oldest first. */
  until(now: number, limit: number): Due[] {
    const due: Due[] = [];
    const open = [0];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const entry = this.heap[at];
      if (entry === undefined || entry.due > now) continue; // and so are those below it
      due.push({ key: entry.key, at: entry.due });
      open.push(2 * at + 1, 2 * at + 2);
    }
    return due.sort((one, other) => one.at - other.at).slice(0, limit);
  }

  /** Moves a key that is due at `now` to `until`, which is later; false when it is not due. */
  claim(key: string, now: number, until: number): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.due > now) return false;
    entry.due = until;
    this.sink(entry);
    return true;
  }

  private rise(entry: Entry): void {
    while (entry.at > 0) {
      const parent = this.heap[(entry.at - 1) >> 1];
      if (parent === undefined || parent.due <= entry.due) return;
      this.swap(entry, parent);
    }
  }

  private sink(entry: Entry): void {
    for (;;) {
      const child = this.earlierChild(entry.at);
      if (child === undefined || entry.due <= child.due) return;
      this.swap(entry, child);
    }
  }

  private earlierChild(at: number): Entry | undefined {
    const left = this.heap[2 * at + 1];
    const right = this.heap[2 * at + 2];
    return left !== undefined && right !== undefined && right.due < left.due ? right : left;
  }

  private swap(a: Entry, b: Entry): void {
    const { at } = a;
    this.place(a, b.at);
    this.place(b, at);
  }

  private place(entry: Entry, at: number): void {
    this.heap[at] = entry;
    entry.at = at;
  }
}
