const FIRST_MS = 10;
const LAST_MS = 640;

/**
 * Looks again soon at a pair whose effects wait for others in other hands, which are mostly done at once; each time after twice as
 * long, until the end of the lease does the rest. A pair that is not asked for again is forgotten.
 */
export class LookAgain {
  private readonly waiting = new Map<string, { readonly pauseMs: number; readonly timer: NodeJS.Timeout | undefined }>();
  /** The pauses of those that are being looked at. */
  private readonly looking = new Map<string, number>();
  private stopped = false;

  constructor(
    private readonly look: (key: string) => Promise<void>,
    private readonly after: (ms: number, run: () => void) => NodeJS.Timeout | undefined = (ms, run) => setTimeout(run, ms),
  ) {}

  /** The pair waits, still or for the first time. */
  soon(key: string): void {
    if (this.stopped || this.waiting.has(key)) return;
    const pauseMs = (this.looking.get(key) ?? FIRST_MS / 2) * 2;
    if (pauseMs > LAST_MS) return;
    this.waiting.set(key, { pauseMs, timer: this.after(pauseMs, () => void this.lookAt(key, pauseMs)) });
  }

  stop(): void {
    this.stopped = true;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  private async lookAt(key: string, pauseMs: number): Promise<void> {
    this.waiting.delete(key);
    this.looking.set(key, pauseMs);
    await this.look(key);
    // The runner finds in a turn of its own that the pair still waits.
    this.after(FIRST_MS, () => (this.waiting.has(key) ? undefined : this.looking.delete(key)));
  }
}
