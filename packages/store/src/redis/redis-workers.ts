import { checkName, checkTtl } from '../arguments';
import type { WorkerStore } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { HEARTBEAT, WORKERS } from './scripts';

/** Leases end by Redis's clock: the workers' clocks need not agree. */
export class RedisWorkers implements WorkerStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  async heartbeat(worker: string, ttlMs: number, connections: readonly string[]): Promise<void> {
    checkName('worker', worker);
    checkTtl(ttlMs);
    await this.connection.script(HEARTBEAT, [this.keys.workers], worker, ttlMs, JSON.stringify(connections));
  }

  async workers(): Promise<ReadonlyMap<string, readonly string[]>> {
    const live = (await this.connection.script(WORKERS, [this.keys.workers])) as string[];
    const result = new Map<string, readonly string[]>();
    for (let at = 0; at + 1 < live.length; at += 2) {
      result.set(live[at] ?? '', JSON.parse(live[at + 1] ?? '[]') as string[]);
    }
    return result;
  }

  async leave(worker: string): Promise<void> {
    await this.connection.run((redis) => redis.hdel(this.keys.workers, worker));
  }
}
