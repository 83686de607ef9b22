import { isRequest, step, type EngineEvent, type PairRecord } from '@isthmus/engine';
import { fault, FaultError, pairOf, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import type { Change } from './batch';
import type { ContextOf, PairLoop } from './loop';
import type { StoredPair } from './stored';

export interface RoundOptions {
  readonly store: PairStore<StoredPair>;
  readonly loop: PairLoop;
  readonly contextOf: ContextOf;
  /** Shares the work among the workers: each key is somebody's. */
  readonly isMine: (key: string) => boolean;
  /** Pairs told per second by which a request is caused, so that the peers survive a bulk recovery. */
  readonly perSecond: () => number;
  readonly onError: (error: unknown) => void;
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

/** A sweep of which is known only when its turn comes whom it tells what. */
export interface LateSweep {
  readonly name: string;
  /** Asked again when its round has failed. */
  readonly collect: () => Promise<Omit<Sweep, 'name'>>;
}

/** A pair, and what it is to be told for. */
interface Owed {
  readonly key: string;
  readonly sweeps: readonly Sweep[];
}

/** Records looked at at one time: most of them are owed nothing, and each waits for the store. */
const PARALLEL = 64;
/** The pace is kept over so long, milliseconds. */
const PACE_MS = 100;
const UNAVAILABLE = fault('server.unavailable').condition;
/** What a pair that is told by stanzas only counts, where one that costs the SIP server a request counts one. */
const STANZAS_ONLY = 0.25;

/** One walk over the pairs. */
export class Round {
  readonly told = new Map<Sweep, number>();

  constructor(
    private readonly sweeps: readonly Sweep[],
    private readonly options: RoundOptions,
  ) {}

  async run(stopped: () => boolean): Promise<void> {
    const perSecond = this.options.perSecond();
    const pace = new Pace(perSecond);
    const size = Math.min(PARALLEL, Math.max(1, Math.round((perSecond * PACE_MS) / 1_000)));
    for await (const owed of inBatches(this.owed(), size)) {
      if (stopped()) return;
      const weights = await Promise.all(owed.map(({ key, sweeps }) => this.tell(key, sweeps)));
      await pace.keep(weights.reduce((sum, weight) => sum + weight, 0));
    }
  }

  private async *owed(): AsyncGenerator<Owed> {
    const sets = this.sweeps.flatMap(({ extent }) => (typeof extent === 'object' ? [extent] : []));
    const everywhere = sets.length < this.sweeps.length;
    for await (const key of everywhere ? this.options.store.scan() : new Set(sets.flatMap((set) => [...set]))) {
      const covering = this.covering(key);
      if (covering.length > 0) yield { key, sweeps: covering };
    }
  }

  private covering(key: string): readonly Sweep[] {
    let mine: boolean | undefined;
    const isShare = () => (mine ??= this.options.isMine(key));
    return this.sweeps.filter(({ extent = 'share' }) => (typeof extent === 'string' ? extent === 'all' || isShare() : extent.has(key)));
  }

  /** Returns what it counts for the pace. */
  private async tell(key: string, sweeps: readonly Sweep[]): Promise<number> {
    const pair = pairOf(key);
    let owed: readonly (readonly EngineEvent[])[] = [];
    let weight = 0;
    const change: Change = (record, stored) => {
      owed = sweeps.map(({ select }) => (stored === undefined ? [] : select(pair, record)));
      const events = owed.flat();
      if (events.length === 0) return undefined;
      const result = stepAll(record, events, (event, at) => step(at, event, this.options.contextOf(pair)));
      weight = result.start.some(isRequest) ? 1 : STANZAS_ONLY;
      return result;
    };
    try {
      await this.options.loop.change(pair, change);
    } catch (error) {
      if (error instanceof FaultError && error.fault.condition === UNAVAILABLE) throw error;
      this.options.onError(error);
      return 0;
    }
    sweeps.forEach((sweep, index) => this.told.set(sweep, (this.told.get(sweep) ?? 0) + (owed[index]?.length === 0 ? 0 : 1)));
    return weight;
  }
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

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
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

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
