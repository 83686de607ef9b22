/// <reference path="./xmpp-component.d.ts" />
import type { Socket } from 'node:net';

import { Component } from '@xmpp/component-core';
import type { Element } from '@xmpp/xml';

import { toError, XmppLinkError } from './errors';
import type { TlsOptions } from './options';
import { connectSecurely } from './tls';

export interface StreamOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions;
  /** The component's domain. */
  readonly domain: string;
  readonly secret: string;
  /** For each step of coming online: connect, stream header, handshake. Milliseconds. */
  readonly timeoutMs: number;
  /** Bytes that may wait for the server to take them. */
  readonly maxQueueBytes: number;
  /** Each element after the handshake; the first ones may come before `open` resolves. */
  readonly onElement: (element: Element) => void;
  /** Called once, however the stream ended; never when `open` rejects. */
  readonly onClosed: (reason: Error) => void;
}

/** A stanza of the server may not be longer, in UTF-16 units: bounds what the parser holds. Servers' own limits are lower. */
const MAX_STANZA_UNITS = 8_000_000;

/** How long a server may take to close a connection that is over, milliseconds. */
const CLOSE_MS = 1_000;

/** The library's connection, made safe against bytes that arrive after its parser has gone or while it fails. */
class GuardedComponent extends Component {
  private unfinished = 0;

  /** As the library's `connect`, over TLS: resolves when the certificate has been checked. */
  async connectSecurely(host: string, port: number, tls: TlsOptions): Promise<void> {
    const { socket, secured } = connectSecurely(host, port, tls);
    this._attachSocket(socket);
    await secured;
  }

  protected override _onData(data: Buffer | string): void {
    if (this.parser === null) return; // the stream has ended or is broken: what still arrives belongs to nothing
    this.unfinished += data.length;
    try {
      super._onData(data);
      if (this.unfinished > MAX_STANZA_UNITS) throw new Error('the server sends a stanza that is too long');
    } catch (error) {
      // After the first fault in a chunk the library's parser goes on without listeners and throws.
      this.socket?.destroy(toError(error));
    }
    const blanks = this.parser?.root?.children;
    if (blanks !== undefined) blanks.length = 0; // whitespace pings would gather here for the life of the stream
  }

  protected override _onElement(element: Element): void {
    this.unfinished = 0;
    super._onElement(element);
  }
}

/** The hash is made over Latin-1 by the library, over bytes by the servers: giving it the bytes makes them agree. */
const asBytes = (secret: string): string => Buffer.from(secret, 'utf8').toString('latin1');

/** Control characters that XML 1.0 forbids (section 2.2): one of them ends the whole stream. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/**
 * One authenticated XEP-0114 stream over one TCP connection, from handshake to close. It is never reused: a new
 * connection is a new stream, so nothing of the old one (parser, character in the middle, listeners) can survive.
 */
export class ComponentStream {
  private readonly entity: GuardedComponent;
  private socket: Socket | undefined;
  private lastError: Error | undefined;
  private accepted = false;
  private opened = false;
  private readonly closed: Promise<never>;

  constructor(private readonly options: StreamOptions) {
    this.entity = new GuardedComponent({ service: this.service, domain: options.domain });
    this.entity.timeout = options.timeoutMs;
    this.entity.on('error', (error: Error) => this.over(error));
    this.entity.on('close', () => this.over(new Error('the server ended the stream')));
    this.entity.on('element', (element: Element) => {
      if (this.accepted) options.onElement(element);
      else this.accepted = element.name === 'handshake'; // stanzas may follow it in the same segment
    });
    this.closed = new Promise((_resolve, reject) => {
      this.entity.on('disconnect', () => {
        const reason = this.lastError ?? new Error('the server closed the connection');
        if (this.opened) options.onClosed(reason);
        reject(reason);
      });
    });
    this.closed.catch(() => undefined); // waited for only while coming online
  }

  /** Connects and authenticates. Rejects with the reason: a socket error, a stream error, a deadline. */
  async open(): Promise<void> {
    try {
      await this.handshake();
    } catch (error) {
      this.destroy(toError(error));
      throw this.lastError ?? error;
    }
    this.opened = true;
  }

  /** Bytes that the server has not taken yet. */
  get queuedBytes(): number {
    return this.socket?.writableLength ?? 0;
  }

  /** Writes one stanza; resolves when the socket has taken it, rejects with `XmppLinkError`. */
  async send(element: Element): Promise<void> {
    const text = element.toString();
    if (FORBIDDEN.test(text)) {
      throw new XmppLinkError('unsendable', `a ${element.name} holds a character that XML forbids; it was not sent`);
    }
    if (this.queuedBytes + text.length > this.options.maxQueueBytes) {
      throw new XmppLinkError('queue-full', `${this.queuedBytes} bytes wait for the XMPP server already`);
    }
    this.gather();
    try {
      await this.entity.write(text);
    } catch (cause) {
      throw new XmppLinkError('disconnected', 'the connection to the XMPP server is going down', { cause });
    }
  }

  /** One call of the system for all stanzas of this turn of the event loop. */
  private gather(): void {
    const { socket } = this;
    if (socket === undefined || socket.writableCorked > 0) return;
    socket.cork();
    process.nextTick(() => socket.uncork());
  }

  /** Stops and starts reading: the server's data then waits in TCP. */
  setReading(reading: boolean): void {
    if (reading) this.socket?.resume();
    else this.socket?.pause();
  }

  /** Ends stream and socket in order, insisting after the deadlines. */
  async close(): Promise<void> {
    this.setReading(true); // else the server's end of stream is never seen
    await this.entity.stop();
    this.socket?.destroy();
  }

  /** Drops the connection at once; `onClosed` gets the reason. */
  destroy(reason: Error): void {
    this.lastError ??= reason;
    this.socket?.destroy();
  }

  /** After an error or the server's end of stream the library leaves the socket to the server's good will. */
  private over(reason: Error): void {
    this.lastError ??= reason;
    const { socket } = this;
    setTimeout(() => socket?.destroy(), CLOSE_MS).unref();
  }

  private get service(): string {
    const host = this.options.host.includes(':') ? `[${this.options.host}]` : this.options.host;
    return `xmpp://${host}:${this.options.port}`;
  }

  private async handshake(): Promise<void> {
    const { host, port, tls } = this.options;
    const connected = tls === undefined ? this.entity.connect(this.service) : this.entity.connectSecurely(host, port, tls);
    this.tune();
    await this.within('the TCP connection', connected);
    const header = await this.within('the stream header', this.entity.open({ domain: this.options.domain }));
    const streamId = String(header.attrs['id'] ?? '');
    await this.within('the handshake', this.entity.authenticate(streamId, asBytes(this.options.secret)));
  }

  private tune(): void {
    const { socket } = this.entity;
    if (socket === null) return;
    this.socket = socket;
    socket.setEncoding('utf8'); // a character may be cut by the end of a segment
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
  }

  private async within<T>(what: string, step: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      const late = (): void => reject(new Error(`no answer within ${this.options.timeoutMs} ms (${what})`));
      timer = setTimeout(late, this.options.timeoutMs);
    });
    try {
      return await Promise.race([step, deadline, this.closed]);
    } finally {
      clearTimeout(timer);
    }
  }
}
