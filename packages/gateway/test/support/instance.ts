import type { Effect, EngineEvent, PairRecord, RequestEffect } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';
import { MemoryStore, type PairStore } from '@isthmus/store';
import { DueKeeper, type DueCause } from '../../src/pairs/due';
import { PairLoop, type ContextOf } from '../../src/pairs/loop';
import { MissedEvents } from '../../src/pairs/missed';
import { EffectRunner, type Doer } from '../../src/pairs/runner';
import type { StoredPair } from '../../src/pairs/stored';
import { contextOf, idsOf, nameOf, NOON, outcomeOf } from './pairs';
import { deferred, type Deferred } from './waiting';

export const LEASE_MS = 5_000;

/** Several instances share a place: a store, a clock, and who lives. */
export class Place {
  now = NOON;
  readonly pairs: PairStore<StoredPair> = new MemoryStore<StoredPair>({ now: () => this.now }).pairs;
  readonly alive = new Set<string>();
  /** Instances that the others know to be dead. */
  readonly dead = new Set<string>();
  /** Whose pair a key is; undefined: everybody's. */
  ownerOf: (key: string) => string | undefined = () => undefined;
  /** Instances whose XMPP link is down. */
  readonly linkless = new Set<string>();
  /** Instances that cannot be certain that they are not taken for dead. */
  readonly lapsed = new Set<string>();
  readonly contextOf: ContextOf = contextOf('simple', {}, idsOf());
}

/** A request that has been sent and waits for the test to answer it. */
export interface Sent {
  readonly pair: Pair;
  readonly effect: RequestEffect;
  answer(status?: number): void;
  fail(error: Error): void;
}

/** A doer that the test plays: hand-overs succeed unless it says otherwise, requests wait for its answer. */
export class ScriptedDoer implements Doer {
  /** Everything in the order in which it was begun. */
  readonly begun: string[] = [];
  readonly sent: Sent[] = [];
  /** Hand-overs reject while this is set: all of them, or stanzas only. */
  offline: boolean | 'xmpp' = false;
  /** Hand-overs of these names wait until they are released. */
  readonly held = new Map<string, Deferred>();

  async handOver(_pair: Pair, _record: PairRecord, effect: Effect): Promise<void> {
    this.begun.push(nameOf(effect));
    await this.held.get(nameOf(effect))?.promise;
    if (this.offline === true || (this.offline === 'xmpp' && effect.do.startsWith('xmpp.'))) throw new Error('the link is down');
  }

  request(pair: Pair, _record: PairRecord, effect: RequestEffect): Promise<EngineEvent> {
    this.begun.push(nameOf(effect));
    const { promise, resolve, reject } = deferred<EngineEvent>();
    this.sent.push({ pair, effect, answer: (status) => resolve(outcomeOf(effect, status)), fail: reject });
    return promise;
  }

  hold(name: string): Deferred {
    const release = deferred();
    this.held.set(name, release);
    return release;
  }

  /** The n-th request, counted from 0. */
  nth(n: number): Sent {
    const sent = this.sent[n];
    if (sent === undefined) throw new Error(`only ${this.sent.length} requests were sent`);
    return sent;
  }
}

export interface Failure {
  readonly effect: string;
  readonly error: unknown;
}

export interface InstanceOptions {
  readonly store?: PairStore<StoredPair>;
  readonly maxPending?: number;
  readonly maxCached?: number;
  readonly contextOf?: ContextOf;
  readonly dueIntervalMs?: number;
  /** Pairs taken in one round. */
  readonly limit?: number;
  /** Commits that nothing waits for are made when the test says so: see LoopOptions. */
  readonly gather?: (commit: () => void) => void;
  readonly isAlone?: () => boolean;
  /** Is presence kept while the store is away? */
  readonly keepsMissed?: boolean;
}

