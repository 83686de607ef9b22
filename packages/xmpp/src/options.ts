import type { Fault } from '@isthmus/model';
import type { Element } from '@xmpp/xml';

import type { ReconnectPolicy } from './backoff';
import type { XmppLinkLog } from './log';

export interface TlsOptions {
  /** Authorities that are believed, PEM; default: those of Node. */
  readonly ca?: Buffer;
  /** The name that the certificate must show (RFC 6125); default: the host. */
  readonly name?: string;
}

export interface XmppLinkOptions {
  readonly host: string;
  /** The server's component port (XEP-0114). */
  readonly port: number;
  /** The link is TLS from its first byte; absent: plain TCP. */
  readonly tls?: TlsOptions;
  /** The component's own domain. */
  readonly domain: string;
  readonly secret: string;
  /** The domain whose users live on both sides. In subdomain mode it is only asked for signs of life. */
  readonly userDomain: string;
  /** Further domains of that kind: the plug-in must serve each of them. Default none. */
  readonly furtherDomains?: readonly string[];
  /** Unique among the workers of one component: the plug-in chooses a pair's connection by it. */
  readonly workerName: string;
  /** `partitioned` needs the plug-in on the server; `subdomain` is plain XEP-0114. */
  readonly mode: 'partitioned' | 'subdomain';
  /** Partitioned mode: go online only after the guard has refused a foreign name (XD-8). Default true. */
  readonly selfTest?: boolean;
  readonly log: XmppLinkLog;
  /**
   * Writes the error answer to a stanza (RFC 6120 section 8.3); undefined where none is due. Used for stanzas that no
   * handler could take.
   */
  readonly writeError: (stanza: Element, fault: Fault) => Element | undefined;
  readonly reconnect?: Partial<ReconnectPolicy>;
  /** For each step of coming online and for each question of the link itself. Milliseconds, default 5000. */
  readonly timeoutMs?: number;
  /** After so much silence of the server it is asked for a sign of life. Milliseconds, default 15000. */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for the server to take them. Default 16 MiB. */
  readonly maxQueueBytes?: number;
  /** Stanzas that may be with the handler at a time; above, the link stops reading. Default 2000. */
  readonly maxInFlight?: number;
  /**
   * So long may a stanza that the server wants to be told about be in hand; then it is reported as handled, for it holds up the
   * report of all others. Milliseconds, default 15000.
   */
  readonly handleTimeoutMs?: number;
  /** How long `stop` waits for the handler to finish. Milliseconds, default 5000. */
  readonly stopTimeoutMs?: number;
}

export const DEFAULTS = {
  furtherDomains: [],
  selfTest: true,
  timeoutMs: 5_000,
  heartbeatMs: 15_000,
  maxQueueBytes: 16 * 1024 * 1024,
  maxInFlight: 2_000,
  handleTimeoutMs: 15_000,
  stopTimeoutMs: 5_000,
} as const;

/** The options with every default filled in. */
export type Settings = XmppLinkOptions & { -readonly [K in keyof typeof DEFAULTS]: NonNullable<XmppLinkOptions[K]> };
