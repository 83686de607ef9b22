import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { netstring, NetstringReader } from './netstring';

interface Answer {
  readonly ok: boolean;
  readonly data: string;
}

/** Control connection to a baresip: its module ctrl_tcp, JSON in netstrings, an answer for each command. */
export class BaresipControl {
  private readonly reader = new NetstringReader();
  private readonly waiting = new Map<string, (answer: Answer) => void>();
  private last = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.reader.read(chunk).forEach((text) => this.heard(text)));
    socket.on('error', () => undefined); // the program's end is told by the program
  }

  static async open(port: number): Promise<BaresipControl> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new BaresipControl(socket);
  }

  /** Runs one of baresip's long commands and gives what it printed. A command may have 1,000 bytes. */
  async command(name: string, params?: string): Promise<string> {
    const token = `${(this.last += 1)}`;
    const answer = this.answerTo(token, name);
    this.socket.write(netstring(JSON.stringify({ command: name, params, token })));
    const { ok, data } = await answer;
    if (!ok) throw new Error(`baresip: ${name}: ${data}`);
    return data;
  }

  close(): void {
    this.socket.destroy();
  }

  private answerTo(token: string, name: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        this.waiting.delete(token);
        reject(new Error(`baresip: no answer to ${name} within ${DEFAULT_DEADLINE_MS} ms`));
      };
      const timer = setTimeout(expire, DEFAULT_DEADLINE_MS);
      this.waiting.set(token, (answer) => {
        clearTimeout(timer);
        this.waiting.delete(token);
        resolve(answer);
      });
    });
  }

  private heard(text: string): void {
    const { token, ok, data } = JSON.parse(text) as { token?: string; ok?: boolean; data?: string };
    this.waiting.get(token ?? '')?.({ ok: ok === true, data: data ?? '' });
  }
}
