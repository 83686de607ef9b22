import type { Socket } from 'node:net';

import { Srf } from './drachtio';
import type { DrachtioAgent, DrachtioReply, DrachtioRequest, DrachtioSrf, DrachtioWire, RequestOptions, Sent } from './drachtio';
import type { SipLinkLog } from './log';
import type { ServerTls } from './options';
import { Pinger } from './pinger';
import { fieldsOf, hideMultipart, identityIn, isReadable, peerNamesIn, refusalOf } from './wire-guard';
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
  readonly tls?: ServerTls;
  /** The worker's name, told to the server as a tag. */
  readonly worker: string;
  readonly limits: 'drachtio' | 'none';
  readonly takesRequests: boolean;
  readonly maxQueuedBytes: number;
  /** For connecting, authenticating and registering verbs together. Milliseconds. */
  readonly connectTimeoutMs: number;
  /** After so much silence the server is pinged; after as much again the connection counts as dead. Milliseconds. */
  readonly pingMs: number;
  readonly log: SipLinkLog;
}

export interface ConnectionEvents {
  /** Authenticated, and the server has acknowledged every verb: from now on it spreads requests over this connection too. */
  readonly onUp: () => void;
  /** Called once, whether it was up or not. */
  readonly onClosed: (reason: string) => void;
  readonly onRequest: (request: DrachtioRequest, reply: DrachtioReply) => void;
}

/**
 * One control connection to one drachtio server, from connect to close, over a `Srf` of its own: it is never reused, so
 * nothing of the old one survives in the new one, verbs are registered exactly once (DR-2), and the library's own
 * reconnecting, which cannot be stopped nor do TLS (DR-32), is not used.
 */
export class Connection {
  private readonly srf: DrachtioSrf;
  private readonly gate: WriteGate;
  private readonly pinger: Pinger;
  /** Where the server takes SIP, e.g. `tcp/192.0.2.1:5060`; known once authenticated. */
  addresses: readonly string[] = [];
  /** Of an anchor: while it lasts no dialog has lost its owner, whatever becomes of connections. Known before anything comes. */
  identity: string | undefined;
  private agent: DrachtioAgent | undefined;
  private socket: Socket | undefined;
  private over = false;
  private dropped = false;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  private resolveClosed: () => void = () => undefined;
  private reason: string | undefined;
  private isAuthenticated = false;
  /** Of the message that the library is being given: it hands the request to `take` before it returns. */
  private peerNames: readonly string[] | undefined;
  /** Ids of the messages that register verbs and are not acknowledged yet. */
  private readonly unregistered = new Set<string>();
  private connectTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {
    this.gate = new WriteGate({
      ...options,
      write: (frame) => this.write(frame),
      socketBytes: () => this.socket?.writableLength ?? 0,
    });
    this.pinger = new Pinger({
      pingMs: options.pingMs,
      ping: () => this.say('ping'),
      onSilence: (silentMs) => this.destroy(`silent for ${silentMs} ms`),
    });
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
    this.srf = new Srf([options.worker]);
    const take = (request: DrachtioRequest, reply: DrachtioReply): void => {
      if (this.peerNames !== undefined) request.peerNames = this.peerNames;
      events.onRequest(request, reply);
    };
    if (options.takesRequests) for (const verb of VERBS) this.srf.use(verb, take);
    this.srf.use(take); // in a dialog, any method
    this.srf.on('error', () => undefined); // `guard` has noted it; without a listener it would be thrown (DR-13)
    this.srf.on('connect', (error, addresses) => this.authenticated(error, addresses));
  }

  open(): void {
    const { host, port, secret, tls, connectTimeoutMs } = this.options;
    const late = (): void => this.destroy(`not connected within ${connectTimeoutMs} ms`);
    this.connectTimer = setTimeout(late, connectTimeoutMs);
    const secured = tls && { ...(tls.ca && { ca: tls.ca }), ...(tls.name !== undefined && { servername: tls.name }) };
    this.srf.connect({ host, port, secret, ...(secured && { tls: secured }), reconnect: { maxAttempts: 1 } });
    this.agent = this.srf.app.client;
    if (this.agent !== undefined) this.guard(this.agent.wp);
  }

  /** @throws NotWrittenError, or what the library throws: then nothing was sent and `sent` is never called */
  request(uri: string, options: RequestOptions, sent: Sent): void {
    this.srf.request(uri, options, sent);
  }

