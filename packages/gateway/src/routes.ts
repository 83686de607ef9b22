import { escapeLocalpart } from '@isthmus/codec';
import type { BareJid, Dialect, Transport, Variant } from '@isthmus/model';
import { candidates, DOCUMENTS_OF_VARIANT, includes, isOfDomain, overlap, type Destination, type Documents, type Routing } from '@isthmus/rules';
import { preparedDomain } from './config/domain';
import type { RouteConfig } from './config/schema';

/** A static route: where requests for some SIP users go, and how the server there speaks. */
export interface Route extends Routing {
  readonly host: string;
  /** The host's SRV records are asked for first. */
  readonly srv: boolean;
  readonly port: number;
  readonly transport: Transport;
  /** The name that the certificate of the next hop must show, where it is not the host. */
  readonly tlsName?: string;
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

export function toRoute(config: RouteConfig, served: readonly string[]): Route {
  const { name, host, port, transport, dialect, variant, presence, approval, messageStatus, streamOnly } = config;
  const isLcs = dialect === 'microsoft' && variant === 'lcs';
  const assumeSentMs = (config.assumeSentSeconds ?? (isLcs ? LCS_ASSUME_SENT_SECONDS : 0)) * 1_000;
  const receipts = config.receipts ?? (dialect === 'microsoft' ? 'answer' : 'off');
  const domains = config.domains?.map(preparedPattern) ?? served;
  const users = config.users.map((pattern) => escapeLocalpart(pattern.normalize('NFC').toLowerCase()));
  const routing = { name, domains, users, priority: config.priority, weight: config.weight, enabled: config.enabled };
  const documents = dialect === 'microsoft' ? (config.documents ?? DOCUMENTS_OF_VARIANT[variant]) : 'pidf';
  return { ...routing, ...(config.tls !== undefined && { tlsName: config.tls.name }), host, srv: config.srv, port, transport, dialect, variant, presence, documents, approval, messageStatus, receipts, assumeSentMs, streamOnly };
}

/** A domain, or `*.` before one, prepared. */
export function preparedPattern(pattern: string): string {
  const [, wildcard = '', name = ''] = /^(\*\.?)?(.*)$/s.exec(pattern) ?? [];
  return wildcard + (name === '' ? '' : preparedDomain(name));
}

/** The next hop as a SIP URI, transport named (DR-8, DR-19). */
export function nextHop(route: Route): string {
  const host = route.host.includes(':') && !route.host.startsWith('[') ? `[${route.host}]` : route.host;
  return `sip:${host}:${route.port};transport=${route.transport}`;
}

/** The same as it is given to the SIP server, which takes the name out (sipd's README). */
export function nextHopToVerify(route: Route): string {
  return nextHop(route) + (route.tlsName === undefined ? '' : `;tls-name=${route.tlsName}`);
}

/** Do requests by these routes end at one server, in one manner of speaking? */
export function isSameWay(one: Route | undefined, other: Route | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return nextHopToVerify(one) === nextHopToVerify(other) && one.dialect === other.dialect && one.variant === other.variant;
}

export type RouteState = 'unknown' | 'up' | 'down';

/** Addresses whose routes are remembered: looking through the patterns costs more than the rest of a decision. */
const MAX_KNOWN = 10_000;

/**
 * Which routes a contact's requests take: the first that is not down, else the first of all, so that a request is tried even
 * when every next hop was found dead a moment ago. The contact decides shares by weight: all requests for him take one route
 * while that lives.
 */
export class RouteTable {
  private readonly states = new Map<string, RouteState>();
  private readonly known = new Map<string, readonly Route[]>();

  /** @param sipUserOf the SIP user who appears as the contact: routes are chosen by his own address */
  constructor(
    public routes: readonly Route[],
    private readonly sipUserOf: (contact: BareJid) => BareJid = (contact) => contact,
  ) {}

  /**
   * Other routes from now on; the table as it was until now is the result. What is known of a route that keeps its name and
   * next hop stays known.
   */
  replace(routes: readonly Route[]): RouteTable {
    const before = new RouteTable(this.routes, this.sipUserOf);
    for (const [name, state] of this.states) before.setState(name, state);
    this.routes = routes;
    this.known.clear();
    const hops = new Map(before.routes.map((route) => [route.name, nextHopToVerify(route)]));
    const kept = new Set(routes.filter((route) => nextHopToVerify(route) === hops.get(route.name)).map(({ name }) => name));
    for (const name of before.states.keys()) if (!kept.has(name)) this.states.delete(name);
    return before;
  }

  state(name: string): RouteState {
    return this.states.get(name) ?? 'unknown';
  }

  /** Returns true when that is news. */
  setState(name: string, state: RouteState): boolean {
    if (this.state(name) === state) return false;
    this.states.set(name, state);
    return true;
  }

  /** The route that a new request for the contact takes first. Undefined: no route leads to him. */
  find(contact: BareJid): Route | undefined {
    const routes = this.candidates(contact);
    return routes.find((route) => this.isUsable(route)) ?? routes[0];
  }

  /** All routes for the contact, in the order of `candidates` of the rules, whatever is known of them. */
  candidates(contact: BareJid): readonly Route[] {
    const known = this.known.get(contact);
    if (known !== undefined) return known;
    const routes = candidates(this.routes, partsOf(this.sipUserOf(contact)), contact);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(contact, routes);
    return routes;
  }

  /** A route that leads to users of this domain, whoever they are. */
  ofDomain(domain: string): Route | undefined {
    return this.routes.find(({ enabled, domains }) => enabled && domains.some((pattern) => isOfDomain(pattern, domain)));
  }

  /** Were requests for the contact sent by this route, before it changed? */
  wasFirst(route: Route, contact: BareJid): boolean {
    return this.candidates(contact).find((each) => each === route || this.isUsable(each)) === route;
  }

  /** May requests for the contact take this route at all? */
  leadsTo(route: Route, contact: BareJid): boolean {
    return this.candidates(contact).includes(route);
  }

  /** Can the contact be reached, as far as is known? */
  isReachable(contact: BareJid): boolean {
    return this.candidates(contact).some((route) => this.isUsable(route));
  }

  /** Can there be contacts of this route that none that is not down leads to? */
  strands(route: Route): boolean {
    return !this.routes.some((each) => this.isUsable(each) && includes(each, route));
  }

  /** Can there be contacts whose requests went by this route before it changed, and can go by another one? */
  isReplaced(route: Route): boolean {
    const others = this.routes.filter((each) => each !== route && each.enabled && this.isUsable(each) && overlap(each, route));
    return others.length > 0 && !others.some((each) => this.isBefore(each, route) && includes(each, route));
  }

  private isBefore(one: Route, other: Route): boolean {
    if (one.priority !== other.priority || other.weight > 0) return one.priority > other.priority;
    return one.weight > 0 || this.routes.indexOf(one) < this.routes.indexOf(other);
  }

  private isUsable({ name }: Route): boolean {
    return this.state(name) !== 'down';
  }
}

/** The domain of a bare JID. */
export function domainOf(jid: string): string {
  return jid.slice(jid.lastIndexOf('@') + 1);
}

function partsOf(jid: BareJid): Destination {
  return { local: jid.slice(0, Math.max(0, jid.lastIndexOf('@'))), domain: domainOf(jid) };
}
