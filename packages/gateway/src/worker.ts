import type { Load } from '@isthmus/rules';
import type { Intake } from '@isthmus/sipd';
import type { LimitSettings } from './limits/build';
import { Metrics } from './metrics';
import { SchemaStore } from './pairs/schema-store';
import { Recovery } from './recovery';
import type { Route } from './routes';
import type { Routing } from './routing/routing';
import type { WorkerParts } from './worker-parts';
import { Contexts } from './worker/contexts';
import { Guard } from './worker/guard';
import { Links } from './worker/links';
import { Notices } from './worker/notices';
import { PairWork } from './worker/pair-work';
import { newRouting, type RoutingHooks } from './worker/routing';
import { Sides } from './worker/sides';

/** As the metric has them. */
const LOADS: readonly Load[] = ['normal', 'busy', 'overloaded'];

/** One worker: both sides, the pairs between them, and what keeps them right when a part goes or comes back. */
export class Worker {
  readonly metrics: Metrics;
  private readonly notices: Notices;
  private readonly routing: Routing;
  private readonly contexts: Contexts;
  private readonly pairs: PairWork;
  private readonly sides: Sides;
  private readonly recovery: Recovery;
  private readonly links: Links;
  private readonly guard: Guard;
  private readonly now: () => number;

  private readonly parts: WorkerParts;

  constructor(given: WorkerParts) {
    this.now = given.now ?? Date.now;
    const onTooNew = (schema: number, newest: number): void => this.notices.recordTooNew(schema, newest, this.now());
    const store = new SchemaStore(given.store, { lowest: () => this.pairs.cluster.lowestSchema, onTooNew });
    const parts = { ...given, store };
    this.parts = parts;
    const { settings, sip, xmpp } = parts;
    this.metrics = this.newMetrics();
    this.notices = new Notices(parts.log, this.metrics);
    this.routing = newRouting(parts, this.routingHooks());
    this.contexts = new Contexts(this.routing.table, settings.engine);
    this.pairs = this.newPairs();
    this.sides = this.newSides();
    this.recovery = this.newRecovery();
    this.links = new Links({ parts, pairs: this.pairs, routing: this.routing, accounts: this.sides.accounts, recovery: this.recovery });
    this.guard = new Guard({ parts, pairs: this.pairs, onStall: () => this.sides.limits.monitor.stalled() });
    store.onState(({ is }) => {
      this.guard.storeChanged();
      if (is === 'ready') this.recovery.storeBack();
    });
    xmpp.onStanza((stanza, ticket) => this.guard.stanza(ticket, () => this.sides.xmpp.receive(stanza, ticket)));
    sip.onRequest((request) => this.guard.request(request, () => void this.sides.sip.receive(request)));
  }

  /** To be called before the links are started: what comes by them wants to know the next hops. */
  prepare(): Promise<void> {
    return this.routing.prepare();
  }

  /** Joins the others and begins to look after pairs. The links may be up already or come up later. */
  async start(): Promise<void> {
    await this.pairs.start();
    this.guard.start();
    this.sides.limits.monitor.start();
    await this.routing.start();
    // What an earlier life of this worker left: dialogs whose connection is gone.
    this.recovery.ownersGone('start');
    this.links.start();
  }

  /** The XMPP link came up. */
  xmppUp(): void {
    this.links.xmppUp();
  }

  /** The XMPP link was lost. */
  xmppDown(): void {
    this.links.xmppDown();
  }

  /** A connection to a SIP server came or went. */
  sipChanged(): void {
    this.links.sipChanged();
  }

  /** Other routes: new requests take them from now on, and pairs that are led elsewhere now are told. */
  async replaceRoutes(routes: readonly Route[]): Promise<void> {
    const before = await this.routing.replace(routes);
    if (before === undefined) return;
    this.contexts.forget();
    this.recovery.routesReplaced(before);
  }

  /** How much the embedded SIP server takes from whom. */
  get intake(): Intake {
    return this.sides.limits.intake;
  }

  /** Other limits count from now on. */
  changeLimits(settings: LimitSettings): void {
    this.sides.limits.change(settings);
  }

  /** The worker is about to stop: whoever asks whether it lives (OPTIONS) is told to go elsewhere. */
  drain(): void {
    this.links.drain();
  }

  /** Nothing new comes in any more: finishes what is in hand, as far as that goes within `timeoutMs`, and leaves. */
  async stop(timeoutMs: number): Promise<void> {
    this.guard.stop();
    this.links.stop();
    this.routing.stop();
    this.sides.limits.monitor.stop();
    this.recovery.stop();
    await this.pairs.stop(timeoutMs);
  }

  private newMetrics(): Metrics {
    const { xmpp, sip, store } = this.parts;
    return new Metrics({
      pendingEvents: () => this.pairs.loop.pending,
      cachedPairs: () => this.pairs.loop.cached,
      effectsInFlight: () => this.pairs.runner.inFlight,
      xmppUp: () => xmpp.online,
      sipServersUp: () => sip.connections().length,
      storeUp: () => store.state.is === 'ready',
      load: () => LOADS.indexOf(this.sides.limits.monitor.load),
      routesUp: () => new Map(this.routing.table.routes.map(({ name }) => [name, this.routing.table.state(name) !== 'down'])),
    });
  }

  private newPairs(): PairWork {
    const { parts, contexts, metrics, notices, now } = this;
    return new PairWork({
      parts,
      contexts,
      metrics,
      notices,
      now,
      doer: {
        handOver: (pair, record, effect) => this.sides.handOver(pair, record, effect),
        request: (pair, record, effect) => this.sides.request(pair, record, effect),
      },
      connections: () => this.links.names(),
      onGone: ({ xmpp: lostXmpp }) => this.connectionsGone(lostXmpp),
      onHopsDown: (view) => this.routing.hops.heard(view),
      onOthers: (instances) => this.guard.others(instances),
    });
  }

  private newSides(): Sides {
    const { parts, pairs, routing, metrics, now } = this;
    return new Sides({
      parts,
      pairs,
      routing,
      metrics,
      now,
      onWithdrawn: () => this.recovery.xmppUp(),
      reachesXmpp: () => this.links.reachesXmpp,
      canServe: () => this.links.canServe,
    });
  }

  private newRecovery(): Recovery {
    const { metrics, notices, now, parts } = this;
    const { loop, missed, cluster, sweeper } = this.pairs;
    const { routeDownGraceMs } = parts.settings;
    return new Recovery({ table: this.routing.table, loop, metrics, missed, cluster, sweeper, log: parts.log, now, onEventLost: notices.eventLost, onPutBackFailed: notices.putBackFailed, routeDownGraceMs });
  }

  private routingHooks(): RoutingHooks {
    return {
      probe: (hop, timeoutMs) => this.sides.sip.requests.probe(hop, timeoutMs),
      onChange: (...change) => this.recovery.routeChanged(...change),
      onHopLost: (hop) => this.recovery.hopLost(hop),
      onFindings: () => void this.pairs.exchange(),
      onError: this.notices.routeProbeFailed,
      now: this.now,
    };
  }

  /** What a dead worker had been given comes again where the server keeps it until it is handled. */
  private connectionsGone(lostXmpp: boolean): void {
    const { xmpp } = this.parts;
    this.recovery.ownersGone('connection');
    if (lostXmpp && xmpp.online && !xmpp.acknowledges) this.recovery.workerLost();
  }
}
