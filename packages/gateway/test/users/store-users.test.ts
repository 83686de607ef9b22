import type { BareJid } from '@isthmus/model';
import { StoreUsers } from '../../src/users/store-users';
import { deferred } from '../support/waiting';

const [BOB, BEA, CAL] = ['bob@example.com', 'bea@example.com', 'cal@example.com'] as BareJid[] as [BareJid, BareJid, BareJid];
let now: number;
let asked: BareJid[];
let answer: (user: BareJid) => Promise<boolean>;
let users: StoreUsers;

beforeEach(() => {
  [now, asked] = [1_000, []];
  answer = async (user) => user === BOB;
  users = new StoreUsers({ list: { has: (user) => (asked.push(user), answer(user)) }, ttlMs: 30_000, maxCached: 2, now: () => now });
});

test('asks once, gives what it knows at once, and believes yes and no for a while', async () => {
  expect([await users.has(BOB), await users.has(BEA)]).toEqual([true, false]);
  now += 29_999;
  expect([users.has(BOB), users.has(BEA)]).toEqual([true, false]);
  expect(asked).toEqual([BOB, BEA]);
  now += 1;
  answer = async () => true;
  expect(await users.has(BEA)).toBe(true);
});

test('promise 6: remembers so many, and the oldest is asked again', async () => {
  for (const user of [BOB, BEA, CAL, BOB]) await users.has(user);
  expect(asked).toEqual([BOB, BEA, CAL, BOB]);
});

test('several who ask at once share one question; a failure is told to all of them and not remembered', async () => {
  const { promise, reject } = deferred<boolean>();
  answer = () => promise;
  const both = Promise.allSettled([users.has(BOB), users.has(BOB)]);
  reject(new Error('away'));
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  answer = async () => true;
  expect([await users.has(BOB), asked]).toEqual([true, [BOB, BOB]]);
});

test('refresh (SIGHUP): nothing of before is believed, not even an answer that is still on its way', async () => {
  const { promise, resolve } = deferred<boolean>();
  answer = () => promise;
  const old = users.has(BOB);
  users.refresh();
  resolve(false);
  await old;
  answer = async () => true;
  expect(await users.has(BOB)).toBe(true);
});
