import { connect, type Socket } from 'node:net';
import { framed, FrameReader, readHead, Together } from '@isthmus/sipd';
import { Gate } from './gate';
import type { AnchorSettings } from './options';

/** What drachtio offers out of dialog (drachtio.md DR-20); to what no worker wants the anchor says so itself. */
const VERBS = ['invite', 'message', 'info', 'notify', 'subscribe', 'options', 'publish', 'register'];
/** Longest message of the server: a body of 4 MiB, with room for the head. */
const MAX_FRAME_BYTES = 5 * 1024 * 1024;
/** A server that says nothing to a large message has lost it, and all that follows (DR-16). Milliseconds. */
const REPLY_MS = 5_000;

export interface ServerLinkEvents {
  /** Authenticated, and every verb is registered. */
  up(introduction: readonly string[]): void;
  frame(payload: Buffer): void;
  /** Once, whether it was up or not. */
  closed(reason: string): void;
}

/** One connection to the drachtio server, from connect to close. */
export class ServerLink {
  private readonly socket: Socket;
  private readonly together: Together;
  private readonly reader = new FrameReader(MAX_FRAME_BYTES);
  private readonly gate: Gate;
  /** Our own messages, by id, which wait for their API reply. */
  private readonly own = new Map<string, (verdict: string, fields: readonly string[]) => void>();
  private readonly connectTimer: NodeJS.Timeout;
  private pingTimer: NodeJS.Timeout | undefined;
  private replyTimer: NodeJS.Timeout | undefined;
  private lastId = 0;
  private heard = true;
  private pinged = false;
  private over = false;
  private reason: string | undefined;

  constructor(
    private readonly settings: AnchorSettings,
    private readonly events: ServerLinkEvents,
  ) {
    const { host, port } = settings.server;
    this.socket = connect({ host, port, noDelay: true, keepAlive: true });
    this.together = new Together(this.socket);
    this.gate = new Gate({
      queuedBytes: settings.queuedBytes,
      write: (frame) => this.together.write(frame),
      unsentBytes: () => this.together.unsent,
    });
    this.connectTimer = setTimeout(() => this.close(`not connected within ${settings.connectMs} ms`), settings.connectMs);
    this.socket.on('connect', () => this.authenticate());
    this.socket.on('data', (chunk) => this.receive(chunk));
    this.socket.on('error', (error) => (this.reason ??= error.message));
    this.socket.on('close', () => this.ended());
  }

  /** Sends a client message, its id and what follows it; a reason when the server cannot take it. */
  send(id: string, rest: Buffer): string | undefined {
    if (this.over) return 'the SIP server is not connected';
    const refusal = this.gate.send(id, framed(id, rest));
    this.watchReply();
    return refusal;
  }

  /** No new requests from now on (DR-3). */
  leave(): void {
    this.say(`remove_route|${VERBS[0]}`);
  }

  close(reason: string): void {
    this.reason ??= reason;
    this.socket.destroy();
    this.ended();
  }

  private authenticate(): void {
    this.say(`authenticate|${this.settings.server.secret}|anchor`, (verdict, fields) => {
      if (verdict !== 'OK') return this.close('it refused the secret: it must be the one in its configuration');
      this.register(fields.slice(4, 7));
    });
  }

  private register(introduction: readonly string[]): void {
    let left = VERBS.length;
    for (const verb of VERBS) {
      this.say(`route|${verb}`, (verdict) => {
        if (verdict !== 'OK') return this.close('it refused to give us requests');
        left -= 1;
        if (left === 0) this.up(introduction);
      });
    }
  }

  private up(introduction: readonly string[]): void {
    clearTimeout(this.connectTimer);
    this.pingTimer = setInterval(() => this.tick(), this.settings.pingMs);
    this.events.up(introduction);
  }

  private say(message: string, replied: (verdict: string, fields: readonly string[]) => void = () => undefined): void {
    this.lastId += 1;
    const id = `own-${this.lastId}`;
    this.own.set(id, replied);
    this.send(id, Buffer.from(`|${message}`));
  }

  /** A server never pings by itself, and one that hangs keeps its connections. */
  private tick(): void {
    if (this.heard) {
      this.heard = false;
      this.pinged = false;
    } else if (this.pinged) {
      this.close(`silent for ${2 * this.settings.pingMs} ms`);
    } else {
      this.pinged = true;
      this.say('ping');
    }
  }

  private receive(chunk: Buffer): void {
    this.heard = true;
    this.reader.push(chunk);
    try {
      for (let payload = this.reader.next(); payload !== undefined && !this.over; payload = this.reader.next()) this.take(payload);
    } catch (error) {
      this.close(`it broke the protocol: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private take(payload: Buffer): void {
    if (this.own.size > 0 || this.gate.blockedBy !== undefined) {
      const { fields } = readHead(payload);
      const [, type, id = '', verdict = ''] = fields;
      if (type === 'response' && this.replied(id, verdict, fields)) return;
    }
    this.events.frame(payload);
  }

  /** True: it was the reply to a message of our own. */
  private replied(id: string, verdict: string, fields: readonly string[]): boolean {
    this.gate.replied(id);
    this.watchReply();
    const replied = this.own.get(id);
    if (replied === undefined) return false;
    this.own.delete(id);
    replied(verdict, fields);
    return true;
  }

  private watchReply(): void {
    if (this.gate.blockedBy === undefined) {
      clearTimeout(this.replyTimer);
      this.replyTimer = undefined;
      return;
    }
    this.replyTimer ??= setTimeout(() => this.close(`no reply to a large message within ${REPLY_MS} ms`), REPLY_MS);
  }

  private ended(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.connectTimer);
    clearTimeout(this.replyTimer);
    clearInterval(this.pingTimer);
    this.events.closed(this.reason ?? 'it closed the connection');
  }
}
