/** A raw client of the control port, to see the bytes themselves. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Inbox } from './inbox';
import type { Target } from './target';

export interface Frame {
  readonly fields: readonly string[];
  readonly text: string;
}

export class Control {
  readonly frames = new Inbox<Frame>('frames');
  readonly chunks: Buffer[] = [];
  closed = false;
  private pending = Buffer.alloc(0);

  private constructor(readonly socket: Socket) {
    socket.on('data', (data) => this.read(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async open({ host, port }: Pick<Target, 'host' | 'port'>): Promise<Control> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new Control(socket);
  }

  static frame(payload: string): Buffer {
    return Buffer.from(`${Buffer.byteLength(payload)}#${payload}`);
  }

  /** Sends a message and gives its id. */
  send(message: string): string {
    const id = randomUUID();
    this.socket.write(Control.frame(`${id}|${message}`));
    return id;
  }

  reply(id: string): Promise<Frame> {
    return this.frames.next(({ fields }) => fields[1] === 'response' && fields[2] === id);
  }

  async ask(message: string): Promise<Frame> {
    return this.reply(this.send(message));
  }

  /** The next SIP message that the server hands over. */
  sip(start: string): Promise<Frame> {
    return this.frames.next(({ fields, text }) => fields[1] === 'sip' && text.startsWith(start));
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    this.chunks.push(data);
    this.pending = Buffer.concat([this.pending, data]);
    for (;;) {
      const hash = this.pending.indexOf('#');
      if (hash < 0) return;
      const length = Number(this.pending.toString('latin1', 0, hash));
      if (this.pending.length < hash + 1 + length) return;
      const payload = this.pending.subarray(hash + 1, hash + 1 + length).toString();
      this.pending = this.pending.subarray(hash + 1 + length);
      const end = payload.indexOf('\r\n');
      const first = end < 0 ? payload : payload.slice(0, end);
      this.frames.add({ fields: first.split('|'), text: end < 0 ? '' : payload.slice(end + 2) });
    }
  }
}
