/** A message longer than this is no message of these programs. */
const LIMIT = 1_000_000;

/** Frames a text as a netstring: length in bytes, colon, text, comma. */
export const netstring = (text: string): string => `${Buffer.byteLength(text)}:${text},`;

/** Reads netstrings from a stream's chunks. */
export class NetstringReader {
  private unread: Buffer = Buffer.alloc(0);

  /** The texts that this chunk completes. */
  read(chunk: Buffer): string[] {
    this.unread = Buffer.concat([this.unread, chunk]);
    const texts: string[] = [];
    for (;;) {
      const colon = this.unread.indexOf(':');
      if (colon < 0) return texts;
      const length = Number(this.unread.toString('latin1', 0, colon));
      if (!Number.isInteger(length) || length > LIMIT) throw new Error(`not a netstring: ${this.unread.toString('utf8', 0, 80)}`);
      const end = colon + 1 + length;
      if (this.unread.length <= end) return texts;
      texts.push(this.unread.toString('utf8', colon + 1, end));
      this.unread = this.unread.subarray(end + 1);
    }
  }
}
