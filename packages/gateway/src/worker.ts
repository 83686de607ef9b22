import { loopMark } from '@isthmus/codec';
import { TRESPASS, type Context, type Effect, type EngineEvent, type PairRecord } from '@isthmus/engine';
import { FaultError, pairKey, type Pair } from '@isthmus/model';
import type { Load } from '@isthmus/rules';
import type { Intake } from '@isthmus/sipd';
import { StoreUnavailableError } from '@isthmus/store';
import { Accounts } from './accounts';
import { sipUserOf } from './addresses';
import { linkCounts } from './commands/link-counts';
import { Federation } from './federation';
import { newId, newTrace } from './ids';
import { allowanceOf } from './limits/allowance';
import { buildLimits, type Limits, type LimitSettings } from './limits/build';
import { Metrics } from './metrics';
import { Cluster, HOP_DOWN, XMPP_JOINING, XMPP_UP } from './pairs/cluster';
import { DueKeeper } from './pairs/due';
import { PairLoop } from './pairs/loop';
import { MissedEvents } from './pairs/missed';
import { EffectRunner } from './pairs/runner';
import { Sweeper } from './pairs/sweep';
import { buildPolicy } from './policy/build';
import { Recovery } from './recovery';
import { noteRepeated } from './repeated';
import type { Route, RouteTable } from './routes';
import { resolve } from './routing/resolve';
import { Routing } from './routing/routing';
import { Sequence } from './sides/sequence';
import { SipSide } from './sides/sip-side';
import { XmppSide } from './sides/xmpp-side';
import type { WorkerParts } from './worker-parts';
import { XmppAbsence } from './xmpp-absence';

/** Undone effects belong to the instance that committed them for so long; then whoever finds the pair due looks. */
const LEASE_MS = 5_000;
/** The instance's own lease: noticed as dead after so long (DESIGN section 4, "within 3 s" of the multinode issue). */
const INSTANCE_TTL_MS = 3_000;
const HEARTBEAT_MS = 1_000;
const DUE_INTERVAL_MS = 500;
/** So long may a commit wait for others that nothing waits for. */
const GATHER_MS = 5;
/** Addresses whose account state is remembered. */
const MAX_ACCOUNTS = 50_000;

/** As the metric has them. */
const LOADS: readonly Load[] = ['normal', 'busy', 'overloaded'];

/** One worker: both sides, the pairs between them, and what keeps them right when a part goes or comes back. */
export class Worker {
  readonly metrics: Metrics;
  private readonly loop: PairLoop;
  private readonly runner: EffectRunner;
  private readonly due: DueKeeper;
  private readonly cluster: Cluster;
  private readonly sweeper: Sweeper;
  /** Tells watches of changes of policy: a recovery that takes long does not hold them back. */
  private readonly policySweeper: Sweeper;
  private readonly recovery: Recovery;
  private readonly routing: Routing;
  private readonly accounts: Accounts;
  private readonly missed: MissedEvents;
  private readonly xmppSide: XmppSide;
  private readonly sipSide: SipSide;
  private readonly table: RouteTable;
  private readonly limits: Limits;
  private readonly contexts = new Map<Route | undefined, Context>();
  private readonly now: () => number;
  /** While the XMPP server is away for longer than the grace, SIP users' texts are refused at once. */
  private readonly absence: XmppAbsence;
  /** The connections to SIP servers at the last change, and whether one was ever lost. */
  private sipServers: ReadonlySet<string> = new Set();
  private sipWasLost = false;
  private joinTimer: NodeJS.Timeout | undefined;
  /** It is known whether another worker's XMPP link stood when ours came up for the first time. */
  private joined = false;
  private draining = false;

