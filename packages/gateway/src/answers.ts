/** Answers about addresses that are believed for a while. Bounded: one more drops the oldest. */
export class Answers {
  private readonly known = new Map<string, { readonly answer: boolean; readonly until: number }>();

  constructor(private readonly options: { readonly ttlMs: number; readonly maxCached: number; readonly now: () => number }) {}

  get(address: string): boolean | undefined {
    const known = this.known.get(address);
    return known !== undefined && known.until > this.options.now() ? known.answer : undefined;
  }

  set(address: string, answer: boolean): void {
    const { known } = this;
    const { ttlMs, maxCached, now } = this.options;
    known.delete(address);
    known.set(address, { answer, until: now() + ttlMs });
    if (known.size <= maxCached) return;
    const oldest = known.keys().next();
    if (!oldest.done) known.delete(oldest.value);
  }
}
