/** Cuts a byte stream into SIP messages. RFC 3261 sections 7.5 and 18.3; keep-alives of RFC 5626 section 4.4.1. */
import { ByteQueue } from '../byte-queue';
import { REASONS } from '../message/message';
import { isStartLine } from '../message/parse';
import type { Rejection } from './flow';

export type StreamItem =
  | { readonly is: 'message'; readonly head: string; readonly body: Buffer }
  | { readonly is: 'ping' }
  /** The stream cannot be followed any further; answer `status` when the head allows it, then close. */
  | { readonly is: 'broken'; readonly head: string; readonly status: Rejection; readonly reason: string };

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;
/** With the lines on which it goes on. */
const CONTENT_LENGTH = /^(?:content-length|l)[ \t]*:((?:[^\r\n]|\r\n[ \t])*)$/gim;

/** Content-Length of a head: 0 when absent, undefined when it is no number or given twice with different values. */
export function contentLength(head: string): number | undefined {
  let length: number | undefined;
  for (const found of head.matchAll(CONTENT_LENGTH)) {
    const text = (found[1] ?? '').trim();
    if (!/^\d{1,10}$/.test(text)) return undefined;
    if (length !== undefined && length !== Number(text)) return undefined;
    length = Number(text);
  }
  return length ?? 0;
}

/** Whether the head has a Content-Length at all (needed on UDP, where it may be left out). */
export function hasContentLength(head: string): boolean {
  return head.search(CONTENT_LENGTH) >= 0;
}

/** One direction of one connection. Bounded: head and body limits are checked before more is read. */
export class SipStream {
  private readonly queue = new ByteQueue();
  private scanned = 0;
  private head: string | undefined;
  private bodyLength = 0;
  private dead = false;

  constructor(
    private readonly maxHead: number,
    private readonly maxBody: number,
    /** A longer one is not even looked at. */
    private readonly maxFirstLine = 8192,
  ) {}

  /** Whether a message has begun and not ended; line ends before a start line are no beginning. */
  get partial(): boolean {
    return this.head !== undefined || this.queue.view().some((byte) => byte !== CR && byte !== LF);
  }

  /** Bytes held of a message that is not complete. */
  get waiting(): number {
    return this.queue.length + (this.head?.length ?? 0);
  }

  push(chunk: Buffer): void {
    if (!this.dead) this.queue.append(chunk);
  }

  /** The next item, or undefined when more bytes are needed. */
  next(): StreamItem | undefined {
    if (this.dead) return undefined;
    if (this.head === undefined) {
      const item = this.readHead();
      if (item !== undefined) return item;
    }
    if (this.head === undefined || this.queue.length < this.bodyLength) return undefined;
    const head = this.head;
    this.head = undefined;
    return { is: 'message', head, body: this.queue.take(this.bodyLength) };
  }

  private readHead(): StreamItem | undefined {
    if (this.skipLineEnds()) return { is: 'ping' };
    const end = this.queue.indexOf(END_OF_HEAD, this.scanned);
    if (end < 0) return this.checkIncomplete();
    this.scanned = 0;
    if (end > this.maxHead) return this.broken(513, REASONS[513]);
    const head = this.queue.takeText(end);
    this.queue.consume(END_OF_HEAD.length);
    if (!isStartLine(head.split('\r\n', 1)[0] ?? '')) return this.broken(400, 'Bad Start Line', '');
    const length = contentLength(head);
    if (length === undefined) return this.broken(400, 'Bad Content-Length Header', head);
    if (length > this.maxBody) return this.broken(413, 'Request Entity Too Large', head);
    this.head = head;
    this.bodyLength = length;
    return undefined;
  }

  /** Skips CRLF before a start line; true when it was the double CRLF of a keep-alive. */
  private skipLineEnds(): boolean {
    const view = this.queue.view();
    if (view[0] !== CR || view[1] !== LF) return false;
    const double = view[2] === CR && view[3] === LF;
    if (!double && (view.length === 2 || (view.length === 3 && view[2] === CR))) return false;
    this.queue.consume(double ? 4 : 2);
    this.scanned = 0;
    return double ? true : this.skipLineEnds();
  }

  private checkIncomplete(): StreamItem | undefined {
    const view = this.queue.view();
    if (view.length > this.maxHead) return this.broken(513, REASONS[513]);
    if (view.length > this.maxFirstLine && view.subarray(0, this.maxFirstLine).indexOf(LF) < 0) {
      return this.broken(400, 'Bad Start Line', '');
    }
    this.scanned = Math.max(0, view.length - END_OF_HEAD.length + 1);
    return undefined;
  }

  private broken(status: Rejection, reason: string, head?: string): StreamItem {
    const seen = head ?? this.queue.view().toString('latin1', 0, this.maxHead);
    this.queue.consume(this.queue.length);
    this.dead = true;
    return { is: 'broken', head: seen, status, reason };
  }
}
