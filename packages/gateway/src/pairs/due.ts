import { isRequest, step, type Effect, type EngineEvent, type PairRecord, type RequestEffect, type XmppMessageEffect } from '@isthmus/engine';
import { pairOf, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import type { ContextOf, PairLoop } from './loop';
import type { EffectRunner } from './runner';
import { handOf, holds, type StoredPair } from './stored';

export interface DueOptions {
  readonly store: PairStore<StoredPair>;
  readonly loop: PairLoop;
  readonly runner: EffectRunner;
  readonly contextOf: ContextOf;
  readonly instance: string;
  /** Does this instance (worker name and start) still live? */
  readonly isAlive: (instance: string) => boolean;
  /** Has this instance a link to the XMPP server? One that has none gives its stanzas up to one that has. */
  readonly reachesXmpp: (instance: string) => boolean;
  readonly leaseMs: number;
  readonly intervalMs: number;
  /** Pairs taken in one round. */
  readonly limit: number;
  readonly now: () => number;
  readonly newTrace: () => string;
  readonly onError: (error: unknown) => void;
  /** A text for the XMPP user is taken over from another instance, which may have handed it over without saying so. */
  readonly onTakenOver?: (pair: Pair, text: XmppMessageEffect) => void;
}

/**
 * Looks after the pairs whose time has come (DESIGN section 4): protocol timers, effects that could not be handed over,
 * and what a dead instance left undone. One mechanism for the three.
 */
export class DueKeeper {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Pairs of this worker with effects that could not be handed over, to be tried again in the next rounds. */
  private again: string[] = [];
  private againAt = 0;

  constructor(private readonly options: DueOptions) {}

  start(): void {
    this.schedule();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.round = this.takeDue()
        .catch((error: unknown) => this.options.onError(error))
        .finally(() => this.schedule());
    }, this.options.intervalMs);
  }

  /** What could not be handed over is tried again in the next round: the XMPP link is back. */
  hurry(): void {
    this.againAt = 0;
  }

  /** One round: claims what is due and looks at each. */
  async takeDue(): Promise<void> {
    const { store, now, leaseMs, limit } = this.options;
    const at = now();
    const keys = await store.claimDue(at, at + leaseMs, limit);
    await Promise.all([...keys.map((key) => this.look(key)), ...this.parked(at).map((key) => this.tryAgain(key))]);
  }

  /** The claim may go to another worker time and again, and only this one knows what waits here. */
  private parked(at: number): string[] {
    if (this.again.length === 0 && at >= this.againAt) {
      this.again = [...this.options.runner.parkedPairs()];
      this.againAt = at + this.options.leaseMs;
    }
    return this.again.splice(0, this.options.limit);
  }

  private look(key: string): Promise<void> {
    const pair = pairOf(key);
    return this.options.loop
      .change(pair, (record, stored) => this.change(pair, record, stored))
      .catch((error: unknown) => this.options.onError(error));
  }

  /** Whoever takes the pair's turn makes its waiting effects start again. */
  private tryAgain(key: string): Promise<void> {
    return this.options.loop.change(pairOf(key), () => undefined).catch((error: unknown) => this.options.onError(error));
  }

  private change(pair: Pair, record: PairRecord, stored: StoredPair | undefined): Looked | undefined {
    if (stored === undefined) return undefined;
    const { contextOf, now, newTrace } = this.options;
    const ours = record.effects.filter((effect) => this.isOurs(stored, effect));
    for (const effect of ours) if (effect.do === 'xmpp.message' && handOf(stored, effect) !== this.options.instance) this.options.onTakenOver?.(pair, effect);
    const events = [...this.lost(pair, stored, ours), { on: 'timer', at: now(), trace: newTrace() } as const];
    let next = record;
    for (const event of events) next = step(next, event, contextOf(pair)).record;
    const start = next.effects.filter((effect) => ours.includes(effect) || !record.effects.includes(effect));
    // A new object, so that the commit sets a new due time: the claim has moved the old one.
    return { record: next === record ? { ...record } : next, start };
  }

  /**
   * Is it for us to do what is left of this effect? What an earlier event of the same turn has just added is left to that
   * event, and what another live instance has in hand to that instance.
   */
  private isOurs(stored: StoredPair, effect: Effect): boolean {
    if (!holds(stored, effect)) return false;
    const { instance, isAlive, reachesXmpp } = this.options;
    const hand = handOf(stored, effect);
    if (hand === instance || !isAlive(hand)) return true;
    return effect.do.startsWith('xmpp.') && !reachesXmpp(hand) && reachesXmpp(instance);
  }

  /** Requests of which nobody will ever hear: those of a dead instance, or of ours that are not running. */
  private lost(pair: Pair, stored: StoredPair, ours: readonly Effect[]): EngineEvent[] {
    const { instance, runner, now } = this.options;
    return ours
      .filter(isRequest)
      .filter((effect) => handOf(stored, effect) !== instance || (!runner.isRunning(pair, effect) && !runner.isParked(pair, effect)))
      .map((effect) => lostOutcome(effect, now()));
  }
}

/** What a look at a pair leads to. */
interface Looked {
  readonly record: PairRecord;
  readonly start: readonly Effect[];
}

const METHODS = {
  'sip.invite': 'INVITE',
  'sip.message': 'MESSAGE',
  'sip.bye': 'BYE',
  'sip.subscribe': 'SUBSCRIBE',
  'sip.notify': 'NOTIFY',
} as const;

/** The outcome that stands for "nobody knows" (408 says the nearest in SIP). */
function lostOutcome(effect: RequestEffect, at: number): EngineEvent {
  const method = effect.do === 'sip.typing' ? (effect.dialog ? 'INFO' : 'MESSAGE') : METHODS[effect.do];
  return { on: 'sip.outcome', at, trace: effect.trace, key: effect.key, method, result: 'lost', status: 408 };
}
