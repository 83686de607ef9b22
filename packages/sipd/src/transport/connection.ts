import type { Socket } from 'node:net';
import type { Protocol } from '../options';
import type { Timer } from '../transaction/timer-queue';
import type { ConnectionContext, FarEnd } from './connection-context';
import { type Endpoint, type Flow, type Gone, Watchers } from './flow';
import { SipStream, type StreamItem } from './framing';

/** Many connections that wait for the next moment must not keep the server busy by that alone: each rest in vain doubles the next. */
const SHORTEST_REST_MS = 20;
const LONGEST_REST_MS = 1_000;
const PONG = Buffer.from('\r\n');

/** One TCP or TLS connection, accepted or opened. */
export class Connection implements Flow {
  readonly reliable = true;
  private readonly stream: SipStream;
  private readonly watchers = new Watchers();
  private idleTimer: Timer | undefined;
  private lastHeard = Date.now();
  /** Since when the peer owes us a whole message: the first one, or the rest of one that it has begun. */
  private owedSince: number | undefined = this.lastHeard;
  private proven = false;
  private unfinishedBytes = 0;
  /** Until then nothing more is read of a peer that sends too much. */
  private pause: Timer | undefined;
  private restMs = SHORTEST_REST_MS;
  private held: StreamItem | undefined;
  private corked = false;
  private ending = false;
  private gone = false;

  constructor(
    private readonly socket: Socket,
    readonly protocol: Protocol,
    readonly remote: Endpoint,
    readonly local: Endpoint,
    private readonly context: ConnectionContext,
    private readonly far: FarEnd,
  ) {
    const { headBytes, bodyBytes, firstLineBytes } = context.limits;
    this.stream = new SipStream(headBytes, bodyBytes, firstLineBytes);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.ended(error));
    socket.on('end', () => this.ended());
    socket.on('close', () => this.ended());
    this.watchIdle();
  }

  get open(): boolean {
    return !this.gone && !this.ending;
  }

  get peerNames(): readonly string[] {
    return this.far.proof().names;
  }

  get reusable(): boolean {
    return this.protocol !== 'tls' || this.far.proof().verified;
  }

  /** Writes of one turn of the event loop leave together. A peer that does not read is disconnected. */
  send(bytes: Buffer): boolean {
    if (!this.open) return false;
    if (this.socket.writableLength + bytes.length > this.context.limits.peerBacklogBytes) {
      this.context.observer.limit('unsent');
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

  watch(gone: Gone): () => void {
    return this.watchers.add(gone);
  }

  /** The far end, or the network, has ended it. */
  private ended(error?: Error): void {
    if (!this.gone) this.close(this.far.explain(error));
  }

  /** @param why for those who wait for an answer over it */
  close(why?: string): void {
    if (this.gone) return;
    this.gone = true;
    this.account(0);
    this.context.timers.clear(this.idleTimer);
    this.context.timers.clear(this.pause);
    this.socket.destroy();
    this.context.closed(this);
    this.watchers.fire(why);
  }

  /** Closes after what has been written is sent; a peer that does not take it is cut off. */
  private closeGently(): void {
    this.ending = true;
    this.socket.end();
    this.context.timers.clear(this.idleTimer);
    this.idleTimer = this.context.timers.set(this.context.limits.silentMs, () => this.close());
  }

  private receive(chunk: Buffer): void {
    this.lastHeard = Date.now();
    this.stream.push(chunk);
    this.takeAll();
  }

  private takeAll(): void {
    while (!this.gone && this.pause === undefined) {
      const item = this.held ?? this.stream.next();
      if (item === undefined) break;
      this.held = undefined;
      const waitMs = this.context.intake.message(this.remote.address, this.far.proof().verified);
      if (waitMs > 0) this.rest(waitMs, item);
      else this.take(item);
    }
    if (this.gone) return;
    if (this.stream.partial) this.owedSince ??= this.lastHeard;
    else if (this.proven) this.owedSince = undefined;
    this.account(this.stream.waiting);
  }

  private take(item: StreamItem): void {
    this.restMs = SHORTEST_REST_MS;
    const { events } = this.context;
    if (item.is === 'ping') {
      this.send(PONG);
    } else if (item.is === 'message') {
      this.proven = true;
      this.owedSince = undefined;
      events.message(item.head, item.body, this);
    } else {
      events.rejected(item.head, item.status, item.reason, this);
      this.closeGently();
    }
  }

  /** Reads nothing for a while: the peer's own system makes it wait (RFC 9293 section 3.8.6), and nothing is lost. */
  private rest(waitMs: number, item: StreamItem): void {
    this.held = item;
    this.socket.pause();
    const restMs = Math.max(waitMs, this.restMs);
    this.restMs = Math.min(2 * this.restMs, LONGEST_REST_MS);
    this.pause = this.context.timers.set(restMs, () => {
      this.pause = undefined;
      // It was not the peer who kept us waiting.
      if (this.owedSince !== undefined) this.owedSince = Date.now();
      this.socket.resume();
      this.takeAll();
    });
  }

  private account(bytes: number): void {
    if (bytes === this.unfinishedBytes) return;
    this.unfinishedBytes = bytes;
    this.context.unfinished.note(this, bytes);
  }

  /** Until when the peer may be as it is. More bytes of the same message gain it no time: it could send them one by one. */
  private get deadline(): number {
    const { idleMs, silentMs } = this.context.limits;
    if (this.owedSince === undefined) return this.lastHeard + idleMs;
    // A request of ours that waits for its answer ends by its own deadline, and its client is told that one.
    const asked = !this.stream.partial && this.watchers.size > 0;
    return this.owedSince + (asked ? 2 * silentMs : silentMs);
  }

  private watchIdle(): void {
    const { limits, observer, timers } = this.context;
    const left = this.deadline - Date.now();
    if (left <= 0) {
      observer.limit(this.owedSince === undefined ? 'idle' : 'unfinished');
      this.close();
      return;
    }
    this.idleTimer = timers.set(Math.min(left, limits.silentMs), () => this.watchIdle());
  }
}
