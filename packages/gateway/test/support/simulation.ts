import { DEFAULT_SETTINGS, type Effect, type EngineEvent, type PairRecord, type RequestEffect } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';
import { MemoryStore, type Commit, type CommitResult, type PairStore, type Stored } from '@isthmus/store';
import { DueKeeper } from '../../src/pairs/due';
import { PairLoop } from '../../src/pairs/loop';
import { EffectRunner } from '../../src/pairs/runner';
import type { StoredPair } from '../../src/pairs/stored';
import { FarSides } from './far-sides';
import { pairOfUser, says, writes } from './pairs';
import { Chance, VirtualTime } from './virtual-time';

export interface SimulationOptions {
  readonly seed: number;
  readonly instances: number;
  /** How often in a hundred a commit is the last thing that its instance does. */
  readonly crashes: number;
  /** How often in a hundred a stanza is given to another instance than the one before it. */
  readonly strays: number;
}

const LEASE_MS = 5_000;
const DEAD_AFTER_MS = 3_000;
const MAX_CRASHES = 4;
const never = new Promise<never>(() => undefined);

/** One worker of the simulation. When it dies, nothing that it waits for ever comes. */
class Member {
  readonly loop: PairLoop;
  readonly runner: EffectRunner;
  readonly due: DueKeeper;
  dead = false;
  /** When the others notice. */
  goneAt = Infinity;
  offline = false;

  constructor(
    private readonly cluster: Simulation,
    readonly name: string,
  ) {
    const now = () => cluster.time.now;
    const common = { store: this.storeOf(cluster.store), contextOf: (pair: Pair) => cluster.contextOf(pair), instance: name, leaseMs: LEASE_MS, now };
    this.runner = new EffectRunner({
      doer: {
        handOver: (pair, _record, effect) => this.handOver(pair, effect),
        request: (pair, record, effect) => this.request(pair, record, effect),
      },
      settle: (pair, keys) => this.loop.settle(pair, keys),
      outcome: (pair, event) => this.loop.handle(pair, event),
      onFailure: () => undefined,
    });
    this.loop = new PairLoop({
      ...common,
      start: (pair, record, effects, elsewhere) => this.runner.start(pair, record, effects, elsewhere),
      maxPending: 10_000,
      maxCached: 3,
      gather: (commit) => cluster.time.after(cluster.chance.below(50), () => (this.dead ? undefined : commit())),
    });
    this.due = new DueKeeper({
      ...common,
      loop: this.loop,
      runner: this.runner,
      isAlive: (instance) => cluster.isAlive(instance),
      reachesXmpp: (instance) => cluster.reachesXmpp(instance),
      intervalMs: 500,
      limit: 100,
      newTrace: () => 'due',
      onError: (error) => cluster.errors.push(error),
    });
  }

  private storeOf(real: PairStore<StoredPair>): PairStore<StoredPair> {
    const after = async <T>(result: Promise<T>): Promise<T> => (this.dead ? never : result);
    const delayed = async <T>(run: () => Promise<T>): Promise<T> => {
      await this.cluster.time.pause(this.cluster.chance.below(4));
      if (this.dead) return never;
      const result = await run();
      await this.cluster.time.pause(this.cluster.chance.below(4));
      return after(Promise.resolve(result));
    };
    return {
      load: (key): Promise<Stored<StoredPair> | undefined> => delayed(() => real.load(key)),
      commit: (commit: Commit<StoredPair>): Promise<CommitResult> =>
        delayed(async () => {
          const result = await real.commit(commit);
          if (result.ok) this.cluster.committed(this, commit);
          return result;
        }),
      putBack: (key, stored, due) => after(real.putBack(key, stored, due)),
      claimDue: (now, until, limit) => after(real.claimDue(now, until, limit)),
      scan: () => real.scan(),
      count: () => real.count(),
      ping: () => real.ping(),
    };
  }

  private async handOver(pair: Pair, effect: Effect): Promise<void> {
    await this.cluster.time.pause(this.cluster.chance.below(5));
    if (this.dead) return never;
    if (this.offline && effect.do.startsWith('xmpp.')) throw new Error('the link is down');
    this.cluster.far.handedOver(pair, effect);
  }

  private async request(pair: Pair, _record: PairRecord, effect: RequestEffect): Promise<EngineEvent> {
    const { chance, far, time } = this.cluster;
    const outcome = far.receives(pair, effect, this.name, this.cluster.calm);
    await time.pause(outcome.result === 'timeout' ? 10_000 : chance.percent(10) ? chance.below(9_000) : chance.below(200));
    if (this.dead) return never;
    far.confirmed(effect, outcome);
    const event = { ...outcome, at: time.now };
    if (chance.percent(5)) void this.loop.handle(pair, event).catch(() => undefined); // the same answer twice
    return event;
  }
}

/** Two or three workers over one store, a clock that jumps, far sides that do what far sides do. */
export class Simulation {
  readonly time = new VirtualTime();
  readonly chance: Chance;
  readonly far: FarSides;
  readonly store = new MemoryStore<StoredPair>({ now: () => this.time.now }).pairs;
  readonly errors: unknown[] = [];
  crashes = 0;
  calm = false;
  /** Messages that are in the store or were: from then on they are owed an outcome. */
  readonly owed = new Set<string>();
  /** Messages in the order in which their senders wrote them. */
  readonly said = new Map<Pair, string[]>();
  readonly written = new Map<Pair, string[]>();
  private ids = 0;
  private lives = 0;
  private members: Member[];
  private readonly home = new Map<Pair, Member>();

