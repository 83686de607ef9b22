import { isRequest, type Effect, type EngineEvent, type PairRecord, type RequestEffect } from '@isthmus/engine';
import { fault, FaultError, pairKey, type Pair } from '@isthmus/model';
import { isBehind, needs } from './order';

/** Does one effect of each kind. The sides implement it: `sides/`. */
export interface Doer {
  /** Hands a stanza or an answer over. Rejects when that is not possible now: the effect stays and is tried again. */
  handOver(pair: Pair, record: PairRecord, effect: Exclude<Effect, RequestEffect>): Promise<void>;
  /** Sends a request; resolves with its outcome, never rejects. */
  request(pair: Pair, record: PairRecord, effect: RequestEffect): Promise<EngineEvent>;
}

/** What keeps an instance from doing what others may do by now (decision 072). */
export interface Fence {
  /** The instance's present life: another one has nothing in hand of what this one began. */
  readonly instance: string;
  /** Is it certain that no other instance takes this one for dead? */
  holdsLease(): boolean;
}

export interface RunnerOptions {
  readonly doer: Doer;
  readonly fence: Fence;
  /** Effects that were handed over leave the record. */
  readonly settle: (pair: Pair, keys: readonly string[]) => Promise<void>;
  readonly outcome: (pair: Pair, event: EngineEvent) => Promise<void>;
  readonly onFailure: (pair: Pair, effect: Effect, error: unknown) => void;
  /** An effect waits for one in other hands; called again after each look that finds it still waiting. */
  readonly onBehind?: (pair: Pair) => void;
  /** Pause before what came of an effect is told to the store again, milliseconds; tests shorten it. */
  readonly retryMs?: number;
  /** Resolves after so long; tests hand in their own clock. */
  readonly pause?: (ms: number) => Promise<void>;
}

const UNAVAILABLE = fault('server.unavailable').condition;
const RETRY_MS = 1_000;
/** So often; after that the record keeps the effect, and it is done again or counts as lost when the pair falls due. */
const MAX_RETRIES = 60;

/**
 * Does effects. Those of one pair are started in order: a stanza or an answer has been handed over before the next
 * effect starts, a request has been written. If one cannot be handed over, those behind it that need it wait with it in
 * the record, until the pair falls due and they are tried again. The others go on: a SIP watcher learns that the XMPP
 * server is gone although stanzas wait for it (promise 4).
 *
 * An effect is done only under a lease that has certainly not ended. Otherwise it waits; and what a life of this process
 * began that was found dead is nothing to do with the next one.
 */
export class EffectRunner {
  private readonly chains = new Map<string, Promise<void>>();
  /** Effects that could not be handed over, by pair: they are tried again when the pair's next effects start. */
  private readonly parked = new Map<string, Effect[]>();
  private readonly running = new Set<string>();

  constructor(private readonly options: RunnerOptions) {}

  /** Effects that have been started and are not done. */
  get inFlight(): number {
    return this.running.size;
  }

  isRunning(pair: Pair, effect: Effect): boolean {
    return this.running.has(nameOf(pair, effect));
  }

  /** Does the effect wait for another one of its pair that could not be handed over? */
  isParked(pair: Pair, effect: Effect): boolean {
    return this.parked.get(pairKey(pair))?.some(({ key }) => key === effect.key) ?? false;
  }

  /** Keys of the pairs that have effects which could not be handed over, those tried last at the end. */
  parkedPairs(): readonly string[] {
    return [...this.parked.keys()];
  }

  /** This process has a new life: what the old one could not hand over is in nobody's hands. */
  forsake(): void {
    this.parked.clear();
  }

  /**
   * Starts `effects`, behind those of the same pair that could not be handed over before, and those that are `elsewhere`:
   * in the hands of another worker.
   */
  start(pair: Pair, record: PairRecord, effects: readonly Effect[], elsewhere: readonly Effect[] = []): void {
    const key = pairKey(pair);
    const wanted = new Set([...effects, ...(this.parked.get(key) ?? [])].map((effect) => effect.key));
    for (const effect of elsewhere) wanted.delete(effect.key);
    const list = record.effects.filter((effect) => wanted.has(effect.key));
    this.parked.delete(key);
    this.enqueue(pair, record, list.filter((effect) => !this.isRunning(pair, effect)), elsewhere);
  }

