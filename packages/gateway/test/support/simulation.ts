import { DEFAULT_SETTINGS, type EngineEvent } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';
import { MemoryStore, type Commit } from '@isthmus/store';
import type { StoredPair } from '../../src/pairs/stored';
import { FarSides } from './far-sides';
import { NumberingServer } from './numbering-server';
import { Member, type World } from './member';
import { pairOfUser, says, writes } from './pairs';
import { Steps } from './steps';
import { Chance, VirtualTime } from './virtual-time';

export interface SimulationOptions {
  readonly seed: number;
  readonly instances: number;
  /** How often in a hundred a commit is the last thing that its instance does. */
  readonly crashes: number;
  /** How often in a hundred a stanza is given to another instance than the one before it. */
  readonly strays: number;
  /** How often in a hundred an instance stalls where it waits for the store or for what it has handed over. */
  readonly stalls?: number;
  /** How often in a hundred a look at what is due finds the instance cut from the store, alone among all. */
  readonly cuts?: number;
  /** The XMPP server numbers what it hands over, and keeps it until it is reported as handled. */
  readonly numbers?: boolean;
  /** How often in a hundred an instance dies where it waits. */
  readonly kills?: number;
  /** How often in a hundred a look at what is due finds the instance told to drain and leave. */
  readonly drains?: number;
}

const BEAT_MS = 500;
const DEAD_AFTER_MS = 3_000;
const MAX_CRASHES = 4;
const MAX_STALLS = 12;
const MAX_DRAINS = 3;

/** Two or three workers over one store, a clock that jumps, far sides that do what far sides do. */
export class Simulation implements World {
  readonly time = new VirtualTime();
  readonly chance: Chance;
  readonly far: FarSides;
  private readonly place = new MemoryStore<StoredPair>({ now: () => this.time.now });
  readonly store = this.place.pairs;
  readonly workers = this.place.workers;
  readonly errors: unknown[] = [];
  crashes = 0;
  stalls = 0;
  cuts = 0;
  lostLives = 0;
  stood = 0;
  dropped = 0;
  drains = 0;
  readonly server: NumberingServer | undefined;
  readonly steps = new Steps();
  readonly leases = new Map<string, number>();
  /** What was done by an instance that others may have taken for dead. */
  readonly unfenced: string[] = [];
  calm = false;
  /** Messages that are in the store or were: from then on they are owed an outcome. */
  readonly owed = new Set<string>();
  /** Messages in the order in which their senders wrote them. */
  readonly said = new Map<Pair, string[]>();
  readonly written = new Map<Pair, string[]>();
  private ids = 0;
  private lives = 0;
  private members: Member[];
  readonly owners: string[] = [];
  private readonly home = new Map<Pair, Member>();

  constructor(readonly options: SimulationOptions) {
    this.chance = new Chance(options.seed);
    this.far = new FarSides(this.chance);
    const { time, chance } = this;
    const mayFail = (member: unknown): void => this.mayFail(member as Member);
    if (options.numbers === true) this.server = new NumberingServer({ time, chance, strays: options.strays, mayFail });
    this.members = Array.from({ length: options.instances }, () => this.born());
  }

  contextOf(pair: Pair) {
    const dialect = pair.user.startsWith('m') ? ('microsoft' as const) : ('simple' as const);
    const settings = { ...DEFAULT_SETTINGS, sessionIdleSeconds: 60 };
    return { dialect, variant: 'lync' as const, settings, newId: () => this.newId() };
  }

  newId(): string {
    return `id${(this.ids += 1)}`;
  }

  get pairs(): readonly Pair[] {
    return [...this.said.keys()];
  }

  get live(): readonly Member[] {
    return this.members.filter(({ dead }) => !dead);
  }

  /** A commit has reached the store; sometimes it is the last thing that its worker does. */
  committed(member: Member, { key, record }: Commit<StoredPair>): void {
    const queue = (record?.record.conversation.queue ?? []).map(({ id }) => id);
    for (const id of queue) this.owed.add(id);
    this.steps.committed(key, queue);
    this.mayDie(member, this.options.crashes);
  }

  private mayDie(member: Member, percent: number): void {
    if (this.calm || member.dead || this.crashes >= MAX_CRASHES || !this.canSpare(member) || !this.chance.percent(percent)) return;
    this.crashes += 1;
    this.gone(member);
  }

  /** Does another one stay? */
  private canSpare(member: Member): boolean {
    return this.live.some((other) => other !== member && !other.leaving);
  }

  private gone(member: Member): void {
    member.dead = true;
    this.time.after(2_000, () => this.members.push(this.born()));
  }

