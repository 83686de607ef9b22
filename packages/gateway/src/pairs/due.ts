import { pairKey, pairOf, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import { Look, type IsLost, type LookOptions } from './look';
import { LookAgain } from './look-again';
import type { PairLoop } from './loop';
import type { StoredPair } from './stored';

export interface DueOptions extends LookOptions {
  readonly store: PairStore<StoredPair>;
  readonly loop: PairLoop;
  readonly leaseMs: number;
  readonly intervalMs: number;
  /** Pairs taken in one round. */
  readonly limit: number;
  readonly onError: (error: unknown) => void;
  /** Calls back after so long; tests hand in their own clock. */
  readonly after?: (ms: number, run: () => void) => NodeJS.Timeout | undefined;
}

/**
 * Looks after the pairs whose time has come (DESIGN section 4): protocol timers, effects that could not be handed over,
 * and what a dead instance left undone. One mechanism for the three.
 */
export class DueKeeper {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Pairs of this worker with effects that could not be handed over, to be tried again in the next rounds. */
  private again: string[] = [];
  private againAt = 0;
  /** Pairs that are due until then are looked at now: an instance has died, and all that it left undone is among them. */
  private ahead: number | undefined;
  private readonly lookAgain: LookAgain;
  private readonly looking: Look;

  constructor(private readonly options: DueOptions) {
    this.lookAgain = new LookAgain((key) => this.tryAgain(key), options.after);
    this.looking = new Look(options);
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
    const { now, leaseMs } = this.options;
    this.ahead = now() + leaseMs;
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

  /** One round: claims what is due and looks at each. */
  async takeDue(): Promise<void> {
    const { store, now, leaseMs, limit, cluster } = this.options;
    if (!cluster.holdsLease()) return;
    const at = now();
    const due = await store.claimDue(at, at + leaseMs, limit);
    const early = await this.claimAhead(limit - due.length);
    await Promise.all([
      ...due.map((key) => this.look(key, (instance) => !cluster.isAlive(instance))),
      ...early.map((key) => this.look(key, (instance) => cluster.isDead(instance))),
      ...this.parked(at).map((key) => this.tryOrGiveUp(key)),
    ]);
  }

  /** An instance that nobody has heard of may be a new one: of what is not due yet, only that of the dead is taken. */
  private async claimAhead(limit: number): Promise<string[]> {
    const { store, intervalMs } = this.options;
    const { ahead } = this;
    if (ahead === undefined || limit <= 0) return [];
    const keys = await store.claimDue(ahead, ahead + intervalMs, limit);
    if (keys.length < limit && this.ahead === ahead) this.ahead = undefined;
    return keys;
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
