import type { SipLinkLog } from './log';

/** One drachtio server. */
export interface SipServer {
  /** Unique, `A-Z a-z 0-9 _ -`: part of owner names and of stored dialogs. */
  readonly name: string;
  readonly host: string;
  /** The control port. */
  readonly port: number;
  readonly secret: string;
  /** TLS to an anchor; default: none. */
  readonly tls?: ServerTls;
}

export interface ServerTls {
  /** PEM of the authorities that are believed; default: those of the system. */
  readonly ca?: Buffer;
  /** The name that the certificate must show, where it is not the host. */
  readonly name?: string;
}

export interface SipLinksOptions {
  readonly servers: readonly SipServer[];
  /** Unique among the workers, at most 32 of `A-Z a-z 0-9 _ -`: told to the servers as a tag. */
  readonly workerName: string;
  readonly log: SipLinkLog;
  /** `drachtio` (default): keep the size limits of drachtio-server 0.9 (DR-16, DR-17). `none`: for sipd. */
  readonly limits?: 'drachtio' | 'none';
  /** Default true. False: an onlooker, which sends and is given no requests. */
  readonly takesRequests?: boolean;
  /** First and longest pause between attempts to connect; it doubles in between. Milliseconds, default 200 and 4000. */
  readonly reconnect?: { readonly minMs: number; readonly maxMs: number };
  /** For connecting and authenticating together. Milliseconds, default 5000. */
  readonly connectTimeoutMs?: number;
  /** After so much silence a server is pinged, after twice as much its connection is given up. Milliseconds, default 5000. */
  readonly pingMs?: number;
  /** A request that the handler has not answered by then is answered 500. Milliseconds, default 25000: below Timer F. */
  readonly answerMs?: number;
  /** Requests of one server that may wait for our answer; more are answered 503. Default 10000. */
  readonly maxOpen?: number;
  /** Bytes that their bodies may have together, so that many large ones do not fill the memory. Default 64 MiB. */
  readonly maxOpenBytes?: number;
  /** Requests of ours that may wait for an answer at one server; more are not sent. Default 10000. */
  readonly maxInFlight?: number;
  /** Bytes that may wait for one server. Default 16 MiB. */
  readonly maxQueuedBytes?: number;
  /** How long `stop` waits for open requests of either side. Milliseconds, default 5000. */
  readonly stopTimeoutMs?: number;
}

export const DEFAULTS = {
  limits: 'drachtio' as const,
  takesRequests: true,
  reconnect: { minMs: 200, maxMs: 4_000 },
  connectTimeoutMs: 5_000,
  pingMs: 5_000,
  answerMs: 25_000,
  maxOpen: 10_000,
  maxOpenBytes: 64 * 1024 * 1024,
  maxInFlight: 10_000,
  maxQueuedBytes: 16 * 1024 * 1024,
  stopTimeoutMs: 5_000,
};

/** The options with every default filled in. */
export type Settings = SipLinksOptions & { -readonly [K in keyof typeof DEFAULTS]: NonNullable<SipLinksOptions[K]> };

/** What a tag of drachtio-srf may be, which a worker's name must be. */
const NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** @throws Error that says which setting is wrong */
export function readSettings(options: SipLinksOptions): Settings {
  checkServers(options.servers, options.workerName);
  return { ...DEFAULTS, ...options };
}

/** @throws Error that says what is wrong with them */
export function checkServers(servers: readonly SipServer[], workerName: string): void {
  const names = [workerName, ...servers.map(({ name }) => name)];
  const bad = names.find((name) => !NAME.test(name));
  if (bad !== undefined) {
    throw new Error(`${JSON.stringify(bad)} cannot name a worker or SIP server: use 1 to 32 of A-Z a-z 0-9 _ -`);
  }
  if (servers.length === 0) throw new Error('no SIP server is configured: at least one is needed');
  if (new Set(names.slice(1)).size < servers.length) throw new Error('two SIP servers have the same name');
}
