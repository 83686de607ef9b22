import { connect } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';

import { Parser } from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { DEFAULT_DEADLINE_MS, Mailbox } from './mailbox';

/**
 * A bare XML stream (RFC 6120 section 4) over a socket: it sends what it is told, valid or not, and keeps what arrives.
 * For tests that must misbehave; programs use the XMPP libraries.
 */
export class XmlStream {
  readonly elements: Mailbox<Element>;
  /** The peer's stream header; rejects when the stream ends before there was one. */
  readonly opened: Promise<Element>;
  /** Settles when the socket is closed, by whichever side. */
  readonly closed: Promise<void>;
  private readonly socket: Socket;

  /**
   * @param owner names this side in failures
   * @param header is sent as soon as the socket is connected
   */
  constructor(owner: string, options: NetConnectOpts, header: string) {
    this.elements = new Mailbox(owner, String);
    this.socket = connect(options, () => this.socket.write(header));
    this.socket.setEncoding('utf8');
    this.socket.on('error', () => undefined); // told by `opened` and `closed`
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    void this.closed.then(() => this.elements.close(new Error('the stream is closed')));
    this.opened = this.parse(owner);
    this.opened.catch(() => undefined);
  }

  send(element: Element | string): void {
    this.socket.write(String(element));
  }

  /** Claims the first element that matches, waiting for it if need be. */
  take(what: string, wanted: (element: Element) => boolean, deadlineMs?: number): Promise<Element> {
    return this.elements.take({ what, wanted, deadlineMs });
  }

  /** Stops reading from the socket, as a program does whose main loop hangs. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Ends the stream properly and waits until the socket is closed. */
  async end(): Promise<void> {
    this.socket.end('</stream:stream>');
    const insist = setTimeout(() => this.socket.destroy(), DEFAULT_DEADLINE_MS);
    await this.closed;
    clearTimeout(insist);
  }

  /** Cuts the connection without a word, as a killed process does. */
  async cut(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  private parse(owner: string): Promise<Element> {
    const parser = new Parser();
    parser.on('element', (element: Element) => this.elements.put(element));
    this.socket.on('data', (text: string) => parser.write(text));
    return new Promise((resolve, reject) => {
      parser.once('start', resolve);
      parser.on('error', (error: Error) => this.socket.destroy(error));
      this.socket.once('error', reject);
      void this.closed.then(() => reject(new Error(`${owner}: closed before the stream was open`)));
    });
  }
}
