import type { Socket } from 'node:net';

/** What is no longer than this in all is copied into one piece: cheaper than a list of pieces for the system. */
const COPIED_BYTES = 64 * 1024;

/** Writes to a socket: what is written in one turn of the event loop leaves together, by one call of the system (decision 029). */
export class Together {
  private frames: Buffer[] = [];
  private bytes = 0;

  constructor(private readonly socket: Socket) {}

  /** Bytes that have not left yet. */
  get unsent(): number {
    return this.bytes + this.socket.writableLength;
  }

  write(frame: Buffer): void {
    if (this.frames.length === 0) process.nextTick(() => this.flush());
    this.frames.push(frame);
    this.bytes += frame.length;
  }

  /** What has been written goes now. */
  flush(): void {
    const { frames, bytes, socket } = this;
    const [first] = frames;
    if (first === undefined) return;
    this.frames = [];
    this.bytes = 0;
    if (socket.destroyed) return;
    if (frames.length === 1) socket.write(first);
    else if (bytes <= COPIED_BYTES) socket.write(Buffer.concat(frames, bytes));
    else this.writeEach(frames);
  }

  private writeEach(frames: readonly Buffer[]): void {
    this.socket.cork();
    for (const frame of frames) this.socket.write(frame);
    this.socket.uncork();
  }
}
