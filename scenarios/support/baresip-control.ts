import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { netstring, NetstringReader } from './netstring';

interface Answer {
  readonly token?: string;
  readonly ok?: boolean;
  readonly data?: string;
}

/** Control connection to a baresip: its module ctrl_tcp, JSON in netstrings, an answer for each command. */
export class BaresipControl {
  private readonly reader = new NetstringReader();
  private readonly waiting = new Map<string, (outcome: Answer | Error) => void>();
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
    if (this.socket.destroyed) throw new Error(`baresip: ${name}: the control connection is closed`);
    const token = `${(this.last += 1)}`;
    const answer = this.answerTo(token, name);
    this.socket.write(netstring(JSON.stringify({ command: name, params, token })));
    const { ok, data = '' } = await answer;
    if (ok !== true) throw new Error(`baresip: ${name}: ${data}`);
    return data;
  }

  close(): void {
    this.socket.destroy();
    for (const settle of [...this.waiting.values()]) settle(new Error('baresip: the control connection is closed'));
  }

  private answerTo(token: string, name: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Answer | Error): void => {
        clearTimeout(timer);
        this.waiting.delete(token);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const late = new Error(`baresip: no answer to ${name} within ${DEFAULT_DEADLINE_MS} ms`);
      const timer = setTimeout(() => settle(late), DEFAULT_DEADLINE_MS);
      this.waiting.set(token, settle);
    });
  }

  private heard(text: string): void {
    const answer = JSON.parse(text) as Answer;
    this.waiting.get(answer.token ?? '')?.(answer);
  }
}
