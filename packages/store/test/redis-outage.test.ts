import { Redis } from 'ioredis';

import { startRedis } from '../../../scenarios/support/redis';
import { createRedisStore, StoreFullError, StoreUnavailableError } from '../src';
import type { RedisStoreOptions, Store, StoreState } from '../src';
import { bucketOf } from '../src/redis/keys';
import { eventually, note, stateOf } from './support/worlds';
import type { Note } from './support/worlds';

type Server = Awaited<ReturnType<typeof startRedis>>;

/** What the Redis adapter does when Redis is not as it should be. */
describe('Redis', () => {
  let server: Server;
  let admin: Redis;
  let ends: (() => Promise<unknown>)[];

  beforeEach(async () => {
    ends = [];
    server = await startRedis();
    ends.push(() => server.stop());
    admin = new Redis(server.port, '127.0.0.1');
    admin.on('error', () => undefined); // it is away in half of the tests
    ends.push(async () => admin.disconnect());
  });
  afterEach(async () => {
    for (const end of ends.reverse()) await end();
  });

  const open = async (options: RedisStoreOptions = {}): Promise<Store<Note>> => {
    const store = await createRedisStore<Note>({ url: server.url, ...options });
    ends.push(() => store.close());
    return store;
  };
  const commit = (store: Store<Note>, key: string, expected: number, record: Note | undefined = note(1), due?: number) =>
    store.pairs.commit({ key, expected, record, due });
  const version = async (store: Store<Note>, key: string): Promise<number> => (await store.pairs.load(key))?.version ?? 0;
  const told = (store: Store<Note>): StoreState[] => {
    const states: StoreState[] = [];
    store.onState((state) => states.push(state));
    return states;
  };

  describe('away', () => {
    test('at the start: the store is there, says what is wrong, and becomes ready when Redis comes', async () => {
      await server.suspend();
      const store = await open();
      expect(store.state).toEqual({ is: 'away', why: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+: .*ECONNREFUSED/) });
      await expect(store.pairs.load('a')).rejects.toThrow(StoreUnavailableError);
      await server.resume();
      await stateOf(store, 'ready');
      expect(await commit(store, 'a', 0)).toMatchObject({ ok: true });
    });

    test('in the middle: commands fail at once, nothing waits for later, each change is told once', async () => {
      const store = await open();
      const states = told(store);
      await commit(store, 'a', 0);
      await server.suspend();
      await stateOf(store, 'away');
      for (let attempt = 0; attempt < 50; attempt += 1) {
        await expect(commit(store, 'lost', 0)).rejects.toThrow(/^the store is unavailable: Redis at/);
      }
      await expect(store.pairs.ping()).rejects.toThrow(StoreUnavailableError);
      await expect(store.pairs.scan()[Symbol.asyncIterator]().next()).rejects.toThrow(StoreUnavailableError);
      await server.resume();
      await stateOf(store, 'ready');
      expect(await store.pairs.load('lost')).toBeUndefined();
      expect(await commit(store, 'a', 0)).toMatchObject({ ok: true });
      const whys = states.map((state) => JSON.stringify(state));
      expect(whys.filter((why, at) => why === whys[at - 1])).toEqual([]);
      expect(states.at(-1)).toEqual({ is: 'ready' });
      expect(states.filter(({ is }) => is === 'ready')).toHaveLength(1);
    });

    test('commands under way are rejected when the connection is lost', async () => {
      const store = await open({ commandTimeoutMs: 60_000 });
      await admin.call('CLIENT', 'PAUSE', '600000', 'ALL');
      const waiting = Array.from({ length: 20 }, (_, number) => commit(store, `pair ${number}`, 0));
      const outcomes = Promise.allSettled(waiting);
      await server.suspend();
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) });
      }
    });

    test('records that Redis kept are there again after its restart', async () => {
      const lasting = await startRedis({ persist: true });
      ends.push(() => lasting.stop());
      const store = await open({ url: lasting.url });
      const first = await commit(store, 'a', 0, note(7), 1_000);
      await lasting.restart();
      await stateOf(store, 'ready');
      await eventually('the store is used again', () => store.pairs.ping().then(() => true, () => false));
      expect(await store.pairs.load('a')).toEqual({ record: note(7), version: first.ok ? first.version : -1 });
      expect(await store.pairs.claimDue(1_000, 2_000, 10)).toEqual(['a']);
    });

    test('a Redis that does not answer: the deadline holds, the connection is made anew', async () => {
      const store = await open({ commandTimeoutMs: 200 });
      await admin.call('CLIENT', 'PAUSE', '2500', 'ALL');
      await expect(commit(store, 'a', 0)).rejects.toThrow(/no answer in time|the connection was lost/);
      expect(await stateOf(store, 'away')).toMatchObject({ why: expect.stringContaining('no answer in time') });
      await stateOf(store, 'ready');
      expect(await commit(store, 'b', 0)).toMatchObject({ ok: true });
    });

    test('no more commands wait than allowed', async () => {
      const store = await open({ maxPendingCommands: 3 });
      const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((number) => store.pairs.load(`${number}`)));
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
      expect(outcomes[3]).toMatchObject({ reason: { message: expect.stringContaining('3 commands wait for Redis') } });
      expect(await store.pairs.load('1')).toBeUndefined();
    });
  });

  describe('refuses', () => {
    test.each([
      ['a wrong password', { password: 'falsch' }, 'user name or password is wrong (WRONGPASS'],
      ['a wrong user', { username: 'nobody', password: 'geheim' }, 'user name or password is wrong (WRONGPASS'],
      ['no password', {}, 'it wants a password and none is configured (NOAUTH'],
      ['a database that it has not', { password: 'geheim', db: 99 }, 'there is no such database (ERR DB index'],
    ])('%s: one clear message without the password, and never ready', async (_what, options, message) => {
      await admin.config('SET', 'requirepass', 'geheim');
      const store = await open(options);
      const states = told(store);
      expect(store.state).toEqual({ is: 'refused', why: expect.stringContaining(`refuses us: ${message}`) });
      expect(JSON.stringify(store.state)).not.toMatch(/geheim|falsch/);
      const connections = async (): Promise<number> =>
        Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1] ?? 0);
      const before = await connections();
      await eventually('it tries three times more', async () => (await connections()) >= before + 3);
      await expect(commit(store, 'a', 0)).rejects.toThrow(message);
      expect(states).toEqual([]);
    });

    test('a password that is put right at Redis is taken without a restart', async () => {
      await admin.config('SET', 'requirepass', 'geheim');
      const store = await open({ password: 'falsch' });
      await admin.config('SET', 'requirepass', 'falsch');
      await stateOf(store, 'ready');
    });

    test('no write went to another database while one was refused', async () => {
      const store = await open({ db: 99 });
      await Promise.allSettled(Array.from({ length: 20 }, () => commit(store, 'a', 0)));
      expect(await admin.dbsize()).toBe(0);
    });

    test('a replica is no store; a primary that became one is noticed, and taken again afterwards', async () => {
      const store = await open();
      await admin.replicaof('127.0.0.1', '1');
      await expect(commit(store, 'a', 0)).rejects.toThrow(StoreUnavailableError);
      expect(await stateOf(store, 'refused')).toMatchObject({ why: expect.stringContaining('is a replica') });
      await admin.replicaof('NO', 'ONE');
      await stateOf(store, 'ready');
      expect(await commit(store, 'a', 0)).toMatchObject({ ok: true });
    });
  });

  describe('full', () => {
    test('a write is rejected and changes nothing; loads, claims and deletions go on; it recovers', async () => {
      const store = await open();
      await commit(store, 'a', 0, note(1), 1_000);
      await admin.config('SET', 'maxmemory', '1');
      await expect(commit(store, 'b', 0)).rejects.toThrow(StoreFullError);
      await expect(commit(store, 'a', await version(store, 'a'), note(2))).rejects.toThrow('maxmemory');
      expect((await store.pairs.load('a'))?.record).toEqual(note(1));
      expect(await store.pairs.claimDue(1_000, 2_000, 10)).toEqual(['a']);
      const held = await version(store, 'a');
      expect(await store.pairs.commit({ key: 'a', expected: held, record: undefined, due: undefined })).toEqual({ ok: true, version: 0 });
      await admin.config('SET', 'maxmemory', '0');
      expect(await commit(store, 'b', 0)).toMatchObject({ ok: true });
    });

    test('a Redis that may throw records away: ready, with a warning', async () => {
      await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      const store = await open();
      expect(store.state).toEqual({ is: 'ready', warning: expect.stringContaining('allkeys-lru') });
    });
  });

  describe('versions', () => {
    const key = 'alice@example.com bob@example.com';
    const bucket = `isthmus:{b${bucketOf(key)}}`;
    const FAR = 8_000_000_000_000_000;

    test('do not come again when Redis lost everything: who remembers the old one loses', async () => {
      const store = await open();
      const old = await commit(store, key, 0);
      await admin.flushall();
      const fresh = await commit(store, key, 0, note(2));
      expect(fresh.ok && old.ok && fresh.version > old.version).toBe(true);
      expect(await commit(store, key, old.ok ? old.version : -1, note(3))).toEqual({ ok: false });
    });

    test('grow also when the clock of Redis shows less: in one record', async () => {
      const store = await open();
      await admin.hset(`${bucket}:pairs`, key, `${FAR}${JSON.stringify(note(1))}`);
      expect(await commit(store, key, FAR, note(2))).toEqual({ ok: true, version: FAR + 1 });
      expect(await store.pairs.load(key)).toEqual({ record: note(2), version: FAR + 1 });
    });

    test('grow also when the clock of Redis shows less: over a deletion, and two', async () => {
      const store = await open();
      await admin.hset(`${bucket}:pairs`, key, `${FAR}${JSON.stringify(note(1))}`);
      const remove = (expected: number) => store.pairs.commit({ key, expected, record: undefined, due: undefined });
      await remove(FAR);
      expect(await commit(store, key, 0)).toEqual({ ok: true, version: FAR + 1 });
      await remove(FAR + 1);
      expect(await commit(store, key, 0)).toEqual({ ok: true, version: FAR + 2 });
    });

    test('deleted pairs leave one number a bucket and nothing else', async () => {
      const store = await open();
      for (let number = 0; number < 500; number += 1) {
        const made = await commit(store, `pair ${number}`, 0, note(1), 1_000);
        await store.pairs.commit({ key: `pair ${number}`, expected: made.ok ? made.version : -1, record: undefined, due: undefined });
      }
      const keys = await admin.keys('*');
      expect(keys.filter((name) => !/^isthmus:\{b\d+\}:floor$/.test(name))).toEqual([]);
      expect(keys.length).toBeLessThanOrEqual(256);
    });
  });

  test('scripts that Redis forgot are given again', async () => {
    const store = await open();
    await commit(store, 'a', 0);
    await admin.script('FLUSH');
    const results = await Promise.all(Array.from({ length: 20 }, (_, number) => commit(store, `pair ${number}`, 0)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    await admin.script('FLUSH');
    expect(await store.pairs.claimDue(1, 2, 10)).toEqual([]);
    await store.workers.heartbeat('w', 60_000, []);
    await admin.script('FLUSH');
    expect([...(await store.workers.workers()).keys()]).toEqual(['w']);
  });

  test('two prefixes in one Redis are two stores', async () => {
    const [one, two] = [await open({ prefix: 'one' }), await open({ prefix: 'two' })];
    await commit(one, 'a', 0, note(1), 1_000);
    await one.workers.heartbeat('w', 60_000, []);
    await one.cache.set('c', 'x', 60_000);
    expect(await two.pairs.load('a')).toBeUndefined();
    expect(await two.pairs.claimDue(1_000, 2_000, 10)).toEqual([]);
    expect(await two.pairs.count()).toBe(0);
    expect(await two.workers.workers()).toEqual(new Map());
    expect(await two.cache.get('c')).toBeUndefined();
    expect(await commit(two, 'a', 0, note(2))).toMatchObject({ ok: true });
    expect((await one.pairs.load('a'))?.record).toEqual(note(1));
  });

  test('a damaged record: the message says where it lies and does not show it', async () => {
    const store = await open();
    const hash = `isthmus:{b${bucketOf('a')}}:pairs`;
    for (const value of ['1700000000000000{"text":"geheim', 'geheim']) {
      await admin.hset(hash, 'a', value);
      await expect(store.pairs.load('a')).rejects.toThrow(`the record of "a" is damaged: remove it from the Redis hash ${hash}`);
      await expect(store.pairs.load('a')).rejects.not.toThrow('geheim');
    }
  });

  test('no error carries what was sent', async () => {
    const store = await open();
    await admin.set(`isthmus:{b${bucketOf('a')}}:pairs`, 'of another type');
    const error: unknown = await commit(store, 'a', 0, note(1, 'geheim')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toContain('WRONGTYPE');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('geheim');
  });

  describe('close', () => {
    test('what was begun is finished', async () => {
      const store = await open();
      const begun = Array.from({ length: 50 }, (_, number) => commit(store, `pair ${number}`, 0));
      await store.close();
      expect((await Promise.all(begun)).every(({ ok }) => ok)).toBe(true);
      await eventually('the connection is gone', async () => (await admin.client('LIST') as string).split('\n').filter(Boolean).length === 1);
    });

    test('also while Redis is away, and while it does not answer', async () => {
      const away = await open();
      const silent = await open({ commandTimeoutMs: 200 });
      await admin.call('CLIENT', 'PAUSE', '600000', 'ALL');
      await silent.close();
      await server.suspend();
      await stateOf(away, 'away');
      await away.close();
      expect([away.state, silent.state]).toEqual([{ is: 'closed' }, { is: 'closed' }]);
    });
  });
});
