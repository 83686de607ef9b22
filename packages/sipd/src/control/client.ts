import type { Socket } from 'node:net';
import type { Limits, Settings } from '../options';
import { PIPELINE_BYTES, RING_BYTES } from '../switches';
import { replyLine } from './fields';
import { FrameReader, writeFrame } from './frame';
import { type FrameKind, FrameWriter } from './writer';

/** How long the `pipeline` switch keeps a large message back, to see whether anything follows it. */
const PIPELINE_MS = 3;
/** Above so many times the backlog limit a client is disconnected. */
const HOPELESS = 4;

/** A client as the server sees it. */
export interface Client {
  authenticated: boolean;
  /** Verbs as registered, in lower case, duplicates included. */
  readonly verbs: string[];
  readonly address: string;
  readonly connected: boolean;
  /** Whether it reads what it is sent; a client that does not gets no new requests. */
  readonly keepsUp: boolean;
  /** Sends a frame; nothing is kept for a client that has gone. */
  send(frame: Buffer, kind?: FrameKind): void;
  /** Replies to a client message. */
  reply(messageId: string, ...fields: readonly string[]): void;
  /** Replies `NO` and closes: the client has broken the protocol. */
  refuse(messageId: string, reason: string): void;
  close(reason: string): void;
}

/** What a client connection reports. */
export interface ClientEvents<C> {
  frame(client: C, payload: Buffer): void;
  gone(client: C, reason: string): void;
}

/** What counts for the connection of a client. */
export type ClientSettings = Pick<Settings, 'strict' | 'switches'> & { readonly limits: Pick<Limits, 'frameBytes' | 'clientBacklogBytes' | 'silentMs'> };

/** One connection of a drachtio-srf client. */
export class ClientConnection implements Client {
  authenticated = false;
  readonly verbs: string[] = [];
  readonly address: string;
  private readonly reader: FrameReader;
  private readonly writer: FrameWriter;
  private alive = true;
  private deaf = false;
  private awaited: NodeJS.Timeout | undefined;
  private authenticateBy: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly settings: ClientSettings,
    private readonly events: ClientEvents<ClientConnection>,
  ) {
    this.address = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
    this.reader = new FrameReader(settings.limits.frameBytes);
    this.writer = new FrameWriter(socket, settings.switches);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('end', () => this.close('closed by the client'));
    socket.on('close', () => this.close('closed'));
    if (settings.strict) this.authenticateBy = setTimeout(() => this.expectAuthenticated(), settings.limits.silentMs).unref();
  }

  get connected(): boolean {
    return this.alive;
  }

  get keepsUp(): boolean {
    return this.writer.backlog <= this.settings.limits.clientBacklogBytes;
  }

  send(frame: Buffer, kind: FrameKind = 'other'): void {
    if (!this.alive) return;
    if (this.writer.backlog > HOPELESS * this.settings.limits.clientBacklogBytes) {
      this.close('does not read what it is sent');
      return;
    }
    this.writer.write(frame, kind);
  }

  reply(messageId: string, ...fields: readonly string[]): void {
    this.send(writeFrame(replyLine(messageId, ...fields)));
  }

  refuse(messageId: string, reason: string): void {
    this.reply(messageId, 'NO', reason);
    this.alive = false;
    this.writer.end();
    this.finish(reason);
  }

  close(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.socket.destroy();
    this.finish(reason);
  }

  private expectAuthenticated(): void {
    if (!this.authenticated) this.close('has not authenticated in time');
  }

  private finish(reason: string): void {
    clearTimeout(this.awaited);
    clearTimeout(this.authenticateBy);
    this.writer.stop();
    this.events.gone(this, reason);
    // A refused client that does not close its side is cut off.
    setTimeout(() => this.socket.destroy(), 1000).unref();
  }

  private receive(chunk: Buffer): void {
    if (this.deaf || !this.alive) return;
    if (this.awaited !== undefined) {
      this.close(`sent more before the reply to a message over ${PIPELINE_BYTES} bytes`);
      return;
    }
    this.reader.push(chunk);
    this.drain();
  }

  private drain(): void {
    try {
      while (this.alive && !this.deaf && this.awaited === undefined) {
        const payload = this.reader.next();
        if (payload === undefined) return;
        this.accept(payload);
      }
    } catch (error) {
      this.close(error instanceof Error ? error.message : 'unreadable');
    }
  }

  private accept(payload: Buffer): void {
    const { switches } = this.settings;
    if (switches.ring && payload.length > RING_BYTES) {
      this.deaf = true;
      return;
    }
    if (!switches.pipeline || payload.length <= PIPELINE_BYTES) {
      this.events.frame(this, payload);
      return;
    }
    if (this.reader.waiting > 0) {
      this.close(`sent more before the reply to a message over ${PIPELINE_BYTES} bytes`);
      return;
    }
    this.awaited = setTimeout(() => {
      this.awaited = undefined;
      this.events.frame(this, payload);
      this.drain();
    }, PIPELINE_MS);
  }
}
