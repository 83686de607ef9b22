/** drachtio-server's input buffer: what is larger overwrites it, and later messages are lost too (drachtio.md DR-16). */
export const LARGEST_BYTES = 12_228;
/** What that buffer can hold when the next read of 8,192 bytes comes (DR-17). */
export const ALONE_BYTES = LARGEST_BYTES - 8_192;

export interface GateOptions {
  /** Bytes that may wait, here or in the socket. */
  readonly queuedBytes: number;
  readonly write: (frame: Buffer) => void;
  /** Bytes that the socket has not passed on yet. */
  readonly unsentBytes: () => number;
}

interface Message {
  readonly id: string;
  readonly frame: Buffer;
}

/**
 * The one way to a drachtio server: keeps the sizes and the order that it can take. Behind a large message nothing is
 * written before its API reply.
 */
export class Gate {
  private awaited: string | undefined;
  private line: Message[] = [];
  private lineBytes = 0;

  constructor(private readonly options: GateOptions) {}

  /** The large message without its API reply. */
  get blockedBy(): string | undefined {
    return this.awaited;
  }

  /** Writes a client message, at once or in its turn. A reason when the server could not take it. */
  send(id: string, frame: Buffer): string | undefined {
    const { queuedBytes, unsentBytes } = this.options;
    if (frame.length > LARGEST_BYTES) return `too large: ${frame.length} bytes, and drachtio takes at most ${LARGEST_BYTES}`;
    if (unsentBytes() + this.lineBytes + frame.length > queuedBytes) return `more than ${queuedBytes} bytes wait for the SIP server already`;
    if (this.awaited === undefined) {
      this.write({ id, frame });
    } else {
      this.line.push({ id, frame });
      this.lineBytes += frame.length;
    }
    return undefined;
  }

  /** The API reply to a message has come. */
  replied(id: string): void {
    if (id !== this.awaited) return;
    this.awaited = undefined;
    const { line } = this;
    let next = 0;
    for (; next < line.length && this.awaited === undefined; next += 1) {
      const message = line[next];
      if (message === undefined) continue;
      this.lineBytes -= message.frame.length;
      this.write(message);
    }
    this.line = line.slice(next);
  }

  private write({ id, frame }: Message): void {
    if (frame.length > ALONE_BYTES) this.awaited = id;
    this.options.write(frame);
  }
}