  constructor(private readonly parts: WorkerParts) {
    const { settings, store, instance, sip, xmpp, log } = parts;
    this.now = parts.now ?? Date.now;
    this.routing = this.newRouting();
    this.table = this.routing.table;
    this.metrics = new Metrics({
      pendingEvents: () => this.loop.pending,
      cachedPairs: () => this.loop.cached,
      effectsInFlight: () => this.runner.inFlight,
      xmppUp: () => xmpp.online,
      sipServersUp: () => sip.connections().length,
      storeUp: () => store.state.is === 'ready',
      load: () => LOADS.indexOf(this.limits.monitor.load),
      routesUp: () => new Map(this.table.routes.map(({ name }) => [name, this.table.state(name) !== 'down'])),
    });
    const failed = (event: string) => (error: unknown) => this.failed(event, error);
    this.missed = new MissedEvents(settings.maxPendingEvents);
    const contextOf = (pair: Pair) => this.contextOf(pair);
    this.runner = new EffectRunner({
      doer: {
        handOver: (pair, record, effect) => this.handOver(pair, record, effect),
        request: (pair, record, effect) => this.sipSide.requests.request(pair, record, effect),
      },
      settle: (pair, keys) => this.loop.settle(pair, keys),
      outcome: (pair, event) => this.loop.handle(pair, event),
      onFailure: (pair, effect, error) => this.effectFailed(pair, effect, error),
    });
    this.loop = new PairLoop({
      store: store.pairs,
      instance,
      contextOf,
      start: (pair, record, effects, elsewhere) => this.runner.start(pair, record, effects, elsewhere),
      leaseMs: LEASE_MS,
      maxPending: settings.maxPendingEvents,
      maxCached: settings.maxCachedPairs,
      now: this.now,
      onIgnored: (pair, event, why) => this.ignored(pair, event, why),
      onConflict: () => this.metrics.conflicts.inc(),
      gather: (commit) => setTimeout(commit, GATHER_MS),
      isAlone: () => this.cluster.isAlone,
      keep: (pair, event) => this.missed.keep(pair, event),
    });
    this.accounts = new Accounts({
      ask: (jid) => this.xmppSide.queryAccount(jid),
      ttlMs: settings.accountCacheMs,
      maxCached: MAX_ACCOUNTS,
      now: this.now,
    });
    this.sweeper = this.newSweeper('sweep_failed');
    this.policySweeper = this.newSweeper('policy_sweep_failed');
    this.limits = buildLimits({
      settings: settings.limits,
      allowanceOf: (address) => {
        const known = parts.peers.find({ address });
        return known && allowanceOf(known, address);
      },
      pendingPercent: () => (this.loop.pending / settings.maxPendingEvents) * 100,
      store,
      metrics: this.metrics,
      log,
      now: this.now,
    });
    const { newWork, userWatches } = this.limits;
    const federation = new Federation({ ...settings.federation, domains: settings.domains });
    const isKnownPair = async (pair: Pair) => (await store.pairs.load(pairKey(pair))) !== undefined;
    const trust = { federation, isKnownPair, sipUsers: parts.sipUsers };
    const sides = { ...trust, newWork, userWatches, loop: this.loop, sequence: new Sequence(), accounts: this.accounts, routes: this.table, hops: this.routing.hops };
    const common = { ...sides, log, metrics: this.metrics, now: this.now };
    const { policies, commands } = buildPolicy({
      ...common,
      settings: settings.policy,
      domains: settings.domains,
      store,
      sweeper: this.policySweeper,
      links: () => linkCounts(parts, this.table),
    });
    this.xmppSide = new XmppSide({ ...settings, ...common, commands, link: xmpp, onWithdrawn: () => this.recovery.xmppUp() });
    this.sipSide = new SipSide({
      ...settings,
      ...common,
      policies,
      links: sip,
      peers: parts.peers,
      loopMark: loopMark(settings.component, settings.domains[0] ?? ''),
      onUnanswered: (route, hop) => this.routing.suspect(route, hop),
      reachesXmpp: () => !this.absence.isAway,
      canServe: () => !this.draining && xmpp.online && store.state.is === 'ready',
    });
    this.cluster = new Cluster({
      store: store.workers,
      instance,
      connections: () => [...sip.connections(), ...(xmpp.online ? [this.joined ? XMPP_UP : XMPP_JOINING] : []), ...this.routing.hops.dead().map((uri) => `${HOP_DOWN}${uri}`)],
      ttlMs: INSTANCE_TTL_MS,
      intervalMs: HEARTBEAT_MS,
      onGone: ({ xmpp: lostXmpp }) => this.connectionsGone(lostXmpp),
      onHopsDown: (view) => this.routing.hops.heard(view),
      onError: failed('heartbeat_failed'),
    });
    this.due = new DueKeeper({
      store: store.pairs,
      loop: this.loop,
      runner: this.runner,
      contextOf,
      instance,
      isAlive: (each) => this.cluster.isAlive(each),
      reachesXmpp: (each) => this.cluster.reachesXmpp(each),
      leaseMs: LEASE_MS,
      intervalMs: DUE_INTERVAL_MS,
      limit: Math.ceil((settings.recoveryPerSecond * DUE_INTERVAL_MS) / 1_000),
      now: this.now,
      newTrace,
      onError: failed('due_failed'),
      onTakenOver: (pair, { trace }) => noteRepeated({ log, metrics: this.metrics }, 'to-xmpp', pair, trace),
    });
    const { table, loop, metrics, missed, cluster, sweeper } = this;
    const onEventLost = failed('event_lost');
    this.recovery = new Recovery({ table, loop, metrics, missed, cluster, sweeper, log, now: this.now, onEventLost, routeDownGraceMs: settings.routeDownGraceMs });
    this.absence = new XmppAbsence({
      graceMs: settings.xmppDownGraceMs,
      othersReach: () => this.cluster.othersReachXmpp(),
      onAway: () => this.recovery.xmppDown(),
    });
    store.onState(({ is }) => {
      if (is === 'ready') this.recovery.storeBack();
    });
    xmpp.onStanza((stanza) => this.xmppSide.receive(stanza));
    sip.onRequest((request) => void this.sipSide.receive(request));
  }

