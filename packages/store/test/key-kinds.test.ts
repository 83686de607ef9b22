import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { KEY_KINDS, kindOfKey } from '../src/redis/key-kinds';
import { RedisKeys } from '../src/redis/keys';

test('every kind of key has an owner, a limit or an expiry, and docs/redis.md lists the same', () => {
  const page = readFileSync(join(__dirname, '../../../docs/redis.md'), 'utf8');
  const [, section = ''] = page.split('\n## Keys\n');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const listed = rows.flatMap((row) => {
    const [, keys = '', , bound = ''] = row.split('|');
    return [...keys.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name} ${bound.trim().split(':')[0]}`);
  });
  expect(listed).toEqual(KEY_KINDS.map(({ name, bound }) => `${name} ${bound}`));
});

test('each key that is written is of exactly one kind, whatever the prefix', () => {
  const keys = new RedisKeys('my.own:store');
  const { workers, sipUsers, probe } = keys;
  const all = [...keys.buckets().flatMap((bucket) => Object.values(bucket) as string[]), workers, sipUsers, `${sipUsers}:x`, probe, keys.members('a')];
  const kinds = all.map((key) => kindOfKey('my.own:store', key));
  expect(all.filter((_key, at) => kinds[at] === undefined)).toEqual([]);
  expect(new Set(kinds)).toEqual(new Set(KEY_KINDS));
  for (const key of all) expect(KEY_KINDS.filter(({ pattern }) => pattern.test(key.slice('my.own:store'.length)))).toHaveLength(1);
});

test.each(['my.own:store:{b256}:pairs', 'my.own:store:{b1}:other', 'my.own:store', 'other:workers', 'my.own:store:two:workers'])('%s is of none', (key) => {
  expect(kindOfKey('my.own:store', key)).toBeUndefined();
});
