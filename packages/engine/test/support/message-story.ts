import { dueAt, isRequest, newRecord, settle, step, type Context, type Effect, type EngineEvent, type PairRecord, type RequestEffect, type SipOutcomeEvent } from '../../src';
import { contextOf, faultFor, NOON, PAIR } from './pair';

/** Milliseconds: when others may look at a dead worker's effects, and the deadlines of our requests. */
export const LEASE = 5_000;
export const INVITE_TIMEOUT = 90_000;
export const REQUEST_TIMEOUT = 10_000;
export const DELIVER_WITHIN = 120_000;

type Step = 'receive' | 'commit' | 'effect' | 'answer';

/** A text as the far side received it. */
interface Copy {
  readonly id: string;
  readonly repeated: boolean;
}

type Ending = Pick<SipOutcomeEvent, 'result' | 'status'> & { readonly taken: boolean; readonly afterMs: number };

/** Small, seeded, good enough. */
export class Dice {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }

  percent(chance: number): boolean {
    return this.below(100) < chance;
  }
}

export interface StoryOptions {
  readonly seed: number;
  readonly dialect: 'microsoft' | 'simple';
  /** At which step workers die, and how often in a hundred. */
  readonly crashAt?: Step;
  readonly crashes: number;
}

/**
 * The XMPP user writes to one SIP user: workers over one store that is away at times, a clock that jumps, a far side that
 * refuses, forgets, keeps silent. A worker dies between receiving, commit, effect and answer; another goes on.
 */
export class MessageStory {
  /** Messages that were committed: from then on an outcome is owed. */
  readonly owed: string[] = [];
  readonly arrived: Copy[] = [];
  /** Those whose acceptance was told to us. */
  readonly accepted: string[] = [];
  readonly returned: string[] = [];
  /** Messages that wait although nothing is being done for them and their time is over. */
  readonly overdue: string[] = [];
  deaths = 0;
  now = NOON;
  private record: PairRecord = newRecord(PAIR);
  private agenda: { readonly at: number; readonly run: () => void }[] = [];
  private holders = new Map<string, number>();
  private worker = 1;
  private deadSince = new Map<number, number>();
  private awayUntil = 0;
  private calm = false;
  private readonly dice: Dice;
  private readonly context: Context;
  private readonly said = new Map<string, number>();

  constructor(private readonly options: StoryOptions) {
    this.dice = new Dice(options.seed);
    this.context = contextOf(options.dialect, { deliverWithinSeconds: DELIVER_WITHIN / 1000, maxQueuedMessages: 20 });
  }

  play(): this {
    for (let n = 0; n < 12; n += 1) this.after(this.dice.below(100_000), () => this.writes(`m${this.said.size}`));
    this.after(this.dice.below(100_000), () => (this.awayUntil = this.now + this.dice.below(40_000)));
    this.after(1_000, () => this.look());
    this.after(130_000, () => (this.calm = true));
    for (;;) {
      const next = this.agenda.reduce<(typeof this.agenda)[number] | undefined>((first, each) => (first === undefined || each.at < first.at ? each : first), undefined);
      if (next === undefined) return this;
      this.agenda = this.agenda.filter((each) => each !== next);
      this.now = next.at;
      next.run();
    }
  }

  get left(): number {
    return this.record.conversation.queue.length + this.record.effects.length;
  }

  private after(ms: number, run: () => void): void {
    this.agenda.push({ at: this.now + ms, run });
  }

  private writes(id: string): void {
    this.said.set(id, this.now);
    const taken = this.take({ on: 'xmpp.message', at: this.now, trace: id, id, type: 'chat', message: { text: id } });
    if (taken) this.owed.push(id);
  }

  /** Does the worker die here? */
  private dies(where: Step): boolean {
    const { crashAt, crashes } = this.options;
    if (this.calm || this.deaths >= 4 || (crashAt !== undefined && crashAt !== where) || !this.dice.percent(crashes)) return false;
    this.deadSince.set(this.worker, this.now);
    this.worker += 1;
    this.deaths += 1;
    return true;
  }

  /** Takes an event; returns true when it was committed. */
  private take(event: EngineEvent): boolean {
    const own = this.worker;
    if (this.now < this.awayUntil || this.dies('receive')) return false;
    const { record, effects } = step(this.record, event, this.context);
    this.record = JSON.parse(JSON.stringify(record)) as PairRecord;
    for (const { key } of effects) this.holders.set(key, own);
    if (!this.dies('commit')) this.start(effects, own);
    return true;
  }

