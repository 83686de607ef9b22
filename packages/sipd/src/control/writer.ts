import type { Socket } from 'node:net';
import type { Switches } from '../switches';
import { Together } from './together';

/** What kind of frame is written; the `coalesce` switch treats them differently. */
export type FrameKind = 'request-sent' | 'sip-response' | 'other';

/** How long the `coalesce` switch waits for the SIP response. */
const HOLD_MS = 100;

/** Writes frames to a client's socket in order, with the switches `coalesce` and `split`. */
export class FrameWriter {
  private readonly together: Together;
  private held: Buffer[] = [];
  private holdTimer: NodeJS.Timeout | undefined;
  private bytes: Buffer[] = [];

  constructor(
    private readonly socket: Socket,
    private readonly switches: Switches,
  ) {
    this.together = new Together(socket);
  }

  /** Bytes that the client has not taken yet. */
  get backlog(): number {
    return this.together.unsent + this.bytes.reduce((sum, part) => sum + part.length, 0);
  }

  write(frame: Buffer, kind: FrameKind): void {
    if (this.switches.coalesce) this.coalesce(frame, kind);
    else this.emit(frame);
  }

  /** Closes the socket behind what has been written. */
  end(): void {
    this.together.flush();
    this.socket.end();
  }

  stop(): void {
    clearTimeout(this.holdTimer);
    this.held = [];
    this.bytes = [];
  }

  /** Holds the API reply of a request back until its SIP response can leave in the same write. */
  private coalesce(frame: Buffer, kind: FrameKind): void {
    this.held.push(frame);
    if (kind === 'request-sent') {
      this.holdTimer ??= setTimeout(() => this.flush(), HOLD_MS);
      return;
    }
    if (kind === 'sip-response' || this.holdTimer === undefined) this.flush();
  }

  private flush(): void {
    clearTimeout(this.holdTimer);
    this.holdTimer = undefined;
    const frames = this.held;
    this.held = [];
    this.emit(Buffer.concat(frames));
  }

  private emit(frame: Buffer): void {
    if (this.switches.split) this.emitBytewise(frame);
    else this.together.write(frame);
  }

  private emitBytewise(frame: Buffer): void {
    this.bytes.push(frame);
    if (this.bytes.length > 1) return;
    this.nextByte(0);
  }

  private nextByte(index: number): void {
    const frame = this.bytes[0];
    if (frame === undefined) return;
    if (index < frame.length) {
      this.socket.write(frame.subarray(index, index + 1));
      setImmediate(() => this.nextByte(index + 1));
      return;
    }
    this.bytes.shift();
    this.nextByte(0);
  }
}