  private enqueue(pair: Pair, record: PairRecord, effects: readonly Effect[], elsewhere: readonly Effect[]): void {
    if (effects.length === 0) return;
    for (const effect of effects) this.running.add(nameOf(pair, effect));
    const key = pairKey(pair);
    const before = this.chains.get(key) ?? Promise.resolve();
    const { instance } = this.options.fence;
    const chain = before.then(() => this.runAll(pair, record, effects, elsewhere, instance));
    this.chains.set(key, chain);
    void chain.then(() => {
      if (this.chains.get(key) === chain) this.chains.delete(key);
    });
  }

  private async runAll(pair: Pair, record: PairRecord, effects: readonly Effect[], elsewhere: readonly Effect[], instance: string): Promise<void> {
    const done: Effect[] = [];
    // Kept here too: another start may take what is parked in between, to try it behind this run.
    const waiting: Effect[] = [];
    const { fence, onBehind } = this.options;
    for (const effect of effects) {
      if (fence.instance !== instance) {
        this.running.delete(nameOf(pair, effect));
        continue;
      }
      const behind = isBehind(effect, elsewhere, record);
      if (behind) onBehind?.(pair);
      const mustWait = behind || !fence.holdsLease() || this.mustWait(pair, effect) || waiting.some((earlier) => needs(effect, earlier));
      if (!mustWait && isRequest(effect)) this.request(pair, record, effect);
      else if (!mustWait && !isRequest(effect) && (await this.handedOver(pair, record, effect))) done.push(effect);
      else {
        this.park(pair, effect, instance);
        waiting.push(effect);
      }
    }
    if (done.length > 0) void this.settle(pair, done);
  }

  private async handedOver(pair: Pair, record: PairRecord, effect: Exclude<Effect, RequestEffect>): Promise<boolean> {
    try {
      await this.options.doer.handOver(pair, record, effect);
      return true;
    } catch (error) {
      this.options.onFailure(pair, effect, error);
      return false;
    }
  }

  private mustWait(pair: Pair, effect: Effect): boolean {
    return this.parked.get(pairKey(pair))?.some((earlier) => needs(effect, earlier)) ?? false;
  }

  private park(pair: Pair, effect: Effect, instance: string): void {
    this.running.delete(nameOf(pair, effect));
    if (this.options.fence.instance !== instance) return;
    this.parked.set(pairKey(pair), [...(this.parked.get(pairKey(pair)) ?? []), effect]);
  }

  private async settle(pair: Pair, done: readonly Effect[]): Promise<void> {
    const keys = done.map((effect) => effect.key);
    try {
      await this.insist(() => this.options.settle(pair, keys));
    } catch (error) {
      // The record keeps them: they are done once more when the pair falls due. Their keys make that visible.
      for (const effect of done) this.options.onFailure(pair, effect, error);
    }
    for (const effect of done) this.running.delete(nameOf(pair, effect));
  }

  private request(pair: Pair, record: PairRecord, effect: RequestEffect): void {
    const name = nameOf(pair, effect);
    void this.options.doer
      .request(pair, record, effect)
      .then((event) => this.insist(() => this.options.outcome(pair, event)))
      .catch((error: unknown) => this.options.onFailure(pair, effect, error))
      .finally(() => this.running.delete(name));
  }

  /**
   * Tells what has happened, again and again while the store is away: what is known now would otherwise be guessed later,
   * and be done a second time (promise 1). Meanwhile the effect counts as running.
   */
  private async insist(tell: () => Promise<void>): Promise<void> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await tell();
      } catch (error) {
        const mayPass = error instanceof FaultError && error.fault.condition === UNAVAILABLE;
        if (!mayPass || retries >= MAX_RETRIES) throw error;
      }
      await (this.options.pause ?? quietly)(this.options.retryMs ?? RETRY_MS);
    }
  }
}

function nameOf(pair: Pair, effect: Effect): string {
  return `${pairKey(pair)} ${effect.key}`;
}

/** Keeps no process alive. */
function quietly(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
