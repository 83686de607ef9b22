import { newRecord } from '@isthmus/engine';
import { pairKey, type BareJid, type Pair } from '@isthmus/model';
import { MemoryStore } from '@isthmus/store';
import { UserWatches, type WatchLimits } from '../src/limits/user-watches';
import type { StoredPair } from '../src/pairs/stored';
import { ANN, BOB } from './support/pairs';

const DAY_MS = 86_400_000;
let now: number;
let reached: string[];
let store: MemoryStore<StoredPair>;
beforeEach(() => {
  [now, reached] = [0, []];
  store = new MemoryStore<StoredPair>({ now: () => now });
});

const watchesOf = (limits: Partial<WatchLimits> = {}): UserWatches =>
  new UserWatches({ limits: { maxUserContacts: 2, maxUserWatchers: 3, maxUserUndecided: 2, ...limits }, members: store.members, pairs: store.pairs, onLimit: (limit) => void reached.push(limit) });
const of = (contact: string, user: BareJid = ANN): Pair => ({ user, contact: `${contact}@example.com` as BareJid });
const status = async (answer: Promise<{ readonly sip: number; readonly condition: string; readonly retryAfterSeconds?: number } | undefined>) => {
  const why = await answer;
  return why && [why.sip, why.condition, why.retryAfterSeconds];
};
const FULL = [500, 'policy-violation', 600];

test('SEC-5: an XMPP user watches so many contacts; one whom he watches already is no further one; others are not concerned', async () => {
  const watches = watchesOf();
  const asked = [];
  for (const contact of ['a', 'b', 'a', 'c']) asked.push(await status(watches.outward(of(contact))));
  expect(asked).toEqual([undefined, undefined, undefined, FULL]);
  expect(await status(watches.outward(of('c', 'amy@example.com' as BareJid)))).toBeUndefined();
  expect(reached).toEqual(['watches']);
});

test('a contact who is watched no longer makes room', async () => {
  const watches = watchesOf({ maxUserContacts: 1 });
  await watches.outward(of('a'));
  watches.ended(of('a'));
  await Promise.resolve();
  expect(await status(watches.outward(of('b')))).toBeUndefined();
});

test('SEC-5: so many SIP users watch an XMPP user (dedupe by watcher and presentity), whatever policy says of them', async () => {
  const watches = watchesOf();
  const asked = [];
  for (const contact of ['a', 'b', 'c', 'a', 'd']) asked.push(await status(watches.inward(of(contact), 'allow')));
  expect(asked).toEqual([undefined, undefined, undefined, undefined, FULL]);
  expect(reached).toEqual(['watchers']);
});

test('SEC-5: a user is asked about so many at a time, until he decides', async () => {
  const watches = watchesOf();
  const ask = (contact: string) => status(watches.inward(of(contact), 'ask'));
  expect([await ask('a'), await ask('b'), await ask('c')]).toEqual([undefined, undefined, FULL]);
  expect(reached).toEqual(['pending']);
  watches.decided(of('a'));
  await Promise.resolve();
  expect(await ask('c')).toBeUndefined();
});

test('who has been decided about is not waited for: his refresh takes no place', async () => {
  const watches = watchesOf({ maxUserUndecided: 1 });
  const pair: Pair = { user: ANN, contact: BOB };
  const record = { ...newRecord(pair), inward: { is: 'active' as const, watches: [] } };
  await store.pairs.commit({ key: pairKey(pair), expected: 0, record: { record, by: 'w' }, due: undefined });
  await watches.inward(pair, 'ask');
  expect(await status(watches.inward(of('c'), 'ask'))).toBeUndefined();
});

test('promise 6: nothing counts for ever: who does not come again is forgotten', async () => {
  const watches = watchesOf({ maxUserWatchers: 1, maxUserContacts: 1 });
  await watches.inward(of('a'), 'allow');
  await watches.outward(of('a'));
  now = DAY_MS;
  expect([await status(watches.inward(of('b'), 'allow')), await status(watches.outward(of('b')))]).toEqual([undefined, FULL]);
  now = 60 * DAY_MS;
  expect(await status(watches.outward(of('b')))).toBeUndefined();
});

test('while the store is away nobody is refused for that', async () => {
  const watches = watchesOf({ maxUserWatchers: 1, maxUserContacts: 1 });
  await store.close();
  expect([await watches.inward(of('a'), 'ask'), await watches.outward(of('a'))]).toEqual([undefined, undefined]);
  watches.ended(of('a'));
  watches.decided(of('a'));
});

test('other limits count from the moment of the change', async () => {
  const watches = watchesOf({ maxUserContacts: 1 });
  await watches.outward(of('a'));
  watches.change({ maxUserContacts: 2, maxUserWatchers: 1, maxUserUndecided: 1 });
  expect(await status(watches.outward(of('b')))).toBeUndefined();
});