  /** To be called before the links are started: what comes by them wants to know the next hops. */
  prepare(): Promise<void> {
    return this.routing.prepare();
  }

  /** Joins the others and begins to look after pairs. The links may be up already or come up later. */
  async start(): Promise<void> {
    await this.cluster.start();
    this.due.start();
    this.limits.monitor.start();
    await this.routing.start();
    // What an earlier life of this worker left: dialogs whose connection is gone.
    this.recovery.ownersGone('start');
    // What the others say of their links may be a beat old: believed is what they still say after that.
    if (!this.cluster.othersReachXmpp()) this.join();
    else this.joinTimer = setTimeout(() => this.join(), 2 * HEARTBEAT_MS);
  }

  /**
   * The XMPP link came up. Unless another worker's link stood meanwhile, the server may have been restarted, or told its
   * users that our contacts are gone: everything is told and asked anew (XD-14). It is too where the link was lost beside
   * that of others: stanzas on their way to it are lost, as with a worker that dies. Whether the link of another one stood
   * is left to `join` before the others are known: a worker that joins others must not have every pair told again.
   */
  xmppUp(): void {
    const wasLost = this.absence.back();
    this.accounts.forget();
    this.due.hurry();
    this.exchange();
    if (wasLost || (this.joined && !this.cluster.othersReachXmpp())) this.recovery.xmppUp();
  }

  /** The XMPP link was lost; SIP watchers are told when it stays away. */
  xmppDown(): void {
    this.absence.lost();
    this.exchange(); // the others must not count on this link
  }

  /** Other routes: new requests take them from now on, and pairs that are led elsewhere now are told. */
  async replaceRoutes(routes: readonly Route[]): Promise<void> {
    const before = await this.routing.replace(routes);
    if (before === undefined) return;
    this.contexts.clear();
    this.recovery.routesReplaced(before);
  }

  /** How much the embedded SIP server takes from whom. */
  get intake(): Intake {
    return this.limits.intake;
  }

  /** Other limits count from now on. */
  changeLimits(settings: LimitSettings): void {
    this.limits.change(settings);
  }

  /** A connection to a SIP server came or went. */
  sipChanged(): void {
    const { size } = this.sipServers;
    this.sipServers = new Set(this.parts.sip.connections());
    if (this.sipWasLost && this.sipServers.size > size) this.recovery.sipBack();
    this.sipWasLost ||= this.sipServers.size < size;
    this.exchange();
    this.routing.lookAtAll();
  }

  /** The worker is about to stop: whoever asks whether it lives (OPTIONS) is told to go elsewhere. */
  drain(): void {
    this.draining = true;
  }

