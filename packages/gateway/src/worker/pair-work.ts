import { newTrace } from '../ids';
import type { Metrics } from '../metrics';
import { Cluster, type ClusterOptions } from '../pairs/cluster';
import { DueKeeper } from '../pairs/due';
import { PairLoop } from '../pairs/loop';
import { MissedEvents } from '../pairs/missed';
import { EffectRunner, type Doer } from '../pairs/runner';
import { SPEAKS_SCHEMA } from '../pairs/marks';
import { SCHEMA } from '../pairs/schema';
import { Sweeper } from '../pairs/sweep';
import { noteRepeated } from '../repeated';
import type { WorkerParts } from '../worker-parts';
import type { Contexts } from './contexts';
import type { Notices } from './notices';

/**
 * A pair with undone effects is looked at again after so long, whoever has them in hand. Longer than an instance's lease: an
 * instance that nobody has heard of by then has died (decision 072).
 */
const LEASE_MS = 5_000;
/** The instance's own lease. With the heartbeat: whoever dies is known to be dead within 3 s. */
const INSTANCE_TTL_MS = 2_500;
export const HEARTBEAT_MS = 500;
const DUE_INTERVAL_MS = 500;
/** So long may a commit wait for others that nothing waits for. */
const GATHER_MS = 5;

export interface PairWorkOptions extends Pick<ClusterOptions, 'connections' | 'onGone' | 'onHopsDown' | 'onOthers'> {
  readonly parts: Pick<WorkerParts, 'settings' | 'store' | 'instance' | 'xmpp' | 'log'>;
  readonly doer: Doer;
  readonly contexts: Contexts;
  readonly metrics: Metrics;
  readonly notices: Notices;
  readonly now: () => number;
}

/** All that changes pairs, whichever side the cause is on, and what shares that work with the other workers. */
export class PairWork {
  readonly loop: PairLoop;
  readonly runner: EffectRunner;
  readonly cluster: Cluster;
  readonly due: DueKeeper;
  readonly sweeper: Sweeper;
  /** Tells watches of changes of policy: a recovery that takes long does not hold them back. */
  readonly policySweeper: Sweeper;
  readonly missed: MissedEvents;

  constructor(private readonly options: PairWorkOptions) {
    this.missed = new MissedEvents(options.parts.settings.maxPendingEvents);
    this.cluster = this.newCluster();
    this.runner = this.newRunner();
    this.loop = this.newLoop();
    this.due = this.newDueKeeper();
    this.sweeper = this.newSweeper(options.notices.sweepFailed);
    this.policySweeper = this.newSweeper(options.notices.policySweepFailed);
  }

  /** Joins the others and begins to look after pairs. */
  async start(): Promise<void> {
    await this.cluster.start();
    this.due.start();
  }

  /** Finishes what is in hand, as far as that goes within `timeoutMs`, and leaves the others. */
  async stop(timeoutMs: number): Promise<void> {
    const { now, parts } = this.options;
    await Promise.all([this.due.stop(), this.sweeper.stop(), this.policySweeper.stop()]);
    const until = now() + timeoutMs;
    while (now() < until && (this.loop.pending > 0 || this.runner.inFlight > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const left = { pending: this.loop.pending, inFlight: this.runner.inFlight };
    if (left.pending + left.inFlight > 0) parts.log.warn(left, 'drain_unfinished');
    await this.cluster.stop();
  }

  /** Tells the others of a change of our connections, and renews the lease; resolves when that is done, or has failed. */
  exchange(): Promise<void> {
    return this.cluster.exchange().catch(this.options.notices.heartbeatFailed);
  }

  /** The others have found this worker dead: they do what it had in hand, and it goes on as if it had just been started. */
  private beginAnew(before: string): void {
    this.options.notices.foundDead(before, this.cluster.instance);
    this.runner.forsake();
    this.loop.forget();
    this.due.takeOver(); // what nobody has taken yet
  }

  private newRunner(): EffectRunner {
    const { doer, notices } = this.options;
    return new EffectRunner({
      doer,
      fence: this.cluster,
      onBehind: (pair) => this.due.isBehind(pair),
      settle: (pair, keys) => this.loop.settle(pair, keys),
      outcome: (pair, event) => this.loop.handle(pair, event),
      onFailure: (pair, effect, error) => notices.effectFailed(pair, effect, error),
    });
  }

  private newLoop(): PairLoop {
    const { parts, contexts, metrics, notices, now } = this.options;
    const { settings, store } = parts;
    return new PairLoop({
      store: store.pairs,
      instance: () => this.cluster.instance,
      contextOf: (pair) => contexts.of(pair),
      start: (pair, record, effects, elsewhere) => this.runner.start(pair, record, effects, elsewhere),
      leaseMs: LEASE_MS,
      maxPending: settings.maxPendingEvents,
      maxCached: settings.maxCachedPairs,
      now,
      onIgnored: (pair, event, why) => notices.ignored(pair, event, why),
      onConflict: () => metrics.conflicts.inc(),
      gather: (commit) => setTimeout(commit, GATHER_MS),
      isAlone: () => this.cluster.isAlone,
      keep: (pair, event, ticket) => this.missed.keep(pair, event, ticket),
      onHeardBefore: (pair, event) => notices.heardBefore(pair, event),
    });
  }

  private newCluster(): Cluster {
    const { parts, connections, onGone, onHopsDown, onOthers, notices } = this.options;
    return new Cluster({
      store: parts.store.workers,
      instance: parts.instance,
      connections: () => [`${SPEAKS_SCHEMA}${SCHEMA}`, ...connections()],
      ttlMs: INSTANCE_TTL_MS,
      intervalMs: HEARTBEAT_MS,
      onGone,
      onDead: () => this.due.takeOver(),
      onFoundDead: (before) => this.beginAnew(before),
      onLeaseBack: () => this.due.hurry(),
      ...(onHopsDown !== undefined && { onHopsDown }),
      ...(onOthers !== undefined && { onOthers }),
      onError: notices.heartbeatFailed,
    });
  }

  private newDueKeeper(): DueKeeper {
    const { parts, contexts, metrics, now } = this.options;
    const { settings, store, log } = parts;
    return new DueKeeper({
      store: store.pairs,
      loop: this.loop,
      runner: this.runner,
      contextOf: (pair) => contexts.of(pair),
      cluster: this.cluster,
      reachesXmpp: () => parts.xmpp.online,
      leaseMs: LEASE_MS,
      intervalMs: DUE_INTERVAL_MS,
      limit: Math.ceil((settings.recoveryPerSecond * DUE_INTERVAL_MS) / 1_000),
      now,
      newTrace,
      onError: this.options.notices.dueFailed,
      onTaken: (cause) => metrics.due.inc({ cause }),
      onTakenOver: (pair, { trace }) => noteRepeated({ log, metrics }, 'to-xmpp', pair, trace),
    });
  }

  private newSweeper(onError: (error: unknown) => void): Sweeper {
    const { parts, contexts } = this.options;
    return new Sweeper({
      store: parts.store.pairs,
      loop: this.loop,
      contextOf: (pair) => contexts.of(pair),
      isMine: (key) => this.cluster.isMine(key),
      perSecond: () => parts.settings.recoveryPerSecond,
      onError,
    });
  }
}
