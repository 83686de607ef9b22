export type Direction = 'to SIP' | 'to XMPP';

/** What became of all texts of one direction. `lost` and `outOfOrder` break promises 1 and 2; the others are told apart. */
export interface Tally {
  readonly sent: number;
  /** Arrived at least once. */
  readonly delivered: number;
  /** The sender was told that it failed, and it did not arrive. */
  readonly returned: number;
  /** The sender was told that it failed, but it arrived: its answer was lost on the way. */
  readonly misreported: number;
  /** Arrived more than once. */
  readonly doubled: number;
  /** Neither arrived nor was anybody told: it may have been in the socket of the part that died (`Socket`). */
  readonly inSocket: number;
  /** Neither arrived nor was anybody told, and nothing excuses that. */
  readonly lost: number;
  /** Arrived for the first time after a later one of the same pair, though nobody had told the sender that it failed (he may have sent it again). */
  readonly outOfOrder: number;
}

/** What has been added to the account since. */
export function since(before: Tally, after: Tally): Tally {
  const names = Object.keys(after) as (keyof Tally)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Tally;
}

/** When texts of a direction may have stood in the socket of a part that died: taken by nobody. Milliseconds of `performance.now()`. */
export interface Socket {
  readonly direction: Direction;
  readonly from: number;
  readonly until: number;
}

interface Entry {
  readonly direction: Direction;
  readonly pair: string;
  readonly number: number;
  /** When it was written, milliseconds of `performance.now()`. */
  readonly at: number;
  arrivals: number;
  isReturned: boolean;
  /** Its fate is nobody's business, unless it shows up after all. */
  isForgotten: boolean;
}

/** Keeps the account of every text: each is known by its id, and its number counts up within its pair and direction. */
export class Ledger {
  private readonly entries = new Map<string, Entry>();
  private readonly numbers = new Map<string, number>();
  private readonly latest = new Map<string, number>();
  private readonly late = new Map<Direction, number>();
  private open = 0;

  /** A new text; the result is its id. */
  begin(direction: Direction, pair: string): string {
    const line = `${direction} ${pair}`;
    const number = (this.numbers.get(line) ?? 0) + 1;
    this.numbers.set(line, number);
    const id = `${line} ${number}`.replaceAll(/[^A-Za-z0-9]+/g, '-');
    this.entries.set(id, { direction, pair, number, at: performance.now(), arrivals: 0, isReturned: false, isForgotten: false });
    this.open += 1;
    return id;
  }

  /** The text never left its sender's hands, as far as he knows: it counts only if it shows up after all. */
  forget(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined || isSettled(entry)) return;
    entry.isForgotten = true;
    this.open -= 1;
  }

  arrived(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    if (!isSettled(entry)) this.open -= 1;
    entry.isForgotten = false;
    entry.arrivals += 1;
    const line = `${entry.direction} ${entry.pair}`;
    const latest = this.latest.get(line) ?? 0;
    if (entry.number > latest) this.latest.set(line, entry.number);
    else if (entry.arrivals === 1 && !entry.isReturned) this.late.set(entry.direction, (this.late.get(entry.direction) ?? 0) + 1);
  }

  returned(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined || entry.isReturned) return;
    if (!isSettled(entry)) this.open -= 1;
    entry.isForgotten = false;
    entry.isReturned = true;
  }

  /** Texts of which nothing is known yet. */
  get unsettled(): number {
    return this.open;
  }

  /** The lost texts of both directions, but for those in the socket, with the time at which each was written, milliseconds after `since`. */
  lost(since: number, socket?: Socket): readonly string[] {
    const lost = [...this.entries].filter(([, entry]) => !isSettled(entry) && !isIn(socket, entry));
    return lost.map(([id, { at }]) => `${id} at ${(at - since).toFixed(0)} ms`);
  }

  tally(direction: Direction, socket?: Socket): Tally {
    const all = [...this.entries.values()].filter((entry) => entry.direction === direction && !entry.isForgotten);
    const count = (which: (entry: Entry) => boolean): number => all.filter(which).length;
    return {
      sent: all.length,
      delivered: count(({ arrivals, isReturned }) => arrivals > 0 && !isReturned),
      returned: count(({ arrivals, isReturned }) => arrivals === 0 && isReturned),
      misreported: count(({ arrivals, isReturned }) => arrivals > 0 && isReturned),
      doubled: count(({ arrivals }) => arrivals > 1),
      inSocket: count((entry) => !isSettled(entry) && isIn(socket, entry)),
      lost: count((entry) => !isSettled(entry) && !isIn(socket, entry)),
      outOfOrder: this.late.get(direction) ?? 0,
    };
  }
}

function isIn(socket: Socket | undefined, { direction, at }: Entry): boolean {
  return socket?.direction === direction && at >= socket.from && at <= socket.until;
}

/** Is it known what became of it? */
function isSettled({ arrivals, isReturned, isForgotten }: Entry): boolean {
  return arrivals > 0 || isReturned || isForgotten;
}
