import type { SipHeaders } from '@isthmus/codec';

/** RFC 3261 section 7.3.3 and the registry of SIP header fields: the forms of one letter. */
const COMPACT = new Map([
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
]);

/** What may stand before the colon; blanks behind the name are tolerated (RFC 3261 section 7.3.1). */
const NAME = /^([^\s:]+)[ \t]*$/;
/** Names as they came, and what they are called here. Peers use few; the bound is for those who do not. */
const names = new Map<string, string>();
const MAX_NAMES = 1_000;

/** The full lower-case name of a header as it was given. Undefined: it cannot be the name of one. */
export function nameOf(given: string): string | undefined {
  const known = names.get(given);
  if (known !== undefined) return known;
  const lower = NAME.exec(given)?.[1]?.toLowerCase();
  if (lower === undefined) return undefined;
  const name = COMPACT.get(lower) ?? lower;
  if (names.size < MAX_NAMES) names.set(Buffer.from(given).toString(), name); // a copy: a part of a text keeps all of it alive
  return name;
}

/** A line that goes on behind a line end and blanks (RFC 3261 section 7.3.1). */
const FOLD = /\r?\n[ \t]+/g;

/** A value as the codec reads it: folded lines joined, no blanks at its edges. */
export function unfolded(value: string): string {
  return (value.includes('\n') ? value.replace(FOLD, ' ') : value).trim();
}

/** RFC 3261 section 25.1: `token`. */
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
/** Everything that a server might take for the end of a line, and other controls but the tab. */
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]+/g;

/** The server makes these itself, and a value of ours would be dropped or doubled (DR-8). */
const SERVER_MAKES = new Set(['via', 'route', 'record-route', 'rseq', 'content-length']);
/** An answer has these from its request. */
const COPIED = ['call-id', 'cseq', 'from', 'to'] as const;

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
    const lower = name.toLowerCase();
    if (!SERVER_MAKES.has(lower)) headers[lower] = oneLine(value);
  }
  return { headers };
}

/**
 * The headers of an answer: what belongs to the request as the request had it, with our tag, and then ours. `request`: the
 * headers of the request; without them those that are given for it. The tag comes last in its line (DR-10).
 */
export function writeAnswerHeaders(given: SipHeaders, request: SipHeaders | undefined): ReturnType<typeof writeHeaders> {
  const written = writeHeaders(given);
  if ('bad' in written) return written;
  const { to, ...ours } = written.headers;
  const headers: Record<string, string> = {};
  for (const name of COPIED) {
    const value = request?.[name] ?? written.headers[name];
    if (value !== undefined) headers[name] = oneLine(value);
    delete ours[name];
  }
  const tag = tagOf(to);
  if (tag !== undefined && tagOf(request?.['to']) === undefined) headers['to'] = `${(headers['to'] ?? '').replace(TAG_TO_END, '')};tag=${tag}`;
  return { headers: Object.assign(headers, ours) };
}

/** The tag and what follows it: the server would take all of that for the tag. */
const TAG_TO_END = /;\s*tag\s*=[^<>"]*$/i;
const TAG = /;\s*tag\s*=\s*([^\s;,<>"]+)/i;

/** The tag of a From or To header; parameters inside `<...>` and quoted strings are not looked at. */
export function tagOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return TAG.exec(header.includes('<') || header.includes('"') ? header.replace(/"(?:[^"\\]|\\.)*"|<[^>]*>/g, '') : header)?.[1];
}
