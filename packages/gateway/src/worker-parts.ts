import type { Addressing, ContentSettings, SipAnswerOut, SipRequestIn, SipRequestOut, SipResult } from '@isthmus/codec';
import type { EngineSettings } from '@isthmus/engine';
import type { Tables } from '@isthmus/rules';
import type { Store } from '@isthmus/store';
import type { Ticket } from '@isthmus/xmpp';
import type { Element } from '@xmpp/xml';
import type { FederationSettings } from './federation';
import type { LimitSettings } from './limits/build';
import type { Logger } from './log';
import type { StoredPair } from './pairs/stored';
import type { Peers } from './peers/peers';
import type { PolicySettings } from './policy/settings';
import type { Route } from './routes';
import type { Dns } from './routing/resolve';
import type { SipUsers } from './users/sip-users';

/** The XMPP link as the worker sees it. */
export interface XmppPort {
  readonly online: boolean;
  send(stanza: Element): Promise<void>;
  deliver(stanza: Element): Promise<void>;
  request(iq: Element, timeoutMs: number): Promise<Element>;
  onStanza(handler: (stanza: Element, ticket?: Ticket) => Promise<void>): void;
  /** Does the server keep what it hands over until that is reported as handled? */
  readonly acknowledges: boolean;
  /** Is this worker to be given stanzas, while there are others? */
  setReady(ready: boolean): void;
  /** Drops the connection and what stands in it, where the server gives that to another worker. */
  renew(why: string): void;
}

/** The SIP links as the worker sees them. */
export interface SipLinksPort {
  /** Owner names of the present connections. */
  connections(): readonly string[];
  request(out: SipRequestOut): Promise<SipResult>;
  answer(out: SipAnswerOut): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }>;
  onRequest(handler: (request: SipRequestIn) => void): void;
  /** Is this worker to be given new requests? */
  setReady(ready: boolean): void;
  /** Drops the connections, and what stands in them, to those servers that give it to another worker; their names. */
  renew(why: string): readonly string[];
}

export interface WorkerSettings {
  /** Served by both servers, prepared; the first one is the gateway's own where one is needed. */
  readonly domains: readonly string[];
  /** Of SIP users, prepared; in partitioned mode the same. */
  readonly sipDomains: readonly [string, ...string[]];
  /** Does the XMPP server have the plug-in? */
  readonly partitioned: boolean;
  readonly addressing: Addressing;
  readonly federation: Omit<FederationSettings, 'domains'>;
  readonly unlistedSenders: 'refuse' | 'accept';
  readonly component: string;
  readonly version: string;
  readonly routes: readonly Route[];
  readonly engine: EngineSettings;
  /** The deployment's own rows of the tables. */
  readonly tables: Tables;
  readonly maxMessageBytes: number;
  readonly maxRequestBytes?: number;
  readonly content: ContentSettings;
  readonly inviteTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly nextHopTimeoutMs: number;
  readonly maxRetryAfterMs: number;
  /** The SIP server checks certificates against the host of the next hop's URI (drachtio). */
  readonly keepTlsNames: boolean;
  /** Host names are looked up again after so long at the latest. */
  readonly hostRefreshMs: number;
  readonly healthIntervalMs: number;
  readonly xmppDownGraceMs: number;
  readonly routeDownGraceMs: number;
  readonly accountCacheMs: number;
  readonly maxPendingEvents: number;
  readonly maxCachedPairs: number;
  readonly recoveryPerSecond: number;
  readonly limits: LimitSettings;
  readonly policy: PolicySettings;
}

export interface WorkerParts {
  readonly settings: WorkerSettings;
  /** Worker name and start, unique for all time. */
  readonly instance: string;
  readonly store: Store<StoredPair>;
  readonly xmpp: XmppPort;
  readonly sip: SipLinksPort;
  /** The list of SIP users; absent: basic routing. */
  readonly sipUsers?: SipUsers | undefined;
  readonly peers: Pick<Peers, 'find' | 'holderOf' | 'nextHopsAre'>;
  readonly dns: Dns;
  readonly log: Logger;
  readonly now?: () => number;
}
