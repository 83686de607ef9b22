import { newRecord } from '@isthmus/engine';
import { pairKey } from '@isthmus/model';
import type { Stored } from '@isthmus/store';
import { RecordCache } from '../src/pairs/cache';
import type { StoredPair } from '../src/pairs/stored';
import { pairOfUser } from './support/pairs';

const entry = (user: string, version = 1): Stored<StoredPair> => ({ record: { record: newRecord(pairOfUser(user)), by: 'w1#a' }, version });
const keyOf = (user: string): string => pairKey(pairOfUser(user));
const users = Array.from({ length: 100 }, (_each, index) => `u${index}`);

test('what was put in comes out the same, used lately or not', () => {
  const cache = new RecordCache(100);
  for (const user of users) cache.set(keyOf(user), entry(user, 7));
  expect(cache.size).toBe(100);
  for (const user of users) expect(cache.get(keyOf(user))).toEqual(entry(user, 7));
});

test('a newer version takes the place of an older one, also of one that was not used for a while', () => {
  const cache = new RecordCache(100);
  for (const user of users) cache.set(keyOf(user), entry(user));
  cache.set(keyOf('u0'), entry('u0', 2));
  expect(cache.get(keyOf('u0'))?.version).toBe(2);
  expect(cache.size).toBe(100);
});

test('promise 6: at the bound those used least recently are dropped', () => {
  const cache = new RecordCache(20);
  for (const user of users.slice(0, 20)) cache.set(keyOf(user), entry(user));
  cache.get(keyOf('u0'));
  for (const user of users.slice(20, 39)) cache.set(keyOf(user), entry(user));
  expect(cache.size).toBe(20);
  expect(cache.get(keyOf('u0'))).toBeDefined();
  expect(cache.get(keyOf('u1'))).toBeUndefined();
  expect(cache.get(keyOf('u38'))).toBeDefined();
});

test('what is deleted is gone, used lately or not', () => {
  const cache = new RecordCache(20);
  for (const user of users.slice(0, 20)) cache.set(keyOf(user), entry(user));
  cache.delete(keyOf('u0'));
  cache.delete(keyOf('u19'));
  expect([cache.get(keyOf('u0')), cache.get(keyOf('u19')), cache.size]).toEqual([undefined, undefined, 18]);
  cache.clear();
  expect(cache.size).toBe(0);
});

test('DESIGN section 9: what was not used for a while is held as text, not as objects', () => {
  const cache = new RecordCache(100);
  const first = entry('u0');
  cache.set(keyOf('u0'), first);
  expect(cache.get(keyOf('u0'))?.record).toBe(first.record);
  for (const user of users.slice(1, 60)) cache.set(keyOf(user), entry(user));
  expect(cache.get(keyOf('u0'))?.record).not.toBe(first.record);
});
