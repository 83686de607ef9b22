import { step, type EngineEvent, type PairRecord } from '@isthmus/engine';
import { pairOf, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
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
}

/** The events that a pair is owed, by its record; none for most pairs. */
export type Select = (pair: Pair, record: PairRecord) => readonly EngineEvent[];

/** How long one pace of a sweep lasts, milliseconds. */
const PACE_MS = 100;

/**
 * Tells all pairs what happened to a connection, a route or a server: one sweep after the other, paced. A sweep that
 * fails half-way (store gone) is begun again when the store is back: being told twice changes nothing.
 */
export class Sweeper {
  private queue: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: SweepOptions) {}

  /** Adds a sweep behind those that run. `done` tells how many pairs were told. */
  sweep(select: Select, done: (told: number) => void = () => undefined): void {
    this.queue = this.queue.then(() => this.run(select)).then(done, (error: unknown) => this.failed(select, done, error));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.queue;
  }

  private async failed(select: Select, done: (told: number) => void, error: unknown): Promise<void> {
    this.options.onError(error);
    if (this.stopped) return;
    await pause(1_000);
    this.sweep(select, done);
  }

  private async run(select: Select): Promise<number> {
    let told = 0;
    let inPace = 0;
    for await (const key of this.options.store.scan()) {
      if (this.stopped) return told;
      if (!this.options.isMine(key)) continue;
      if (!(await this.tell(pairOf(key), select))) continue;
      told += 1;
      inPace += 1;
      if (inPace < Math.max(1, (this.options.perSecond() * PACE_MS) / 1_000)) continue;
      inPace = 0;
      await pause(PACE_MS);
    }
    return told;
  }

  private async tell(pair: Pair, select: Select): Promise<boolean> {
    let told = false;
    await this.options.loop.change(pair, (record, stored) => {
      if (stored === undefined) return undefined;
      const events = select(pair, record);
      told = events.length > 0;
      return told ? stepAll(record, events, (event, at) => step(at, event, this.options.contextOf(pair))) : undefined;
    });
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
