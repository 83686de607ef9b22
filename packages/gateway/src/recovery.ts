import { dialogsOf, type EngineEvent, type PairRecord } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { newTrace } from './ids';
import type { Logger } from './log';
import type { Metrics } from './metrics';
import type { Cluster } from './pairs/cluster';
import type { PairLoop } from './pairs/loop';
import type { MissedEvents } from './pairs/missed';
import type { Extent, Select, Sweeper } from './pairs/sweep';
import { domainOf, type Route, type RouteTable } from './routes';

type SystemEventName = 'route.down' | 'route.up' | 'xmpp.down' | 'xmpp.up';

export interface RecoveryOptions {
  readonly sweeper: Sweeper;
  readonly cluster: Cluster;
  readonly loop: PairLoop;
  readonly missed: MissedEvents;
  readonly table: RouteTable;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** An event that was kept while the store was away could not be taken. */
  readonly onEventLost: (error: unknown) => void;
}

/** What is owed to the pairs when a part has gone or come back (promises 3 and 4): who is told what. */
export class Recovery {
  constructor(private readonly options: RecoveryOptions) {}

  /** The XMPP server is back, or has shown our contacts as offline while it had no word from us. */
  xmppUp(): void {
    this.tell('xmpp.up', 'xmpp_up', () => true, 'all');
  }

  /** Stanzas that a dead worker had been given, and those of a time without any worker, are lost: asked for again. */
  workerLost(): void {
    this.tell('xmpp.up', 'worker_lost', () => true);
  }

  xmppDown(): void {
    this.tell('xmpp.down', 'xmpp_down', () => true, 'all');
  }

  routeChanged(route: Route, state: 'up' | 'down', before: string): void {
    const { log, table } = this.options;
    const level = state === 'down' ? 'warn' : 'info';
    log[level]({ route: route.name, host: route.host, port: route.port, before }, state === 'down' ? 'route_down' : 'route_up');
    const affects = (pair: Pair) => route.domains.includes(domainOf(pair.contact));
    if (state === 'down' && !route.domains.some((domain) => table.isReachable(domain))) this.tell('route.down', 'route_down', affects);
    if (state === 'up' && before === 'down') this.tell('route.up', 'route_up', affects);
  }

  /** Dialogs whose connection no live worker holds: requests of the far side in them reach nobody. */
  ownersGone(cause: string): void {
    const { cluster } = this.options;
    const isGone = (owner: string) => owner !== '' && !cluster.isConnected(owner);
    this.sweep(cause, (_pair, record) => {
      const gone = new Set(dialogsOf(record).map((dialog) => dialog.owner).filter(isGone));
      return [...gone].map((owner) => this.ownerGone(owner));
    });
  }

  /** The store is back. What came meanwhile is taken now; watches of which a NOTIFY was refused are opened anew. */
  storeBack(): void {
    const { missed, loop, onEventLost } = this.options;
    const { events, refused, overflown } = missed.take();
    if (overflown) this.xmppUp();
    for (const { pair, event } of events) void loop.handle(pair, event).catch(onEventLost);
    if (refused.length === 0) return;
    this.sweep('store', (_pair, record) => this.watchLost(record), refused);
  }

  private watchLost({ outward }: PairRecord): readonly EngineEvent[] {
    return 'dialog' in outward ? [this.ownerGone(outward.dialog.owner)] : [];
  }

  private ownerGone(owner: string): EngineEvent {
    return { on: 'owner.gone', at: this.options.now(), trace: newTrace(), owner };
  }

  private tell(on: SystemEventName, cause: string, affects: (pair: Pair) => boolean, extent?: Extent): void {
    this.sweep(cause, (pair) => (affects(pair) ? [{ on, at: this.options.now(), trace: newTrace() }] : []), extent);
  }

  private sweep(cause: string, select: Select, extent?: Extent): void {
    const { sweeper, log, metrics } = this.options;
    const done = (told: number) => {
      if (told > 0) log.info({ cause, pairs: told }, 'pairs_told');
      metrics.swept.inc({ cause }, told);
    };
    sweeper.sweep(select, done, extent);
  }
}
