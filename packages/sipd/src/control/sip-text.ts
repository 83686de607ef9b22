/** The SIP message that a client puts behind the first line of a frame. */
import { type Headers } from '../message/headers';
import { readHeaderLines } from '../message/parse';

/** A client's SIP message, not yet completed by the server. */
export interface ClientSip {
  readonly startLine: string;
  readonly headers: Headers;
  readonly body: Buffer;
  /** The first line that is no header, if any. */
  readonly bad: string | undefined;
}

/** A frame: its fields, and the SIP message behind them. */
export interface ClientFrame {
  readonly fields: readonly string[];
  readonly sip: ClientSip | undefined;
}

const CR = 0x0d;
const LF = 0x0a;
const ANY_LINE_END = /\r\n|\r|\n/;

/** Index of the first line end at or after `from`; -1 when there is none. */
function lineEnd(bytes: Buffer, from: number): number {
  for (let index = from; index < bytes.length; index += 1) {
    if (bytes[index] === CR || bytes[index] === LF) return index;
  }
  return -1;
}

/** End of the head and start of the body: the first empty line, whichever line ends are used. */
function emptyLine(bytes: Buffer, from: number): { head: number; body: number } {
  const crlf = bytes.indexOf('\r\n\r\n', from, 'latin1');
  const lf = bytes.indexOf('\n\n', from, 'latin1');
  if (crlf >= 0 && (lf < 0 || crlf < lf)) return { head: crlf, body: crlf + 4 };
  if (lf >= 0) return { head: lf, body: lf + 2 };
  return { head: bytes.length, body: bytes.length };
}

function readSip(bytes: Buffer, from: number): ClientSip {
  const { head, body } = emptyLine(bytes, from);
  // drachtio-server splits at any CR or LF: an application that lets one into a value makes another header of it.
  const lines = bytes.toString('latin1', from, head).split(ANY_LINE_END);
  const { headers, bad } = readHeaderLines(lines.slice(1).filter((line) => line !== ''));
  return { startLine: lines[0] ?? '', headers, body: Buffer.from(bytes.subarray(body)), bad };
}

/** Takes a frame apart. */
export function readFrame(payload: Buffer): ClientFrame {
  const end = lineEnd(payload, 0);
  const first = payload.toString('latin1', 0, end < 0 ? payload.length : end);
  const fields = first.split('|');
  if (end < 0) return { fields, sip: undefined };
  const start = payload[end] === CR && payload[end + 1] === LF ? end + 2 : end + 1;
  return { fields, sip: readSip(payload, start) };
}
