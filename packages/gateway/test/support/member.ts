import type { Effect, EngineEvent, PairRecord, RequestEffect } from '@isthmus/engine';
import { FaultError, pairKey, type Pair } from '@isthmus/model';
import { StoreUnavailableError, type Commit, type CommitResult, type PairStore, type Stored, type WorkerStore } from '@isthmus/store';
import type { Ticket } from '@isthmus/xmpp';
import { Cluster } from '../../src/pairs/cluster';
import { DueKeeper } from '../../src/pairs/due';
import { PairLoop, type ContextOf } from '../../src/pairs/loop';
import { XMPP_UP } from '../../src/pairs/marks';
import { EffectRunner } from '../../src/pairs/runner';
import type { StoredPair } from '../../src/pairs/stored';
import { Standstill } from '../../src/worker/standstill';
import type { FarSides } from './far-sides';
import type { Handled, Receiver } from './numbered-connection';
import type { NumberingServer } from './numbering-server';
import { says } from './pairs';
import type { Chance, VirtualTime } from './virtual-time';

const LEASE_MS = 5_000;
const TTL_MS = 2_500;
const HOUR_MS = 3_600_000;
/** As the worker's StallWatch has it. */
const STALL_MS = 1_500;
const STOP_MS = 10_000;
const never = new Promise<never>(() => undefined);

/** What all members share, and what they tell of themselves. */
export interface World {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly far: FarSides;
  /** Where the XMPP server numbers what it hands over. */
  readonly server?: NumberingServer | undefined;
  readonly store: PairStore<StoredPair>;
  readonly workers: WorkerStore;
  /** When the lease of each instance ends, as the store knows it. */
  readonly leases: Map<string, number>;
  readonly pairs: readonly Pair[];
  /** Names of all connections to the SIP server that ever were. */
  readonly owners: readonly string[];
  readonly errors: unknown[];
  /** Instances that were found dead and came back. */
  lostLives: number;
  readonly calm: boolean;
  contextOf: ContextOf;
  newId(): string;
  /** A commit has reached the store. */
  committed(member: Member, commit: Commit<StoredPair>): void;
  /** The worker stands still, or dies. */
  mayFail(member: Member): void;
  /** Workers that have noticed that they stood still, and those that have dropped their connections for it. */
  stood: number;
  dropped: number;
  /** An effect is being done. */
  acts(member: Member): void;
}

/**
 * One worker of the simulation. When it dies, nothing that it waits for ever comes; when it stalls, all that comes for longer
 * than it lasts comes when it is over, at once.
 */
export class Member implements Receiver {
  readonly cluster: Cluster;
  readonly loop: PairLoop;
  readonly runner: EffectRunner;
  readonly due: DueKeeper;
  private readonly standstill: Standstill;
  dead = false;
  offline = false;
  /** Its store alone cannot be reached. */
  isCut = false;
  private asleep: (() => void)[] | undefined;
  /** It stood still, and has not noticed yet. */
  private stood = false;
  leaving = false;

  constructor(
    private readonly world: World,
    readonly name: string,
  ) {
    const now = () => world.time.now;
    const store = this.storeOf(world.store);
    const common = { store, contextOf: (pair: Pair) => world.contextOf(pair), leaseMs: LEASE_MS, now };
    this.cluster = new Cluster({
      store: this.workersOf(world.workers),
      instance: `${name}#${name}`,
      connections: () => [this.owner, ...(this.offline ? [] : [XMPP_UP])],
      ttlMs: TTL_MS,
      intervalMs: HOUR_MS,
      onGone: () => this.sweep(),
      onDead: () => this.due.takeOver(),
      onFoundDead: () => this.beginAnew(),
      onLeaseBack: () => this.due.hurry(),
      onError: (error) => world.errors.push(error),
      now,
      newId: () => world.newId(),
    });
    this.runner = new EffectRunner({
      doer: {
        handOver: (pair, _record, effect) => this.handOver(pair, effect),
        request: (pair, record, effect) => this.request(pair, record, effect),
      },
      fence: this.cluster,
      onBehind: (pair) => this.due.isBehind(pair),
      settle: (pair, keys) => this.loop.settle(pair, keys),
      outcome: (pair, event) => this.loop.handle(pair, event),
      onFailure: () => undefined,
      pause: (ms) => world.time.pause(ms),
    });
    this.loop = new PairLoop({
      ...common,
      instance: () => this.cluster.instance,
      start: (pair, record, effects, elsewhere) => this.runner.start(pair, record, effects, elsewhere),
      maxPending: 10_000,
      maxCached: 3,
      isAlone: () => this.cluster.isAlone,
      gather: (commit) => world.time.after(world.chance.below(50), () => void this.awake().then(commit)),
    });
    this.standstill = new Standstill({ cluster: this.cluster, exchange: () => this.beat(), onLost: () => this.drop() });
    this.due = new DueKeeper({
      ...common,
      loop: this.loop,
      runner: this.runner,
      cluster: this.cluster,
      reachesXmpp: () => !this.offline,
      intervalMs: 500,
      limit: 100,
      newTrace: () => 'due',
      onError: (error) => this.failed(error),
      after: (ms, run) => {
        world.time.after(ms, () => void this.awake().then(run));
        return undefined;
      },
    });
  }