  constructor(readonly options: SimulationOptions) {
    this.chance = new Chance(options.seed);
    this.far = new FarSides(this.chance);
    this.members = Array.from({ length: options.instances }, () => this.born());
  }

  contextOf(pair: Pair) {
    const dialect = pair.user.startsWith('m') ? ('microsoft' as const) : ('simple' as const);
    const settings = { ...DEFAULT_SETTINGS, sessionIdleSeconds: 60 };
    return { dialect, variant: 'lync' as const, settings, newId: () => `id${(this.ids += 1)}` };
  }

  isAlive(instance: string): boolean {
    return this.members.some(({ name, goneAt }) => name === instance && goneAt > this.time.now);
  }

  reachesXmpp(instance: string): boolean {
    return this.members.some(({ name, dead, offline }) => name === instance && !dead && !offline);
  }

  get live(): readonly Member[] {
    return this.members.filter(({ dead }) => !dead);
  }

  /** A commit has reached the store; sometimes it is the last thing that its worker does. */
  committed(member: Member, { record }: Commit<StoredPair>): void {
    for (const { id } of record?.record.conversation.queue ?? []) this.owed.add(id);
    if (this.calm || this.crashes >= MAX_CRASHES || this.live.length < 2 || !this.chance.percent(this.options.crashes)) return;
    this.crashes += 1;
    member.dead = true;
    member.goneAt = this.time.now + DEAD_AFTER_MS;
    this.time.after(DEAD_AFTER_MS + 500, () => this.noticed(member));
    this.time.after(2_000, () => this.members.push(this.born()));
  }

  /** A minute of anything, then all goes well until nothing is left to do. */
  async play(): Promise<void> {
    const pairs = ['ann', 'mia', 'moe'].map(pairOfUser);
    for (const pair of pairs) {
      this.chatter(pair);
      this.answers(pair);
    }
    await this.time.pass(60_000);
    this.calm = true;
    for (const member of this.members) member.offline = false;
    await this.time.pass(200_000);
  }

  private born(): Member {
    const member = new Member(this, `w${(this.lives += 1)}#x`);
    const look = (): void => {
      if (member.dead) return;
      if (!this.calm && this.chance.percent(5)) member.offline = !member.offline;
      void member.due.takeDue();
      this.time.after(this.calm ? 3_000 : 500, look);
    };
    this.time.after(this.chance.below(500), look);
    return member;
  }

  /** The pair's present worker: mostly the one before. */
  private pick(pair: Pair): Member {
    const { live } = this;
    const home = this.home.get(pair);
    const stays = home !== undefined && !home.dead && !this.chance.percent(this.options.strays);
    const member = stays ? home : this.chance.of(live);
    this.home.set(pair, member);
    return member;
  }

  /** The XMPP user writes; the next stanza goes to another worker only when this one has been taken. */
  private chatter(pair: Pair, n = 0): void {
    if (this.time.now - 45_000 > this.startedAt || n >= 25) return;
    const id = `${pair.user}-${n}`;
    this.said.set(pair, [...(this.said.get(pair) ?? []), id]);
    const member = this.pick(pair);
    const taken = member.loop.handle(pair, says(id, this.time.now));
    const next = (): void => this.time.after(this.chance.percent(60) ? this.chance.below(20) : this.chance.below(6_000), () => this.chatter(pair, n + 1));
    let went = false;
    const once = (): void => {
      if (!went) next();
      went = true;
    };
    taken.then(once, (error: unknown) => this.errors.push(error));
    this.time.after(DEAD_AFTER_MS, () => (member.dead ? once() : undefined));
  }

  /** The SIP user writes out of dialog, and again when nobody answers. */
  private answers(pair: Pair, n = 0, tries = 0): void {
    if (n >= 15) return;
    const id = `to-${pair.user}-${n}`;
    if (tries === 0) this.written.set(pair, [...(this.written.get(pair) ?? []), id]);
    const transaction = { server: 'sip1', id: `tx-${id}-${tries}` };
    void this.pick(pair).loop.handle(pair, { ...writes(id, this.time.now), transaction, trace: `${id}-${tries}` } as EngineEvent);
    const look = (): void => {
      if (this.far.answered.has(id)) return this.time.after(this.chance.below(4_000), () => this.answers(pair, n + 1));
      this.time.after(0, () => this.answers(pair, n, tries + 1));
    };
    this.time.after(this.chance.percent(50) ? 1_000 : 8_000, look);
  }

  private noticed(gone: Member): void {
    const owner = `${gone.name}/1`;
    for (const pair of this.said.keys()) {
      const event: EngineEvent = { on: 'owner.gone', at: this.time.now, trace: 'gone', owner };
      void this.chance.of(this.live).loop.handle(pair, event);
    }
  }

  private readonly startedAt = this.time.now;

  /** What is left in the workers when all is over. */
  get leftovers(): { readonly pending: number; readonly inFlight: number } {
    const sum = (count: (member: Member) => number): number => this.live.reduce((total, member) => total + count(member), 0);
    return { pending: sum(({ loop }) => loop.pending), inFlight: sum(({ runner }) => runner.inFlight) };
  }

  async recordsLeft(): Promise<Record<string, unknown>> {
    const left: Record<string, unknown> = {};
    for (const pair of this.said.keys()) {
      const stored = await this.store.load(pairKey(pair));
      if (stored !== undefined) left[pairKey(pair)] = stored.record;
    }
    return left;
  }
}
