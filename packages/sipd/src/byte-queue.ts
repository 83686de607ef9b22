const NOTHING = Buffer.alloc(0);

/**
 * Bytes that arrived and are not yet used. The space doubles when it is full, so that any segmentation costs linear time;
 * a chunk that comes while nothing waits is adopted without a copy.
 */
export class ByteQueue {
  private buffer: Buffer = NOTHING;
  private start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }

  append(chunk: Buffer): void {
    if (this.length === 0) {
      this.buffer = chunk;
      this.start = 0;
      this.end = chunk.length;
      return;
    }
    const needed = this.length + chunk.length;
    if (this.end + chunk.length > this.buffer.length) this.grow(needed);
    chunk.copy(this.buffer, this.end);
    this.end += chunk.length;
  }

  private grow(needed: number): void {
    const bigger = Buffer.allocUnsafeSlow(Math.max(needed * 2, 4096));
    const used = this.buffer.copy(bigger, 0, this.start, this.end);
    this.buffer = bigger;
    this.start = 0;
    this.end = used;
  }

  /** A window on the waiting bytes; valid until the next `append` or `consume`. */
  view(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  /** The byte at that place of the waiting ones, which must be there. */
  at(index: number): number {
    return this.buffer[this.start + index] ?? 0;
  }

  /** Position of `needle` in the waiting bytes, searched from `from`; -1 when absent. */
  indexOf(needle: Buffer, from: number): number {
    return this.view().indexOf(needle, from);
  }

  /** Takes `count` bytes out, as a copy that keeps nothing else alive. */
  take(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    this.buffer.copy(bytes, 0, this.start, this.start + count);
    this.consume(count);
    return bytes;
  }

  /** Takes `count` bytes out as Latin-1 text. */
  takeText(count: number): string {
    const text = this.buffer.toString('latin1', this.start, this.start + count);
    this.consume(count);
    return text;
  }

  consume(count: number): void {
    this.start += count;
    if (this.start < this.end) return;
    this.buffer = NOTHING;
    this.start = 0;
    this.end = 0;
  }
}
