import type { Pair } from '@isthmus/model';
import type { Ticket } from '@isthmus/xmpp';
import type { Chance, VirtualTime } from './virtual-time';

/** A text of the XMPP user, under the number that it keeps whoever it is given to. */
export interface Numbered {
  readonly n: number;
  readonly pair: Pair;
  readonly id: string;
}

/** What became of a text that a worker was given. */
export type Handled = 'taken' | 'refused' | 'left';

/** A worker as its XMPP server sees it. */
export interface Receiver {
  readonly dead: boolean;
  readonly isAsleep: boolean;
  /** Can it do what it is given? */
  readonly isReady: boolean;
  /** Resolves when the worker does not stand still; never when it is dead. */
  awake(): Promise<void>;
  /** Takes a text; resolves when it is handled. */
  receive(pair: Pair, id: string, ticket: Ticket): Promise<Handled>;
  /** The server has closed the connection. */
  closed(): void;
}

export interface NumberedConnectionOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly receiver: Receiver;
  /** A report has reached the server; false when the connection is no more. */
  readonly onReport: (connection: NumberedConnection, n: number) => boolean;
  readonly onRefused: (id: string) => void;
  /** The worker is about to report. */
  readonly mayFail: () => void;
}

interface InHand {
  readonly n: number;
  holds: number;
  readonly forgotten: (() => void)[];
}

const EPOCH = 'simulated';
const REPORT_PAUSE_MS = 50;

/** One connection of a worker: at its one end what the server keeps, at the other what the worker has in hand. */
export class NumberedConnection {
  /** What the server keeps, in the order of handing over. */
  readonly unreported: Numbered[] = [];
  isDraining = false;
  /** The last sign of life. */
  heardAt: number;
  readonly receiver: Receiver;
  /** What the worker has in hand, in the order in which it came. */
  private inHand: InHand[] = [];
  private ended = false;
  private reporting = false;
  private arrivesAt = 0;
  /** What lies in the socket is read in order. */
  private socket: Promise<void> = Promise.resolve();

  constructor(private readonly options: NumberedConnectionOptions) {
    this.receiver = options.receiver;
    this.heardAt = options.time.now;
  }

  /** The server writes a text to the socket. */
  hand(text: Numbered): void {
    this.unreported.push(text);
    this.arrives(() => void this.take(text));
  }

  /** The server has closed it. */
  close(): void {
    this.arrives(() => {
      if (this.ended) return;
      this.end();
      this.receiver.closed();
    });
  }

  /** The worker knows that it is gone, and reads nothing more of it. */
  end(): void {
    this.ended = true;
  }

  private arrives(run: () => void): void {
    const { time, chance } = this.options;
    this.arrivesAt = Math.max(this.arrivesAt, time.now + chance.below(5));
    time.after(this.arrivesAt - time.now, () => {
      this.socket = this.socket.then(() => this.receiver.awake()).then(run);
    });
  }

  private async take({ n, pair, id }: Numbered): Promise<void> {
    const entry: InHand = { n, holds: 1, forgotten: [] };
    this.inHand.push(entry);
    const ticket = this.ticketOf(entry);
    const handled = await this.receiver.receive(pair, id, ticket);
    if (handled === 'refused') this.options.onRefused(id);
    ticket.release();
  }

  private ticketOf(entry: InHand): Ticket {
    const isEnded = (): boolean => this.ended;
    return {
      epoch: EPOCH,
      n: entry.n,
      get isKnownElsewhere() {
        return isEnded();
      },
      hold: () => void (entry.holds += 1),
      release: () => {
        entry.holds -= 1;
        this.advance();
      },
      isElsewhere: async () => isEnded(),
      whenForgotten: (callback) => void entry.forgotten.push(callback),
    };
  }

  /** Reports are cumulative, one at a time, and some are late. */
  private advance(): void {
    if (this.ended || this.reporting || this.inHand[0]?.holds !== 0) return;
    const { time, chance } = this.options;
    this.reporting = true;
    time.after(chance.percent(10) ? chance.below(3_000) : REPORT_PAUSE_MS, () => void this.report());
  }

  private async report(): Promise<void> {
    const { receiver, mayFail, time, chance, onReport } = this.options;
    await receiver.awake();
    mayFail();
    await receiver.awake();
    if (this.ended) return;
    const firstHeld = this.inHand.findIndex(({ holds }) => holds > 0);
    const handled = this.inHand.slice(0, firstHeld < 0 ? undefined : firstHeld);
    await time.pause(chance.below(20));
    const isForgotten = onReport(this, handled.at(-1)?.n ?? 0);
    await time.pause(chance.below(20));
    await receiver.awake();
    if (this.ended || !isForgotten) return;
    this.inHand = this.inHand.slice(handled.length);
    for (const { forgotten } of handled) for (const callback of forgotten) callback();
    this.reporting = false;
    this.advance();
  }
}
