import type { Hop } from './routing/hop';
import type { NextHops } from './routing/next-hops';

/** The answer to an OPTIONS: answered (by the far side itself), unreachable, or silence. */
export type Probe = 'answered' | 'unreachable' | 'silent';

export interface HealthOptions {
  readonly hops: Pick<NextHops, 'all' | 'answered' | 'failed' | 'due' | 'answersOptions' | 'reached'>;
  readonly probe: (hop: Hop) => Promise<Probe>;
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

/** Pause before a hop in doubt is asked again. */
const DOUBT_MS = 500;

/**
 * Watches the next hops by OPTIONS (RFC 3261 section 11). Any answer of the far side is a sign of life; a refused connection is
 * a failure; silence is one only of a hop that has answered OPTIONS before, since some servers never do.
 */
export class HopHealth {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** Hops with a probe under way: one at a time, however many requests fail meanwhile. */
  private readonly probing = new Set<string>();
  private readonly doubted = new Set<string>();
  private stopped = false;

  constructor(private readonly options: HealthOptions) {}

  start(): void {
    this.lookAtAll();
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  /** Asks at once instead of at the next turn. */
  ask(hop: Hop): void {
    this.doubted.add(hop.uri);
    if (!this.probing.has(hop.uri)) this.schedule(hop, 0);
  }

  /** A connection to a SIP server came or went, or there are other hops: what is known may be out of date. */
  lookAtAll(): void {
    const hops = this.options.hops.all();
    const present = new Set(hops.map(({ uri }) => uri));
    for (const [uri, timer] of this.timers) if (!present.has(uri)) this.forget(uri, timer);
    for (const hop of hops) if (!this.probing.has(hop.uri)) this.schedule(hop, 0);
  }

  private forget(uri: string, timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.timers.delete(uri);
    this.doubted.delete(uri);
  }

  private schedule(hop: Hop, afterMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timers.get(hop.uri));
    this.timers.set(
      hop.uri,
      setTimeout(() => void this.look(hop), afterMs),
    );
  }

  private async look(hop: Hop): Promise<void> {
    const { hops, probe, intervalMs, onError } = this.options;
    this.probing.add(hop.uri);
    this.doubted.delete(hop.uri);
    hops.due(hop);
    try {
      const result = await probe(hop);
      if (!this.stopped && this.timers.has(hop.uri)) this.note(hop, result);
    } catch (error) {
      onError(error);
    }
    this.probing.delete(hop.uri);
    if (!this.timers.has(hop.uri)) return;
    this.schedule(hop, this.doubted.has(hop.uri) ? Math.min(DOUBT_MS, intervalMs) : intervalMs);
  }

  private note(hop: Hop, probe: Probe): void {
    const { hops } = this.options;
    if (probe === 'answered') hops.answered(hop, 'OPTIONS');
    else if (probe === 'unreachable' || hops.answersOptions(hop)) hops.failed(hop);
    else hops.reached(hop);
  }
}
