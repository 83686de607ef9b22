import { randomUUID } from 'node:crypto';

/** The server's input buffer overflows above 12,228 bytes and takes later messages with it (DR-16). */
const LARGEST_BYTES = 12_000;
/** The largest request that fits into such a message, behind its id and its first line. */
export const LARGEST_REQUEST_BYTES = LARGEST_BYTES - 500;
/** What may be left in that buffer when the next read of 8,192 bytes comes (DR-17). */
const ALONE_BYTES = 4_000;

/** The message was not written; the text says why. */
export class NotWrittenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotWrittenError';
  }
}

export interface WriteGateOptions {
  /** `drachtio`: keep the limits of drachtio-server 0.9. `none`: for servers without them, such as sipd. */
  readonly limits: 'drachtio' | 'none';
  /** Bytes that may wait, here or in the socket. */
  readonly maxQueuedBytes: number;
  readonly write: (frame: string) => void;
  /** Bytes that the socket has not passed on yet. */
  readonly socketBytes: () => number;
}

/** The one way onto a control connection: frames each message and keeps the sizes and the order that the server can take. */
export class WriteGate {
  /** Id of the large message whose API reply must come before anything else is written. */
  private awaited: string | undefined;
  private readonly waiting: { readonly id: string; readonly payload: string; readonly bytes: number }[] = [];
  private waitingBytes = 0;

  constructor(private readonly options: WriteGateOptions) {}

  /** Is a large message without its API reply? */
  get isBlocked(): boolean {
    return this.awaited !== undefined;
  }

  /**
   * Writes a client message, at once or in its turn, and returns its id.
   * @throws NotWrittenError when it is too large for the server, or too much waits already
   */
  send(text: string): string {
    const id = randomUUID();
    const payload = `${id}|${text}`;
    const bytes = Buffer.byteLength(payload);
    if (this.options.limits === 'drachtio' && bytes > LARGEST_BYTES) {
      throw new NotWrittenError(`too large: ${bytes} bytes, and drachtio takes at most ${LARGEST_BYTES} (DR-16)`);
    }
    if (this.options.socketBytes() + this.waitingBytes + bytes > this.options.maxQueuedBytes) {
      throw new NotWrittenError(`more than ${this.options.maxQueuedBytes} bytes wait for the SIP server already`);
    }
    if (this.awaited === undefined) {
      this.write(id, payload, bytes);
    } else {
      this.waiting.push({ id, payload, bytes });
      this.waitingBytes += bytes;
    }
    return id;
  }

  /** The API reply to a message has come. */
  replied(id: string): void {
    if (id !== this.awaited) return;
    this.awaited = undefined;
    while (this.awaited === undefined) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.waitingBytes -= next.bytes;
      this.write(next.id, next.payload, next.bytes);
    }
  }

  private write(id: string, payload: string, bytes: number): void {
    if (this.options.limits === 'drachtio' && bytes > ALONE_BYTES) this.awaited = id;
    this.options.write(`${bytes}#${payload}`);
  }
}
