import { monitorEventLoopDelay } from 'node:perf_hooks';
import { CALM, nextLoad, type Load, type LoadReading, type LoadThresholds } from '@isthmus/rules';

export interface LoadMonitorOptions {
  readonly thresholds: LoadThresholds;
  /** How late the event loop was on the average since the last call, milliseconds; default: as Node measures it. */
  readonly loopDelayMs?: () => number;
  readonly pendingPercent: () => number;
  /** Round trip to the store; rejects while it is away. */
  readonly ping: () => Promise<void>;
  readonly onChange: (load: Load, before: Load, reading: LoadReading) => void;
  readonly now: () => number;
}

const LOOK_MS = 500;
/** So long a stall is counted. */
const STALLS_MS = 30_000;

/** Looks again and again at how busy the worker is. */
export class LoadMonitor {
  private state = CALM;
  private timer: NodeJS.Timeout | undefined;
  private pingedAt: number | undefined;
  private storeMs = 0;
  /** When the worker stood still. */
  private stalls: readonly number[] = [];
  private readonly loopDelayMs: () => number;
  private thresholds: LoadThresholds;

  constructor(private readonly options: LoadMonitorOptions) {
    this.thresholds = options.thresholds;
    this.loopDelayMs = options.loopDelayMs ?? measuredDelay();
  }

  get load(): Load {
    return this.state.load;
  }

  /** Other thresholds from the next look on. */
  change(thresholds: LoadThresholds): void {
    this.thresholds = thresholds;
  }

  /** The worker stood still. */
  stalled(): void {
    this.stalls = [...this.recentStalls(), this.options.now()];
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One look; the timer does it. */
  look(): void {
    const { onChange } = this.options;
    const before = this.state.load;
    const reading = this.read();
    this.state = nextLoad(this.state, reading, this.thresholds);
    if (this.state.load !== before) onChange(this.state.load, before, reading);
    if (this.pingedAt === undefined) void this.ping();
  }

  private read(): LoadReading {
    const waitedMs = this.pingedAt === undefined ? 0 : this.options.now() - this.pingedAt;
    return {
      loopDelayMs: Math.round(this.loopDelayMs()),
      pendingPercent: Math.round(this.options.pendingPercent()),
      storeMs: Math.max(this.storeMs, waitedMs),
      stalls: (this.stalls = this.recentStalls()).length,
    };
  }

  private recentStalls(): readonly number[] {
    const since = this.options.now() - STALLS_MS;
    return this.stalls.filter((at) => at > since);
  }

  private async ping(): Promise<void> {
    const { now } = this.options;
    const at = now();
    this.pingedAt = at;
    this.storeMs = await this.options.ping().then(
      () => now() - at,
      () => 0,
    );
    this.pingedAt = undefined;
  }
}

/** How often Node looks how late it is. What it records includes this time itself. */
const RESOLUTION_MS = 20;

function measuredDelay(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    const { mean } = histogram;
    histogram.reset();
    return Number.isFinite(mean) ? Math.max(0, mean / 1e6 - RESOLUTION_MS) : 0;
  };
}
