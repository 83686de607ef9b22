import type { Route, RouteState, RouteTable } from './routes';

/** The answer to an OPTIONS: answered (by the far side itself), unreachable, or silence. */
export type Probe = 'answered' | 'unreachable' | 'silent';

export interface HealthOptions {
  readonly table: RouteTable;
  readonly probe: (route: Route) => Promise<Probe>;
  readonly intervalMs: number;
  readonly onChange: (route: Route, state: 'up' | 'down', before: RouteState) => void;
  readonly onError: (error: unknown) => void;
}

/** So many probes in a row must fail before a route counts as down. */
const FAILURES = 2;

/**
 * Watches the next hops by OPTIONS (RFC 3261 section 11). Any answer of the far side means up; a refused connection
 * means down; silence means down only for a hop that has answered OPTIONS before, since some servers never do.
 */
export class RouteHealth {
  private readonly failures = new Map<string, number>();
  private readonly answers = new Set<string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** Routes with a probe under way: one at a time, however many requests fail meanwhile. */
  private readonly probing = new Set<string>();
  private stopped = false;

  constructor(private readonly options: HealthOptions) {}

  start(): void {
    this.lookAtAll();
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  /** A request on this route could not be sent: look at once instead of at the next turn. */
  suspect(route: Route): void {
    if (this.options.table.state(route.name) !== 'down' && !this.probing.has(route.name)) this.schedule(route, 0);
  }

  /** A connection to a SIP server came or went: what is known may be out of date. */
  lookAtAll(): void {
    for (const route of this.options.table.routes) if (!this.probing.has(route.name)) this.schedule(route, 0);
  }

  /** There are other routes: those that are gone are left alone, those that are new are looked at. */
  routesReplaced(): void {
    for (const [name, timer] of this.timers) {
      clearTimeout(timer);
      if (this.options.table.state(name) !== 'unknown') continue;
      this.answers.delete(name);
      this.failures.delete(name);
    }
    this.timers.clear();
    for (const route of this.options.table.routes) this.schedule(route, 0);
  }

  private schedule(route: Route, afterMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timers.get(route.name));
    this.timers.set(
      route.name,
      setTimeout(() => void this.look(route), afterMs),
    );
  }

  private async look(route: Route): Promise<void> {
    this.probing.add(route.name);
    try {
      const probe = await this.options.probe(route);
      if (!this.stopped && this.isRoute(route)) this.note(route, probe);
    } catch (error) {
      this.options.onError(error);
    }
    this.probing.delete(route.name);
    if (!this.isRoute(route)) return;
    const failing = (this.failures.get(route.name) ?? 0) > 0 && this.options.table.state(route.name) !== 'down';
    this.schedule(route, failing ? Math.min(500, this.options.intervalMs) : this.options.intervalMs);
  }

  private isRoute(route: Route): boolean {
    return this.options.table.routes.includes(route);
  }

  private note(route: Route, probe: Probe): void {
    if (probe === 'silent' && !this.answers.has(route.name)) return;
    if (probe === 'answered') {
      this.answers.add(route.name);
      this.failures.delete(route.name);
      this.change(route, 'up');
      return;
    }
    const failures = (this.failures.get(route.name) ?? 0) + 1;
    this.failures.set(route.name, failures);
    if (failures >= FAILURES) this.change(route, 'down');
  }

  private change(route: Route, state: 'up' | 'down'): void {
    const before = this.options.table.state(route.name);
    if (this.options.table.setState(route.name, state)) this.options.onChange(route, state, before);
  }
}
