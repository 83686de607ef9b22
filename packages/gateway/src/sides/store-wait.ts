import type { StoreState } from '@isthmus/store';
import { isStoreAway } from '../ask-store';
import { lookAgain } from './look-again';

export interface StoreWaitOptions {
  readonly store: { readonly state: StoreState };
  /** How long is waited for the store, milliseconds. */
  readonly waitMs: number;
  /** What may wait at a time; what comes beyond is not taken. */
  readonly maxWaiting: number;
  readonly now: () => number;
}

/**
 * Waits for a store that restarts or fails over, for what is harmless to do twice (decision 096). Nothing else may wait so: while
 * this worker does, an anchor may have given it to another one.
 */
export class StoreWait {
  private waiting = 0;

  constructor(private readonly options: StoreWaitOptions) {}

  /** Does `take`, and does it again when it was not taken because the store is away. Rejects as `take` did when the store does not come back in time. */
  async run(take: () => Promise<void>): Promise<void> {
    const { maxWaiting, waitMs, now } = this.options;
    const until = now() + waitMs;
    for (;;) {
      try {
        return await take();
      } catch (error) {
        if (!isStoreAway(error) || this.waiting >= maxWaiting || !(await this.isBack(until))) throw error;
      }
    }
  }

  private async isBack(until: number): Promise<boolean> {
    const { store, now } = this.options;
    this.waiting += 1;
    try {
      do await lookAgain();
      while (store.state.is !== 'ready' && now() < until);
      return now() < until;
    } finally {
      this.waiting -= 1;
    }
  }
}
