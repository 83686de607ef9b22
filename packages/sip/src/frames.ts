/** More digits than any length that is accepted. */
const MAX_DIGITS = 9;
/** The longest payload: far more than drachtio-server has been seen to send, 2 MB (drachtio.md section 2.4). */
const MAX_BYTES = 32 * 1024 * 1024;
const LENGTH = /^[1-9]\d*$/;
const HASH = 0x23;

/** Takes the frames `<bytes>#<payload>` of the control protocol out of a stream, however it is cut (drachtio.md section 2.1). */
export class FrameReader {
  /** The beginning of a frame that is not complete. */
  private chunks: Buffer[] = [];
  private waiting = 0;
  /** Bytes that must be there before it is worth while to look again. */
  private needed = 0;

  constructor(private readonly take: (payload: string) => void) {}

  /** @throws Error when the bytes do not follow the protocol, and what `take` throws: the stream cannot be read any further */
  push(chunk: Buffer): void {
    const bytes = this.join(chunk);
    if (bytes === undefined) return;
    let at = 0;
    for (;;) {
      const start = startOf(bytes, at);
      if (start === undefined) break;
      const end = start + lengthOf(bytes, at, start - 1);
      if (end > bytes.length) {
        this.needed = end - at;
        break;
      }
      this.take(bytes.toString('utf8', start, end));
      at = end;
    }
    if (at === bytes.length) return;
    this.chunks = [bytes.subarray(at)];
    this.waiting = bytes.length - at;
  }

  /** All that waits together with the chunk; undefined while that is known to be too little. */
  private join(chunk: Buffer): Buffer | undefined {
    if (this.waiting === 0) return chunk;
    this.chunks.push(chunk);
    this.waiting += chunk.length;
    if (this.waiting < this.needed) return undefined;
    const bytes = Buffer.concat(this.chunks);
    this.chunks = [];
    this.waiting = 0;
    this.needed = 0;
    return bytes;
  }
}

/** Where the payload of the frame at `at` begins; undefined while its length is not complete. */
function startOf(bytes: Buffer, at: number): number | undefined {
  const limit = Math.min(bytes.length, at + MAX_DIGITS + 1);
  for (let index = at; index < limit; index += 1) if (bytes[index] === HASH) return index + 1;
  if (limit === at + MAX_DIGITS + 1) throw new Error('a frame without a length');
  return undefined;
}

function lengthOf(bytes: Buffer, from: number, to: number): number {
  const digits = bytes.toString('latin1', from, to);
  const length = Number(digits);
  if (!LENGTH.test(digits) || length > MAX_BYTES) throw new Error('a frame with a length that cannot be');
  return length;
}
