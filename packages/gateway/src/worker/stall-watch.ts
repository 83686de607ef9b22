import { steady } from '../steady';

export interface StallWatchOptions {
  /** The worker stood still for so long. */
  readonly onStall: (stalledMs: number) => void;
  /** Milliseconds that pass; tests hand in their own clock. */
  readonly now?: () => number;
}

/** Less than what makes the servers give up on a silent connection (2 s), so that a worker knows before they have acted and it does not. */
const STALL_MS = 1_500;
const LOOK_MS = 250;

/**
 * Notices that the worker stood still: stopped, suspended, or without a processor for a while. What stands in its connections then
 * may be another worker's by now. After such a time the event loop reads what has arrived before it runs a timer: so whoever is about
 * to handle something asks, too.
 */
export class StallWatch {
  private lookedAt: number;
  private timer: NodeJS.Timeout | undefined;
  private readonly now: () => number;

  constructor(private readonly options: StallWatchOptions) {
    this.now = options.now ?? steady;
    this.lookedAt = this.now();
  }

  start(): void {
    this.lookedAt = this.now();
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Tells a stall that nobody has told yet. */
  look(): void {
    const at = this.now();
    const stalledMs = at - this.lookedAt;
    this.lookedAt = at;
    if (this.timer !== undefined && stalledMs >= STALL_MS) this.options.onStall(Math.round(stalledMs));
  }
}