  /** A reply to a transaction of which we know the id only: one that another connection brought (drachtio.md section 3.2). */
  replyTo(transactionId: string, copied: Record<string, string>): DrachtioReply | undefined {
    if (this.agent === undefined || this.socket === undefined) return undefined;
    const reply = new Srf.SipResponse();
    reply.req = new Srf.SipRequest(new Srf.SipMessage({ headers: copied }), { transactionId });
    reply.agent = this.agent;
    reply.socket = this.socket;
    return reply;
  }

  /** Takes back the verbs: no new requests, while dialogs stay (DR-3). Past the library, which would forget them. */
  removeRoutes(): void {
    this.sayOfVerbs('remove_route');
  }

  /** Registers the verbs again, after `removeRoutes` only (DR-2). */
  restoreRoutes(): void {
    this.sayOfVerbs('route');
  }

  private sayOfVerbs(what: 'route' | 'remove_route'): void {
    if (this.socket === undefined || this.over || !this.options.takesRequests) return;
    for (const verb of VERBS) this.say(`${what}|${verb}`);
  }

  /** Ends the connection when what was written has been sent. */
  close(): void {
    this.reason ??= 'closed by us';
    const { socket } = this;
    if (socket === undefined) {
      this.ended();
      return;
    }
    socket.end();
    setTimeout(() => socket.destroy(), 1_000).unref();
  }

  destroy(reason: string): void {
    this.reason ??= reason;
    this.dropped = true;
    if (this.socket === undefined) this.ended();
    else this.socket.destroy();
  }

  private authenticated(error: Error | null | undefined, addresses: string | undefined): void {
    if (this.over) return;
    if (error) {
      this.destroy('the server refused the secret: it must be the one in its configuration');
      return;
    }
    this.isAuthenticated = true;
    this.addresses = (addresses ?? '').split(',').filter((each) => each !== '');
    this.upIfRegistered();
  }

  private replied(id: string, verdict: string): void {
    this.gate.replied(id);
    if (!this.unregistered.delete(id)) return;
    if (verdict === 'OK') this.upIfRegistered();
    else this.destroy('the server refused to give us requests');
  }

  private upIfRegistered(): void {
    if (!this.isAuthenticated || this.unregistered.size > 0) return;
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

  /** Puts our checks between the library and its socket. */
  private guard(wire: DrachtioWire): void {
    wire.send = (socket, text) => {
      this.adopt(socket, wire);
      const id = this.gate.send(text);
      if (text.startsWith('route|')) this.unregistered.add(id);
      return id;
    };
    const listeners = wire.listeners('msg');
    wire.removeAllListeners('msg');
    wire.on('msg', (socket, text) => {
      if (this.dropped) return; // what else came with the last bytes belongs to nobody here
      const fields = fieldsOf(text);
      if (!this.isSafe(text, fields)) return;
      this.peerNames = peerNamesIn(fields);
      for (const listener of listeners) listener(socket, hideMultipart(text));
    });
    wire.on('error', (error) => (this.reason ??= error.message));
    wire.on('close', () => this.ended());
  }

  /** The library shows its socket with the first message, which is `authenticate`. */
  private adopt(socket: Socket, wire: DrachtioWire): void {
    if (this.socket !== undefined) return;
    this.socket = socket;
    socket.setNoDelay(true);
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      this.pinger.heard();
      try {
        wire._onData(socket, chunk);
      } catch (error) {
        this.destroy(`the server broke the protocol: ${String(error)}`);
      }
    });
    if (this.over) socket.destroy(); // it was given up while TCP was still trying
  }

  /** One call of the system for all messages of this turn of the event loop (decision 029). */
  private write(frame: string): void {
    const { socket } = this;
    if (socket === undefined) return;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(frame);
  }

  private isSafe(text: string, fields: readonly string[]): boolean {
    if (!this.isAuthenticated) this.identity ??= identityIn(fields);
    if (fields[1] === 'response') this.replied(fields[2] ?? '', fields[3] ?? '');
    if (!text.includes('\r\n') || isReadable(text)) return true;
    this.options.log.warn({ type: fields[1], source: fields[5], bytes: text.length }, 'sip_message_unreadable');
    const refusal = refusalOf(text, fields);
    if (refusal !== undefined) this.say(refusal);
    return false;
  }

  /** Sends what nobody waits for. */
  private say(text: string): void {
    try {
      this.gate.send(text);
    } catch (error) {
      this.options.log.warn({ why: String(error) }, 'sip_write_failed');
    }
  }
}
