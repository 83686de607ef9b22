import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Limits, SipListener } from '../options';
import type { TimerQueue } from '../transaction/timer-queue';
import { advertised, listening } from './bind';
import { Connection, type ConnectionContext } from './connection';
import type { Endpoint, Flow, FlowEvents } from './flow';

/** SIP over TCP: accepts connections, opens them, and uses again the ones it opened (RFC 3261 section 18). */
export class TcpTransport {
  readonly protocol = 'tcp';
  private readonly connections = new Set<Connection>();
  /** Connections that we opened, by `address:port`: the only ones that requests out of dialog may use. */
  private readonly opened = new Map<string, Connection>();
  private readonly context: ConnectionContext;

  private constructor(
    private readonly server: Server,
    readonly bound: Endpoint,
    private readonly limits: Limits,
    timers: TimerQueue,
    events: FlowEvents,
  ) {
    this.context = { limits, timers, events, closed: (connection) => this.forget(connection) };
    server.on('connection', (socket) => this.accept(socket));
  }

  static async listen(listener: SipListener, limits: Limits, timers: TimerQueue, events: FlowEvents): Promise<TcpTransport> {
    const server = createServer({ noDelay: true });
    const bound = await listening(server, `SIP tcp:${listener.host}:${listener.port}`, () =>
      server.listen({ host: listener.host, port: listener.port }),
    );
    return new TcpTransport(server, bound, limits, timers, events);
  }

  /** The connection to a target: one that we opened before, or a new one. Undefined when there are too many. */
  flowTo(target: Endpoint): Flow | undefined {
    const known = this.opened.get(keyOf(target));
    if (known?.open === true) return known;
    if (this.connections.size >= this.limits.connections) return undefined;
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    const connection = this.add(socket, target, advertised(this.bound, target.address));
    this.opened.set(keyOf(target), connection);
    return connection;
  }

  /** Closes all connections; the listener stays. */
  closeConnections(): void {
    for (const connection of [...this.connections]) connection.close();
  }

  close(): Promise<void> {
    this.closeConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || this.connections.size >= this.limits.connections) {
      socket.destroy();
      return;
    }
    const address = remoteAddress.replace(/^::ffff:/, '');
    const local = { address: (socket.localAddress ?? this.bound.address).replace(/^::ffff:/, ''), port: this.bound.port };
    this.add(socket, { address, port: remotePort }, local);
  }

  private add(socket: Socket, remote: Endpoint, local: Endpoint): Connection {
    const connection = new Connection(socket, this.protocol, remote, local, this.context);
    this.connections.add(connection);
    return connection;
  }

  private forget(connection: Connection): void {
    this.connections.delete(connection);
    const key = keyOf(connection.remote);
    if (this.opened.get(key) === connection) this.opened.delete(key);
  }
}

function keyOf(target: Endpoint): string {
  return `${target.address} ${target.port}`;
}
