import type { PairStore } from '@isthmus/store';
import type { StoredPair } from './stored';

export interface LeftOptions {
  readonly store: Pick<PairStore<StoredPair>, 'due'>;
  readonly cluster: { isMine(key: string): boolean };
  readonly onError: (error: unknown) => void;
  /** Takes over what the dead have left of a pair; false: nothing. Rejects when the pair cannot be looked at. */
  readonly look: (key: string) => Promise<boolean>;
}

/** Pairs that are looked through after a death, whoever's they are. What is beyond is found when it falls due. */
const MOST_LEFT = 20_000;
/** Looked at at one time: most of them are nothing of the dead's, and each waits for the store. */
const AT_ONCE = 256;

/**
 * What dead instances left undone. All of it is due within a lease, among what live ones have in hand: each survivor looks
 * through the pairs that are its own now, and changes only those in which there is something of the dead. So nobody's due time is moved, and
 * no live worker loses a race because of a dead one.
 */
export class LeftByDead {
  private until: number | undefined;
  private keys: string[] = [];

  constructor(private readonly options: LeftOptions) {}

  /** Instances have died: what is due until then is looked through. */
  begin(until: number): void {
    this.until = until;
  }

  /** Takes over what has been left of so many pairs at most, and returns of how many; those of which nothing was left do not count. */
  async take(limit: number): Promise<number> {
    await this.list();
    let count = 0;
    while (count < limit && this.keys.length > 0) {
      const looks = await Promise.all(this.keys.splice(0, Math.min(limit - count, AT_ONCE)).map((key) => this.look(key)));
      count += looks.filter((each) => each === 'left').length;
      if (looks.includes('failed')) break; // a store that is away is asked again in the next round
    }
    return count;
  }

  private async list(): Promise<void> {
    const { until } = this;
    if (until === undefined) return;
    const { store, cluster } = this.options;
    const due = await store.due(until, MOST_LEFT);
    this.keys = due.map(({ key }) => key).filter((key) => cluster.isMine(key));
    if (this.until === until) this.until = undefined;
  }

  /** One that cannot be looked at is found when it falls due. */
  private async look(key: string): Promise<'left' | 'nothing' | 'failed'> {
    try {
      return (await this.options.look(key)) ? 'left' : 'nothing';
    } catch (error) {
      this.options.onError(error);
      return 'failed';
    }
  }
}
