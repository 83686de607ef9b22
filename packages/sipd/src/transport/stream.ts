import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Protocol, Settings, SipListener } from '../options';
import type { TimerQueue } from '../transaction/timer-queue';
import { advertised, isOwn, listening } from './bind';
import { Connection } from './connection';
import type { Closable, ConnectionContext, FarEnd } from './connection-context';
import { Counter } from './counter';
import type { Endpoint, Flow, FlowEvents, Target } from './flow';
import { type Line, type PeerProof, tcpLine } from './line';
import { Unfinished } from './unfinished';

/** Strangers have at most this part of the connections: a quarter. */
const STRANGERS_PART = 4;

/** So long after a line about refused connections there is no other one, milliseconds. */
const QUIET_MS = 10_000;

const connectPlain = ({ address, port }: Endpoint): Socket => connect({ host: address, port, noDelay: true });

/** SIP over TCP or TLS: accepts connections, opens them, and uses again the ones it opened (RFC 3261 section 18). */
export class StreamTransport {
  private readonly connections = new Set<Closable>();
  /** Connections that we opened, by the line's key: the only ones that requests out of dialog may use. */
  private readonly opened = new Map<string, Connection>();
  private readonly context: ConnectionContext;
  /** Connections that peers opened. */
  private readonly byAddress = new Counter();
  /** Of these, connections of strangers. */
  private strangers = 0;
  private quietUntil = 0;
  private closed = false;

  private constructor(
    private readonly server: Server,
    readonly bound: Endpoint,
    private readonly line: Line,
    private readonly settings: Settings,
    timers: TimerQueue,
    events: FlowEvents,
  ) {
    const { limits, intake, observer, log } = settings;
    const unfinished = new Unfinished(limits.unfinishedBytes, () => observer.limit('unfinished_bytes'));
    this.context = { limits, intake, observer, timers, events, unfinished, closed: (connection) => this.forget(connection) };
    server.on('connection', (socket) => this.accept(socket));
    server.on('error', (error) => log('error', 'accept_failed', { error: error.message }));
  }

  static async listen(
    { protocol, host, port }: SipListener,
    settings: Settings,
    timers: TimerQueue,
    events: FlowEvents,
    line: Line = tcpLine(connectPlain),
  ): Promise<StreamTransport> {
    const server = createServer({ noDelay: true });
    const bound = await listening(server, `SIP ${protocol}:${host}:${port}`, () => server.listen({ host, port }));
    return new StreamTransport(server, bound, line, settings, timers, events);
  }

  get protocol(): Protocol {
    return this.line.protocol;
  }

  /** Our own place for a peer: for Via and Contact. */
  placeFor(peer: string): Endpoint {
    return this.named(advertised(this.bound, peer));
  }

  isOwn(target: Endpoint): boolean {
    return isOwn(this.bound, target) || (target.port === this.bound.port && target.address === this.line.name?.toLowerCase());
  }

  /** The connection to a target: one that we opened before, or a new one. Undefined when there are too many, and after the end. */
  flowTo(target: Target): Flow | undefined {
    const key = this.line.keyOf(target);
    const known = this.opened.get(key);
    if (known?.open === true) return known;
    if (this.closed || this.opened.size >= this.settings.limits.connections) return undefined;
    const opened = this.line.open(target);
    const { address, port } = target;
    const connection = this.add(opened.socket, { address, port }, this.placeFor(address), opened);
    this.opened.set(key, connection);
    return connection;
  }

  /** Closes all connections; the listener stays. */
  closeConnections(): void {
    for (const connection of [...this.connections]) connection.close();
  }

  close(): Promise<void> {
    this.closed = true;
    this.line.close();
    this.closeConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    const address = remoteAddress?.replace(/^::ffff:/, '') ?? '';
    const limit = this.limitReached(address);
    if (remoteAddress === undefined || remotePort === undefined || limit !== undefined) {
      if (limit !== undefined) this.complain(address, limit);
      socket.destroy();
      return;
    }
    this.byAddress.more(address);
    socket.once('close', () => this.byAddress.less(address));
    const local = this.named({ address: (socket.localAddress ?? this.bound.address).replace(/^::ffff:/, ''), port: this.bound.port });
    this.line.accept(socket, (ready, proof) => {
      if (this.closed || !this.hasRoomFor(socket, address, proof)) ready.destroy();
      else this.add(ready, { address, port: remotePort }, local, acceptedFrom(proof));
    });
  }

  /** Those that are not yet secured count too. */
  private limitReached(address: string): number | undefined {
    const { connections, connectionsPerAddress } = this.settings.limits;
    if (this.connections.size - this.opened.size + this.line.unready >= connections) return connections;
    return this.byAddress.of(address) >= connectionsPerAddress ? connectionsPerAddress : undefined;
  }

  /** Strangers, who may come from any number of addresses, leave room for the peers. Those whom a certificate proves are none. */
  private hasRoomFor(socket: Socket, address: string, proof: PeerProof): boolean {
    const { intake, limits } = this.settings;
    if (proof.verified || !intake.isStranger(address)) return true;
    const limit = Math.ceil(limits.connections / STRANGERS_PART);
    if (this.strangers >= limit) {
      this.complain(address, limit);
      return false;
    }
    this.strangers += 1;
    socket.once('close', () => (this.strangers -= 1));
    return true;
  }

  private named(place: Endpoint): Endpoint {
    const { name } = this.line;
    return name === undefined ? place : { address: name, port: place.port };
  }

  /** One line for many connections: those that are refused may come between others that are taken. */
  private complain(peer: string, limit: number): void {
    this.settings.observer.limit('connections');
    const now = Date.now();
    if (now < this.quietUntil) return;
    this.quietUntil = now + QUIET_MS;
    this.settings.log('warn', 'connections_refused', { peer, limit });
  }

  private add(socket: Socket, remote: Endpoint, local: Endpoint, far: FarEnd): Connection {
    const connection = new Connection(socket, this.protocol, remote, local, this.context, far);
    this.connections.add(connection);
    return connection;
  }

  private forget(connection: Closable): void {
    this.connections.delete(connection);
    for (const [key, each] of this.opened) if (each === connection) this.opened.delete(key);
  }
}

function acceptedFrom(proof: PeerProof): FarEnd {
  return { proof: () => proof, explain: () => undefined };
}