  /** The name of its connection to the SIP server. */
  get owner(): string {
    return `${this.name}/1`;
  }

  get isReady(): boolean {
    return !this.isCut;
  }

  get isAsleep(): boolean {
    return this.asleep !== undefined;
  }

  /** What is written to a connection that the server has closed is lost, and the worker hears of that. */
  private get reachesXmpp(): boolean {
    return !this.offline && this.world.server?.has(this) !== false;
  }

  /** Freezes where it stands, whatever it waits for. */
  stall(ms: number): void {
    this.asleep ??= [];
    this.stood ||= ms >= STALL_MS;
    const { time, chance } = this.world;
    time.after(ms, () => {
      const waiting = this.asleep ?? [];
      this.asleep = undefined;
      if (chance.percent(50)) this.noticeStall();
      for (const wake of waiting) wake();
      time.after(1, () => this.noticeStall());
    });
  }

  async awake(): Promise<void> {
    while (this.asleep !== undefined) {
      const { asleep } = this;
      await new Promise<void>((resolve) => asleep.push(resolve));
    }
    if (this.dead) await never;
  }

  /** As the worker's Guard and XmppSide do with a text. */
  async receive(pair: Pair, id: string, ticket: Ticket): Promise<Handled> {
    const { time, far } = this.world;
    this.noticeStall();
    await this.standstill.doubt;
    if (ticket.isKnownElsewhere) return 'left';
    try {
      await this.loop.handle(pair, says(id, time.now), undefined, ticket);
      return 'taken';
    } catch (error) {
      if (!(error instanceof FaultError)) this.world.errors.push(error);
      if ((await ticket.isElsewhere()) || !this.reachesXmpp) return 'left';
      far.cameBack(id);
      return 'refused';
    }
  }

  /** The server has closed the connection. */
  closed(): void {
    this.reconnect();
  }

  /** Takes nothing new, finishes what it has, and leaves. Resolves when it is gone; false when something is left undone. */
  async drain(): Promise<boolean> {
    const { time, server } = this.world;
    this.leaving = true;
    server?.drain(this);
    const until = time.now + STOP_MS;
    const isDone = (): boolean => this.loop.pending + this.runner.inFlight === 0 && server?.isDone(this) === true;
    while (!isDone() && time.now < until) {
      await time.pause(50);
      await this.awake();
    }
    const done = isDone();
    this.linkIs(false);
    await this.cluster.stop().catch((error: unknown) => this.failed(error));
    return done && !this.dead;
  }

  private noticeStall(): void {
    if (!this.stood || this.dead || this.isAsleep) return;
    this.stood = false;
    this.world.stood += 1;
    this.standstill.noticed();
  }

  /** What stands in the connection is another worker's by now (Guard). */
  private drop(): readonly string[] {
    this.world.dropped += 1;
    this.loop.forget();
    this.reconnect();
    return [];
  }

  private reconnect(): void {
    const { server, time, chance } = this.world;
    if (server === undefined || this.offline) return;
    this.linkIs(false);
    time.after(chance.below(300), () => void this.awake().then(() => this.linkIs(true)));
  }

