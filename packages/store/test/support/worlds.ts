import { randomUUID } from 'node:crypto';

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

/** Where a suite is played: a server or several, with as many worlds in it as wanted. */
export interface Place {
  readonly adapter: string;
  begin(): Promise<World>;
}

/** What must run for a place. */
interface Servers {
  readonly options: RedisStoreOptions;
  stop(): Promise<void>;
}

/** Several workers in one process share one memory store. */
async function memoryWorld(): Promise<World> {
  const store = new MemoryStore<Note>();
  return { open: async () => store, end: () => store.close() };
}

async function redis(): Promise<Servers> {
  const server = await startRedis();
  return { options: { url: server.url }, stop: () => server.stop() };
}

async function sentinels(): Promise<Servers> {
  const all = await RedisSentinels.start();
  return { options: { sentinel: { places: all.places, masterName: all.masterName } }, stop: () => all.stop() };
}

async function cluster(): Promise<Servers> {
  const nodes = await RedisCluster.start();
  return { options: { cluster: nodes.places.slice(0, 2) }, stop: () => nodes.stop() };
}

/** Every worker has a connection of its own; every world a prefix. */
function worldIn({ options }: Servers): World {
  const prefix = randomUUID();
  const stores: Store<Note>[] = [];
  return {
    async open() {
      const store = await createRedisStore<Note>({ ...options, prefix });
      stores.push(store);
      return store;
    },
    async end() {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

/** Declares what `play` declares in each place; servers are started once for all of it. */
export function everywhere(play: (place: Place) => void): void {
  play({ adapter: 'memory', begin: memoryWorld });
  for (const [adapter, start] of [['Redis', redis], ['Redis by Sentinel', sentinels], ['Redis Cluster', cluster]] as const) {
    describe(adapter, () => {
      let servers: Servers | undefined;
      beforeAll(async () => {
        servers = await start();
      }, START_MS);
      afterAll(() => servers?.stop());
      const begin = async (): Promise<World> => {
        if (servers === undefined) throw new Error(`${adapter} does not run`);
        return worldIn(servers);
      };
      play({ adapter, begin });
    });
  }
}

/** Sentinels and nodes of a cluster need some seconds to find each other. */
const START_MS = 180_000;
const DEADLINE_MS = 60_000;
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
