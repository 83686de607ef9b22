import { step, type EngineEvent, type PairRecord } from '@isthmus/engine';
import { fault, FaultError, pairOf, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import type { Change } from './batch';
import type { ContextOf, PairLoop } from './loop';
import type { StoredPair } from './stored';

export interface SweepOptions {
  readonly store: PairStore<StoredPair>;
  readonly loop: PairLoop;
  readonly contextOf: ContextOf;
  /** Shares the work among the workers: each key is somebody's. */
  readonly isMine: (key: string) => boolean;
  /** Pairs told per second, so that the peers survive a bulk recovery. */
  readonly perSecond: () => number;
  readonly onError: (error: unknown) => void;
  /** Pause before a sweep that failed is begun again, milliseconds; tests shorten it. */
  readonly retryMs?: number;
}

/**
 * Whose pairs a sweep tells: a share, since each worker has noticed the cause itself; all, since no other may have; or
 * those of these keys.
 */
export type Extent = 'share' | 'all' | readonly string[];

/** The events that a pair is owed, by its record; none for most pairs. */
export type Select = (pair: Pair, record: PairRecord) => readonly EngineEvent[];

/** The shortest pause of a sweep, milliseconds: several pairs are told between two where many may be told in a second. */
const PACE_MS = 100;
const RETRY_MS = 1_000;
const UNAVAILABLE = fault('server.unavailable').condition;

/**
 * Tells all pairs what happened to a connection, a route or a server: one sweep after the other, paced. A sweep that
 * fails half-way (store gone) is begun again when the store is back: being told twice changes nothing. A pair that
 * cannot be told for a reason of its own is passed over.
 */
export class Sweeper {
  private queue: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: SweepOptions) {}

  /** Adds a sweep behind those that run. `done` tells how many pairs were told. */
  sweep(select: Select, done: (told: number) => void = () => undefined, extent: Extent = 'share'): void {
    const again = (error: unknown) => this.failed(error, () => this.sweep(select, done, extent));
    this.queue = this.queue.then(() => this.run(select, extent)).then(done, again);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.queue;
  }

  private async failed(error: unknown, again: () => void): Promise<void> {
    this.options.onError(error);
    if (this.stopped) return;
    await pause(this.options.retryMs ?? RETRY_MS);
    again();
  }

  private async run(select: Select, extent: Extent): Promise<number> {
    const perSecond = this.options.perSecond();
    const perPace = Math.max(1, Math.round((perSecond * PACE_MS) / 1_000));
    let told = 0;
    for await (const key of typeof extent === 'string' ? this.options.store.scan() : extent) {
      if (this.stopped) return told;
      if (extent === 'share' && !this.options.isMine(key)) continue;
      if (!(await this.tell(pairOf(key), select))) continue;
      told += 1;
      if (told % perPace === 0) await pause((perPace * 1_000) / perSecond);
    }
    return told;
  }

  private async tell(pair: Pair, select: Select): Promise<boolean> {
    let told = false;
    const change: Change = (record, stored) => {
      const events = stored === undefined ? [] : select(pair, record);
      told = events.length > 0;
      return told ? stepAll(record, events, (event, at) => step(at, event, this.options.contextOf(pair))) : undefined;
    };
    try {
      await this.options.loop.change(pair, change);
    } catch (error) {
      if (error instanceof FaultError && error.fault.condition === UNAVAILABLE) throw error;
      this.options.onError(error);
      return false;
    }
    return told;
  }
}

function stepAll(
  record: PairRecord,
  events: readonly EngineEvent[],
  one: (event: EngineEvent, record: PairRecord) => ReturnType<typeof step>,
): { record: PairRecord; start: PairRecord['effects'] } {
  let next = record;
  const start = [];
  for (const event of events) {
    const result = one(event, next);
    next = result.record;
    start.push(...result.effects);
  }
  return { record: next, start };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
