import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

import { freePort, LOOPBACK } from './ports';

const END_OF_HEADERS = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /^(?:content-length|l)[ \t]*:[ \t]*(\d+)/im;
const LARGEST_MESSAGE = 1_000_000;
const PORT_ATTEMPTS = 20;
const CONNECT_MS = 4_000;

export type Transport = 'udp' | 'tcp';

/** Where a SIP message goes when no connection is at hand. */
export interface Hop {
  /** Address; default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  readonly transport: Transport;
}

/** The way a message came, and so the way back. */
export interface Flow extends Hop {
  send(bytes: Buffer): Promise<void>;
}

/** UDP and TCP sockets on one port of one address; hands up each SIP message as bytes with the flow it came by. */
export class SipSockets {
  private readonly connections = new Set<Socket>();

  private constructor(
    readonly address: string,
    readonly port: number,
    private readonly udp: UdpSocket,
    private readonly server: Server,
    private readonly receive: (bytes: Buffer, flow: Flow) => void,
  ) {
    udp.on('message', (bytes, from) => this.datagram(bytes, { transport: 'udp', host: from.address, port: from.port }));
    udp.on('error', () => undefined); // an unreachable far end shows as a missing answer
    server.on('connection', (socket) => this.adopt(socket));
  }

  /** @param wished a port, for a peer that comes back; without it a free one */
  static async open(receive: (bytes: Buffer, flow: Flow) => void, wished?: number, address = LOOPBACK): Promise<SipSockets> {
    for (let attempt = 1; ; attempt += 1) {
      const port = wished ?? (await freePort());
      try {
        const udp = await bindUdp(port, address);
        return new SipSockets(address, port, udp, await listenTcp(port, address).catch((error: unknown) => closeUdp(udp, error)), receive);
      } catch (error) {
        if (wished !== undefined || attempt >= PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** A flow towards a hop: for TCP the connection that is already there, otherwise a new one. */
  async flow(hop: Hop): Promise<Flow> {
    if (hop.transport === 'udp') return this.udpFlow(hop);
    const known = [...this.connections].find((socket) => isTo(socket, hop) && socket.writable);
    return tcpFlow(known ?? (await this.dial(hop)));
  }

  /** Cuts every TCP connection, as a restart of a far end would. */
  cut(): void {
    for (const socket of this.connections) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.udp.close(resolve));
    await new Promise((resolve) => this.server.close(resolve));
  }

  private udpFlow({ port, host = LOOPBACK }: Hop): Flow {
    const send = (bytes: Buffer): Promise<void> =>
      new Promise((resolve, reject) =>
        this.udp.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error))),
      );
    return { transport: 'udp', host, port, send };
  }

  private datagram(bytes: Buffer, from: Hop): void {
    if (bytes.length > 4) this.receive(bytes, this.udpFlow(from)); // shorter: a keep-alive
  }

  private async dial({ port, host = LOOPBACK }: Hop): Promise<Socket> {
    const socket = connect({ port, host, localAddress: this.address, noDelay: true });
    const giveUp = setTimeout(() => socket.destroy(Object.assign(new Error(`no connection to ${host}:${port}`), { syscall: 'connect' })), CONNECT_MS);
    try {
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    } finally {
      clearTimeout(giveUp);
    }
    this.adopt(socket);
    return socket;
  }

  private adopt(socket: Socket): void {
    let unread: Buffer = Buffer.alloc(0);
    this.connections.add(socket);
    socket.on('close', () => this.connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      unread = this.split(Buffer.concat([unread, chunk]), tcpFlow(socket));
      if (unread.length > LARGEST_MESSAGE) socket.destroy();
    });
  }

  /** Hands up the complete messages of a stream (RFC 3261 section 18.3) and returns what is left. */
  private split(stream: Buffer, flow: Flow): Buffer {
    let rest = stream;
    for (;;) {
      while (rest[0] === 13 || rest[0] === 10) rest = rest.subarray(1); // keep-alives
      const headEnd = rest.indexOf(END_OF_HEADERS);
      if (headEnd < 0) return rest;
      const length = Number(CONTENT_LENGTH.exec(rest.toString('latin1', 0, headEnd))?.[1] ?? 0);
      const end = headEnd + END_OF_HEADERS.length + length;
      if (rest.length < end) return rest;
      this.receive(rest.subarray(0, end), flow);
      rest = rest.subarray(end);
    }
  }
}

const isTo = ({ remoteAddress, remotePort }: Socket, { host = LOOPBACK, port }: Hop): boolean => remoteAddress === host && remotePort === port;

const tcpFlow = (socket: Socket): Flow => ({
  transport: 'tcp',
  host: socket.remoteAddress ?? LOOPBACK,
  port: socket.remotePort ?? 0,
  send: (bytes) =>
    new Promise((resolve, reject) => socket.write(bytes, (error) => (error == null ? resolve() : reject(error)))),
});

async function bindUdp(port: number, address: string): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, resolve);
  });
  return socket;
}

async function listenTcp(port: number, address: string): Promise<Server> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return server;
}

function closeUdp(socket: UdpSocket, error: unknown): never {
  socket.close();
  throw error;
}
