import type { SipResult } from '@isthmus/codec';
import type { BareJid } from '@isthmus/model';
import { HopHealth, type Probe } from '../health';
import type { Logger } from '../log';
import { RouteTable, type Route, type RouteState } from '../routes';
import type { Hop } from './hop';
import { HopNames } from './hop-names';
import { NextHops } from './next-hops';
import type { Resolved } from './resolve';

export interface RoutingOptions {
  readonly routes: readonly Route[];
  /** The SIP user who stands behind a contact's address (subdomain mode). */
  readonly sipUserOf?: (contact: BareJid) => BareJid;
  /** Looks up the places of a route's host name; rejects when there is no answer. */
  readonly resolve: (route: Route) => Promise<Resolved>;
  /** They are looked up again after so long at the latest. */
  readonly refreshMs: number;
  /** Asks a next hop by OPTIONS. */
  readonly probe: (hop: Hop, timeoutMs: number) => Promise<SipResult>;
  readonly probeTimeoutMs: number;
  readonly intervalMs: number;
  /** Is any SIP server of ours there to ask through? */
  readonly isConnected: () => boolean;
  /** A route went or came; `hops`: URIs of its next hops. */
  readonly onChange: (route: Route, state: 'up' | 'down', before: RouteState, hops: readonly string[]) => void;
  /** One of several next hops of a route went down; its others are there. */
  readonly onHopLost: (hop: Hop) => void;
  /** The addresses of all next hops, when they may have changed. */
  readonly onPlaces: (addresses: readonly string[]) => void;
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
  private readonly names: HopNames;
  private changes = 0;
  private started = false;

  constructor(private readonly options: RoutingOptions) {
    const { routes, intervalMs, onError, onChange, now } = options;
    this.table = new RouteTable(routes, options.sipUserOf);
    this.hops = new NextHops({
      table: this.table,
      hopsOf: (route) => this.names.hopsOf(route),
      now,
      onAsk: (hop) => this.health.ask(hop),
      onChange: (route, state, before) => onChange(route, state, before, this.names.hopsOf(route).map(({ uri }) => uri)),
      onHop: (hop, state) => this.hopChanged(hop, state),
    });
    this.names = new HopNames({ resolve: options.resolve, maxMs: options.refreshMs, onChange: () => this.placesChanged(), log: options.log });
    this.health = new HopHealth({ hops: this.hops, probe: (hop) => this.probe(hop), intervalMs, onError });
  }

  /** Resolves when host names have been looked up once, or have had the time for it: before that no request finds a next hop. */
  async prepare(): Promise<void> {
    if (this.started) return;
    await this.names.use(this.table.routes);
    this.started = true;
    this.tellPlaces();
  }

  async start(): Promise<void> {
    await this.prepare();
    this.health.start();
  }

  stop(): void {
    this.names.stop();
    this.health.stop();
  }

  /**
   * Other routes: they count when their host names have been looked up. The table as it was until then is the result;
   * undefined: others have come meanwhile, and these do not count any more.
   */
  async replace(routes: readonly Route[]): Promise<RouteTable | undefined> {
    this.changes += 1;
    const change = this.changes;
    await this.names.use(routes);
    if (change !== this.changes) return undefined;
    const before = this.table.replace(routes);
    this.names.forgetOthers();
    this.placesChanged();
    return before;
  }

  /** A connection to a SIP server of ours came or went. */
  lookAtAll(): void {
    this.health.lookAtAll();
  }

  /** A request in a dialog found nobody there: asked at once, unless it is known to be dead. */
  suspect(route: Route, uri: string | undefined): void {
    const hop = uri === undefined ? undefined : this.hops.find(uri);
    for (const each of hop === undefined ? this.names.hopsOf(route) : [hop]) if (!this.hops.isDown(each)) this.health.ask(each);
  }

  private placesChanged(): void {
    if (!this.started) return;
    this.tellPlaces();
    this.health.lookAtAll();
  }

  private tellPlaces(): void {
    this.hops.changed();
    this.options.onPlaces([...new Set(this.hops.all().map(({ host }) => host))].sort());
  }

  private hopChanged(hop: Hop, state: 'up' | 'down'): void {
    const { log, onFindings, onHopLost } = this.options;
    if (this.names.hopsOf(hop.route).length > 1) {
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
