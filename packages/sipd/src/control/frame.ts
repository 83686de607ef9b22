/** Frames of drachtio's control protocol: `<length>#<payload>`, length in bytes. */
import { ByteQueue } from '../byte-queue';

const HASH = 0x23;
const LENGTH = /^[1-9]\d*$/;
/** Enough digits for any length that {@link FrameReader} can allow. */
const MAX_DIGITS = 8;

/** The bytes do not follow the protocol; the connection cannot be used any further. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Takes frames out of a byte stream, however it is cut. */
export class FrameReader {
  private readonly queue = new ByteQueue();
  private length = 0;

  /** @param maxBytes longest payload accepted */
  constructor(private readonly maxBytes: number) {}

  /** Bytes that wait behind the last frame taken. */
  get waiting(): number {
    return this.queue.length;
  }

  push(chunk: Buffer): void {
    this.queue.append(chunk);
  }

  /**
   * The next payload, or undefined when more bytes are needed.
   * @throws {FrameError} for a bad or too large length
   */
  next(): Buffer | undefined {
    if (this.length === 0 && !this.readLength()) return undefined;
    if (this.queue.length < this.length) return undefined;
    const length = this.length;
    this.length = 0;
    return this.queue.take(length);
  }

  private readLength(): boolean {
    const view = this.queue.view();
    const hash = view.subarray(0, MAX_DIGITS + 1).indexOf(HASH);
    if (hash < 0) {
      if (view.length > MAX_DIGITS) throw new FrameError('invalid message length specifier');
      return false;
    }
    const digits = this.queue.takeText(hash);
    this.queue.consume(1);
    if (!LENGTH.test(digits)) throw new FrameError('invalid message length specifier');
    this.length = Number(digits);
    if (this.length > this.maxBytes) throw new FrameError(`message of ${digits} bytes is over the limit of ${this.maxBytes}`);
    return true;
  }
}

/** A frame: first line, and after CRLF a SIP message if there is one. Text is Latin-1, one character a byte. */
export function writeFrame(firstLine: string, head?: string, body?: Buffer): Buffer {
  const text = head === undefined ? firstLine : `${firstLine}\r\n${head}`;
  const bodyLength = body?.length ?? 0;
  const prefixed = `${text.length + bodyLength}#${text}`;
  const frame = Buffer.allocUnsafe(prefixed.length + bodyLength);
  frame.write(prefixed, 0, 'latin1');
  body?.copy(frame, prefixed.length);
  return frame;
}
