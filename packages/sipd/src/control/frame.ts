/** Frames of drachtio's control protocol: `<length>#<payload>`, length in bytes. */
import { ByteQueue } from '../byte-queue';

const HASH = 0x23;
const ZERO = 0x30;
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
    const waiting = Math.min(this.queue.length, MAX_DIGITS + 1);
    let length = 0;
    for (let at = 0; at < waiting; at += 1) {
      const byte = this.queue.at(at);
      if (byte === HASH && length > 0) return this.begin(at, length);
      const digit = byte - ZERO;
      if (digit < 0 || digit > 9 || (digit === 0 && length === 0)) throw new FrameError('invalid message length specifier');
      length = length * 10 + digit;
    }
    if (waiting > MAX_DIGITS) throw new FrameError('invalid message length specifier');
    return false;
  }

  private begin(digits: number, length: number): true {
    this.queue.consume(digits + 1);
    if (length > this.maxBytes) throw new FrameError(`message of ${length} bytes is over the limit of ${this.maxBytes}`);
    this.length = length;
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

/** A frame whose payload is this text (Latin-1) and the bytes behind it. */
export function framed(text: string, rest: Buffer): Buffer {
  const start = `${text.length + rest.length}#${text}`;
  const frame = Buffer.allocUnsafe(start.length + rest.length);
  frame.write(start, 0, 'latin1');
  rest.copy(frame, start.length);
  return frame;
}
