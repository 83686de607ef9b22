import { checkName, checkTtl } from '../arguments';
import type { WorkerStore } from '../port';

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

  async heartbeat(worker: string, ttlMs: number, connections: readonly string[]): Promise<void> {
    this.open();
    checkName('worker', worker);
    checkTtl(ttlMs);
    this.forgetTheDead();
    this.leases.set(worker, { until: this.now() + ttlMs, connections: [...connections] });
  }

  async workers(): Promise<ReadonlyMap<string, readonly string[]>> {
    this.open();
    this.forgetTheDead();
    return new Map([...this.leases].map(([worker, { connections }]) => [worker, connections]));
  }

  async leave(worker: string): Promise<void> {
    this.open();
    this.leases.delete(worker);
  }

  private forgetTheDead(): void {
    const now = this.now();
    for (const [worker, { until }] of this.leases) {
      if (until <= now) this.leases.delete(worker);
    }
  }
}
