import { isEmpty, type PairRecord } from '@isthmus/engine';
import type { Ticket } from '@isthmus/xmpp';

/**
 * The stanza that a pair has heard last, as the XMPP server numbers them (docs/partition-protocol.md, "Doubles"): kept with the record, in
 * the commit of what it led to. One that comes again after a worker died, or was stopped, is known by it.
 */
export interface Heard {
  readonly epoch: string;
  readonly n: number;
  /** When, milliseconds since the epoch of the clock. */
  readonly at: number;
}

/**
 * So long is a record that holds nothing else kept for it, milliseconds: longer than the server takes to give a stanza again. That
 * is, until one is handled (`handleTimeoutMs` of the link), the worker is found dead and another one has come.
 */
const KEPT_MS = 60_000;

export const markOf = ({ epoch, n }: Pick<Ticket, 'epoch' | 'n'>, at: number): Heard => ({ epoch, n, at });

/** Numbers of one epoch rise with the stanzas of a pair; of another epoch nothing is known. */
export function wasHeard(last: Heard | undefined, { epoch, n }: Heard): boolean {
  return last !== undefined && last.epoch === epoch && n <= last.n;
}

/** The marks that the server will not ask for again, since it was told that their stanzas are handled. */
export class Forgotten {
  private readonly marks = new WeakSet<Heard>();

  add(mark: Heard): void {
    this.marks.add(mark);
  }

  /** Until when a record is to be kept for nothing but its mark; undefined when it may go. */
  keepUntil(record: PairRecord, mark: Heard | undefined, now: number): number | undefined {
    if (mark === undefined || !isEmpty(record) || this.marks.has(mark)) return undefined;
    const until = mark.at + KEPT_MS;
    return now < until ? until : undefined;
  }
}
