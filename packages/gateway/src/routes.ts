import type { Dialect, Transport, Variant } from '@isthmus/model';
import { DOCUMENTS_OF_VARIANT, type Documents } from '@isthmus/rules';
import { preparedDomain } from './config/domain';
import type { RouteConfig } from './config/schema';

/** A static route: where requests for SIP users of some domains go, and how the server there speaks. */
export interface Route {
  readonly name: string;
  readonly domains: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
  readonly dialect: Dialect;
  readonly variant: Variant;
  readonly presence: 'msrtc' | 'pidf';
  readonly documents: Documents;
  readonly approval: 'answer' | 'state';
  readonly messageStatus: 200 | 202;
  readonly receipts: 'answer' | 'report' | 'off';
  /** 0: a text without an answer has failed. */
  readonly assumeSentMs: number;
  readonly streamOnly: boolean;
}

/** How long LCS 2005's clients are waited for: the next text waits as long. */
const LCS_ASSUME_SENT_SECONDS = 3;

export function toRoute(config: RouteConfig, domain: string): Route {
  const { name, host, port, transport, dialect, variant, presence, approval, messageStatus, streamOnly } = config;
  const isLcs = dialect === 'microsoft' && variant === 'lcs';
  const assumeSentMs = (config.assumeSentSeconds ?? (isLcs ? LCS_ASSUME_SENT_SECONDS : 0)) * 1_000;
  const receipts = config.receipts ?? (dialect === 'microsoft' ? 'answer' : 'off');
  const domains = (config.domains ?? [domain]).map(preparedDomain);
  const documents = dialect === 'microsoft' ? (config.documents ?? DOCUMENTS_OF_VARIANT[variant]) : 'pidf';
  return { name, domains, host, port, transport, dialect, variant, presence, documents, approval, messageStatus, receipts, assumeSentMs, streamOnly };
}

/** The next hop as a SIP URI, transport named (DR-8, DR-19). */
export function nextHop(route: Route): string {
  const host = route.host.includes(':') && !route.host.startsWith('[') ? `[${route.host}]` : route.host;
  return `sip:${host}:${route.port};transport=${route.transport}`;
}

export type RouteState = 'unknown' | 'up' | 'down';

/**
 * Which route a contact's requests take: of those for its domain the first that is not down, else the first of all, so
 * that a request is tried even when every next hop was found dead a moment ago.
 */
export class RouteTable {
  private readonly states = new Map<string, RouteState>();

  constructor(readonly routes: readonly Route[]) {}

  state(name: string): RouteState {
    return this.states.get(name) ?? 'unknown';
  }

  /** Returns true when that is news. */
  setState(name: string, state: RouteState): boolean {
    if (this.state(name) === state) return false;
    this.states.set(name, state);
    return true;
  }

  /** Undefined: no route leads to this domain. */
  find(domain: string): Route | undefined {
    let first: Route | undefined;
    for (const route of this.routes) {
      if (!route.domains.includes(domain)) continue;
      if (this.state(route.name) !== 'down') return route;
      first ??= route;
    }
    return first;
  }

  /** Were requests for this domain sent by this route, before it changed? */
  wasFirst(route: Route, domain: string): boolean {
    const matching = this.routes.filter(({ domains }) => domains.includes(domain));
    return matching.find((each) => each === route || this.state(each.name) !== 'down') === route;
  }

  /** Can SIP users of this domain be reached, as far as is known? */
  isReachable(domain: string): boolean {
    return this.routes.some((route) => route.domains.includes(domain) && this.state(route.name) !== 'down');
  }
}

/** The domain of a bare JID. */
export function domainOf(jid: string): string {
  return jid.slice(jid.lastIndexOf('@') + 1);
}
