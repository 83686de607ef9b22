import type { InHand as InHandOf } from './in-hand';
import type { AnchorLimits } from './options';
import { choose, Keepers } from './rendezvous';
import type { Worker } from './worker';

type InHand = InHandOf<Worker>;

/** Why a request went from one worker to another. */
export type MoveCause = 'gone' | 'silent' | 'late';
/** Why a request was answered by the anchor. */
export type RefusalCause = 'no worker' | 'too many' | 'lost twice';

export interface DeskOptions {
  readonly limits: AnchorLimits;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** All that are connected. */
  readonly workers: () => Iterable<Worker>;
  /** Answers a request in the place of a worker: 503. */
  readonly refuse: (id: string, cause: RefusalCause) => void;
  readonly moved: (from: Worker, count: number, cause: MoveCause) => void;
}

/** A request as it comes in. */
export type Incoming = Pick<InHand, 'id' | 'method' | 'inDialog' | 'pair' | 'frame'>;

/** How often is looked for what is late. */
const TICKS = 8;
/** The server forgets what has no answer after 64 s; what has a provisional one may ring for long. */
const FORGET_MS = 64_000;
const FORGET_RINGING_MS = 600_000;

/** Requests of the far side: which worker has which one, and who gets it when that one goes, is silent or does not answer. */
export class Desk {
  private readonly byId = new Map<string, InHand>();
  /** Those without a worker, by pair, each list in the order of arrival. */
  private readonly waiting = new Map<string, InHand[]>();
  /** Which worker has requests of a pair in hand, and how many. */
  private readonly holders = new Map<string, { readonly worker: Worker; count: number }>();
  private readonly keepers: Keepers;
  private bytes = 0;
  private queued = 0;
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;
  private last = 0;
  /** Who was given a request last. */
  latest: Worker | undefined;

  constructor(private readonly options: DeskOptions) {
    this.keepers = new Keepers(options.limits.pairMs, options.limits.pairs);
  }

  get counts(): { readonly inHand: number; readonly waiting: number; readonly late: number; readonly pairs: number } {
    const late = [...this.byId.values()].filter((entry) => entry.late).length;
    return { inHand: this.byId.size, waiting: this.queued, late, pairs: this.keepers.size };
  }

  get(id: string): InHand | undefined {
    return this.byId.get(id);
  }

  /** Takes a request of the far side, or what needs no answer. */
  take({ id, method, inDialog, pair, frame }: Incoming): void {
    const { limits, now, refuse } = this.options;
    this.last += 1;
    const order = this.last;
    const entry: InHand = { id, method, inDialog, pair, frame, order, arrivedAt: now(), holder: undefined, givenAt: 0, lostBy: undefined, heard: false, answering: false, lateAt: 0, late: false };
    const count = entry.id === undefined ? this.queued : this.byId.size;
    if (count >= limits.requests || this.bytes + entry.frame.length > limits.requestBytes) {
      if (entry.id !== undefined) refuse(entry.id, 'too many');
      return;
    }
    // Whoever asks whether we live wants to know it now.
    if (entry.method === 'OPTIONS' && entry.id !== undefined && this.workerFor(entry) === undefined) return refuse(entry.id, 'no worker');
    if (entry.id !== undefined) {
      this.byId.set(entry.id, entry);
      this.bytes += entry.frame.length;
    }
    this.place(entry);
    this.watch();
  }

  /** An answer is about to go to the server; false: it is not this worker's to give. */
  answers(id: string, worker: Worker, final: boolean): boolean {
    const entry = this.byId.get(id);
    if (entry === undefined) return true; // any client may answer what it knows (MIM-16), and the server knows what is over
    if (entry.lostBy === worker) return false;
    if (final) entry.answering = true;
    else entry.heard = true;
    return true;
  }

  /** What the server says to a final answer. */
  answered(id: string, taken: boolean): void {
    const entry = this.byId.get(id);
    if (entry === undefined) return;
    if (taken) return this.remove(entry);
    entry.answering = false;
    if (entry.holder?.connected === false) this.passOn([entry], entry.holder);
  }

  /** The far side has taken a request back, and the server has answered it: its worker is told; undefined when it never had one. */
  cancel(id: string): Worker | undefined {
    const entry = this.byId.get(id);
    if (entry === undefined) return undefined;
    const { holder } = entry;
    this.remove(entry);
    return holder;
  }

