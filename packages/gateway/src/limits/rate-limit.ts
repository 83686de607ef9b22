/** How often each of many may do something: so many at once, and as many again each minute. Bounded in memory. */
export class RateLimit {
  private readonly spent = new Map<string, { readonly count: number; readonly at: number }>();

  constructor(
    private readonly perMinute: number,
    private readonly maxKeys: number,
    private readonly now: () => number,
  ) {}

  /** May it be done once more now? If so it counts. */
  allows(key: string): boolean {
    const at = this.now();
    const before = this.spent.get(key);
    const recovered = before === undefined ? 0 : (Math.max(0, at - before.at) / 60_000) * this.perMinute;
    const count = Math.max(0, (before?.count ?? 0) - recovered);
    if (count + 1 > this.perMinute) return false;
    this.spent.delete(key);
    this.spent.set(key, { count: count + 1, at });
    this.dropOldest();
    return true;
  }

  /** Who has done nothing for the longest time has most likely his full allowance again. */
  private dropOldest(): void {
    if (this.spent.size <= this.maxKeys) return;
    for (const key of this.spent.keys()) {
      this.spent.delete(key);
      return;
    }
  }
}
