/** What an anchor reads of a frame, by looking at its bytes: the first line, and of the SIP message From, To and Call-ID. */
import { bareAddress, uriIn } from './address';

/** The first line of a frame, and where the SIP message behind it begins: -1 when there is none. */
export interface Head {
  readonly fields: readonly string[];
  readonly sip: number;
}

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
/** Longest first line that means anything: ids, addresses, and a dialog's Call-ID and tag. */
const MAX_LINE = 4096;

/** Takes the first line apart. Text is Latin-1, one character a byte. drachtio-server takes any CR or LF for the end of the line. */
export function readHead(payload: Buffer): Head {
  const feed = payload.indexOf(LF);
  const text = payload.toString('latin1', 0, Math.min(feed < 0 ? payload.length : feed, MAX_LINE));
  const carriage = text.indexOf('\r');
  const end = carriage >= 0 ? carriage : feed;
  if (end < 0 || end >= MAX_LINE) return { fields: text.split('|'), sip: -1 };
  return { fields: text.slice(0, end).split('|'), sip: end + (carriage >= 0 && feed === carriage + 1 ? 2 : 1) };
}

const STATUS = /^SIP\/2\.0 ([1-6]\d\d)(?: |$)/;
const METHOD = /^([A-Za-z0-9\-.!%*_+`'~]+) /;

/** How a SIP message begins: the status of a response, the method of a request, neither when it is unreadable. */
export function readStart(payload: Buffer, sip: number): { readonly status?: number; readonly method?: string; readonly response: boolean } {
  const start = payload.toString('latin1', sip, Math.min(payload.length, sip + 64));
  const line = /^[^\r\n]*/.exec(start)?.[0] ?? '';
  if (line.startsWith('SIP/')) {
    const status = STATUS.exec(line)?.[1];
    return status === undefined ? { response: true } : { response: true, status: Number(status) };
  }
  const method = METHOD.exec(line)?.[1];
  return method === undefined ? { response: false } : { response: false, method };
}

const FROM = ['from', 'f'];
const TO = ['to', 't'];
const CALL_ID = ['call-id', 'i'];

/**
 * The pair of a request as it enters the hash: `\0`, the bytewise smaller address, `\0`, the other one. Where an address is missing,
 * the Call-ID stands for both.
 */
export function pairOf(payload: Buffer, sip: number): string {
  let from: string | undefined;
  let to: string | undefined;
  let callId = '';
  for (let line = nextLine(payload, sip); line < payload.length && !isEnd(payload, line); line = nextLine(payload, line)) {
    const name = nameAt(payload, line);
    if (name === undefined) continue;
    const value = valueAt(payload, line);
    if (FROM.includes(name)) from ??= value;
    else if (TO.includes(name)) to ??= value;
    else callId = value;
    if (from !== undefined && to !== undefined) return joined(bareAddress(uriIn(from)), bareAddress(uriIn(to)));
  }
  return `\0\0${callId}`;
}

/** In either order the same. */
export function joined(one: string, other: string): string {
  return isBefore(one, other) ? `\0${one}\0${other}` : `\0${other}\0${one}`;
}

const SURROGATE = /[\ud800-\udfff]/;

/** By the bytes of UTF-8, which have the order of code points: so have the code units of UTF-16 but for surrogates. */
function isBefore(one: string, other: string): boolean {
  if (SURROGATE.test(one) || SURROGATE.test(other)) return Buffer.compare(Buffer.from(one), Buffer.from(other)) <= 0;
  return one <= other;
}

function nextLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(LF, from);
  return end < 0 ? bytes.length : end + 1;
}

function isEnd(bytes: Buffer, line: number): boolean {
  return bytes[line] === CR || bytes[line] === LF;
}

const WANTED = new Set([...FROM, ...TO, ...CALL_ID]);
/** Lower-case first letters of those. */
const INITIALS = new Set([...WANTED].map((name) => name.charCodeAt(0)));
const LONGEST = 'call-id'.length;

/** The name of the header that begins there, if it is one of those that count. */
function nameAt(bytes: Buffer, line: number): string | undefined {
  if (!INITIALS.has((bytes[line] ?? 0) | 0x20)) return undefined;
  for (let end = line + 1; end <= line + LONGEST; end += 1) {
    const byte = bytes[end];
    if (byte !== COLON && byte !== SPACE && byte !== TAB) continue;
    const name = bytes.toString('latin1', line, end).toLowerCase();
    return WANTED.has(name) ? name : undefined;
  }
  return undefined;
}

/** The value of a header, the lines that it goes on in included (RFC 3261 section 7.3.1). */
function valueAt(bytes: Buffer, line: number): string {
  let end = nextLine(bytes, line);
  while (bytes[end] === SPACE || bytes[end] === TAB) end = nextLine(bytes, end);
  const text = bytes.toString('latin1', line, end);
  return text.slice(text.indexOf(':') + 1).replace(/\r?\n[ \t]+/g, ' ').trim();
}