  /** Nothing new comes in any more: finishes what is in hand, as far as that goes within `timeoutMs`, and leaves. */
  async stop(timeoutMs: number): Promise<void> {
    this.absence.stop();
    clearTimeout(this.joinTimer);
    this.routing.stop();
    this.limits.monitor.stop();
    this.recovery.stop();
    await Promise.all([this.due.stop(), this.sweeper.stop(), this.policySweeper.stop()]);
    const until = this.now() + timeoutMs;
    while (this.now() < until && (this.loop.pending > 0 || this.runner.inFlight > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const left = { pending: this.loop.pending, inFlight: this.runner.inFlight };
    if (left.pending + left.inFlight > 0) this.parts.log.warn(left, 'drain_unfinished');
    await this.cluster.stop();
  }

  private join(): void {
    this.joined = true;
    if (this.parts.xmpp.online) this.xmppUp();
  }

  private newRouting(): Routing {
    const { settings, sip, log } = this.parts;
    return new Routing({
      routes: settings.routes,
      sipUserOf: (contact) => sipUserOf(settings.addressing, contact) ?? contact,
      resolve: (route) => resolve(route, this.parts.dns, settings.keepTlsNames),
      refreshMs: settings.hostRefreshMs,
      probe: (hop, timeoutMs) => this.sipSide.requests.probe(hop, timeoutMs),
      probeTimeoutMs: Math.min(settings.nextHopTimeoutMs, settings.requestTimeoutMs),
      intervalMs: settings.healthIntervalMs,
      isConnected: () => sip.connections().length > 0,
      onChange: (route, state, before) => this.recovery.routeChanged(route, state, before),
      onHopLost: (hop) => this.recovery.hopLost(hop),
      onPlaces: (addresses) => this.parts.peers.nextHopsAre(addresses),
      onFindings: () => this.exchange(),
      onError: (error) => this.failed('route_probe_failed', error),
      log,
      now: this.now,
    });
  }

  private newSweeper(failure: string): Sweeper {
    const { store, settings } = this.parts;
    return new Sweeper({
      store: store.pairs,
      loop: this.loop,
      contextOf: (pair) => this.contextOf(pair),
      isMine: (key) => this.cluster.isMine(key),
      perSecond: () => settings.recoveryPerSecond,
      onError: (error) => this.failed(failure, error),
    });
  }

  private exchange(): void {
    void this.cluster.exchange().catch((error: unknown) => this.failed('heartbeat_failed', error));
  }

  /** That the store is away has been told once, when it went. */
  private failed(event: string, error: unknown): void {
    const cause = error instanceof FaultError ? error.cause : error;
    this.parts.log[cause instanceof StoreUnavailableError ? 'debug' : 'error']({ error }, event);
  }

  private contextOf(pair: Pair): Context {
    const route = this.table.find(pair.contact);
    const known = this.contexts.get(route);
    if (known !== undefined) return known;
    const context = this.newContext(route);
    this.contexts.set(route, context);
    return context;
  }

  private newContext(route: Route | undefined): Context {
    const { engine } = this.parts.settings;
    if (route === undefined) return { dialect: 'simple', variant: 'lync', documents: 'pidf', approval: 'answer', settings: engine, newId };
    const { dialect, variant, documents, approval, messageStatus, receipts, assumeSentMs } = route;
    const confirms = receipts === 'off' ? {} : { receipts };
    return { dialect, variant, documents, approval, pageStatus: messageStatus, ...confirms, silenceIsConsent: assumeSentMs > 0, settings: engine, newId };
  }

  private handOver(pair: Pair, record: PairRecord, effect: Parameters<XmppSide['handOver']>[2] | Parameters<SipSide['answer']>[1]): Promise<void> {
    return effect.do === 'sip.answer' ? this.sipSide.answer(record, effect) : this.xmppSide.handOver(pair, record, effect);
  }

  private connectionsGone(lostXmpp: boolean): void {
    this.recovery.ownersGone('connection');
    if (lostXmpp && this.parts.xmpp.online) this.recovery.workerLost();
  }

  private ignored(pair: Pair, event: EngineEvent, why: string): void {
    this.metrics.ignored.inc({ event: event.on });
    if (why === TRESPASS && 'ref' in event) this.trespassed(pair, event);
    this.parts.log.debug({ trace: event.trace, on: event.on, from: pair.user, to: pair.contact, why }, 'event_ignored');
  }

  /** Two peers of the configuration that are one, or somebody who knows a dialog that is not his. */
  private trespassed(pair: Pair, { on, trace, ref }: Extract<EngineEvent, { readonly ref: unknown }>): void {
    const { callId, peer = '' } = ref;
    this.metrics.peerRequests.inc({ peer, entry: 'dialog' });
    this.parts.log.warn({ trace, on, callId, peerName: peer, from: pair.contact, to: pair.user }, 'dialog_refused');
  }

  private effectFailed(pair: Pair, effect: Effect, error: unknown): void {
    this.metrics.failures.inc({ effect: effect.do });
    const why = error instanceof FaultError ? error.fault.text : error instanceof Error ? error.message : String(error);
    this.parts.log.warn({ trace: effect.trace, effect: effect.do, from: pair.user, to: pair.contact, why }, 'effect_failed');
  }
}
