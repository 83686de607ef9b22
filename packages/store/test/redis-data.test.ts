import { StoreUnwritableError, StoreUnavailableError } from '../src';
import { bucketOf } from '../src/redis/keys';
import { Bench, commit, remove, versionOf, won } from './support/bench';
import { claimDue } from './support/claim-due';
import { note } from './support/worlds';

/** What the Redis adapter keeps in Redis, and what it does when somebody else touched it. */
describe('Redis', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.start();
  });
  afterEach(() => bench.stop());

  describe('a record that Redis has lost', () => {
    const bucketOfA = `isthmus:{b${bucketOf('a')}}`;

    test('promise 1: is put back as it was, with its version and due time', async () => {
      const store = await bench.open();
      const version = await won(commit(store, 'a', 0, note(1)));
      await bench.admin.flushall();
      expect(await store.pairs.putBack('a', { record: note(1), version }, 1_000)).toBe(true);
      expect(await store.pairs.load('a')).toEqual({ record: note(1), version });
      expect(await claimDue(store.pairs, 1_000, 2_000, 10)).toEqual(['a']);
      expect(await commit(store, 'a', version, note(2))).toMatchObject({ ok: true });
    });

    test('promise 1: takes the place of an older one, and of its due time', async () => {
      const store = await bench.open();
      const old = await won(commit(store, 'a', 0, note(1), 1_000));
      const older = await bench.admin.hget(`${bucketOfA}:pairs`, 'a');
      const version = await won(commit(store, 'a', old, note(2)));
      await bench.admin.hset(`${bucketOfA}:pairs`, 'a', older ?? '');
      await bench.admin.zadd(`${bucketOfA}:due`, 1_000, 'a');
      expect(await store.pairs.putBack('a', { record: note(2), version }, undefined)).toBe(true);
      expect(await store.pairs.load('a')).toEqual({ record: note(2), version });
      expect(await claimDue(store.pairs, 1_000, 2_000, 10)).toEqual([]);
    });
  });

  describe('full', () => {
    test('a write is rejected and changes nothing; loads, claims and deletions go on; it recovers', async () => {
      const store = await bench.open();
      await commit(store, 'a', 0, note(1), 1_000);
      await bench.admin.config('SET', 'maxmemory', '1');
      await expect(commit(store, 'b', 0)).rejects.toThrow(StoreUnwritableError);
      await expect(commit(store, 'a', await versionOf(store, 'a'), note(2))).rejects.toThrow('maxmemory');
      expect((await store.pairs.load('a'))?.record).toEqual(note(1));
      expect(await claimDue(store.pairs, 1_000, 2_000, 10)).toEqual(['a']);
      expect(await remove(store, 'a', await versionOf(store, 'a'))).toEqual({ ok: true, version: 0 });
      await bench.admin.config('SET', 'maxmemory', '0');
      expect(await commit(store, 'b', 0)).toMatchObject({ ok: true });
    });

    test('a Redis that may throw records away: ready, with a warning', async () => {
      await bench.admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      const store = await bench.open();
      expect(store.state).toEqual({ is: 'ready', warning: expect.stringContaining('allkeys-lru') });
    });
  });

  describe('versions', () => {
    const key = 'alice@example.com bob@example.com';
    const bucket = `isthmus:{b${bucketOf(key)}}`;
    const FAR = 8_000_000_000_000_000;

    test('do not come again when Redis lost everything: who remembers the old one loses', async () => {
      const store = await bench.open();
      const old = await won(commit(store, key, 0));
      await bench.admin.flushall();
      expect(await won(commit(store, key, 0, note(2)))).toBeGreaterThan(old);
      expect(await commit(store, key, old, note(3))).toEqual({ ok: false });
    });

    test('grow also when the clock of Redis shows less: in one record', async () => {
      const store = await bench.open();
      await bench.admin.hset(`${bucket}:pairs`, key, `${FAR}${JSON.stringify(note(1))}`);
      expect(await commit(store, key, FAR, note(2))).toEqual({ ok: true, version: FAR + 1 });
      expect(await store.pairs.load(key)).toEqual({ record: note(2), version: FAR + 1 });
    });

    test('grow also when the clock of Redis shows less: over a deletion, and two', async () => {
      const store = await bench.open();
      await bench.admin.hset(`${bucket}:pairs`, key, `${FAR}${JSON.stringify(note(1))}`);
      await remove(store, key, FAR);
      expect(await commit(store, key, 0)).toEqual({ ok: true, version: FAR + 1 });
      await remove(store, key, FAR + 1);
      expect(await commit(store, key, 0)).toEqual({ ok: true, version: FAR + 2 });
    });

    test('deleted pairs leave one number a bucket and nothing else', async () => {
      const store = await bench.open();
      for (let number = 0; number < 500; number += 1) {
        const version = await won(commit(store, `pair ${number}`, 0, note(1), 1_000));
        await remove(store, `pair ${number}`, version);
      }
      const keys = await bench.admin.keys('*');
      expect(keys.filter((name) => !/^isthmus:\{b\d+\}:floor$/.test(name))).toEqual([]);
      expect(keys.length).toBeLessThanOrEqual(256);
    });
  });

  test('scripts that Redis forgot are given again', async () => {
    const store = await bench.open();
    await commit(store, 'a', 0);
    await bench.admin.script('FLUSH');
    const results = await Promise.all(Array.from({ length: 20 }, (_, number) => commit(store, `pair ${number}`, 0)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    await bench.admin.script('FLUSH');
    expect(await claimDue(store.pairs, 1, 2, 10)).toEqual([]);
    await store.workers.heartbeat('w', 60_000, []);
    await bench.admin.script('FLUSH');
    expect([...(await store.workers.workers()).keys()]).toEqual(['w']);
  });

  test('two prefixes in one Redis are two stores', async () => {
    const [one, two] = [await bench.open({ prefix: 'one' }), await bench.open({ prefix: 'two' })];
    await commit(one, 'a', 0, note(1), 1_000);
    await one.workers.heartbeat('w', 60_000, []);
    await one.members.put('s', 'm', 1, 60_000);
    expect(await two.pairs.load('a')).toBeUndefined();
    expect(await claimDue(two.pairs, 1_000, 2_000, 10)).toEqual([]);
    expect(await two.pairs.count()).toBe(0);
    expect(await two.workers.workers()).toEqual(new Map());
    expect(await two.members.put('s', 'other', 1, 60_000)).toBe(true);
    expect(await commit(two, 'a', 0, note(2))).toMatchObject({ ok: true });
    expect((await one.pairs.load('a'))?.record).toEqual(note(1));
  });

  test('a damaged record: the message says where it lies and does not show it', async () => {
    const store = await bench.open();
    const hash = `isthmus:{b${bucketOf('a')}}:pairs`;
    for (const value of ['1700000000000000{"text":"geheim', 'geheim']) {
      await bench.admin.hset(hash, 'a', value);
      await expect(store.pairs.load('a')).rejects.toThrow(`the record of "a" is damaged: remove it from the Redis hash ${hash}`);
      await expect(store.pairs.load('a')).rejects.not.toThrow('geheim');
    }
  });

  test('no error carries what was sent', async () => {
    const store = await bench.open();
    await bench.admin.set(`isthmus:{b${bucketOf('a')}}:pairs`, 'of another type');
    const error: unknown = await commit(store, 'a', 0, note(1, 'geheim')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toContain('WRONGTYPE');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('geheim');
  });
});
