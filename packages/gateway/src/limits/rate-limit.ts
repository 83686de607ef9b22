/** So many at once, and as many again in each period: a token bucket that is full at the beginning. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

export const perSecond = (count: number): Rate => ({ count, perMs: 1_000 });
export const perMinute = (count: number): Rate => ({ count, perMs: 60_000 });

/** How often each of many may do something. Bounded in memory. */
export class RateLimit {
  private readonly spent = new Map<string, { readonly count: number; readonly at: number }>();

  /** @param maxKeys so many are told apart; of more those that have done nothing for the longest time are forgotten */
  constructor(
    private rate: Rate,
    private readonly maxKeys: number,
    private readonly now: () => number,
  ) {}

  /** How many are told apart now. */
  get size(): number {
    return this.spent.size;
  }

  /** May it be done once more now? If so it counts. */
  allows(key: string): boolean {
    return this.take(key) === 0;
  }

  /** 0: it may be done once more now, and counts. Otherwise the milliseconds after which it may. */
  take(key: string): number {
    const waitMs = this.wait(key);
    if (waitMs === 0) this.note(key, this.spentBy(key) + 1);
    return waitMs;
  }

  /** What `take` would say. */
  wait(key: string): number {
    const { count, perMs } = this.rate;
    return Math.max(0, Math.ceil(((this.spentBy(key) + 1 - count) / count) * perMs));
  }

  /** What was taken has not been used after all. */
  giveBack(key: string): void {
    const before = this.spent.get(key);
    if (before !== undefined) this.spent.set(key, { ...before, count: Math.max(0, before.count - 1) });
  }

  /** From now on another rate; what has been spent stays spent. */
  change(rate: Rate): void {
    this.rate = rate;
  }

  private spentBy(key: string): number {
    const before = this.spent.get(key);
    if (before === undefined) return 0;
    const recovered = (Math.max(0, this.now() - before.at) / this.rate.perMs) * this.rate.count;
    return Math.max(0, before.count - recovered);
  }

  /** Who has done nothing for the longest time has most likely his full allowance again. */
  private note(key: string, count: number): void {
    this.spent.delete(key);
    this.spent.set(key, { count, at: this.now() });
    if (this.spent.size <= this.maxKeys) return;
    for (const oldest of this.spent.keys()) {
      this.spent.delete(oldest);
      return;
    }
  }
}
