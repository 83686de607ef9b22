import { pairKey, pairOf, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import { LeftByDead } from './left';
import { Look, type DueCluster, type IsLost, type LookOptions } from './look';
import { LookAgain } from './look-again';
import type { PairLoop } from './loop';
import { holdsOf, OVERDUE_MS, type StoredPair } from './stored';

/** Why a pair was looked at: it was due and this worker's, it was overdue, a dead worker had left something undone. */
export type DueCause = 'own' | 'overdue' | 'left';

/** Who shares the work. */
export interface Sharing extends DueCluster {
  /** Is the pair this worker's: are its stanzas and requests given to this worker, as far as that is known here? */
  isMine(key: string): boolean;
  /** How many workers live. */
  readonly size: number;
}

export interface DueOptions extends LookOptions {
  readonly store: PairStore<StoredPair>;
  readonly loop: PairLoop;
  readonly cluster: Sharing;
  readonly leaseMs: number;
  readonly intervalMs: number;
  /** Pairs taken in one round. */
  readonly limit: number;
  readonly onError: (error: unknown) => void;
  /** Told of each pair that is taken. */
  readonly onTaken?: (cause: DueCause) => void;
  /** Calls back after so long; tests hand in their own clock. */
  readonly after?: (ms: number, run: () => void) => NodeJS.Timeout | undefined;
}

/** Most pairs that are looked through in a round, whoever's they are. */
const MOST_SHOWN = 5_000;

/**
 * Looks after the pairs whose time has come (DESIGN section 4): protocol timers, effects that could not be handed over,
 * and what a dead instance left undone. One mechanism for the three.
 *
 * A pair's own worker comes first, since it has the record at hand and is given the events that follow; what it leaves lying is
 * anybody's (decision 090).
 */
export class DueKeeper {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Pairs of this worker with effects that could not be handed over, to be tried again in the next rounds. */
  private again: string[] = [];
  private againAt = 0;
  private readonly left: LeftByDead;
  private readonly lookAgain: LookAgain;
  private readonly looking: Look;

  constructor(private readonly options: DueOptions) {
    this.lookAgain = new LookAgain((key) => this.tryAgain(key), options.after);
    this.looking = new Look(options);
    this.left = new LeftByDead({ ...options, look: (key) => this.lookForDead(key) });
  }

  start(): void {
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.lookAgain.stop();
    await this.round;
  }

  private schedule(ms: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.round = this.takeDue()
        .catch((error: unknown) => this.options.onError(error))
        .finally(() => this.schedule(this.options.intervalMs));
    }, ms);
  }

  /** What could not be handed over is tried again now: the XMPP link is back, or the lease. */
  hurry(): void {
    this.againAt = 0;
    this.lookNow();
  }

  /** What others left undone, or gave up, is looked for now and not at the end of their leases, by all survivors together. */
  takeOver(): void {
    this.left.begin(this.options.now() + this.options.leaseMs);
    this.lookNow();
  }

  private lookNow(): void {
    if (this.timer === undefined) return; // a round is under way, and one follows it
    clearTimeout(this.timer);
    this.schedule(0);
  }

  /** The pair has an effect that waits for one in other hands. */
  isBehind(pair: Pair): void {
    this.lookAgain.soon(pairKey(pair));
  }

  /** One round: what the dead have left comes first, then what is due. */
  async takeDue(): Promise<void> {
    const { now, cluster, limit } = this.options;
    if (!cluster.holdsLease()) return;
    const at = now();
    const taken = await this.left.take(limit);
    const claimed = await this.claim(at, limit - taken);
    await Promise.all([
      ...claimed.map((key) => this.look(key, (instance) => !cluster.isAlive(instance))),
      ...this.parked(at).map((key) => this.tryOrGiveUp(key)),
    ]);
  }

  private async claim(at: number, limit: number): Promise<readonly string[]> {
    if (limit <= 0) return [];
    const { store, leaseMs, cluster, onTaken } = this.options;
    const causes = new Map<string, DueCause>();
    for (const due of await store.due(at, Math.min(limit * cluster.size, MOST_SHOWN))) {
      if (causes.size >= limit) break;
      if (cluster.isMine(due.key)) causes.set(due.key, 'own');
      else if (due.at <= at - OVERDUE_MS) causes.set(due.key, 'overdue');
    }
    if (causes.size === 0) return [];
    const claimed = await store.claim([...causes.keys()], at, at + leaseMs);
    for (const key of claimed) onTaken?.(causes.get(key) ?? 'own');
    return claimed;
  }

  /** The claim may go to another worker time and again, and only this one knows what waits here. */
  private parked(at: number): string[] {
    if (this.again.length === 0 && (at >= this.againAt || this.looking.mustGiveUp())) {
      this.again = [...this.options.runner.parkedPairs()];
      this.againAt = at + this.options.leaseMs;
    }
    return this.again.splice(0, this.options.limit);
  }

  private look(key: string, isLost: IsLost): Promise<void> {
    const pair = pairOf(key);
    let isStray = false;
    return this.options.loop
      .change(pair, (record, stored) => {
        isStray = stored === undefined;
        return this.looking.change(pair, record, stored, isLost);
      })
      .then(() => (isStray ? this.removeStray(key) : undefined))
      .catch((error: unknown) => this.options.onError(error));
  }

  /** An instance that nobody has heard of may be a new one: of what is not due yet, only that of the dead is taken. Told whether there was any. */
  private async lookForDead(key: string): Promise<boolean> {
    const { loop, cluster, onTaken } = this.options;
    const pair = pairOf(key);
    let isLeft = false;
    await loop.change(pair, (record, stored) => {
      isLeft = stored !== undefined && holdsOf(stored, (instance) => cluster.isDead(instance));
      return isLeft ? this.looking.change(pair, record, stored, (instance) => cluster.isDead(instance)) : undefined;
    });
    if (isLeft) onTaken?.('left');
    return isLeft;
  }

  /** A due time whose record is gone would come back for ever. A record that has been made meanwhile has a version, and keeps its own. */
  private async removeStray(key: string): Promise<void> {
    await this.options.store.commit({ key, expected: 0, record: undefined, due: undefined });
  }

  /** Whoever takes the pair's turn makes its waiting effects start again. */
  private tryAgain(key: string): Promise<void> {
    return this.options.loop.change(pairOf(key), () => undefined).catch((error: unknown) => this.options.onError(error));
  }

  private tryOrGiveUp(key: string): Promise<void> {
    if (!this.looking.mustGiveUp()) return this.tryAgain(key);
    const pair = pairOf(key);
    return this.options.loop.change(pair, (record, stored) => this.looking.giveUp(pair, record, stored)).catch((error: unknown) => this.options.onError(error));
  }
}
