import type { SipResult } from '@isthmus/codec';
import type { BareJid } from '@isthmus/model';
import { HopHealth, type Probe } from '../health';
import type { Logger } from '../log';
import { RouteTable, type Route, type RouteState } from '../routes';
import { hopAt, type Hop } from './hop';
import { NextHops } from './next-hops';

export interface RoutingOptions {
  readonly routes: readonly Route[];
  /** The SIP user who stands behind a contact's address (subdomain mode). */
  readonly sipUserOf?: (contact: BareJid) => BareJid;
  /** Asks a next hop by OPTIONS. */
  readonly probe: (hop: Hop, timeoutMs: number) => Promise<SipResult>;
  readonly probeTimeoutMs: number;
  readonly intervalMs: number;
  /** Is any SIP server of ours there to ask through? */
  readonly isConnected: () => boolean;
  readonly onChange: (route: Route, state: 'up' | 'down', before: RouteState) => void;
  /** One of several next hops of a route went down; its others are there. */
  readonly onHopLost: (hop: Hop) => void;
  /** What this worker finds dead has changed. */
  readonly onFindings: () => void;
  readonly onError: (error: unknown) => void;
  readonly log: Logger;
  readonly now: () => number;
}

/** The static routes of a worker: the table, the next hops, and what is known of their health. */
export class Routing {
  readonly table: RouteTable;
  readonly hops: NextHops;
  private readonly health: HopHealth;
  private readonly resolved = new Map<string, readonly Hop[]>();

  constructor(private readonly options: RoutingOptions) {
    const { routes, intervalMs, onError, onChange, now } = options;
    this.table = new RouteTable(routes, options.sipUserOf);
    this.hops = new NextHops({
      table: this.table,
      hopsOf: (route) => this.hopsOf(route),
      now,
      onAsk: (hop) => this.health.ask(hop),
      onChange,
      onHop: (hop, state) => this.hopChanged(hop, state),
    });
    this.health = new HopHealth({ hops: this.hops, probe: (hop) => this.probe(hop), intervalMs, onError });
  }

  start(): void {
    this.health.start();
  }

  stop(): void {
    this.health.stop();
  }

  /** Other routes from now on; the table as it was until now is the result. */
  replace(routes: readonly Route[]): RouteTable {
    const before = this.table.replace(routes);
    this.resolved.clear();
    this.hops.changed();
    this.health.lookAtAll();
    return before;
  }

  /** A connection to a SIP server of ours came or went. */
  lookAtAll(): void {
    this.health.lookAtAll();
  }

  /** A request in a dialog found nobody there: asked at once, unless it is known to be dead. */
  suspect(route: Route, uri: string | undefined): void {
    const hop = uri === undefined ? undefined : this.hops.find(uri);
    for (const each of hop === undefined ? this.hopsOf(route) : [hop]) if (!this.hops.isDown(each)) this.health.ask(each);
  }

  private hopsOf(route: Route): readonly Hop[] {
    const known = this.resolved.get(route.name);
    if (known !== undefined) return known;
    const hops = [hopAt(route, { address: route.host, port: route.port, priority: 0, weight: 0 })];
    this.resolved.set(route.name, hops);
    return hops;
  }

  private hopChanged(hop: Hop, state: 'up' | 'down'): void {
    const { log, onFindings, onHopLost } = this.options;
    if (this.hopsOf(hop.route).length > 1) {
      log[state === 'down' ? 'warn' : 'info']({ route: hop.route.name, hop: hop.uri }, state === 'down' ? 'next_hop_down' : 'next_hop_up');
      if (state === 'down' && this.table.state(hop.route.name) !== 'down') onHopLost(hop);
    }
    onFindings();
  }

  private async probe(hop: Hop): Promise<Probe> {
    const result = await this.options.probe(hop, this.options.probeTimeoutMs);
    if (result.is === 'timeout') return 'silent';
    if (result.is !== 'answered') return this.options.isConnected() ? 'unreachable' : 'silent';
    if (!result.synthetic) return 'answered';
    return result.status === 408 ? 'silent' : 'unreachable';
  }
}