  mayFail(member: Member): void {
    if (this.options.kills !== undefined) this.mayDie(member, this.options.kills);
    if (this.calm || this.stalls >= MAX_STALLS || member.isAsleep || !this.chance.percent(this.options.stalls ?? 0)) return;
    this.stalls += 1;
    member.stall(this.chance.percent(30) ? this.chance.below(1_000) : this.chance.below(15_000));
  }

  /** An effect is being done: nobody may take this instance for dead. */
  acts({ cluster }: Member): void {
    const until = this.leases.get(cluster.instance) ?? 0;
    if (until <= this.time.now) this.unfenced.push(`${cluster.instance}, ${this.time.now - until} ms after its lease`);
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
    for (const member of this.live) member.linkIs(true);
    for (const member of this.live) member.isCut = false;
    await this.time.pass(200_000);
  }

  private born(): Member {
    const member = new Member(this, `w${(this.lives += 1)}`);
    this.owners.push(member.owner);
    this.server?.connect(member);
    const again = (ms: () => number, run: () => void): void => {
      if (member.dead) return;
      run();
      this.time.after(ms(), () => again(ms, run));
    };
    void member.beat();
    this.time.after(BEAT_MS, () => again(() => BEAT_MS, () => void member.beat()));
    this.time.after(this.chance.below(500), () => again(() => (this.calm ? 3_000 : 500), () => this.looks(member)));
    return member;
  }

  private looks(member: Member): void {
    if (!this.calm && this.chance.percent(5)) member.linkIs(member.offline);
    if (!this.calm && !member.isCut && this.chance.percent(this.options.cuts ?? 0)) this.cut(member);
    if (this.options.drains !== undefined) this.mayDrain(member, this.options.drains);
    void member.look();
  }

  private mayDrain(member: Member, percent: number): void {
    if (this.calm || this.drains >= MAX_DRAINS || !this.canSpare(member) || member.isAsleep || member.leaving || !this.chance.percent(percent)) return;
    this.drains += 1;
    void member.drain().then((isDone) => {
      if (!isDone) this.crashes += 1;
      this.gone(member);
    });
  }

  private cut(member: Member): void {
    this.cuts += 1;
    member.isCut = true;
    this.time.after(this.chance.below(8_000), () => (member.isCut = false));
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
    if (this.server !== undefined) return this.numbered(this.server, pair, n);
    const member = this.pick(pair);
    const taken = member.loop.handle(pair, says(id, this.time.now));
    const next = (): void => this.chatterLater(pair, n + 1);
    let went = false;
    const once = (): void => {
      if (!went) next();
      went = true;
    };
    taken.then(once, (error: unknown) => this.cameBack(member, id, error, once));
    this.time.after(DEAD_AFTER_MS, () => (member.dead ? once() : undefined));
  }

  private chatterLater(pair: Pair, n: number): void {
    this.time.after(this.chance.percent(60) ? this.chance.below(20) : this.chance.below(6_000), () => this.chatter(pair, n));
  }

  /** The XMPP server has taken it: whatever the workers do, an outcome is owed. */
  private numbered(server: NumberingServer, pair: Pair, n: number): void {
    const id = `${pair.user}-${n}`;
    this.owed.add(id);
    server.takes(pair, id);
    this.chatterLater(pair, n + 1);
  }

  /** A worker that is cut from the store tells the sender so at once. */
  private cameBack(member: Member, id: string, error: unknown, next: () => void): void {
    if (!member.isCut && this.cuts === 0) this.errors.push(error);
    this.far.cameBack(id);
    next();
  }

  /** The SIP user writes out of dialog, and again when nobody answers. */
  private answers(pair: Pair, n = 0, tries = 0): void {
    if (n >= 15) return;
    const id = `to-${pair.user}-${n}`;
    if (tries === 0) this.written.set(pair, [...(this.written.get(pair) ?? []), id]);
    const transaction = { server: 'sip1', id: `tx-${id}-${tries}` };
    const event = { ...writes(id, this.time.now), transaction, trace: `${id}-${tries}` } as EngineEvent;
    void this.pick(pair).loop.handle(pair, event).catch((error: unknown) => (this.cuts === 0 ? this.errors.push(error) : undefined));
    const look = (): void => {
      if (this.far.answered.has(id)) return this.time.after(this.chance.below(4_000), () => this.answers(pair, n + 1));
      this.time.after(0, () => this.answers(pair, n, tries + 1));
    };
    this.time.after(this.chance.percent(50) ? 1_000 : 8_000, look);
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
