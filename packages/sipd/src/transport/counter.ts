/** How many there are of each kind; a kind of which there are none takes no room. */
export class Counter {
  private readonly counts = new Map<string, number>();

  of(kind: string): number {
    return this.counts.get(kind) ?? 0;
  }

  more(kind: string, by = 1): void {
    this.counts.set(kind, this.of(kind) + by);
  }

  less(kind: string): void {
    if (this.of(kind) > 1) this.counts.set(kind, this.of(kind) - 1);
    else this.counts.delete(kind);
  }
}
