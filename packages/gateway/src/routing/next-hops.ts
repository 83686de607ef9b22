import { breakerAfter, CLOSED, isDown, type Breaker, type BreakerEvent } from '@isthmus/engine';
import type { BareJid } from '@isthmus/model';
import { byShare } from '@isthmus/rules';
import type { Route, RouteState, RouteTable } from '../routes';
import type { Hop } from './hop';

export interface NextHopsOptions {
  readonly table: RouteTable;
  /** The present hops of a route; none: its name could not be resolved. */
  readonly hopsOf: (route: Route) => readonly Hop[];
  readonly now: () => number;
  /** Something is wrong with this hop, or it may live again: it is to be asked. */
  readonly onAsk: (hop: Hop) => void;
  readonly onChange: (route: Route, state: 'up' | 'down', before: RouteState) => void;
  /** A hop was found dead, or is not dead any more. */
  readonly onHop: (hop: Hop, state: 'up' | 'down') => void;
}

interface Known {
  readonly breaker: Breaker;
  /** It has answered something since it was configured. */
  readonly seen: boolean;
  /** It wants to be left alone until then (Retry-After). */
  readonly heldUntil: number;
  /** When a request was let through as a trial. */
  readonly triedAt: number;
  /** It has answered OPTIONS before: its silence means something. */
  readonly answersOptions: boolean;
}

const NEW: Known = { breaker: CLOSED, seen: false, heldUntil: 0, triedAt: 0, answersOptions: false };
/** How often a request is risked on a dead hop that never answers OPTIONS, milliseconds. */
const TRIAL_MS = 30_000;

/** Which next hops requests take, and what this worker knows of each: the breakers, and who wants to be left alone. */
export class NextHops {
  private readonly known = new Map<string, Known>();
  /** What each other worker finds dead, as it was told last. */
  private others: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  constructor(private readonly options: NextHopsOptions) {}

  /**
   * The next hops for a new request to the contact, in the order in which they are tried: routes in the order of the table,
   * hops of a route by RFC 2782; what is dead, in doubt or wants to be left alone comes last. All speak the dialect of the
   * first: the request has been made for that.
   */
  forContact(contact: BareJid): readonly Hop[] {
    const { table } = this.options;
    const first = table.find(contact);
    if (first === undefined) return [];
    const hops = table.candidates(contact).filter(({ dialect }) => dialect === first.dialect).flatMap((route) => inOrder(this.options.hopsOf(route), contact));
    if (hops.length === 1) return hops;
    const ranked = hops.map((hop) => ({ hop, usable: this.isUsable(hop) }));
    const sorted = [...ranked.filter(({ usable }) => usable), ...ranked.filter(({ usable }) => !usable)].map(({ hop }) => hop);
    return sorted.filter((hop, index) => sorted.findIndex(({ uri }) => uri === hop.uri) === index);
  }

  /** The route by which requests to the contact reach this place, as a dialog remembers it; undefined: none does. */
  routeAt(uri: string | undefined, contact: BareJid): Route | undefined {
    const { table, hopsOf } = this.options;
    return uri === undefined ? undefined : table.candidates(contact).find((route) => hopsOf(route).some((hop) => hop.uri === uri));
  }

  /** A hop as a dialog remembers it. */
  find(uri: string): Hop | undefined {
    return this.all().find((hop) => hop.uri === uri);
  }

  /** All hops of all routes, each place once. */
  all(): readonly Hop[] {
    const { table, hopsOf } = this.options;
    return [...new Map(table.routes.filter(({ enabled }) => enabled).flatMap((route) => hopsOf(route).map((hop) => [hop.uri, hop] as const))).values()];
  }

  isDown({ uri }: Hop): boolean {
    return isDown(this.of(uri).breaker);
  }

  answersOptions({ uri }: Hop): boolean {
    return this.of(uri).answersOptions;
  }

  /** The hop has answered a request, or OPTIONS. */
  answered(hop: Hop, method?: 'OPTIONS'): void {
    if (method === 'OPTIONS') this.set(hop.uri, { answersOptions: true });
    this.take(hop, 'answered');
  }

  /** The hop was not reached. */
  failed(hop: Hop): void {
    this.take(hop, 'failed');
  }

  /**
   * A request has found nothing but silence. That may be the far user's device (only INVITE is answered by each hop), so it
   * raises a doubt and no more, where OPTIONS can tell.
   */
  silent(hop: Hop, isInvite: boolean): void {
    this.take(hop, isInvite || !this.answersOptions(hop) ? 'failed' : 'doubted');
  }

