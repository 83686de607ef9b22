import type { Observer } from '../observer';
import type { Log } from '../options';

/** So long a cause that was told is not told again, milliseconds. */
const QUIET_MS = 60_000;
/** Causes remembered at a time: a flood of peers must not become a flood of lines. */
const MAX_CAUSES = 1000;

/** Tells failures of TLS: one line for each peer and cause a minute. */
export class Complaints {
  private readonly told = new Map<string, number>();

  constructor(
    private readonly log: Log,
    private readonly observer: Observer,
  ) {}

  /** A peer that connected was sent away. */
  refused(peer: string, why: string): void {
    this.observer.tlsFailed('by-peer');
    if (this.isNews(`${peer} ${why}`)) this.log('warn', 'tls_refused', { peer, why });
  }

  /** A connection that we opened failed. */
  failed(peer: string, host: string, why: string): void {
    this.observer.tlsFailed('by-us');
    if (this.isNews(`${peer} ${host} ${why}`)) this.log('warn', 'tls_failed', { peer, host, why });
  }

  private isNews(cause: string): boolean {
    const now = Date.now();
    if ((this.told.get(cause) ?? 0) > now - QUIET_MS) return false;
    if (this.told.size >= MAX_CAUSES) this.forget(now);
    if (this.told.size >= MAX_CAUSES) return false;
    this.told.set(cause, now);
    return true;
  }

  private forget(now: number): void {
    for (const [cause, at] of this.told) if (at <= now - QUIET_MS) this.told.delete(cause);
  }
}
