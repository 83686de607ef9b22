/** So many lines of one kind were left out. */
export interface Omitted {
  readonly event: string;
  readonly who: string;
  readonly count: number;
}

interface Window {
  readonly event: string;
  readonly who: string;
  written: number;
  omitted: number;
}

/** Lines of one event about one peer that are written in a second; the others are counted. */
const LINES = 20;
const SECOND_MS = 1_000;
/** Peers and events that are told apart in a second: from then on one window holds all others of an event. */
const MAX_WINDOWS = 1_000;
const OTHERS = 'others';

/**
 * Keeps a peer from filling the disk with what it is refused: in each second the first lines about it are written, then
 * one with the number of those that were left out. Nothing is left out without being counted.
 */
export class LineLimit {
  private windows = new Map<string, Window>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tell: (omitted: Omitted) => void) {}

  /** May a line of this event about this peer be written? If not it is counted. */
  allows(event: string, who: string): boolean {
    const window = this.window(event, who);
    this.timer ??= setTimeout(() => this.turn(), SECOND_MS);
    if (window.written < LINES) {
      window.written += 1;
      return true;
    }
    window.omitted += 1;
    return false;
  }

  private window(event: string, who: string): Window {
    const found = this.windows.get(`${event} ${who}`);
    if (found !== undefined) return found;
    if (this.windows.size >= MAX_WINDOWS && who !== OTHERS) return this.window(event, OTHERS);
    const window = { event, who, written: 0, omitted: 0 };
    this.windows.set(`${event} ${who}`, window);
    return window;
  }

  private turn(): void {
    const over = this.windows;
    this.windows = new Map();
    this.timer = undefined;
    for (const { event, who, omitted } of over.values()) if (omitted > 0) this.tell({ event, who, count: omitted });
  }
}