  private start(effects: readonly Effect[], own: number): void {
    for (const effect of effects) {
      if (own !== this.worker || this.dies('effect')) return;
      if (isRequest(effect)) this.request(effect, own);
      else this.handOver(effect);
    }
  }

  private handOver(effect: Effect): void {
    if (effect.do === 'xmpp.bounce') this.returned.push(effect.id);
    // What was handed over may be handed over again: the worker dies before it could say so.
    if (this.now >= this.awayUntil && !this.dies('answer')) this.record = settle(this.record, [effect.key]);
  }

  private request(effect: RequestEffect, own: number): void {
    const { taken, afterMs, result, status } = this.ending(effect);
    if (taken && effect.do === 'sip.message') this.arrived.push({ id: effect.trace, repeated: effect.repeated === true });
    this.after(afterMs, () => this.outcome(effect, { result, status }, own));
  }

  /** The worker insists while the store is away. */
  private outcome(effect: RequestEffect, { result, status }: Pick<SipOutcomeEvent, 'result' | 'status'>, own: number): void {
    if (this.deadSince.has(own) || this.dies('answer')) return;
    if (this.now < this.awayUntil) return this.after(1_000, () => this.outcome(effect, { result, status }, own));
    const ok = result === 'answered' && status < 300;
    const dialog = effect.dialog && ok ? { dialog: { remoteTag: 'far', ...effect.dialog, owner: `${own}` } } : {};
    const { key, trace } = effect;
    const known = this.record.effects.some((each) => each.key === key);
    const taken = this.take({ on: 'sip.outcome', at: this.now, trace, key, method: 'MESSAGE', result, status, ...(!ok && { fault: faultFor(status) }), ...dialog });
    if (taken && known && ok && effect.do === 'sip.message') this.accepted.push(trace);
  }

  private ending(effect: RequestEffect): Ending {
    const deadline = effect.do === 'sip.invite' ? INVITE_TIMEOUT : REQUEST_TIMEOUT;
    const quick = this.dice.below(200);
    const roll = this.calm ? 99 : this.dice.below(100);
    if (roll < 5) return { taken: true, result: 'timeout', status: 408, afterMs: deadline };
    if (roll < 10) return { taken: false, result: 'timeout', status: 408, afterMs: deadline };
    if (roll < 15) return { taken: false, result: 'unreachable', status: 503, afterMs: quick };
    if (roll < 22) return { taken: false, result: 'answered', status: 481, afterMs: quick };
    if (roll < 27) return { taken: false, result: 'answered', status: 486, afterMs: quick };
    if (roll < 35) return { taken: true, result: 'answered', status: 200, afterMs: this.dice.below(deadline) };
    return { taken: true, result: 'answered', status: 200, afterMs: quick };
  }

  /** Once a second whoever lives looks after what is due and what a dead worker has left. */
  private look(): void {
    if (this.now < NOON + 400_000) this.after(1_000, () => this.look());
    if (this.now < this.awayUntil) return;
    const due = dueAt(this.record);
    if (due !== undefined && due <= this.now) this.take({ on: 'timer', at: this.now, trace: 'timer' });
    const left = this.record.effects.filter(({ key }) => this.isLeft(key));
    for (const effect of left) {
      this.holders.set(effect.key, this.worker);
      if (isRequest(effect)) this.take({ on: 'sip.outcome', at: this.now, trace: effect.trace, key: effect.key, method: 'MESSAGE', result: 'lost', status: 408 });
      else this.start([effect], this.worker);
    }
    this.watch();
  }

  private isLeft(key: string): boolean {
    const since = this.deadSince.get(this.holders.get(key) ?? this.worker);
    return since !== undefined && this.now >= since + LEASE;
  }

  /** What is on its way has until its own deadline; all else goes back in time. The store may have been away till just now. */
  private watch(): void {
    const { queue, inflight, is } = this.record.conversation;
    const idle = inflight === undefined && is !== 'inviting' ? queue : queue.slice(1);
    for (const { id } of idle) {
      if (this.now > (this.said.get(id) ?? this.now) + DELIVER_WITHIN + LEASE && this.now > this.awayUntil + LEASE) this.overdue.push(id);
    }
  }
}