  /** A worker can take requests again, or for the first time. */
  joined(): void {
    for (const worker of this.options.workers()) if (worker.silent) this.moveFrom(worker, [...worker.inHand]);
    for (const pair of [...this.waiting.keys()]) this.flush(pair);
  }

  /** A worker has gone: what it has not answered goes to others, in order. */
  gone(worker: Worker): void {
    const left = [...worker.inHand].filter(({ answering }) => !answering);
    if (left.length > 0) this.options.moved(worker, left.length, 'gone');
    this.passOn(left, worker);
  }

  /** Forgets everything. */
  clear(): void {
    for (const { holder } of this.byId.values()) holder?.inHand.clear();
    this.byId.clear();
    this.waiting.clear();
    this.holders.clear();
    this.bytes = 0;
    this.queued = 0;
    this.stop();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** What two workers have lost is not tried on a third one: it may be what ended them. */
  private passOn(left: readonly InHand[], from: Worker): void {
    for (const entry of left) {
      const again = entry.lostBy !== undefined;
      this.release(entry);
      entry.lostBy = from;
      entry.heard = false;
      if (again) this.giveUp(entry, 'lost twice');
      else this.queue(entry);
    }
    for (const { pair } of left) this.flush(pair);
  }

  private giveUp(entry: InHand, cause: RefusalCause): void {
    this.remove(entry);
    if (entry.id !== undefined) this.options.refuse(entry.id, cause);
  }

  /** Gives a request to its worker, or keeps it until there is one. */
  private place(entry: InHand): void {
    const line = this.waiting.get(entry.pair);
    const worker = line === undefined ? this.workerFor(entry) : undefined;
    if (worker !== undefined) return this.give(entry, worker);
    this.queue(entry);
  }

  /** In the order of arrival: what comes back from a worker is older than what has waited. */
  private queue(entry: InHand): void {
    this.queued += 1;
    const line = this.waiting.get(entry.pair);
    if (line === undefined) this.waiting.set(entry.pair, [entry]);
    else line.splice(line.findLastIndex(({ order }) => order < entry.order) + 1, 0, entry);
  }

  /** Requests of a pair that have waited go on, as far as that is possible, in order. */
  private flush(pair: string): void {
    const line = this.waiting.get(pair);
    if (line === undefined) return;
    this.waiting.delete(pair);
    this.queued -= line.length;
    for (const entry of line) this.place(entry);
  }

  /**
   * A pair stays with its worker while that has a request of it in hand: if that one takes nothing more, what comes next waits until
   * those are answered, or have gone elsewhere, so that nothing is overtaken.
   */
  private workerFor({ pair, method, inDialog }: Incoming, except?: Worker, isFit: (worker: Worker) => boolean = () => true): Worker | undefined {
    const holder = except === undefined ? this.holders.get(pair)?.worker : undefined;
    if (holder?.takes(method, inDialog)) return holder;
    if (holder?.paused) return undefined;
    const able: Worker[] = [];
    for (const worker of this.options.workers()) if (worker !== except && worker.takes(method, inDialog) && isFit(worker)) able.push(worker);
    const name = this.keepers.of(pair, this.options.now());
    const kept = able.filter((worker) => worker.announced && worker.name === name);
    return choose(kept, pair) ?? choose(able, pair);
  }

  private give(entry: InHand, worker: Worker): void {
    this.latest = worker;
    if (worker.announced) this.keepers.keep(entry.pair, worker.name, this.options.now());
    if (entry.id !== undefined) {
      entry.holder = worker;
      entry.givenAt = this.options.now();
      entry.lateAt = entry.givenAt + this.options.limits.answerMs;
      entry.late = false;
      worker.inHand.add(entry);
      const held = this.holders.get(entry.pair);
      if (held?.worker === worker) held.count += 1;
      else this.holders.set(entry.pair, { worker, count: 1 });
    }
    worker.send(entry.frame);
  }

  /** Takes it out of its worker's hands. */
  private release(entry: InHand): void {
    const { holder, pair } = entry;
    entry.holder = undefined;
    entry.late = false;
    if (holder?.inHand.delete(entry) !== true) return;
    const held = this.holders.get(pair);
    if (held?.worker !== holder) return;
    held.count -= 1;
    if (held.count === 0) this.holders.delete(pair);
  }

  /** It is over. */
  private remove(entry: InHand): void {
    const { holder, pair, id } = entry;
    if (id !== undefined && this.byId.delete(id)) this.bytes -= entry.frame.length;
    if (holder === undefined) this.leaveLine(entry);
    this.release(entry);
    if (this.queued > 0) this.flush(pair);
  }

  private leaveLine(entry: InHand): void {
    const line = this.waiting.get(entry.pair);
    const index = line?.indexOf(entry) ?? -1;
    if (line === undefined || index < 0) return;
    line.splice(index, 1);
    this.queued -= 1;
    if (line.length === 0) this.waiting.delete(entry.pair);
  }

  private watch(): void {
    if (this.timer !== undefined) return;
    this.lookedAt = this.options.now();
    this.timer = setInterval(() => this.look(), this.options.limits.answerMs / TICKS).unref();
  }

  /** What is late, what has waited for too long, what nobody answers any more. */
  private look(): void {
    const { now, limits } = this.options;
    const at = now();
    const gap = at - this.lookedAt - limits.answerMs / TICKS;
    this.lookedAt = at;
    if (this.byId.size + this.queued === 0) return this.stop();
    // Stopped or starved ourselves, we cannot tell who was silent meanwhile: everybody has that time too.
    if (gap > limits.answerMs / TICKS) for (const entry of this.byId.values()) postpone(entry, gap);
    for (const entry of [...this.byId.values()]) this.lookAt(entry, at);
    for (const line of this.waiting.values()) this.dropUnanswerable(line, at);
  }

  private lookAt(entry: InHand, at: number): void {
    const { limits } = this.options;
    const { id, holder } = entry;
    if (id === undefined || this.byId.get(id) !== entry) return;
    const age = at - entry.arrivedAt;
    if (holder === undefined) {
      if (age >= limits.waitMs) this.giveUp(entry, 'no worker');
    } else if (age >= (entry.heard ? FORGET_RINGING_MS : FORGET_MS)) {
      this.remove(entry);
    } else if (isOpen(entry) && at >= entry.lateAt) {
      this.lapse(entry, holder, at);
    }
  }

  /** ACKs wait for a worker no longer than requests. */
  private dropUnanswerable(line: readonly InHand[], at: number): void {
    for (const entry of [...line]) if (entry.id === undefined && at - entry.arrivedAt >= this.options.limits.waitMs) this.leaveLine(entry);
  }

  /**
   * A worker has not answered in time. Its silence costs it all that it has in hand, its slowness only this pair: and that only where somebody
   * is faster. While what the workers need is away for all of them, a change of hands would only do the work twice.
   */
  private lapse(entry: InHand, worker: Worker, at: number): void {
    if (worker.heardAt <= entry.givenAt) worker.silent = true;
    entry.late = true;
    entry.lateAt = at + this.options.limits.answerMs;
    const { silent } = worker;
    const isBetter = (other: Worker): boolean => silent || this.isPrompt(other, at);
    if (this.workerFor(entry, worker, isBetter) === undefined) return;
    const lost = [...worker.inHand].filter(({ pair }) => silent || pair === entry.pair);
    this.moveFrom(worker, lost, isBetter);
  }

  /** Has it left nothing unanswered for half of the deadline? */
  private isPrompt(worker: Worker, at: number): boolean {
    for (const entry of worker.inHand) if (isOpen(entry)) return at - entry.givenAt < this.options.limits.answerMs / 2;
    return true;
  }

  /** Gives to others what a worker that is still there has not answered, as far as there is anybody. */
  private moveFrom(worker: Worker, entries: readonly InHand[], isBetter: (other: Worker) => boolean = () => true): void {
    let count = 0;
    for (const entry of entries) {
      const { answering, heard, lostBy } = entry;
      const to = answering || heard || lostBy !== undefined ? undefined : this.workerFor(entry, worker, isBetter);
      if (to === undefined) continue;
      count += 1;
      this.release(entry);
      entry.lostBy = worker;
      this.give(entry, to);
    }
    if (count > 0) this.options.moved(worker, count, worker.silent ? 'silent' : 'late');
  }
}

/** Nothing has been answered, and nothing is being answered. */
const isOpen = ({ heard, answering }: InHand): boolean => !heard && !answering;

function postpone(entry: InHand, ms: number): void {
  entry.givenAt += ms;
  entry.lateAt += ms;
}
