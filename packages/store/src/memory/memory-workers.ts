import { checkName, checkTtl } from '../arguments';
import type { Beat, WorkerStore } from '../port';

/** What is left of the lease of one that has been silent for two fifths of it. */
const QUIET_FOR = 0.6;

interface Lease {
  readonly until: number;
  readonly connections: readonly string[];
}

export class MemoryWorkers implements WorkerStore {
  private readonly leases = new Map<string, Lease>();

  constructor(
    private readonly now: () => number,
    private readonly open: () => void,
  ) {}

  async heartbeat(worker: string, ttlMs: number, connections: readonly string[]): Promise<Beat> {
    this.open();
    checkName('worker', worker);
    checkTtl(ttlMs);
    const now = this.now();
    const own = this.leases.get(worker);
    const isLive = own !== undefined && own.until > now;
    for (const [other, lease] of this.leases) {
      const isFormer = own === undefined && isOfOneName(other, worker) && lease.until - now <= ttlMs * QUIET_FOR;
      if (lease.until > now && !isFormer) continue;
      if (isLive || isFormer) this.leases.delete(other);
      else this.leases.set(other, { ...lease, until: now + ttlMs });
    }
    this.leases.set(worker, { until: now + ttlMs, connections: [...connections] });
    return { known: own !== undefined, workers: this.named([...this.leases]) };
  }

  async workers(): Promise<ReadonlyMap<string, readonly string[]>> {
    this.open();
    const now = this.now();
    return this.named([...this.leases].filter(([, { until }]) => until > now));
  }

  async leave(worker: string): Promise<void> {
    this.open();
    this.leases.delete(worker);
  }

  private named(leases: readonly (readonly [string, Lease])[]): ReadonlyMap<string, readonly string[]> {
    return new Map(leases.map(([worker, { connections }]) => [worker, connections]));
  }
}

/** Are these two lives, `name#life`, of one name? */
function isOfOneName(one: string, other: string): boolean {
  const end = one.lastIndexOf('#') + 1;
  return end > 0 && one.slice(0, end) === other.slice(0, other.lastIndexOf('#') + 1);
}
