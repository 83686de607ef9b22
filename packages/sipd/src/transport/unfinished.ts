import { Counter } from './counter';
import type { Endpoint } from './flow';

interface Holder {
  readonly remote: Endpoint;
  close(): void;
}

/** Bytes of messages that are not complete, over all connections of a listener. */
export class Unfinished {
  private total = 0;
  private readonly held = new Map<Holder, number>();

  /** @param full called for each connection that is closed */
  constructor(
    private readonly mostBytes: number,
    private readonly full: () => void,
  ) {}

  /** A connection holds so many now. With too many in all, connections of the address that holds most of them are closed. */
  note(holder: Holder, bytes: number): void {
    this.set(holder, bytes);
    while (this.total > this.mostBytes) {
      const one = this.greediest(holder);
      this.set(one, 0);
      this.full();
      one.close();
    }
  }

  private set(holder: Holder, bytes: number): void {
    this.total += bytes - (this.held.get(holder) ?? 0);
    if (bytes === 0) this.held.delete(holder);
    else this.held.set(holder, bytes);
  }

  /** The last one of its address, or else the one that holds most: who sends little is not closed for others. */
  private greediest(last: Holder): Holder {
    const byAddress = new Counter();
    for (const [{ remote }, bytes] of this.held) byAddress.more(remote.address, bytes);
    const most = [...this.held.keys()].reduce((one, other) => (byAddress.of(other.remote.address) > byAddress.of(one.remote.address) ? other : one), last);
    if (most === last && this.held.has(last)) return last;
    const suspects = [...this.held].filter(([{ remote }]) => remote.address === most.remote.address);
    return suspects.reduce((one, other) => (other[1] > one[1] ? other : one))[0];
  }
}
