export interface XmppAbsenceOptions {
  /** So long may the XMPP server be away before anybody is told, milliseconds. */
  readonly graceMs: number;
  /** Does another worker reach it? Then this one only lacks its own link. */
  readonly othersReach: () => boolean;
  /** Nobody has reached it for the grace: told once for each such time. */
  readonly onAway: () => void;
}

/** While others reach the server it is looked again after so long at the earliest, milliseconds. */
const LOOK_MS = 1_000;

/**
 * Is the XMPP server away? As long as this worker's link is down it looks again and again, because the links of the others
 * may be lost later than its own, and come back earlier.
 */
export class XmppAbsence {
  private timer: NodeJS.Timeout | undefined;
  private away = false;
  private isLost = false;
  private stopped = false;

  constructor(private readonly options: XmppAbsenceOptions) {}

  /** No worker has reached the server for longer than the grace. */
  get isAway(): boolean {
    return this.away && !this.options.othersReach();
  }

  /** Our link was lost. */
  lost(): void {
    this.isLost = true;
    this.lookIn(this.options.graceMs);
  }

  /** Our link is up; returns whether it had been lost before. */
  back(): boolean {
    clearTimeout(this.timer);
    const wasLost = this.isLost;
    this.away = false;
    this.isLost = false;
    return wasLost;
  }

  /** Nothing is told any more, whatever becomes of the link. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private lookIn(ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => this.look(), ms);
  }

  private look(): void {
    const { graceMs, othersReach, onAway } = this.options;
    const news = !this.away;
    this.away = !othersReach();
    this.lookIn(Math.max(graceMs, LOOK_MS));
    if (this.away && news) onAway();
  }
}