  /**
   * A dead hop can be connected again, but does not answer OPTIONS and never did. When nobody has had a request for it that
   * could have told, the next ones are to try it.
   */
  reached(hop: Hop): void {
    const { breaker } = this.of(hop.uri);
    if (breaker.is === 'half-open' && this.options.now() - breaker.since >= 2 * TRIAL_MS) this.take(hop, 'answered');
  }

  /** It is time to ask a dead hop again. */
  due(hop: Hop): void {
    this.take(hop, 'due');
  }

  /** The hop wants to be left alone (503 with Retry-After). */
  hold(hop: Hop, ms: number): void {
    this.set(hop.uri, { heldUntil: this.options.now() + ms });
  }

  /** The hops that this worker finds dead: told to the others. */
  dead(): readonly string[] {
    return [...this.known].filter(([, { breaker }]) => isDown(breaker)).map(([uri]) => uri);
  }

  /** What the other live workers find dead: each change of mind is a reason to ask, never a verdict (decision 042). */
  heard(view: ReadonlyMap<string, readonly string[]>): void {
    const before = this.others;
    this.others = new Map([...view].map(([worker, uris]) => [worker, new Set(uris)]));
    for (const hop of this.all()) {
      const doubted = [...this.others].some(([worker, uris]) => uris.has(hop.uri) && before.get(worker)?.has(hop.uri) !== true);
      const vouched = [...before].some(([worker, uris]) => uris.has(hop.uri) && this.others.get(worker)?.has(hop.uri) === false);
      if (doubted) this.take(hop, 'doubted');
      if (vouched) this.take(hop, 'vouched');
    }
  }

  /** There are other routes, or other addresses: what is known of places that are gone is forgotten. */
  changed(): void {
    const present = new Set(this.all().map(({ uri }) => uri));
    for (const uri of this.known.keys()) if (!present.has(uri)) this.known.delete(uri);
    this.tellRoutes();
  }

  private of(uri: string): Known {
    return this.known.get(uri) ?? NEW;
  }

  private set(uri: string, change: Partial<Known>): void {
    this.known.set(uri, { ...this.of(uri), ...change });
  }

  /** May it be used while there are others? A dead hop that OPTIONS cannot tell of gets one request now and then. */
  private isUsable({ uri }: Hop): boolean {
    const { breaker, heldUntil, answersOptions, triedAt } = this.of(uri);
    const at = this.options.now();
    if (heldUntil > at) return false;
    if (breaker.is !== 'half-open' || answersOptions) return breaker.is === 'closed';
    if (triedAt + TRIAL_MS > at) return false;
    this.set(uri, { triedAt: at });
    return true;
  }

  private take(hop: Hop, on: BreakerEvent['on']): void {
    const { breaker, seen } = this.of(hop.uri);
    const next = breakerAfter(breaker, { on, at: this.options.now() });
    if (next === breaker && (seen || on !== 'answered')) return;
    this.set(hop.uri, { breaker: next, seen: seen || on === 'answered' });
    if (next.is === 'half-open' && on !== 'due') this.options.onAsk(hop);
    this.tellRoutes();
    if (isDown(breaker) !== isDown(next)) this.options.onHop(hop, isDown(next) ? 'down' : 'up');
  }

  private tellRoutes(): void {
    const { table, onChange } = this.options;
    for (const route of table.routes) {
      const state = this.stateOf(route);
      const before = table.state(route.name);
      if (table.setState(route.name, state) && state !== 'unknown') onChange(route, state, before);
    }
  }

  /** A route is down when all its hops are; nothing is known of it before one has answered. */
  private stateOf(route: Route): RouteState {
    const hops = this.options.hopsOf(route);
    if (hops.every((hop) => this.isDown(hop))) return 'down';
    return hops.some((hop) => this.of(hop.uri).seen && !this.isDown(hop)) ? 'up' : 'unknown';
  }
}

function inOrder(hops: readonly Hop[], contact: BareJid): readonly Hop[] {
  if (hops.length < 2) return hops;
  const priorities = [...new Set(hops.map(({ priority }) => priority))].sort((one, other) => one - other);
  return priorities.flatMap((priority) => byShare(hops.filter((hop) => hop.priority === priority).map((hop) => ({ ...hop, name: hop.uri })), contact));
}