/** Loop, runner and due keeper of one worker, wired as the worker wires them. */
export class Instance {
  readonly doer: ScriptedDoer;
  readonly failures: Failure[] = [];
  readonly errors: unknown[] = [];
  readonly ignored: string[] = [];
  /** Why pairs were taken. */
  readonly taken: DueCause[] = [];
  /** Texts taken over from others. */
  readonly takenOver: string[] = [];
  /** Events of stanzas that had been heard before. */
  readonly heardBefore: string[] = [];
  /** What came while the store was away. */
  readonly missed = new MissedEvents(100);
  conflicts = 0;
  readonly runner: EffectRunner;
  readonly loop: PairLoop;
  readonly due: DueKeeper;
  /** Of this process, the present one at the end. */
  readonly lives: string[];

  constructor(
    readonly place: Place,
    readonly name: string,
    options: InstanceOptions = {},
  ) {
    const store = options.store ?? place.pairs;
    const { maxPending = 1_000, maxCached = 1_000 } = options;
    const common = { store, contextOf: options.contextOf ?? place.contextOf, leaseMs: LEASE_MS, now: () => place.now };
    this.lives = [name];
    this.doer = new ScriptedDoer();
    this.runner = new EffectRunner({
      doer: this.doer,
      fence: this,
      onBehind: (pair) => this.due.isBehind(pair),
      settle: (pair, keys) => this.loop.settle(pair, keys),
      outcome: (pair, event) => this.loop.handle(pair, event),
      onFailure: (_pair, effect, error) => this.failures.push({ effect: nameOf(effect), error }),
      retryMs: 5,
    });
    this.loop = new PairLoop({
      ...common,
      instance: () => this.instance,
      start: (pair, record, effects, elsewhere) => this.runner.start(pair, record, effects, elsewhere),
      maxPending,
      maxCached,
      onIgnored: (_pair, event, why) => this.ignored.push(`${event.on}: ${why}`),
      onConflict: () => (this.conflicts += 1),
      onHeardBefore: (_pair, event) => this.heardBefore.push(event.on),
      keep: (pair, event, ticket) => options.keepsMissed === true && this.missed.keep(pair, event, ticket),
      ...(options.gather !== undefined && { gather: options.gather }),
      ...(options.isAlone !== undefined && { isAlone: options.isAlone }),
    });
    this.due = new DueKeeper({
      ...common,
      loop: this.loop,
      runner: this.runner,
      cluster: this,
      reachesXmpp: () => !place.linkless.has(name),
      intervalMs: options.dueIntervalMs ?? 500,
      limit: options.limit ?? 100,
      newTrace: () => 'due',
      onError: (error) => this.errors.push(error),
      onTaken: (cause) => this.taken.push(cause),
      onTakenOver: (_pair, { message }) => this.takenOver.push(message.text),
    });
    place.alive.add(name);
  }

  get instance(): string {
    return this.lives.at(-1) ?? this.name;
  }

  get size(): number {
    return this.place.alive.size;
  }

  isMine(key: string): boolean {
    return (this.place.ownerOf(key) ?? this.name) === this.name;
  }

  holdsLease(): boolean {
    return !this.place.lapsed.has(this.name);
  }

  isAlive(instance: string): boolean {
    return this.place.alive.has(instance);
  }

  isDead(instance: string): boolean {
    return this.place.dead.has(instance);
  }

  isOwn(instance: string): boolean {
    return this.lives.includes(instance);
  }

  othersReachXmpp(): boolean {
    return [...this.place.alive].some((each) => !this.isOwn(each) && !this.place.linkless.has(each));
  }

  /** The others have found this one dead. */
  foundDead(): void {
    this.place.alive.delete(this.instance);
    this.place.dead.add(this.instance);
    this.lives.push(`${this.instance}'`);
    this.place.alive.add(this.instance);
    this.runner.forsake();
    this.due.takeOver();
  }

  /** Time passes and this instance looks at what is due. */
  async looksAfter(ms: number): Promise<void> {
    this.place.now += ms;
    await this.due.takeDue();
  }

  async stored(pair: Pair): Promise<StoredPair | undefined> {
    return (await this.place.pairs.load(pairKey(pair)))?.record;
  }
}
