import type { Element } from '@xmpp/xml';

import { toError } from './errors';
import { takeNumber } from './partition';
import { ReportPace, type ReportPaceOptions } from './report-pace';

/**
 * A stanza that the server keeps until it is told that it is handled: committed to the store, or answered. It is, when
 * whoever holds the ticket has released it.
 */
export interface Ticket {
  /** The life of the server's module that `n` belongs to. */
  readonly epoch: string;
  readonly n: number;
  /** Not handled before one release more. */
  hold(): void;
  release(): void;
  /** Is it known by now that the server has given the stanza to another worker as well? */
  readonly isKnownElsewhere: boolean;
  /** Has the server given the stanza to another worker as well? That one answers it then. Asks the server where that is needed. */
  isElsewhere(): Promise<boolean>;
  /** Calls back when the server has forgotten the stanza: it will not give it again. Not at all when the connection is lost before. */
  whenForgotten(callback: () => void): void;
}

export interface AcknowledgementsOptions extends ReportPaceOptions {
  /** Tells the server that all up to this number is handled; resolves when it has forgotten that. */
  readonly report: (n: number) => Promise<void>;
  /** Asks the server which stanzas it has given to others (see `moved`); resolves at once where it has no reason to. */
  readonly askMoved: () => Promise<void>;
  /** A stanza was not handled in time, and counts as handled: it must not hold up the others for ever. */
  readonly onLate: (n: number) => void;
  /** After so long, milliseconds. */
  readonly deadlineMs: number;
}

interface Entry {
  readonly n: number;
  readonly since: number;
  holds: number;
  isElsewhere: boolean;
  readonly forgotten: (() => void)[];
}

/** What one connection has been handed and not reported (docs/partition-protocol.md, "So that nothing is lost with a worker"). */
export class Acknowledgements {
  /** In the order of handing over; those before `first` have been reported. */
  private readonly entries: Entry[] = [];
  private first = 0;
  private running: Promise<void> | undefined;
  private ended = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly pace: ReportPace;

  constructor(private readonly options: AcknowledgementsOptions) {
    this.pace = new ReportPace(options);
  }

  /** The ticket of a stanza, held once; its number is taken out of it. Undefined when the server has given it none. */
  take(stanza: Element): Ticket | undefined {
    const number = takeNumber(stanza);
    if (number === undefined) return undefined;
    const entry: Entry = { n: number.n, since: performance.now(), holds: 1, isElsewhere: false, forgotten: [] };
    this.entries.push(entry);
    this.watch();
    return this.ticketOf(entry, number);
  }

  private ticketOf(entry: Entry, { epoch, n }: Pick<Ticket, 'epoch' | 'n'>): Ticket {
    const isKnownElsewhere = (): boolean => this.ended || entry.isElsewhere;
    return {
      epoch,
      n,
      get isKnownElsewhere() {
        return isKnownElsewhere();
      },
      hold: () => void (entry.holds += 1),
      release: () => {
        entry.holds -= 1;
        if (entry.holds === 0) this.advance();
      },
      isElsewhere: () => this.isElsewhere(entry),
      whenForgotten: (callback) => void entry.forgotten.push(callback),
    };
  }

  /** Those in hand up to this number have been given to others. */
  moved(n: number): void {
    for (const entry of this.entries) entry.isElsewhere ||= entry.n <= n;
  }

  /** The connection is gone: what is in hand is given to others. */
  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.pace.hurry();
  }

  /** Resolves when everything that is handled has been reported, or has failed to be once more; rejects never. */
  async reported(): Promise<void> {
    this.pace.hurry();
    await this.running;
    await this.running; // what was handled while the one before was under way
  }

  private async isElsewhere(entry: Entry): Promise<boolean> {
    if (!this.ended && !entry.isElsewhere) await this.options.askMoved();
    return this.ended || entry.isElsewhere;
  }

  /** From the first stanza that is not handled, nothing behind it can be reported. */
  private advance(): void {
    if (this.ended || this.running !== undefined || !this.isHandled(this.first)) return;
    this.running = this.report().finally(() => {
      this.running = undefined;
      this.advance();
    });
  }

  private async report(): Promise<void> {
    await this.pace.pause();
    if (this.ended) return;
    let end = this.first;
    while (this.isHandled(end)) end += 1;
    this.pace.goesOut();
    const n = this.entries[end - 1]?.n;
    if (n === undefined) return;
    try {
      await this.options.report(n);
    } catch (error) {
      // It has ended the connection, or it is told again with the next report.
      if (!this.ended) this.pace.failed(toError(error).message);
      return;
    }
    this.pace.worked();
    this.forget(end);
  }

  /** Below nothing: it was given up, and let go of after that. */
  private isHandled(at: number): boolean {
    return (this.entries[at]?.holds ?? 1) <= 0;
  }

  private forget(end: number): void {
    const forgotten = this.entries.slice(this.first, end);
    this.first = end;
    if (this.first > this.entries.length / 2) {
      this.entries.splice(0, this.first);
      this.first = 0;
    }
    for (const entry of forgotten) for (const callback of entry.forgotten) callback();
  }

  /** Looks at the first one in hand again and again, as long as there is one. */
  private watch(): void {
    if (this.timer !== undefined || this.ended) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.giveUpLate();
      if (this.first < this.entries.length) this.watch();
    }, this.options.deadlineMs / 4);
    this.timer.unref();
  }

  private giveUpLate(): void {
    const before = performance.now() - this.options.deadlineMs;
    for (let at = this.first; at < this.entries.length; at += 1) {
      const entry = this.entries[at];
      if (entry === undefined || entry.since > before) break;
      if (entry.holds <= 0) continue;
      entry.holds = 0;
      this.options.onLate(entry.n);
    }
    this.advance();
  }
}
