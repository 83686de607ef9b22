import { connect, type Socket } from 'node:net';

import type { SipRequestIn } from '@isthmus/codec';

import { Exchanges, type Done, type RequestListener } from './exchanges';
import { FrameReader } from './frames';
import { Incoming } from './incoming';
import type { SipLinkLog } from './log';
import type { Via } from './messages';
import { Outgoing } from './outgoing';
import { Pinger } from './pinger';
import { WriteGate } from './write-gate';

/**
 * What we take requests for out of dialog. The server offers no others (DR-20), and answers 503 by itself to a method
 * that nobody wants; so unwanted ones are taken too and refused properly.
 */
const VERBS = ['invite', 'message', 'info', 'notify', 'subscribe', 'options', 'publish', 'register'] as const;

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** The worker's name, told to the server as a tag. */
  readonly worker: string;
  readonly limits: 'drachtio' | 'none';
  readonly maxQueuedBytes: number;
  /** For connecting, authenticating and registering verbs together. Milliseconds. */
  readonly connectTimeoutMs: number;
  /** After so much silence the server is pinged; after as much again the connection counts as dead. Milliseconds. */
  readonly pingMs: number;
  readonly log: SipLinkLog;
  /** How requests that come by this connection name it. */
  readonly via: Via;
}

export interface ConnectionEvents {
  /** Authenticated, and the server has acknowledged every verb: from now on it spreads requests over this connection too. */
  readonly onUp: () => void;
  /** Called once, whether it was up or not. */
  readonly onClosed: (reason: string) => void;
  /** Also ACK, CANCEL (with the transaction of its INVITE) and what the server sent by itself. */
  readonly onRequest: (request: SipRequestIn) => void;
}

/**
 * One control connection to one drachtio server, from connect to close: it is never reused, so nothing of the old one
 * survives in the new one, and verbs are registered exactly once (DR-2). What is said on it: drachtio.md section 2.
 */
export class Connection {
  private readonly gate: WriteGate;
  private readonly pinger: Pinger;
  private readonly exchanges = new Exchanges();
  private readonly frames: FrameReader;
  private readonly outgoing = new Outgoing(() => this.socket);
  private socket: Socket | undefined;
  private over = false;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  private resolveClosed: () => void = () => undefined;
  private reason: string | undefined;
  /** Verbs that the server has not acknowledged yet. */
  private unregistered: number = VERBS.length;
  private connectTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {
    this.gate = new WriteGate({
      ...options,
      write: (frame, bytes) => this.outgoing.write(frame, bytes),
      socketBytes: () => this.outgoing.bytes,
    });
    const incoming = new Incoming({
      exchanges: this.exchanges,
      via: options.via,
      onReply: (id) => this.gate.replied(id),
      onRequest: (request) => events.onRequest(request),
      onUnreadable: (fields, refusal) => {
        options.log.warn(fields, 'sip_message_unreadable');
        if (refusal !== undefined) this.say(refusal);
      },
    });
    this.frames = new FrameReader((payload) => {
      if (this.socket?.destroyed !== true) incoming.take(payload); // else given up in the middle of a chunk
    });
    this.pinger = new Pinger({
      pingMs: options.pingMs,
      ping: () => this.say('ping'),
      onSilence: (silentMs) => this.destroy(`silent for ${silentMs} ms`),
    });
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
  }

  open(): void {
    const { host, port, connectTimeoutMs } = this.options;
    const late = (): void => this.destroy(`not connected within ${connectTimeoutMs} ms`);
    this.connectTimer = setTimeout(late, connectTimeoutMs);
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    this.socket = socket;
    socket.on('connect', () => this.authenticate());
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('error', (error) => (this.reason ??= error.message));
    socket.on('close', () => this.ended());
  }

  /**
   * Sends a client message that holds a request, and tells the listener what becomes of it. Returns what ends that.
   * @throws NotWrittenError: nothing was sent, and the listener is not told
   */
  request(message: string, listener: RequestListener): () => void {
    return this.exchanges.follow(this.gate.send(message), listener);
  }

  /**
   * Sends any other client message; `done` gets the server's word on it. Returns what ends the wait.
   * @throws NotWrittenError: nothing was sent, and `done` is not called
   */
  tell(message: string, done: Done): () => void {
    return this.exchanges.expect(this.gate.send(message), done);
  }

  /** Takes back the verbs: no new requests, while dialogs stay (DR-3). */
  removeRoutes(): void {
    if (this.socket === undefined || this.over) return;
    for (const verb of VERBS) this.say(`remove_route|${verb}`);
  }

  /** Ends the connection when what was written has been sent. */
  close(): void {
    this.reason ??= 'closed by us';
    const { socket } = this;
    if (socket === undefined) {
      this.ended();
      return;
    }
    this.outgoing.flush();
    socket.end();
    setTimeout(() => socket.destroy(), 1_000).unref();
  }

  destroy(reason: string): void {
    this.reason ??= reason;
    if (this.socket === undefined) this.ended();
    else this.socket.destroy();
  }

  private authenticate(): void {
    const { secret, worker } = this.options;
    this.say(`authenticate|${secret}|${worker}`, (refused) => {
      if (refused === undefined) this.register();
      else this.destroy('the server refused the secret: it must be the one in its configuration');
    });
  }

  private register(): void {
    for (const verb of VERBS) this.say(`route|${verb}`, (refused) => this.registered(refused));
  }

  private registered(refused: string | undefined): void {
    if (refused !== undefined) this.destroy('the server refused to give us requests');
    this.unregistered -= 1;
    if (this.unregistered > 0 || this.over || refused !== undefined) return;
    clearTimeout(this.connectTimer);
    this.pinger.start();
    this.events.onUp();
  }

  private ended(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.connectTimer);
    this.pinger.stop();
    this.events.onClosed(this.reason ?? 'the server closed the connection');
    this.resolveClosed();
  }

  private read(chunk: Buffer): void {
    this.pinger.heard();
    try {
      this.frames.push(chunk);
    } catch (error) {
      this.destroy(`the server broke the protocol: ${String(error)}`);
    }
  }

  /** Sends what is not worth an error to anybody. */
  private say(message: string, done: Done = () => undefined): void {
    try {
      this.tell(message, done);
    } catch (error) {
      this.options.log.warn({ why: String(error) }, 'sip_write_failed');
    }
  }
}
