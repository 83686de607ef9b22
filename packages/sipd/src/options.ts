import { isIP } from 'node:net';
import { ANCHOR_DEFAULTS, type AnchorLimits } from './anchor/options';
import { TAKE_ALL, type Intake } from './intake';
import { NO_OBSERVER, type Observer } from './observer';
import { NO_SWITCHES, type Switches } from './switches';
import { TLS_DEFAULTS, type TlsOptions, type TlsSettings } from './tls/options';

/** A transport that a SIP listener can have. */
export type Protocol = 'udp' | 'tcp' | 'tls';

/** Where SIP is accepted; `port` 0 takes any free port. */
export interface SipListener {
  readonly protocol: Protocol;
  /** An IP address to bind to. */
  readonly host: string;
  readonly port: number;
}

/** RFC 3261 table 4, in milliseconds. */
export interface TimerValues {
  readonly t1: number;
  readonly t2: number;
  readonly t4: number;
  /** 64*T1: how long a request may stay unanswered; twice that is how long an application may take. */
  readonly t1x64: number;
}

/** Bounds on everything that a far end or a client could make grow. */
export interface Limits {
  /** Start line and headers of a SIP message, bytes. */
  readonly headBytes: number;
  /** First line of a SIP message, bytes. */
  readonly firstLineBytes: number;
  /** Header fields of a SIP message. */
  readonly headerFields: number;
  /** Body of a SIP message, bytes. */
  readonly bodyBytes: number;
  /** Frame from a client, bytes. */
  readonly frameBytes: number;
  /** Unsent bytes towards a client; with more it gets no new requests, with four times as many it is disconnected. */
  readonly clientBacklogBytes: number;
  /** Unsent bytes towards a SIP peer; with more its connection is closed. */
  readonly peerBacklogBytes: number;
  /** Parts of SIP messages that are not complete, over all connections of a listener, bytes; above that a connection of the address that holds most of them is closed. */
  readonly unfinishedBytes: number;
  readonly clients: number;
  /** SIP connections of a listener: so many accepted, and so many opened by us. */
  readonly connections: number;
  /** Of those accepted, connections of one address. */
  readonly connectionsPerAddress: number;
  readonly transactions: number;
  readonly dialogs: number;
  /** A SIP connection without traffic is closed after so many milliseconds. */
  readonly idleMs: number;
  /**
   * A SIP connection that has not yet brought one whole message, or does not finish one, is closed after so many
   * milliseconds; while requests of ours wait for its first answer after twice as many. A client connection too that does
   * not authenticate, when `strict`.
   */
  readonly silentMs: number;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
/** Receives a constant event name and fields; bodies and secrets are never among them. */
export type Log = (level: LogLevel, event: string, fields: Readonly<Record<string, string | number>>) => void;

export interface SipdOptions {
  /** Control port for drachtio-srf clients; `port` 0 takes any free port. */
  readonly admin: { readonly host: string; readonly port: number };
  readonly secret: string;
  readonly sip: readonly SipListener[];
  /** Needed by listeners of protocol `tls`, and only by them. */
  readonly tls?: TlsOptions;
  readonly timers?: Partial<TimerValues>;
  readonly limits?: Partial<Limits>;
  /** Refuse every message of a client that has not authenticated; drachtio-server does not. */
  readonly strict?: boolean;
  /** Guess the next hop behind a NAT as drachtio-server does (its `disable-nat-detection` turned round); default true. */
  readonly natDetection?: boolean;
  readonly switches?: Partial<Switches>;
  /** Hand requests to the worker of their pair, and to another one when that goes (docs/anchor.md); default: as drachtio-server does. */
  readonly anchor?: boolean | Partial<AnchorLimits>;
  /** A records of a name; default: the name servers of the system, hosts file not used. Must reject when there are none. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** How much is taken from whom; default: all that comes. */
  readonly intake?: Intake;
  /** Default: nobody counts. */
  readonly observer?: Observer;
  readonly log?: Log;
}

/** Options with every default filled in. */
export interface Settings {
  readonly admin: { readonly host: string; readonly port: number };
  readonly secret: string;
  readonly sip: readonly SipListener[];
  readonly tls: TlsSettings | undefined;
  readonly timers: TimerValues;
  readonly limits: Limits;
  readonly strict: boolean;
  readonly natDetection: boolean;
  readonly switches: Switches;
  readonly anchor: AnchorLimits | undefined;
  readonly resolve: SipdOptions['resolve'];
  readonly intake: Intake;
  readonly observer: Observer;
  readonly log: Log;
}

/** A setting that cannot work; the message says which and what is expected. */
export class SipdOptionError extends Error {
  override readonly name = 'SipdOptionError';
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  headBytes: 64 * 1024,
  firstLineBytes: 8192,
  headerFields: 512,
  bodyBytes: 4 * MIB,
  frameBytes: 5 * MIB,
  clientBacklogBytes: 16 * MIB,
  peerBacklogBytes: 8 * MIB,
  unfinishedBytes: 128 * MIB,
  clients: 256,
  connections: 4096,
  connectionsPerAddress: 1024,
  transactions: 65_536,
  dialogs: 262_144,
  idleMs: 3_600_000,
  silentMs: 32_000,
};

function timersOf(options: SipdOptions): TimerValues {
  const given = options.switches?.slowTimers === true ? {} : (options.timers ?? {});
  const t1 = given.t1 ?? 500;
  const timers = { t1, t2: given.t2 ?? 8 * t1, t4: given.t4 ?? 10 * t1, t1x64: given.t1x64 ?? 64 * t1 };
  for (const [name, value] of Object.entries(timers)) {
    if (!(value > 0)) throw new SipdOptionError(`timer ${name} is ${value}: expected a number of milliseconds above 0`);
  }
  return timers;
}

function checkEndpoint(what: string, host: string, port: number): void {
  if (isIP(host) === 0) throw new SipdOptionError(`${what} host "${host}" is not an IP address: give one, for example 127.0.0.1`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new SipdOptionError(`${what} port ${port} is out of range: expected 0 to 65535`);
  }
}

function tlsOf({ sip, tls }: SipdOptions): TlsSettings | undefined {
  const listens = sip.some(({ protocol }) => protocol === 'tls');
  if (listens && tls === undefined) throw new SipdOptionError('a SIP listener with TLS needs a certificate, its key and authorities (tls)');
  return listens && tls !== undefined ? { ...TLS_DEFAULTS, ...tls } : undefined;
}

function anchorOf({ anchor }: SipdOptions): AnchorLimits | undefined {
  if (anchor === undefined || anchor === false) return undefined;
  return { ...ANCHOR_DEFAULTS, ...(anchor !== true && anchor) };
}

/**
 * Fills in defaults.
 * @throws {SipdOptionError} for the first setting that cannot work
 */
export function settingsOf(options: SipdOptions): Settings {
  checkEndpoint('admin', options.admin.host, options.admin.port);
  if (options.secret === '') throw new SipdOptionError('the secret is empty: give the one that the clients send');
  if (/[|\r\n]/.test(options.secret)) throw new SipdOptionError('the secret contains "|" or a line end: choose another');
  if (options.sip.length === 0) throw new SipdOptionError('no SIP listener: give at least one, for example udp:127.0.0.1:5060');
  for (const { protocol, host, port } of options.sip) checkEndpoint(`SIP ${protocol}`, host, port);
  return {
    admin: options.admin,
    secret: options.secret,
    sip: options.sip,
    tls: tlsOf(options),
    timers: timersOf(options),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    strict: options.strict ?? false,
    natDetection: options.natDetection ?? true,
    switches: { ...NO_SWITCHES, ...options.switches },
    anchor: anchorOf(options),
    resolve: options.resolve,
    intake: options.intake ?? TAKE_ALL,
    observer: options.observer ?? NO_OBSERVER,
    log: options.log ?? (() => undefined),
  };
}
