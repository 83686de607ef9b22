/** How exact deadlines are, milliseconds: one timer walks over all of them. */
const TICK_MS = 50;

type Late = () => void;

/** Takes a deadline back; harmless when it has passed. */
export type CancelDeadline = () => void;

/** Many deadlines, one timer (DESIGN section 9: no timer per message). */
export class Deadlines {
  /** By the tick in which they end. */
  private readonly slots = new Map<number, Set<Late>>();
  private timer: NodeJS.Timeout | undefined;
  private swept = Deadlines.tickNow();

  private static tickNow(): number {
    return Math.floor(performance.now() / TICK_MS);
  }

  /** Calls `late` once, not before `afterMs` milliseconds and shortly after. */
  set(afterMs: number, late: Late): CancelDeadline {
    const tick = Math.ceil((performance.now() + afterMs) / TICK_MS);
    const slot = this.slots.get(tick) ?? new Set();
    slot.add(late);
    this.slots.set(tick, slot);
    this.wake();
    return () => this.cancel(tick, late);
  }

  private cancel(tick: number, late: Late): void {
    const slot = this.slots.get(tick);
    if (slot?.delete(late) === true && slot.size === 0) this.slots.delete(tick);
  }

  private wake(): void {
    if (this.timer !== undefined) return;
    this.swept = Deadlines.tickNow();
    this.timer = setInterval(() => this.sweep(), TICK_MS);
    this.timer.unref();
  }

  private sweep(): void {
    const now = Deadlines.tickNow();
    for (; this.swept < now; this.swept += 1) this.end(this.swept + 1);
    if (this.slots.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private end(tick: number): void {
    const slot = this.slots.get(tick);
    if (slot === undefined) return;
    this.slots.delete(tick);
    for (const late of slot) late();
  }
}
