import { Cluster, Redis } from 'ioredis';

import { startRedis } from '../../../scenarios/support/redis';
import { RedisCluster } from '../../../scenarios/support/redis-cluster';
import { createRedisStore } from '../src';
import type { Orphans, RedisStoreOptions, Store } from '../src';
import { bucketOf } from '../src/redis/keys';
import { commit } from './support/bench';
import { note } from './support/worlds';
import type { Note } from './support/worlds';

const PLENTY_MS = 60_000;
const START_MS = 180_000;
const HOUR_MS = 3_600_000;

interface Servers {
  readonly options: RedisStoreOptions;
  readonly admin: Redis | Cluster;
  stop(): Promise<unknown>;
}

async function single(): Promise<Servers> {
  const server = await startRedis();
  return { options: { url: server.url }, admin: new Redis(server.port, '127.0.0.1'), stop: () => server.stop() };
}

async function cluster(): Promise<Servers> {
  const nodes = await RedisCluster.start();
  return { options: { cluster: nodes.places.slice(0, 2) }, admin: new Cluster([...nodes.places]), stop: () => nodes.stop() };
}

/** The notes of this test say what they want. */
const judge = ({ text }: Note) => text as 'empty' | 'timed' | 'untimed';
const counts = ({ found }: Orphans) => Object.fromEntries([...found].map(([kind, { count }]) => [kind, count]));
const tag = (pair: string, prefix: string): string => `${prefix}:{b${bucketOf(pair)}}`;

describe.each([
  { shape: 'one Redis', start: single },
  { shape: 'Redis Cluster', start: cluster },
])('orphans are counted: $shape', ({ start }) => {
  let servers: Servers;
  let store: Store<Note>;
  let prefix = '';
  let worlds = 0;

  beforeAll(async () => {
    servers = await start();
  }, START_MS);
  afterAll(async () => {
    servers.admin.disconnect();
    await servers.stop();
  });
  beforeEach(async () => {
    prefix = `w${(worlds += 1)}`;
    store = await createRedisStore<Note>({ ...servers.options, prefix });
  });
  afterEach(() => store.close());

  test('what is in use is none: records, due times, policies, lists, leases, limits', async () => {
    await commit(store, 'a', 0, note(1, 'timed'), 1_000);
    await commit(store, 'b', 0, note(1, 'untimed'));
    await commit(store, 'c', 0, note(1, 'empty'), 1_000); // deleted when it falls due
    await store.workers.heartbeat('w', 60_000, []);
    await store.members.put('s', 'm', 1, 60_000);
    await store.sipUsers.replace(['bob@example.com' as never]);
    await servers.admin.set('another:thing', 'not ours');
    expect(await store.orphans(judge, PLENTY_MS)).toMatchObject({ found: new Map(), records: 3, isComplete: true });
  });

  test('records: empty ones, those that nobody will look at, those that cannot be read; due times without a record', async () => {
    const names = Array.from({ length: 600 }, (_, number) => `pair ${number}`);
    await Promise.all(names.map((name, at) => commit(store, name, 0, note(at, at % 3 === 0 ? 'empty' : at % 3 === 1 ? 'timed' : 'untimed'))));
    await commit(store, 'kept', 0, note(1, 'timed'), 1_000);
    await servers.admin.hset(`${tag('bad', prefix)}:pairs`, 'bad', 'geheim');
    await servers.admin.zadd(`${tag('stray', prefix)}:due`, 1_000, 'stray');
    const orphans = await store.orphans(judge, PLENTY_MS);
    expect(counts(orphans)).toEqual({ empty: 200, undue: 200, damaged: 1, strayDue: 1 });
    expect(orphans.found.get('strayDue')?.example).toEqual({ key: `${tag('stray', prefix)}:due`, member: 'stray' });
    expect(orphans).toMatchObject({ records: 602, isComplete: true });
    expect(JSON.stringify([...orphans.found])).not.toContain('geheim');
  });

  test('many pairs of one bucket: each of its pages is looked at', async () => {
    const names = Array.from({ length: 100_000 }, (_, number) => `pair ${number}`).filter((name) => bucketOf(name) === 7).slice(0, 350);
    await Promise.all(names.map((name) => servers.admin.zadd(`${prefix}:{b7}:due`, 1_000, name)));
    await Promise.all(names.slice(0, 100).map((name) => commit(store, name, 0, note(1, 'timed'), 1_000)));
    expect(names).toHaveLength(350);
    expect(counts(await store.orphans(judge, PLENTY_MS))).toEqual({ strayDue: 250 });
  });

  test('keys: of no known kind, and those that should expire and do not', async () => {
    const strange = ['a', 'b', '{b300}:pairs'].map((name) => `${prefix}:${name}`);
    for (const key of [...strange, `${prefix}:{sip-users}:x`, `${prefix}:members:y`]) await servers.admin.set(key, 'x');
    const orphans = await store.orphans(judge, PLENTY_MS);
    expect(counts(orphans)).toEqual({ unknownKey: 3, lastingKey: 2 });
    expect(strange).toContain(orphans.found.get('unknownKey')?.example.key);
    expect(orphans.keys).toBe(5);
  });

  test('leases: those that ended long ago', async () => {
    await store.workers.heartbeat('w', 60_000, []);
    await servers.admin.hset(`${prefix}:workers`, 'old', `${Date.now() - 2 * HOUR_MS} []`, 'just ended', `${Date.now() - 60_000} []`);
    const orphans = await store.orphans(judge, PLENTY_MS);
    expect([counts(orphans), orphans.found.get('endedLease')?.example.member]).toEqual([{ endedLease: 1 }, 'old']);
  });

  test('the time is over: says so', async () => {
    await commit(store, 'a', 0, note(1, 'empty'));
    expect((await store.orphans(judge, -1)).isComplete).toBe(false);
  });
});
