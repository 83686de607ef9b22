import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Settings, SipListener } from '../options';
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
  private refusing = false;
  private closed = false;

  private constructor(
    private readonly server: Server,
    readonly bound: Endpoint,
    private readonly settings: Settings,
    timers: TimerQueue,
    events: FlowEvents,
  ) {
    const { limits, log } = settings;
    this.context = { limits, timers, events, unfinishedBytes: 0, closed: (connection) => this.forget(connection) };
    server.on('connection', (socket) => this.accept(socket));
    server.on('error', (error) => log('error', 'accept_failed', { error: error.message }));
  }

  static async listen(listener: SipListener, settings: Settings, timers: TimerQueue, events: FlowEvents): Promise<TcpTransport> {
    const server = createServer({ noDelay: true });
    const bound = await listening(server, `SIP tcp:${listener.host}:${listener.port}`, () =>
      server.listen({ host: listener.host, port: listener.port }),
    );
    return new TcpTransport(server, bound, settings, timers, events);
  }

  /** The connection to a target: one that we opened before, or a new one. Undefined when there are too many, and after the end. */
  flowTo(target: Endpoint): Flow | undefined {
    const known = this.opened.get(keyOf(target));
    if (known?.open === true) return known;
    if (this.closed || this.opened.size >= this.settings.limits.connections) return undefined;
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
    this.closed = true;
    this.closeConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    const full = this.connections.size - this.opened.size >= this.settings.limits.connections;
    if (remoteAddress === undefined || remotePort === undefined || full) {
      if (full) this.complain(remoteAddress ?? '');
      socket.destroy();
      return;
    }
    this.refusing = false;
    const address = remoteAddress.replace(/^::ffff:/, '');
    const local = { address: (socket.localAddress ?? this.bound.address).replace(/^::ffff:/, ''), port: this.bound.port };
    this.add(socket, { address, port: remotePort }, local);
  }

  /** One line when the limit is reached, not one for each connection above it. */
  private complain(peer: string): void {
    if (!this.refusing) this.settings.log('warn', 'connections_refused', { peer, limit: this.settings.limits.connections });
    this.refusing = true;
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
