import { dialogsOf, type EngineEvent, type PairRecord } from '@isthmus/engine';
import type { BareJid, Pair } from '@isthmus/model';
import { newTrace } from './ids';
import type { Logger } from './log';
import type { Metrics } from './metrics';
import { ANCHOR_GRACE_MS, type Cluster } from './pairs/cluster';
import type { PairLoop } from './pairs/loop';
import type { MissedEvents } from './pairs/missed';
import type { Extent, Select, Sweep, Sweeper } from './pairs/sweep';
import type { Hop } from './routing/hop';
import { isSameWay, type Route, type RouteState, type RouteTable } from './routes';

type SystemEventName = 'route.down' | 'route.up' | 'xmpp.down' | 'xmpp.up';

/** What a sweep is done for, in log and metrics; `name` where several of one cause are not the same. */
interface Cause {
  readonly cause: string;
  readonly name?: string;
}

export interface RecoveryOptions {
  readonly sweeper: Sweeper;
  readonly cluster: Cluster;
  readonly loop: PairLoop;
  readonly missed: MissedEvents;
  readonly table: RouteTable;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** So long may a SIP server be away before its contacts are shown offline, milliseconds. */
  readonly routeDownGraceMs: number;
  /** An event that was kept while the store was away could not be taken. */
  readonly onEventLost: (error: unknown) => void;
  /** The store went away again before all was put back. */
  readonly onPutBackFailed: (error: unknown) => void;
}

/** What is owed to the pairs when a part has gone or come back (promises 3 and 4): who is told what. */
export class Recovery {
  private readonly downTimers = new Map<string, NodeJS.Timeout>();
  /** When a route went away, by its name. */
  private readonly awaySince = new Map<string, number>();
  private secondLook: NodeJS.Timeout | undefined;

  constructor(private readonly options: RecoveryOptions) {}

  /** The XMPP server is back, or has shown our contacts as offline while it had no word from us. */
  xmppUp(): void {
    this.tell('xmpp.up', { cause: 'xmpp_up' }, () => true, 'all');
  }

  /** Stanzas that a dead worker had been given, and those of a time without any worker, are lost: asked for again. */
  workerLost(): void {
    this.tell('xmpp.up', { cause: 'worker_lost' }, () => true);
  }

  xmppDown(): void {
    this.tell('xmpp.down', { cause: 'xmpp_down' }, () => true, 'all');
  }

  /**
   * Contacts that cannot be reached are shown offline when that lasts. Those that can be reached by another route, or
   * again, are watched anew: their server may have been restarted, and knows nothing of the dialogs then.
   * @param hops URIs of the route's next hops
   */
  routeChanged(route: Route, state: 'up' | 'down', before: RouteState, hops: readonly string[]): void {
    const { log, table } = this.options;
    const level = state === 'down' ? 'warn' : 'info';
    log[level]({ route: route.name, host: route.host, port: route.port, before }, state === 'down' ? 'route_down' : 'route_up');
    this.forgetDown(route.name);
    if (state === 'up') {
      if (before === 'down') this.tellUp(route, hops);
      return;
    }
    this.awaySince.set(route.name, this.options.now());
    if (table.isReplaced(route)) this.tellOf(route, 'route.up', (contact) => table.isReachable(contact) && table.wasFirst(route, contact));
    const strand = (): void => {
      this.downTimers.delete(route.name);
      if (table.strands(route)) this.tellOf(route, 'route.down', (contact) => !table.isReachable(contact));
    };
    this.downTimers.set(route.name, setTimeout(strand, this.options.routeDownGraceMs));
  }

  /**
   * A SIP server of ours is back: who could not be reached meanwhile, for want of it, is told and watched now and not at the next attempt.
   * A route that did not answer meanwhile has its time to do so from now on: else contacts would be shown offline just after they are watched anew.
   */
  sipBack(): void {
    for (const timer of this.downTimers.values()) timer.refresh();
    const waits = ({ outward, inward }: PairRecord): boolean => outward.is === 'waiting' || inward.watches.some(({ retryAt }) => retryAt !== undefined);
    this.sweep({ cause: 'sip_up' }, (_pair, record) => (waits(record) ? [this.system('route.up')] : []));
  }

  /** One of several next hops of a route is gone: what was watched through it is watched anew through another one. */
  hopLost({ uri, route }: Hop): void {
    const wasThere = ({ outward }: PairRecord): boolean => 'dialog' in outward && outward.dialog.hop === uri;
    this.sweep({ cause: 'route_up', name: `next_hop_lost ${route.name} ${uri}` }, (_pair, record) => (wasThere(record) ? [this.system('route.up')] : []));
  }

