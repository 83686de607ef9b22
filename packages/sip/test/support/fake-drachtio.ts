import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { Mailbox } from '../../../../scenarios/support/mailbox';

export interface Frame {
  readonly id: string;
  readonly type: string;
  readonly fields: readonly string[];
  readonly text: string;
}

/** One client of the fake server: takes frames apart, lets the test write whatever it likes. */
export class FakeClient {
  readonly frames = new Mailbox<Frame>('the client', (frame) => frame.text.slice(0, 80));
  readonly closed: Promise<void>;
  private buffer = Buffer.alloc(0);

  constructor(
    readonly socket: Socket,
    /** False: takes everything and says nothing, after authentication and registration. */
    readonly replies: boolean,
    /** Verbs are not acknowledged until the test does it. */
    private readonly holdsRoutes: boolean,
  ) {
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  write(payload: string): void {
    this.socket.write(`${Buffer.byteLength(payload)}#${payload}`);
  }

  /** Hands over a request as from the network. */
  request(sip: string, transactionId: string): void {
    this.write(`${randomUUID()}|sip|network|${sip.length}|tcp|192.0.2.1|5060|00:00:00.000000|${transactionId}||127.0.0.1|5060|\r\n${sip}`);
  }

  /** An API reply. */
  reply(to: Frame, verdict: string): void {
    this.write(`${randomUUID()}|response|${to.id}|${verdict}`);
  }

  frame(type: string, wanted: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return this.frames.take({ what: `${type} frame`, wanted: (frame) => frame.type === type && wanted(frame) });
  }

  private read(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    for (let hash = this.buffer.indexOf('#'); hash > 0; hash = this.buffer.indexOf('#')) {
      const end = hash + 1 + Number(this.buffer.toString('latin1', 0, hash));
      if (this.buffer.length < end) return;
      this.take(this.buffer.toString('utf8', hash + 1, end));
      this.buffer = this.buffer.subarray(end);
    }
  }

  private take(text: string): void {
    const fields = (text.split('\r\n')[0] ?? '').split('|');
    const [id = '', type = ''] = fields;
    this.frames.put({ id, type, fields, text });
    if (type === 'authenticate') this.write(`${randomUUID()}|response|${id}|OK|tcp/127.0.0.1:5060|v0.9.10|tcp/127.0.0.1:5060`);
    const answer = text.slice(text.indexOf('\r\n') + 2);
    if (type === 'sip' && answer.startsWith('SIP/2.0 ')) {
      this.write(`${randomUUID()}|response|${id}|OK|application|1|tcp|192.0.2.1|5060|00:00:00.000000|${fields[2]}|||Msg sent:\r\n${answer}`);
    }
    if (type === 'route' ? !this.holdsRoutes : type === 'ping' && this.replies) this.write(`${randomUUID()}|response|${id}|OK|pong`);
  }
}

/** A server that speaks just enough of drachtio's control protocol to misbehave in it. */
export class FakeDrachtio {
  readonly clients = new Mailbox<FakeClient>('the fake server', () => 'client');
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(replies = true, holdsRoutes = false): Promise<FakeDrachtio> {
    const server = createServer();
    const fake = new FakeDrachtio(server);
    server.on('connection', (socket) => {
      fake.sockets.add(socket);
      fake.clients.put(new FakeClient(socket, replies, holdsRoutes));
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  client(): Promise<FakeClient> {
    return this.clients.take({ what: 'client', wanted: () => true });
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
