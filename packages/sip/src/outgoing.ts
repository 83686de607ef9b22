import type { Socket } from 'node:net';

/** What is written in one turn of the event loop leaves together: one call of the system instead of one for each message. */
export class Outgoing {
  private text = '';
  private waiting = 0;

  constructor(private readonly socket: () => Socket | undefined) {}

  /** Bytes that are not passed on yet, here or in the socket. */
  get bytes(): number {
    return this.waiting + (this.socket()?.writableLength ?? 0);
  }

  write(frame: string, bytes: number): void {
    if (this.waiting === 0) process.nextTick(() => this.flush());
    this.text += frame;
    this.waiting += bytes;
  }

  flush(): void {
    const { text } = this;
    this.text = '';
    this.waiting = 0;
    const socket = this.socket();
    if (text !== '' && socket?.writable === true) socket.write(text);
  }
}
