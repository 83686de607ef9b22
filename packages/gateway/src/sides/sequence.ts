/**
 * Keeps the order of work that belongs together while some of it has to wait for an answer first. Work under a key that
 * nobody waits for runs at once.
 */
export class Sequence {
  private readonly tails = new Map<string, Promise<void>>();

  /** Runs `check` (if any) and then `work` with its result, behind whatever waits under this key. */
  run<T>(key: string, check: (() => Promise<T | undefined>) | undefined, work: (result: T | undefined) => Promise<void>): Promise<void> {
    const before = this.tails.get(key);
    if (before === undefined && check === undefined) return work(undefined);
    const checked = (before ?? Promise.resolve()).then(() => check?.());
    const result = checked.then(work);
    // The next one waits until this one's turn has begun, not until its work is done: the turn keeps the order from there.
    const tail = checked.then(
      () => undefined,
      () => undefined,
    );
    this.tails.set(key, tail);
    void tail.then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    return result;
  }
  /** Resolves when all work that waits under this key now has begun; at once when there is none. */
  async begun(key: string): Promise<void> {
    await this.tails.get(key);
  }
}
