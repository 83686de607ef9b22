import { performance } from 'node:perf_hooks';

/** A pending timer; keep it to clear it. */
export interface Timer {
  due: number;
  /** Place in the heap; -1 when not pending. */
  index: number;
  readonly run: () => void;
}

/**
 * All timers of the server behind a single Node timeout: a binary heap ordered by due time, so that the many timers of
 * transactions that complete normally cost no more than two heap operations.
 */
export class TimerQueue {
  private readonly heap: Timer[] = [];
  private wake: NodeJS.Timeout | undefined;
  private wakeAt = Infinity;

  constructor(private readonly onError: (error: unknown) => void) {}

  get size(): number {
    return this.heap.length;
  }

  /** Runs `run` once, `delay` milliseconds from now. */
  set(delay: number, run: () => void): Timer {
    const timer: Timer = { due: performance.now() + delay, index: this.heap.length, run };
    this.heap.push(timer);
    this.up(timer);
    this.arm();
    return timer;
  }

  /** Forgets a timer; harmless for one that has run or is undefined. */
  clear(timer: Timer | undefined): void {
    if (timer === undefined || timer.index < 0) return;
    const hole = timer.index;
    timer.index = -1;
    const last = this.heap.pop();
    if (last === undefined || last === timer) return;
    this.place(last, hole);
    this.up(last);
    this.down(last);
  }

  /** Forgets everything. */
  stop(): void {
    for (const timer of this.heap) timer.index = -1;
    this.heap.length = 0;
    clearTimeout(this.wake);
    this.wake = undefined;
    this.wakeAt = Infinity;
  }

  /** Wakes up no later than the first timer is due; waking up early does no harm. */
  private arm(): void {
    const first = this.heap[0];
    if (first === undefined || this.wakeAt <= first.due) return;
    clearTimeout(this.wake);
    this.wakeAt = first.due;
    this.wake = setTimeout(() => this.sweep(), Math.max(0, first.due - performance.now()));
  }

  private sweep(): void {
    this.wakeAt = Infinity;
    const now = performance.now();
    for (let first = this.heap[0]; first !== undefined && first.due <= now; first = this.heap[0]) {
      this.clear(first);
      try {
        first.run();
      } catch (error) {
        this.onError(error);
      }
    }
    this.arm();
  }

  private place(timer: Timer, index: number): void {
    this.heap[index] = timer;
    timer.index = index;
  }

  private up(timer: Timer): void {
    for (let index = timer.index; index > 0; index = timer.index) {
      const parent = this.heap[(index - 1) >> 1];
      if (parent === undefined || parent.due <= timer.due) return;
      const above = parent.index;
      this.place(parent, index);
      this.place(timer, above);
    }
  }

  private down(timer: Timer): void {
    for (;;) {
      const left = this.heap[2 * timer.index + 1];
      const right = this.heap[2 * timer.index + 2];
      const child = right !== undefined && left !== undefined && right.due < left.due ? right : left;
      if (child === undefined || child.due >= timer.due) return;
      const below = child.index;
      this.place(child, timer.index);
      this.place(timer, below);
    }
  }
}
