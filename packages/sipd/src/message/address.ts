/** SIP URIs, name-addr values, tags. RFC 3261 sections 19.1 and 20.10. */

/** The parts of a SIP URI that routing needs. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user: string | undefined;
  /** Host without brackets, in lower case. */
  readonly host: string;
  readonly port: number | undefined;
  /** Value of `transport`, in lower case. */
  readonly transport: string | undefined;
}

/** `"display" <uri>;params` or `uri;params`. */
export interface NameAddr {
  readonly uri: string;
  /** Everything after the URI, with its leading semicolon; may be empty. */
  readonly params: string;
}

const SIP_URI = /^(sips?):(?:([^@\s<>]*)@)?(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?((?:;[^\s?<>]*)?)(?:\?[^\s<>]*)?$/i;
const TRANSPORT = /;transport=([a-z0-9-]+)/i;
const ANY_URI = /^[a-z][a-z0-9+.-]*:[^\s<>]+$/i;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const TAG = /;\s*tag\s*=\s*([^;,\s"]+)/i;

/** Reads a sip or sips URI; undefined for anything else. */
export function parseSipUri(text: string): SipUri | undefined {
  const found = SIP_URI.exec(text);
  if (found === null) return undefined;
  const host = found[3] ?? '';
  const port = found[4] === undefined ? undefined : Number(found[4]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return {
    scheme: (found[1] ?? 'sip').toLowerCase() === 'sips' ? 'sips' : 'sip',
    user: found[2],
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    port,
    transport: TRANSPORT.exec(found[5] ?? '')?.[1]?.toLowerCase(),
  };
}

/** Index behind a quoted string that starts at 0, or -1 when it does not end. */
function endOfQuoted(value: string): number {
  for (let index = 1; index < value.length; index += 1) {
    const character = value[index];
    if (character === '\\') index += 1;
    else if (character === '"') return index + 1;
  }
  return -1;
}

/** Reads a From, To, Contact or Route value (one element); undefined when malformed. */
export function parseNameAddr(value: string): NameAddr | undefined {
  const quoted = value.startsWith('"');
  const from = quoted ? endOfQuoted(value) : 0;
  if (from < 0) return undefined;
  const open = value.indexOf('<', from);
  if (open >= 0) {
    const close = value.indexOf('>', open);
    const uri = value.slice(open + 1, close).trim();
    if (close < 0 || !ANY_URI.test(uri)) return undefined;
    return { uri, params: value.slice(close + 1).trim() };
  }
  const semicolon = value.indexOf(';');
  const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  if (quoted || !ANY_URI.test(uri)) return undefined;
  return { uri, params: semicolon < 0 ? '' : value.slice(semicolon) };
}

/** The tag parameter of a parsed From or To; text inside quotes does not count. */
export function tagOf(address: NameAddr): string | undefined {
  const params = address.params.includes('"') ? address.params.replace(QUOTED, '""') : address.params;
  return TAG.exec(params)?.[1];
}

/** The tag of a From or To value; empty when it has none. */
export function tagIn(value: string | undefined): string {
  const address = parseNameAddr(value ?? '');
  return (address && tagOf(address)) ?? '';
}

/** Splits a header value at the commas outside of quotes and angle brackets, without changing a byte of the elements. */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return [value];
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let angle = false;
  for (let index = 0; index < value.length; index += 1) {
    const character = value[index];
    if (quoted) {
      if (character === '\\') index += 1;
      else if (character === '"') quoted = false;
      continue;
    }
    if (character === '"') quoted = true;
    else if (character === '<') angle = true;
    else if (character === '>') angle = false;
    else if (character === ',' && !angle) {
      parts.push(value.slice(start, index).trim());
      start = index + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts;
}

/** A host as it is written in a URI or Via: IPv6 in brackets. */
export function hostText(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
