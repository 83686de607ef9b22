import { pauseMs } from './backoff';

export interface ReportPaceOptions {
  /** From one report to the next, milliseconds; doubled with each that fails in a row, up to `MAX_PAUSE_MS`. */
  readonly pauseMs: number;
  /** Reports begin to fail on a connection that stands; they are tried again. */
  readonly onFailing: (why: string) => void;
  /** They work again, after so many that failed. */
  readonly onWorking: (failures: number) => void;
}

/** The longest pause between reports that fail, milliseconds: what is not reported counts against the server's bounds meanwhile. */
const MAX_PAUSE_MS = 2_000;

/** When the next report of what is handled may go out, and whether reports work. */
export class ReportPace {
  private at = -Infinity;
  /** Reports that have failed since the last one that did not. */
  private failures = 0;
  private isHurried = false;
  private wake: () => void = () => undefined;

  constructor(private readonly options: ReportPaceOptions) {}

  /** Resolves when the next report may go out. */
  pause(): Promise<void> {
    const policy = { minMs: this.options.pauseMs, maxMs: MAX_PAUSE_MS, factor: 2, jitter: 0 };
    const early = this.at + pauseMs(policy, this.failures + 1, 0) - performance.now();
    if (early <= 0 || this.isHurried) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, early);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** No pause any more, the one under way included: nothing is gained by it. */
  hurry(): void {
    this.isHurried = true;
    this.wake();
  }

  goesOut(): void {
    this.at = performance.now();
  }

  failed(why: string): void {
    this.failures += 1;
    if (this.failures === 1) this.options.onFailing(why);
  }

  worked(): void {
    if (this.failures > 0) this.options.onWorking(this.failures);
    this.failures = 0;
  }
}
