import type { Logger } from '../log';
import { nextHop, type Route } from '../routes';
import { addressOf, hopAt, type Hop, type Place } from './hop';
import type { Resolved } from './resolve';

export interface HopNamesOptions {
  /** Rejects when there is no answer. */
  readonly resolve: (route: Route) => Promise<Resolved>;
  /** The longest that an answer counts, whatever its TTL says. Milliseconds. */
  readonly maxMs: number;
  /** The next hops of a route are others than before. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** The shortest that an answer counts, and the pause before a name without one is asked for again, milliseconds. */
const MIN_MS = 5_000;
/** A start or a change of routes waits for so long at most. */
const FIRST_MS = 5_000;

/** The next hops of all routes, by the addresses that their host names have now. The last good answer holds while there is no new one. */
export class HopNames {
  private readonly known = new Map<string, { readonly route: Route; readonly hops: readonly Hop[] }>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** Names that had no answer last time: told once. */
  private readonly missing = new Set<string>();
  private routes = new Map<string, Route>();
  private stopped = false;

  constructor(private readonly options: HopNamesOptions) {}

  /** None: the name has no answer. */
  hopsOf(route: Route): readonly Hop[] {
    const known = this.known.get(route.name);
    return known !== undefined && isSamePlace(known.route, route) ? withRoute(known, route) : [];
  }

  /** These routes from now on; resolves when each name has been looked up once, or has had the time for it. Never rejects. */
  async use(routes: readonly Route[]): Promise<void> {
    this.routes = new Map(routes.map((route) => [route.name, route]));
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    let enough: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (enough = setTimeout(resolve, FIRST_MS)));
    await Promise.race([Promise.all(routes.map((route) => this.look(route))), patience]);
    clearTimeout(enough);
  }

  /** What is kept of routes that are gone is forgotten. */
  forgetOthers(): void {
    for (const name of this.known.keys()) if (!this.routes.has(name)) this.known.delete(name);
    for (const name of this.missing) if (!this.routes.has(name)) this.missing.delete(name);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  private async look(route: Route): Promise<void> {
    const { resolve, maxMs } = this.options;
    let pause = Math.min(MIN_MS, maxMs);
    try {
      const { places, ttl } = await resolve(route);
      if (!this.isUsed(route)) return;
      pause = Math.min(maxMs, Math.max(MIN_MS, (ttl ?? Number.MAX_SAFE_INTEGER) * 1_000));
      this.found(route, places);
    } catch (error) {
      if (!this.isUsed(route)) return;
      const { host } = route;
      if (!this.missing.has(route.name)) this.options.log.warn({ route: route.name, host, error }, 'next_hop_unresolved');
      this.missing.add(route.name);
    }
    if (addressOf(route.host) !== undefined) return;
    this.timers.set(
      route.name,
      setTimeout(() => void this.look(route), pause),
    );
  }

  private isUsed(route: Route): boolean {
    return !this.stopped && this.routes.get(route.name) === route;
  }

  private found(route: Route, places: readonly Place[]): void {
    const hops = places.map((place) => hopAt(route, place));
    const before = this.known.get(route.name);
    this.known.set(route.name, { route, hops });
    this.missing.delete(route.name);
    const told = (list: readonly Hop[]): string => list.map(({ uri, priority, weight }) => `${uri} ${priority} ${weight}`).join();
    if (before !== undefined && isSamePlace(before.route, route) && told(before.hops) === told(hops)) return;
    if (addressOf(route.host) === undefined) this.options.log.info({ route: route.name, host: route.host, addresses: hops.map(({ uri }) => uri) }, 'next_hops_resolved');
    this.options.onChange();
  }
}

function isSamePlace(one: Route, other: Route): boolean {
  return one === other || (nextHop(one) === nextHop(other) && one.srv === other.srv);
}

/** Other settings of a route with the same next hop count at once. */
function withRoute({ route, hops }: { readonly route: Route; readonly hops: readonly Hop[] }, now: Route): readonly Hop[] {
  return route === now ? hops : hops.map((hop) => ({ ...hop, route: now }));
}
