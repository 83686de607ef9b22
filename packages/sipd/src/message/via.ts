/** The topmost Via: what matching and answering need. RFC 3261 sections 18.1, 18.2, 20.42; RFC 3581 (rport). */
import { splitList } from './address';
import type { Headers } from './headers';

/** A parsed Via element. */
export interface Via {
  readonly protocol: string;
  /** `host` or `host:port` as written, for matching (RFC 3261 section 17.2.3). */
  readonly sentBy: string;
  readonly port: number | undefined;
  readonly branch: string | undefined;
  readonly rport: boolean;
}

const VIA = /^SIP\s*\/\s*2\.0\s*\/\s*([A-Za-z-]+)\s+(\[[0-9a-fA-F:.]+\]|[^\s;:,[\]]+)\s*(?::\s*(\d{1,5})\s*)?((?:;.*)?)$/;
const BRANCH = /;\s*branch\s*=\s*([^;,\s"]+)/i;
const RPORT = /;\s*rport\s*(?:;|=|$)/i;

/** RFC 3261 section 8.1.1.7: branches of RFC 3261 elements start with this. */
export const MAGIC_COOKIE = 'z9hG4bK';

/** Reads one Via element; undefined when malformed. */
export function parseVia(element: string): Via | undefined {
  const found = VIA.exec(element);
  if (found === null) return undefined;
  const port = found[3] === undefined ? undefined : Number(found[3]);
  // An answer could not be sent there (RFC 3261 section 18.2.2), whatever the transport.
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  const host = (found[2] ?? '').toLowerCase();
  const params = found[4] ?? '';
  return {
    protocol: (found[1] ?? '').toUpperCase(),
    sentBy: found[3] === undefined ? host : `${host}:${found[3]}`,
    port,
    branch: BRANCH.exec(params)?.[1],
    rport: RPORT.test(params),
  };
}

/** The topmost Via element as text. */
export function topVia(headers: Headers): string | undefined {
  const value = headers.get('via');
  return value === undefined ? undefined : splitList(value)[0];
}

function filled(element: string, via: Via, source: { address: string; port: number }): string {
  const host = via.sentBy.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const bare = element.replace(/;\s*received\s*=\s*[^;,\s]*/gi, '');
  if (!via.rport) return host === source.address ? bare : `${bare};received=${source.address}`;
  const withPort = bare.replace(/;(\s*)rport\s*(?:=\s*\d*)?/i, `;rport=${source.port}`);
  return `${withPort};received=${source.address}`;
}

/**
 * Fills `received` and `rport` of the topmost Via (RFC 3261 section 18.2.1, RFC 3581 section 4). All other Via bytes stay
 * as they are, also those of elements in the same line.
 */
export function fillTopVia(headers: Headers, via: Via, source: { address: string; port: number }): Headers {
  const value = headers.get('via') ?? '';
  const first = splitList(value)[0] ?? value;
  return headers.withFirst('via', filled(first, via, source) + value.slice(first.length));
}
