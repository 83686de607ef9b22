import { createSocket, type Socket } from 'node:dgram';
import { decode, encode, type Answer } from 'dns-packet';

/** A DNS server, on loopback unless told otherwise, that answers what it was given, or nothing at all. */
export class DnsServer {
  records: readonly Answer[] = [];
  silent = false;
  readonly asked: string[] = [];

  private constructor(private readonly socket: Socket) {}

  static async start(address = '127.0.0.1', port = 0): Promise<DnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(port, address, resolve));
    const server = new DnsServer(socket);
    socket.on('message', (bytes, from) => server.answer(bytes, from));
    return server;
  }

  get place(): string {
    const { address, port } = this.socket.address();
    return `${address}:${port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private answer(bytes: Buffer, from: { readonly address: string; readonly port: number }): void {
    const { id = 0, questions = [] } = decode(bytes);
    for (const { name, type } of questions) this.asked.push(`${type} ${name}`);
    if (this.silent) return;
    const answers = this.records.filter((record) => questions.some(({ name, type }) => record.name === name && record.type === type));
    const rcode = this.records.some(({ name }) => questions.some((question) => question.name === name)) ? 0 : 3;
    this.socket.send(encode({ type: 'response', id, flags: 0x0180 | rcode, questions, answers }), from.port, from.address);
  }
}

export const a = (name: string, data: string, ttl = 30): Answer => ({ type: 'A', name, data, ttl });
export const aaaa = (name: string, data: string, ttl = 30): Answer => ({ type: 'AAAA', name, data, ttl });
export const srv = (name: string, target: string, port: number, priority = 0, weight = 0): Answer => ({ type: 'SRV', name, ttl: 30, data: { target, port, priority, weight } });
