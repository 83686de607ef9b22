import { Redis } from 'ioredis';

import { startRedis } from '../../../../scenarios/support/redis';
import { createRedisStore } from '../../src';
import type { CommitResult, RedisStoreOptions, Store, StoreState } from '../../src';
import { note } from './worlds';
import type { Note } from './worlds';

export type Server = Awaited<ReturnType<typeof startRedis>>;

/** A Redis of one test, an administrator's connection to it, and the stores that the test opens. */
export class Bench {
  private readonly ends: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly server: Server,
    readonly admin: Redis,
  ) {}

  static async start(): Promise<Bench> {
    const server = await startRedis();
    const admin = new Redis(server.port, '127.0.0.1');
    admin.on('error', () => undefined); // Redis is away in many of the tests
    const bench = new Bench(server, admin);
    bench.ends.push(() => server.stop(), async () => admin.disconnect());
    return bench;
  }

  /** A Redis that keeps its data over a restart. */
  async lasting(): Promise<Server> {
    const server = await startRedis({ persist: true });
    this.ends.push(() => server.stop());
    return server;
  }

  async open(options: RedisStoreOptions = {}): Promise<Store<Note>> {
    const store = await createRedisStore<Note>({ url: this.server.url, ...options });
    this.ends.push(() => store.close());
    return store;
  }

  async stop(): Promise<void> {
    for (const end of this.ends.reverse()) await end();
  }
}

export const commit = (store: Store<Note>, key: string, expected: number, record = note(1), due?: number): Promise<CommitResult> =>
  store.pairs.commit({ key, expected, record, due });

export const remove = (store: Store<Note>, key: string, expected: number): Promise<CommitResult> =>
  store.pairs.commit({ key, expected, record: undefined, due: undefined });

export async function versionOf(store: Store<Note>, key: string): Promise<number> {
  return (await store.pairs.load(key))?.version ?? 0;
}

/** The version that a commit won; rejects when it lost. */
export async function won(result: Promise<CommitResult>): Promise<number> {
  const outcome = await result;
  if (!outcome.ok) throw new Error('somebody else committed');
  return outcome.version;
}

/** Every change of state from now on. */
export function changes(store: Store<Note>): StoreState[] {
  const states: StoreState[] = [];
  store.onState((state) => states.push(state));
  return states;
}
