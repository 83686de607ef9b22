import { startRedis } from '../../../../scenarios/support/redis';
import { RedisCluster } from '../../../../scenarios/support/redis-cluster';
import { RedisSentinels } from '../../../../scenarios/support/redis-sentinel';
import { createRedisStore, MemoryStore } from '../../src';
import type { RedisStoreOptions, Store } from '../../src';

/** A record of the tests: what the engine's records are does not matter to the store. */
export interface Note {
  readonly text: string;
  readonly count: number;
}

export const note = (count: number, text = 'hello'): Note => ({ text, count });

/** One place that several workers share. */
export interface World {
  /** A worker's own access to the place. */
  open(): Promise<Store<Note>>;
  end(): Promise<void>;
}

/** Several workers in one process share one memory store. */
async function memoryWorld(): Promise<World> {
  const store = new MemoryStore<Note>();
  return { open: async () => store, end: () => store.close() };
}

/** Every worker has a connection of its own. */
async function redisWorld(): Promise<World> {
  const redis = await startRedis();
  return worldOf({ url: redis.url }, () => redis.stop());
}

async function sentinelWorld(): Promise<World> {
  const sentinels = await RedisSentinels.start();
  return worldOf({ sentinel: { places: sentinels.places, masterName: sentinels.masterName } }, () => sentinels.stop());
}

async function clusterWorld(): Promise<World> {
  const cluster = await RedisCluster.start();
  return worldOf({ cluster: cluster.places.slice(0, 2) }, () => cluster.stop());
}

function worldOf(options: RedisStoreOptions, stop: () => Promise<void>): World {
  const stores: Store<Note>[] = [];
  return {
    async open() {
      const store = await createRedisStore<Note>(options);
      stores.push(store);
      return store;
    },
    async end() {
      await Promise.all(stores.map((store) => store.close()));
      await stop();
    },
  };
}

export const WORLDS = [
  { adapter: 'memory', begin: memoryWorld },
  { adapter: 'Redis', begin: redisWorld },
  { adapter: 'Redis by Sentinel', begin: sentinelWorld },
  { adapter: 'Redis Cluster', begin: clusterWorld },
] as const;

const DEADLINE_MS = 10_000;
const PAUSE_MS = 5;

/** Asks until the answer is yes; rejects when it is still no at the deadline. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** The store's state once it is `is`; rejects at the deadline with the state it has instead. */
export async function stateOf(store: Store<Note>, is: Store<Note>['state']['is']): Promise<Store<Note>['state']> {
  await eventually(`the store is ${is}, not ${JSON.stringify(store.state)}`, async () => store.state.is === is);
  return store.state;
}

export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}
