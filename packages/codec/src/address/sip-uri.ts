/** SIP URIs from text (RFC 3261 section 19.1, RFC 3860, RFC 3859, RFC 3966; requirements ADDR-2, ADDR-11, ADDR-13). */

import { type Result, succeed } from '@isthmus/model';
import { malformedJid } from './jid';

/** The schemes that name a user. */
const SCHEMES = ['sip', 'sips', 'im', 'pres', 'tel'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** A URI in its parts, as written: nothing is decoded. Headers (`?subject=`) are dropped, a password is refused. */
export interface SipUriParts {
  readonly scheme: Scheme;
  /** Absent where the URI names a server only. For tel: the number. */
  readonly user?: string;
  /** Empty for tel:. An IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port?: number;
  /** By name in lower case; a parameter without a value is ''. The first of two of one name counts. */
  readonly params: ReadonlyMap<string, string>;
}

/** Longer than the longest JID in percent-encoding, with room for parameters. */
export const MAX_URI_LENGTH = 16_384;
/** What no URI may hold bare; raw UTF-8 is ungrammatical too, but seen, and accepted. */
const FORBIDDEN = /[\s\p{Cc}<>"]/u;
const SCHEME = /^([a-z]+):/i;
const HOST_PORT = /^(\[[^\]]*\]|[^:[\]]+)(?::([0-9]{1,5}))?$/;

/** Reads a URI of one of the schemes above. Fault: `address.malformed`. */
export function readSipUri(text: string): Result<SipUriParts> {
  const named = SCHEME.exec(text)?.[1]?.toLowerCase();
  const scheme = SCHEMES.find((name) => name === named);
  if (scheme === undefined || text.length > MAX_URI_LENGTH || FORBIDDEN.test(text)) {
    return malformedJid();
  }
  const rest = text.slice(scheme.length + 1);
  return scheme === 'tel' ? readTelephone(rest) : readHierarchy(scheme, rest);
}

function readTelephone(rest: string): Result<SipUriParts> {
  return succeed({ scheme: 'tel', user: upTo(';', rest), host: '', params: readParams(rest) });
}

/** The user part ends at the first at-sign: `;`, `?` and `/` may stand in it. */
function readHierarchy(scheme: Scheme, rest: string): Result<SipUriParts> {
  const at = rest.indexOf('@');
  const user = at < 0 ? undefined : rest.slice(0, at);
  const address = upTo('?', rest.slice(at + 1));
  const [, host, port] = HOST_PORT.exec(upTo(';', address)) ?? [];
  if (host === undefined || user === '' || user?.includes(':') === true) {
    return malformedJid();
  }
  return succeed({
    scheme,
    host,
    params: readParams(address),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  });
}

function upTo(separator: string, text: string): string {
  const end = text.indexOf(separator);
  return end < 0 ? text : text.slice(0, end);
}

const NO_PARAMS: ReadonlyMap<string, string> = new Map();

/** The parameters of a URI: all that follows its first semicolon. */
function readParams(address: string): ReadonlyMap<string, string> {
  if (!address.includes(';')) return NO_PARAMS;
  const read = new Map<string, string>();
  for (const param of address.split(';').slice(1)) {
    const equals = param.indexOf('=');
    const name = (equals < 0 ? param : param.slice(0, equals)).toLowerCase();
    if (name !== '' && !read.has(name)) {
      read.set(name, equals < 0 ? '' : param.slice(equals + 1));
    }
  }
  return read;
}