  /** The routes were changed: contacts who are led elsewhere now are watched anew, those whom no route leads to are gone. */
  routesReplaced(before: RouteTable): void {
    const { table } = this.options;
    for (const name of [...this.downTimers.keys()]) {
      const now = table.routes.find((route) => route.name === name);
      if (!isSameWay(now, before.routes.find((route) => route.name === name))) this.forgetDown(name);
    }
    this.sweep({ cause: 'routes_replaced' }, ({ contact }) => {
      const now = table.find(contact);
      return isSameWay(now, before.find(contact)) ? [] : [this.system(now === undefined ? 'route.down' : 'route.up')];
    });
  }

  private forgetDown(route: string): void {
    clearTimeout(this.downTimers.get(route));
    this.downTimers.delete(route);
  }

  /** Nothing more is told. */
  stop(): void {
    for (const timer of this.downTimers.values()) clearTimeout(timer);
    clearTimeout(this.secondLook);
  }

  private tellUp(route: Route, hops: readonly string[]): void {
    const { now, table } = this.options;
    const up = ({ outward }: PairRecord): EngineEvent => {
      // What another route leads to comes back to this one.
      const isThere = 'dialog' in outward && hops.includes(outward.dialog.hop ?? '');
      return { on: 'route.up', at: now(), trace: newTrace(), ...(isThere && { awaySince: this.awaySince.get(route.name) }) };
    };
    this.sweep({ cause: 'route_up', name: `route_up ${route.name}` }, ({ contact }, record) => (table.leadsTo(route, contact) ? [up(record)] : []));
  }

  /** Tells the pairs of those contacts that the route leads to; what is known of the routes now counts, not when it is their turn. */
  private tellOf(route: Route, on: 'route.up' | 'route.down', affects: (contact: BareJid) => boolean): void {
    const cause = on.replace('.', '_');
    this.tell(on, { cause, name: `${cause} ${route.name}` }, ({ contact }) => this.options.table.leadsTo(route, contact) && affects(contact));
  }

  /** Dialogs whose connection no live worker holds: requests of the far side in them reach nobody. */
  ownersGone(cause: string): void {
    const { cluster } = this.options;
    const select: Select = (_pair, record) => {
      const owners = [...new Set(dialogsOf(record).map(({ owner }) => owner))];
      if (owners.some((owner) => cluster.ownerState(owner) === 'unclear')) this.lookAgain();
      return owners.filter((owner) => cluster.ownerState(owner) === 'gone').map((owner) => this.ownerGone(owner));
    };
    this.sweep({ cause }, select);
  }

  /** An anchor is out of sight: when it should be back it is known whether it is the same. */
  private lookAgain(): void {
    this.secondLook ??= setTimeout(() => {
      this.secondLook = undefined;
      this.ownersGone('anchor_lost');
    }, ANCHOR_GRACE_MS);
  }

  /** The store is back. What came meanwhile is taken now; watches of which a NOTIFY was refused are opened anew. */
  storeBack(): void {
    const { missed, loop, onEventLost } = this.options;
    void this.putBack();
    const { events, refused, overflown } = missed.take();
    if (overflown) this.xmppUp();
    for (const { pair, event, ticket } of events) {
      void loop
        // Newer stanzas of the pair may have been taken before it: as long as it is ours, it was not heard.
        .handle(pair, event, undefined, ticket?.isKnownElsewhere === true ? ticket : undefined)
        .catch(onEventLost)
        .finally(() => ticket?.release());
    }
    if (refused.length === 0) return;
    this.sweep({ cause: 'store' }, (_pair, record) => this.watchLost(record), new Set(refused));
  }

  /** An event that comes first finds by itself what its record has lost. */
  private async putBack(): Promise<void> {
    const { loop, log, metrics, onPutBackFailed } = this.options;
    try {
      const records = await loop.putBack();
      metrics.putBack.inc(records);
      if (records > 0) log.warn({ records }, 'records_put_back');
    } catch (error) {
      onPutBackFailed(error);
    }
  }

  private watchLost({ outward }: PairRecord): readonly EngineEvent[] {
    return 'dialog' in outward ? [this.ownerGone(outward.dialog.owner)] : [];
  }

  private ownerGone(owner: string): EngineEvent {
    return { on: 'owner.gone', at: this.options.now(), trace: newTrace(), owner };
  }

  private tell(on: SystemEventName, what: Cause, affects: (pair: Pair) => boolean, extent?: Extent): void {
    this.sweep(what, (pair) => (affects(pair) ? [this.system(on)] : []), extent);
  }

  private system(on: SystemEventName): EngineEvent {
    return { on, at: this.options.now(), trace: newTrace() };
  }

  private sweep({ cause, name = cause }: Cause, select: Select, extent?: Extent): void {
    const { sweeper, log, metrics } = this.options;
    const done = (told: number) => {
      if (told > 0) log.info({ cause, pairs: told }, 'pairs_told');
      metrics.swept.inc({ cause }, told);
    };
    const sweep: Sweep = { name, select, done, ...(extent !== undefined && { extent }) };
    sweeper.sweep(sweep);
  }
}
