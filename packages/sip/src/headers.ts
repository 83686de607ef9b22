import type { SipHeaders } from '@isthmus/codec';

/** RFC 3261 section 7.3.3 and the registry of SIP header fields: the forms of one letter. */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
  'contact-encoding': 'content-encoding', // what drachtio-srf makes of `e`
};

/** A line that goes on behind a line end and blanks (RFC 3261 section 7.3.1). */
const FOLD = /\r?\n[ \t]+/g;

/** Headers as the codec reads them: full names in lower case, folded lines joined. */
export function readHeaders(received: Readonly<Record<string, string>>): SipHeaders {
  const headers: Record<string, string> = {};
  for (const [given, value] of Object.entries(received)) {
    const lower = given.toLowerCase();
    const name = COMPACT[lower] ?? lower;
    const text = value.replace(FOLD, ' ').trim();
    headers[name] = headers[name] === undefined ? text : `${headers[name]},${text}`;
  }
  return headers;
}

/** RFC 3261 section 25.1: `token`. */
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
/** Everything that a server might take for the end of a line, and other controls but the tab. */
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]+/g;

/** The server makes these itself, and a value of ours would be dropped or doubled (DR-8). */
const SERVER_MAKES = new Set(['via', 'route', 'record-route', 'rseq', 'content-length']);
/** In a response the library has copied these from the request. */
const COPIED = new Set(['call-id', 'cseq', 'from']);

/** One line, whatever it was (DR-11). */
export const oneLine = (text: string): string => text.replace(CONTROLS, ' ');

/**
 * The last line of defence before the wire (DR-11): header names are tokens, values have one line.
 * @returns the name that is no token in `bad`
 */
export function writeHeaders(given: SipHeaders): { readonly headers: Record<string, string> } | { readonly bad: string } {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!TOKEN.test(name)) return { bad: name };
    if (!SERVER_MAKES.has(name.toLowerCase())) headers[name.toLowerCase()] = oneLine(value);
  }
  const { contact, ...others } = headers;
  // In a dialog drachtio-server drops a Contact, and with it all that follows.
  return { headers: contact === undefined ? others : { ...others, contact } };
}

/** The same for an answer; what the library has copied from the request is left out. */
export function writeAnswerHeaders(given: SipHeaders): ReturnType<typeof writeHeaders> {
  const kept = Object.entries(given).filter(([name]) => !COPIED.has(name.toLowerCase()));
  return writeHeaders(Object.fromEntries(kept));
}

/**
 * What an answer needs from the request when the request itself is not at hand: the library would have copied it.
 * `to` without its tag, which is given apart.
 */
export function copiedHeaders(given: SipHeaders): Record<string, string> {
  const copied: Record<string, string> = {};
  for (const name of COPIED) {
    const value = given[name];
    if (value !== undefined) copied[name] = oneLine(value);
  }
  const { to } = given;
  if (to !== undefined) copied['to'] = oneLine(to).replace(TAG, '');
  return copied;
}

const TAG = /;\s*tag\s*=\s*([^\s;,<>"]+)/i;

/** The tag of a From or To header; parameters inside `<...>` and quoted strings are not looked at. */
export function tagOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : TAG.exec(header.replace(/"(?:[^"\\]|\\.)*"|<[^>]*>/g, ''))?.[1];
}
