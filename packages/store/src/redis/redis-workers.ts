import { checkName, checkTtl } from '../arguments';
import type { Beat, WorkerStore } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { HEARTBEAT, WORKERS } from './scripts';

/** Leases end by Redis's clock: the workers' clocks need not agree. */
export class RedisWorkers implements WorkerStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  async heartbeat(worker: string, ttlMs: number, connections: readonly string[]): Promise<Beat> {
    checkName('worker', worker);
    checkTtl(ttlMs);
    const [known, ...leases] = (await this.connection.script(HEARTBEAT, [this.keys.workers], worker, ttlMs, JSON.stringify(connections))) as string[];
    return { known: known === '1', workers: readLeases(leases) };
  }

  async workers(): Promise<ReadonlyMap<string, readonly string[]>> {
    return readLeases((await this.connection.script(WORKERS, [this.keys.workers])) as string[]);
  }

  async leave(worker: string): Promise<void> {
    await this.connection.run((redis) => redis.hdel(this.keys.workers, worker));
  }
}

/** Worker, connections, worker, connections ... */
function readLeases(leases: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const result = new Map<string, readonly string[]>();
  for (let at = 0; at + 1 < leases.length; at += 2) {
    result.set(leases[at] ?? '', JSON.parse(leases[at + 1] ?? '[]') as string[]);
  }
  return result;
}