  async beat(): Promise<void> {
    await this.awake();
    await this.cluster.exchange().catch((error: unknown) => this.failed(error));
  }

  async look(): Promise<void> {
    await this.awake();
    await this.due.takeDue().catch((error: unknown) => this.failed(error));
  }

  linkIs(up: boolean): void {
    if (this.offline === !up || (up && this.leaving)) return;
    this.offline = !up;
    if (up) this.world.server?.connect(this);
    else this.world.server?.lost(this);
    if (up) this.due.hurry();
    if (up) this.due.takeOver();
    void this.beat();
  }

  private beginAnew(): void {
    this.world.lostLives += 1;
    this.runner.forsake();
    this.loop.forget();
    this.due.takeOver();
  }

  /** Dialogs of connections that nobody holds. */
  private sweep(): void {
    for (const pair of this.world.pairs.filter((each) => this.cluster.isMine(pairKey(each)))) {
      for (const owner of this.world.owners.filter((each) => !this.cluster.isConnected(each))) {
        const event: EngineEvent = { on: 'owner.gone', at: this.world.time.now, trace: 'gone', owner };
        void this.loop.handle(pair, event).catch((error: unknown) => this.failed(error));
      }
    }
  }

  private failed(error: unknown): void {
    const { cause } = error as { readonly cause?: unknown };
    if (!(error instanceof StoreUnavailableError) && !(cause instanceof StoreUnavailableError)) this.world.errors.push(error);
  }

  /** A call of the store on its way there and back, in either of which the worker may stall, die or be cut off. */
  private async call<T>(run: () => Promise<T>): Promise<T> {
    const { time, chance, server } = this.world;
    await this.awake();
    const isSlow = server !== undefined && chance.percent(2); // long enough for a report
    await time.pause(chance.below(isSlow ? 1_000 : 4));
    await this.awake();
    this.world.mayFail(this);
    await this.awake();
    if (this.isCut) throw new StoreUnavailableError('cut');
    const result = await run();
    await time.pause(chance.below(4));
    this.world.mayFail(this);
    await this.awake();
    return result;
  }

  private storeOf(real: PairStore<StoredPair>): PairStore<StoredPair> {
    return {
      load: (key): Promise<Stored<StoredPair> | undefined> => this.call(() => real.load(key)),
      commit: (commit: Commit<StoredPair>): Promise<CommitResult> =>
        this.call(async () => {
          const result = await real.commit(commit);
          if (result.ok) this.world.committed(this, commit);
          return result;
        }),
      putBack: (key, stored, due) => this.call(() => real.putBack(key, stored, due)),
      due: (now, limit) => this.call(() => real.due(now, limit)),
      claim: (keys, now, until) => this.call(() => real.claim(keys, now, until)),
      scan: () => real.scan(),
      count: () => real.count(),
      ping: () => real.ping(),
    };
  }

  private workersOf(real: WorkerStore): WorkerStore {
    return {
      heartbeat: (worker, ttlMs, connections) =>
        this.call(() => {
          this.world.leases.set(worker, this.world.time.now + ttlMs);
          return real.heartbeat(worker, ttlMs, connections);
        }),
      workers: () => this.call(() => real.workers()),
      leave: (worker) => this.call(() => real.leave(worker)),
    };
  }

  private async handOver(pair: Pair, effect: Effect): Promise<void> {
    const { time, chance, far } = this.world;
    if (!this.reachesXmpp && effect.do.startsWith('xmpp.')) throw new Error('the link is down');
    this.world.acts(this);
    far.handedOver(pair, effect);
    await time.pause(chance.below(5));
    this.world.mayFail(this);
    await this.awake();
  }

  private async request(pair: Pair, _record: PairRecord, effect: RequestEffect): Promise<EngineEvent> {
    const { chance, far, time, calm } = this.world;
    this.world.acts(this);
    const outcome = far.receives(pair, effect, this.name, calm);
    await time.pause(outcome.result === 'timeout' ? 10_000 : chance.percent(10) ? chance.below(9_000) : chance.below(200));
    await this.awake();
    far.confirmed(effect, outcome);
    const event = { ...outcome, at: time.now };
    if (chance.percent(5)) void this.loop.handle(pair, event).catch(() => undefined); // the same answer twice
    return event;
  }
}
