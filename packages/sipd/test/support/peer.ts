/** The far end: a raw socket that sends what it is told and shows what it gets. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { Inbox } from './inbox';
import { readSip, type RequestParts, requestText, responseText, type Sip, statusOf, token, value } from './sip-text';

export abstract class Peer {
  readonly inbox = new Inbox<Sip>('peer');
  abstract readonly transport: 'TCP' | 'TLS' | 'UDP';
  abstract readonly port: number;

  abstract write(bytes: Buffer): void;
  abstract close(): void;

  via(branch = `z9hG4bK${token()}`): string {
    return `SIP/2.0/${this.transport} 127.0.0.1:${this.port};branch=${branch}`;
  }

  get contact(): string {
    return `<sip:bob@127.0.0.1:${this.port};transport=${this.transport.toLowerCase()}>`;
  }

  get uri(): string {
    return `sip:bob@127.0.0.1:${this.port};transport=${this.transport.toLowerCase()}`;
  }

  /** Sends a request and gives it back as sent. */
  request(parts: RequestParts): Sip {
    const bytes = requestText(parts, this.via());
    this.write(bytes);
    return readSip(bytes);
  }

  respond(request: Sip, status: string, headers: readonly string[] = [], toTag = 'far'): void {
    this.write(responseText(request, status, headers, toTag));
  }

  /** The next request of that method. */
  gets(method: string): Promise<Sip> {
    return this.inbox.next((sip) => sip.start.startsWith(`${method} `));
  }

  /** The final answer to a request. */
  answerTo(request: Sip): Promise<Sip> {
    return this.inbox.next((sip) => statusOf(sip) >= 200 && this.belongs(sip, request));
  }

  provisionalTo(request: Sip): Promise<Sip> {
    return this.inbox.next((sip) => statusOf(sip) >= 100 && statusOf(sip) < 200 && this.belongs(sip, request));
  }

  /** How many answers with that status have come, read or not. */
  count(status: number, request: Sip): number {
    return this.inbox.all.filter((sip) => statusOf(sip) === status && this.belongs(sip, request)).length;
  }

  private belongs(sip: Sip, request: Sip): boolean {
    return value(sip, 'call-id') === value(request, 'call-id') && value(sip, 'cseq') === value(request, 'cseq');
  }
}

/** One side of a TCP connection. */
export class TcpPeer extends Peer {
  readonly transport: 'TCP' | 'TLS' = 'TCP';
  closed = false;
  private pending = Buffer.alloc(0);
  readonly other = new Inbox<Buffer>('bytes that are no SIP');

  constructor(
    readonly socket: Socket,
    private readonly listening?: number,
  ) {
    super();
    socket.setNoDelay(true);
    socket.on('data', (data) => this.read(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async connect(port: number, listening?: number): Promise<TcpPeer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new TcpPeer(socket, listening);
  }

  get port(): number {
    return this.listening ?? this.socket.localPort ?? 0;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    this.pending = Buffer.concat([this.pending, data]);
    for (;;) {
      if (this.pending.subarray(0, 2).toString() === '\r\n') {
        this.other.add(this.pending.subarray(0, 2));
        this.pending = this.pending.subarray(2);
        continue;
      }
      const end = this.pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length:\s*(\d+)/i.exec(this.pending.toString('latin1', 0, end))?.[1] ?? 0);
      const total = end + 4 + length;
      if (this.pending.length < total) return;
      this.inbox.add(readSip(this.pending.subarray(0, total)));
      this.pending = this.pending.subarray(total);
    }
  }
}

/** One side of a TLS connection. */
export class TlsPeer extends TcpPeer {
  override readonly transport = 'TLS';

  /** Connects, and resolves when the handshake is over on this side; a server may still send it away (TLS 1.3). */
  static async secure(port: number, options: tls.ConnectionOptions): Promise<TlsPeer> {
    const socket = tls.connect({ port, host: '127.0.0.1', ...options });
    await once(socket, 'secureConnect');
    return new TlsPeer(socket);
  }

  get tls(): tls.TLSSocket {
    return this.socket as tls.TLSSocket;
  }
}

/** A far end that listens on TLS. */
export class TlsListener {
  readonly accepted = new Inbox<TlsPeer>('accepted TLS connections');
  /** Handshakes that failed, by their error's code. */
  readonly failed = new Inbox<string>('failed handshakes');
  private constructor(private readonly server: tls.Server) {
    server.on('secureConnection', (socket) => this.accepted.add(new TlsPeer(socket, this.port)));
    server.on('tlsClientError', (error: NodeJS.ErrnoException) => this.failed.add(error.code ?? error.message));
  }

  static async start(options: tls.TlsOptions): Promise<TlsListener> {
    const server = tls.createServer(options);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsListener(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  uri(host = '127.0.0.1'): string {
    return `sip:bob@${host}:${this.port};transport=tls`;
  }

  close(): void {
    for (const peer of this.accepted.all) peer.close();
    this.server.close();
  }
}

/** A far end that listens on TCP; each accepted connection is a peer. */
export class TcpListener {
  readonly accepted = new Inbox<TcpPeer>('accepted connections');
  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.accepted.add(new TcpPeer(socket, this.port)));
  }

  static async start(): Promise<TcpListener> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpListener(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get uri(): string {
    return `sip:bob@127.0.0.1:${this.port};transport=tcp`;
  }

  close(): void {
    for (const peer of this.accepted.all) peer.close();
    this.server.close();
  }
}

/** A UDP socket that talks to one port. */
export class UdpPeer extends Peer {
  readonly transport = 'UDP';

  private constructor(
    private readonly socket: UdpSocket,
    private readonly to: number,
  ) {
    super();
    socket.on('message', (data) => {
      if (data.toString().trim() !== '') this.inbox.add(readSip(data));
    });
    socket.on('error', () => undefined);
  }

  static async open(to: number): Promise<UdpPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpPeer(socket, to);
  }

  get port(): number {
    return this.socket.address().port;
  }

  write(bytes: Buffer): void {
    this.socket.send(bytes, this.to, '127.0.0.1');
  }

  close(): void {
    this.socket.close();
  }
}
