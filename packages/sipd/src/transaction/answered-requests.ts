import { performance } from 'node:perf_hooks';
import type { Flow } from '../transport/flow';
import type { Timer, TimerQueue } from './timer-queue';

/** What is left of a request: where its answer went, and the answer. */
interface Answered {
  readonly answers: Flow;
  /** Latin-1: a small Buffer would hold the whole slab of the pool that it was cut from. */
  readonly response: string;
  /** Of `performance.now()`. */
  readonly until: number;
}

/** What has had its time is looked for so many times within one lifetime. */
const LOOKS = 32;

/**
 * Requests other than INVITE with a final answer, on a transport that may repeat them: the state Completed of RFC 3261
 * section 17.2.2. It lasts 64*T1 (Timer J), and whoever sends requests fills it; so no more is kept than the copy needs.
 */
export class AnsweredRequests {
  /** The oldest first: all are kept equally long. */
  private readonly kept = new Map<string, Answered>();
  private timer: Timer | undefined;

  constructor(
    private readonly timers: TimerQueue,
    private readonly lifetimeMs: number,
  ) {}

  get size(): number {
    return this.kept.size;
  }

  keep(key: string, answers: Flow, response: Buffer): void {
    this.kept.set(key, { answers, response: response.toString('latin1'), until: performance.now() + this.lifetimeMs });
    this.timer ??= this.lookIn(this.lifetimeMs);
  }

  /** The request has come again: its answer too. False when it is not known. */
  repeat(key: string): boolean {
    const known = this.kept.get(key);
    known?.answers.send(Buffer.from(known.response, 'latin1'));
    return known !== undefined;
  }

  clear(): void {
    this.kept.clear();
    this.timers.clear(this.timer);
    this.timer = undefined;
  }

  private lookIn(delay: number): Timer {
    return this.timers.set(delay, () => this.forget());
  }

  private forget(): void {
    const now = performance.now();
    for (const [key, { until }] of this.kept) {
      if (until > now) break;
      this.kept.delete(key);
    }
    this.timer = this.kept.size === 0 ? undefined : this.lookIn(this.lifetimeMs / LOOKS);
  }
}
