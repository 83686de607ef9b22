import { createRedisStore, placeOf } from '../src';
import { readOptions } from '../src/redis/options';
import { BUCKETS, bucketOf, RedisKeys } from '../src/redis/keys';

describe('options', () => {
  test('without any: the Redis of this machine', () => {
    expect(readOptions({})).toMatchObject({ host: '127.0.0.1', port: 6379, db: 0, prefix: 'isthmus' });
  });

  test.each([
    ['redis://redis.example.com', { host: 'redis.example.com', port: 6379, username: undefined, password: undefined, db: 0 }],
    ['redis://isthmus:p%40ss%25@[::1]:7000/3', { host: '::1', port: 7000, username: 'isthmus', password: 'p@ss%', db: 3 }],
    ['redis://:secret@10.0.0.1/', { host: '10.0.0.1', username: undefined, password: 'secret', db: 0 }],
  ])('the URL %s is read', (url, expected) => {
    expect(readOptions({ url })).toMatchObject(expected);
  });

  test('rediss: is TLS', () => {
    expect(readOptions({ url: 'rediss://a.example.com' })).toMatchObject({ host: 'a.example.com', tls: {} });
    expect(readOptions({ url: 'redis://a.example.com' }).tls).toBeUndefined();
  });

  test.each([
    [{ host: 'a.example.com' }, 'a.example.com:6379'],
    [{ sentinel: { places: [{ host: 'a', port: 1 }, { host: 'b', port: 2 }], masterName: 'm' } }, 'master m (Sentinels a:1, b:2)'],
    [{ cluster: [{ host: 'a', port: 1 }, { host: 'b', port: 2 }] }, 'the cluster of a:1, b:2'],
  ])('%j leads to %s', (options, place) => {
    expect(placeOf(options)).toBe(place);
  });

  test('what stands beside the URL goes before it: the password may come from a file', () => {
    const settings = readOptions({ url: 'redis://old:older@a.example.com/1', password: 'newer', db: 2 });
    expect(settings).toMatchObject({ host: 'a.example.com', username: 'old', password: 'newer', db: 2 });
  });

  test.each([
    [{ url: 'http://a.example.com' }, 'redis url: use redis://[user:password@]host[:port][/db]'],
    [{ url: 'nonsense' }, 'redis url: use redis://'],
    [{ url: 'redis://a.example.com/main' }, 'the database must be a number, not "main"'],
    [{ url: 'redis://:50%off@a.example.com' }, 'must be written %25'],
    [{ port: 0 }, 'redis port: use a whole number from 1 to 65535, not 0'],
    [{ db: -1 }, 'redis db: use a whole number from 0'],
    [{ db: Number.NaN }, 'redis db: use a whole number from 0'],
    [{ commandTimeoutMs: 0 }, 'redis commandTimeoutMs: use a whole number from 1'],
    [{ connectTimeoutMs: 1.5 }, 'redis connectTimeoutMs: use a whole number from 1'],
    [{ maxPendingCommands: 0 }, 'redis maxPendingCommands: use a whole number from 1'],
    [{ prefix: 'a{b}' }, 'redis prefix "a{b}": use 1 to 64 letters'],
    [{ prefix: '' }, 'redis prefix "": use 1 to 64 letters'],
    [{ cluster: [] }, 'redis cluster: give the place of at least one node'],
    [{ cluster: [{ host: 'a', port: 1 }], db: 1 }, 'redis db: a cluster has database 0 only, not 1'],
    [{ sentinel: { places: [], masterName: 'm' } }, 'redis sentinel: give the place of at least one Sentinel'],
    [{ sentinel: { places: [{ host: 'a', port: 1 }], masterName: '' } }, 'redis sentinel: give the name that the Sentinels have for the master'],
    [{ cluster: [{ host: 'a', port: 1 }], sentinel: { places: [{ host: 'a', port: 1 }], masterName: 'm' } }, 'redis sentinel and cluster: give one of them'],
  ])('%j is refused with one clear message', async (options, message) => {
    await expect(createRedisStore(options)).rejects.toThrow(message);
  });

  test('no message shows a password', async () => {
    const urls = ['http://u:geheim@a', 'redis://u:geheim@a/x', 'redis://u:geheim%@a', 'redis://u:geheim@a:99999'];
    for (const url of urls) {
      await expect(createRedisStore({ url })).rejects.toThrow(/^(?!.*geheim)redis url: /s);
    }
  });
});

describe('names of keys', () => {
  test('everything of a pair carries the hash tag of its bucket, and nothing else in braces', () => {
    const names = Object.values(new RedisKeys('isthmus').of('alice@example.com bob@example.com'));
    const tags = names.map((name) => /\{([^}]*)\}/.exec(name)?.[1]);
    expect(new Set(tags)).toEqual(new Set([`b${bucketOf('alice@example.com bob@example.com')}`]));
  });

  // Records are found again by this function only: a change of these numbers loses every record of an installation.
  test.each([
    ['', 197],
    ['a', 237],
    ['alice@example.com bob@example.com', 123],
    ['名@example.com', 139],
  ])('the bucket of %j stays what it is', (pair, bucket) => {
    expect(bucketOf(pair)).toBe(bucket);
  });

  test('pairs spread over all buckets: none has twice its share', () => {
    const sizes = new Array<number>(BUCKETS).fill(0);
    for (let number = 0; number < 256_000; number += 1) {
      const bucket = bucketOf(`user${number % 5_000}@example.com contact${number}@example.com`);
      sizes[bucket] = (sizes[bucket] ?? 0) + 1;
    }
    expect(Math.min(...sizes)).toBeGreaterThan(500);
    expect(Math.max(...sizes)).toBeLessThan(2_000);
  });
});
