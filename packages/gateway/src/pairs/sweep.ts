import { pause, Round, type Extent, type LateSweep, type RoundOptions, type Sweep } from './round';

export type { Extent, LateSweep, Select, Sweep } from './round';

type Owed = Sweep | LateSweep;

export interface SweepOptions extends RoundOptions {
  /** Pause before a round that failed is begun again, milliseconds; tests shorten it. */
  readonly retryMs?: number;
}

const RETRY_MS = 1_000;
/** Late sweeps that collect at one time: each may have to look through all keys of the store. */
const COLLECTING = 4;

/**
 * Tells all pairs what happened to a connection, a route or a server, paced. What waits when a round begins is told in
 * that round, to each pair in order: the records are looked at once for all. A round that fails half-way (store gone) is
 * begun again when the store is back: being told twice changes nothing. A pair that cannot be told for a reason of its
 * own is passed over.
 */
export class Sweeper {
  private readonly pending = new Map<string, Owed>();
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: SweepOptions) {}

  /** Sweeps that wait for the next round. */
  get waiting(): number {
    return this.pending.size;
  }

  /**
   * Adds a sweep behind those that run and wait. One of the same name that waits is not done any more: so their number is
   * bounded also while a route flaps, and the last word about each thing is the last to be told.
   */
  sweep(sweep: Owed): void {
    this.put(sweep);
    this.running ??= this.runAll();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private put(sweep: Owed): void {
    const before = this.pending.get(sweep.name);
    this.pending.delete(sweep.name);
    this.pending.set(sweep.name, 'collect' in sweep ? sweep : { ...sweep, extent: wider(extentOf(before), sweep.extent ?? 'share') });
  }

  private async runAll(): Promise<void> {
    await Promise.resolve(); // what is owed for one cause is told in one round
    while (this.pending.size > 0 && !this.stopped) {
      const owed = [...this.pending.values()];
      this.pending.clear();
      try {
        const sweeps = await this.collected(owed);
        const round = new Round(sweeps, this.options);
        await round.run(() => this.stopped);
        for (const sweep of sweeps) sweep.done?.(round.told.get(sweep) ?? 0);
      } catch (error) {
        await this.failed(owed, error);
      }
    }
    // In the same moment as the look at `pending`: a sweep that is added later begins a new run.
    this.running = undefined;
  }

  private async collected(owed: readonly Owed[]): Promise<readonly Sweep[]> {
    const sweeps: Sweep[] = [];
    for (let at = 0; at < owed.length && !this.stopped; at += COLLECTING) {
      const some = owed.slice(at, at + COLLECTING);
      sweeps.push(...(await Promise.all(some.map(async (each) => ('collect' in each ? { ...(await each.collect()), name: each.name } : each)))));
    }
    return sweeps;
  }

  /** Those sweeps are owed still, before what has been added since. */
  private async failed(owed: readonly Owed[], error: unknown): Promise<void> {
    this.options.onError(error);
    if (this.stopped) return;
    const newer = [...this.pending.values()];
    this.pending.clear();
    for (const sweep of [...owed, ...newer]) this.put(sweep);
    await pause(this.options.retryMs ?? RETRY_MS);
  }
}

function extentOf(sweep: Owed | undefined): Extent | undefined {
  return sweep === undefined || 'collect' in sweep ? undefined : sweep.extent;
}

/** What covers both. */
function wider(one: Extent | undefined, other: Extent): Extent {
  if (one === undefined || one === other) return other;
  if (typeof one === 'object' && typeof other === 'object') return new Set([...one, ...other]);
  return one === 'all' || other === 'all' || typeof one === 'object' || typeof other === 'object' ? 'all' : 'share';
}
