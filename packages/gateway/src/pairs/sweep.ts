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
export type Extent = 'share' | 'all' | ReadonlySet<string>;

/** The events that a pair is owed, by its record; none for most pairs. */
export type Select = (pair: Pair, record: PairRecord) => readonly EngineEvent[];

export interface Sweep {
  /** What it is about: of several sweeps of one name that wait, the last takes the place of all. */
  readonly name: string;
  readonly select: Select;
  /** Default: a share. */
  readonly extent?: Extent;
  /** Told how many pairs were told. */
  readonly done?: (told: number) => void;
}

/** Records looked at at one time: most of them are owed nothing, and each waits for the store. */
const PARALLEL = 64;
/** The pace is kept over so long, milliseconds. */
const PACE_MS = 100;
const RETRY_MS = 1_000;
const UNAVAILABLE = fault('server.unavailable').condition;

/**
 * Tells all pairs what happened to a connection, a route or a server: one sweep after the other, paced. A sweep that
 * fails half-way (store gone) is begun again when the store is back: being told twice changes nothing. A pair that
 * cannot be told for a reason of its own is passed over.
 */
export class Sweeper {
  private readonly pending = new Map<string, Sweep>();
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: SweepOptions) {}

  /** Sweeps that wait for their turn. */
  get waiting(): number {
    return this.pending.size;
  }

  /**
   * Adds a sweep behind those that run and wait. One of the same name that waits is not done any more: so their number is
   * bounded also while a route flaps, and the last word about each thing is the last to be told.
   */
  sweep(sweep: Sweep): void {
    const before = this.pending.get(sweep.name);
    this.pending.delete(sweep.name);
    this.pending.set(sweep.name, { ...sweep, extent: wider(before?.extent, sweep.extent ?? 'share') });
    this.running ??= this.runAll().finally(() => (this.running = undefined));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async runAll(): Promise<void> {
    for (;;) {
      const [next] = this.pending.values();
      if (next === undefined || this.stopped) return;
      this.pending.delete(next.name);
      await this.runOne(next);
    }
  }

  private async runOne(sweep: Sweep): Promise<void> {
    try {
      const told = await this.run(sweep.select, sweep.extent ?? 'share');
      sweep.done?.(told);
    } catch (error) {
      this.options.onError(error);
      if (this.stopped) return;
      await pause(this.options.retryMs ?? RETRY_MS);
      const next = this.pending.get(sweep.name) ?? sweep;
      this.pending.set(sweep.name, { ...next, extent: wider(sweep.extent, next.extent ?? 'share') });
    }
  }

  private async run(select: Select, extent: Extent): Promise<number> {
    const perSecond = this.options.perSecond();
    const pace = new Pace(perSecond);
    const size = Math.min(PARALLEL, Math.max(1, Math.round((perSecond * PACE_MS) / 1_000)));
    let told = 0;
    for await (const keys of inBatches(this.keys(extent), size)) {
      if (this.stopped) return told;
      const results = await Promise.all(keys.map((key) => this.tell(pairOf(key), select)));
      const count = results.filter(Boolean).length;
      told += count;
      await pace.keep(count);
    }
    return told;
  }

  private async *keys(extent: Extent): AsyncGenerator<string> {
    for await (const key of typeof extent === 'string' ? this.options.store.scan() : extent) {
      if (extent !== 'share' || this.options.isMine(key)) yield key;
    }
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

/** What covers both. */
function wider(one: Extent | undefined, other: Extent): Extent {
  if (one === undefined || one === other) return other;
  if (typeof one === 'object' && typeof other === 'object') return new Set([...one, ...other]);
  return one === 'all' || other === 'all' || typeof one === 'object' || typeof other === 'object' ? 'all' : 'share';
}

/** Keeps to so many pairs in a second; the time that the work itself takes counts. */
class Pace {
  private free = performance.now();

  constructor(private readonly perSecond: number) {}

  async keep(count: number): Promise<void> {
    const now = performance.now();
    this.free = Math.max(this.free, now - PACE_MS) + (count * 1_000) / this.perSecond;
    if (this.free > now) await pause(this.free - now);
  }
}

async function* inBatches(keys: AsyncIterable<string>, size: number): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const key of keys) {
    batch.push(key);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
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
