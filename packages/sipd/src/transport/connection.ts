import type { Socket } from 'node:net';
import type { Limits, Protocol } from '../options';
import type { Timer, TimerQueue } from '../transaction/timer-queue';
import { type Endpoint, type Flow, type FlowEvents, Watchers } from './flow';
import { SipStream } from './framing';

const PONG = Buffer.from('\r\n');

/** What a connection needs from its surroundings. */
export interface ConnectionContext {
  readonly limits: Limits;
  readonly timers: TimerQueue;
  readonly events: FlowEvents;
  closed(connection: Connection): void;
}

/** One TCP connection (later TLS: any duplex that behaves like a `net.Socket`), accepted or opened. */
export class Connection implements Flow {
  readonly reliable = true;
  private readonly stream: SipStream;
  private readonly watchers = new Watchers();
  private idleTimer: Timer | undefined;
  private lastHeard = Date.now();
  private proven = false;
  private corked = false;
  private gone = false;

  constructor(
    private readonly socket: Socket,
    readonly protocol: Protocol,
    readonly remote: Endpoint,
    readonly local: Endpoint,
    private readonly context: ConnectionContext,
  ) {
    this.stream = new SipStream(context.limits.headBytes, context.limits.bodyBytes);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', () => this.close());
    socket.on('end', () => this.close());
    socket.on('close', () => this.close());
    this.watchIdle();
  }

  get open(): boolean {
    return !this.gone;
  }

  /** Writes of one turn of the event loop leave together. A peer that does not read is disconnected. */
  send(bytes: Buffer): boolean {
    if (this.gone) return false;
    if (this.socket.writableLength + bytes.length > this.context.limits.peerBacklogBytes) {
      this.close();
      return false;
    }
    if (!this.corked) {
      this.corked = true;
      this.socket.cork();
      process.nextTick(() => {
        this.corked = false;
        this.socket.uncork();
      });
    }
    this.socket.write(bytes);
    return true;
  }

  answering(): Flow {
    return this;
  }

  watch(gone: () => void): () => void {
    return this.watchers.add(gone);
  }

  close(): void {
    if (this.gone) return;
    this.gone = true;
    this.context.timers.clear(this.idleTimer);
    this.socket.destroy();
    this.context.closed(this);
    this.watchers.fire();
  }

  /** Closes after what has been written is sent; a peer that does not take it is cut off. */
  private closeGently(): void {
    this.socket.end();
    this.context.timers.clear(this.idleTimer);
    this.idleTimer = this.context.timers.set(this.context.limits.silentMs, () => this.close());
  }

  private receive(chunk: Buffer): void {
    this.lastHeard = Date.now();
    this.stream.push(chunk);
    for (let item = this.stream.next(); item !== undefined && !this.gone; item = this.stream.next()) {
      if (item.is === 'ping') {
        this.send(PONG);
      } else if (item.is === 'message') {
        this.proven = true;
        this.context.events.message(item.head, item.body, this);
      } else {
        this.context.events.rejected(item.head, item.status, item.reason, this);
        this.closeGently();
      }
    }
  }

  private watchIdle(): void {
    const { limits, timers } = this.context;
    const allowed = this.proven && !this.stream.partial ? limits.idleMs : limits.silentMs;
    const left = this.lastHeard + allowed - Date.now();
    if (left <= 0) {
      this.close();
      return;
    }
    this.idleTimer = timers.set(Math.min(left, limits.silentMs), () => this.watchIdle());
  }
}
