import { DEFAULT_SETTINGS, type EngineEvent } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';
import { MemoryStore, type PairStore, StoreUnavailableError } from '@isthmus/store';
import type { Ticket } from '@isthmus/xmpp';
import { PairLoop } from '../src/pairs/loop';
import { MissedEvents } from '../src/pairs/missed';
import type { StoredPair } from '../src/pairs/stored';

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
const OTHER = { user: 'amy@example.com', contact: 'bob@example.com' } as Pair;

const event = (on: EngineEvent['on']): EngineEvent => ({ on, at: 0, trace: 't' }) as EngineEvent;

/** A loop whose store is away. */
function loopWithoutStore(missed: MissedEvents): PairLoop {
  const away = () => Promise.reject(new StoreUnavailableError('gone'));
  const store: PairStore<StoredPair> = Object.assign(Object.create(new MemoryStore<StoredPair>().pairs), { load: away, commit: away });
  return new PairLoop({
    store,
    instance: () => 'w1#1',
    contextOf: () => ({ dialect: 'simple', variant: 'lync', settings: DEFAULT_SETTINGS, newId: () => 'id' }),
    start: () => undefined,
    leaseMs: 1_000,
    maxPending: 100,
    maxCached: 100,
    now: () => 0,
    keep: (pair, each) => missed.keep(pair, each),
  });
}

test('promise 3: presence that comes while the store is away is kept, in order, and no error goes to its sender', async () => {
  const missed = new MissedEvents(10);
  const loop = loopWithoutStore(missed);
  const events = [event('xmpp.subscribe'), event('xmpp.available'), event('xmpp.unavailable')];
  for (const each of events) await loop.handle(PAIR, each);
  expect(missed.take()).toEqual({ events: events.map((each) => ({ pair: PAIR, event: each })), refused: [], overflown: false });
  expect(missed.take().events).toEqual([]);
});

test('promise 1: a message is not kept: its sender gets an error', async () => {
  const missed = new MissedEvents(10);
  await expect(loopWithoutStore(missed).handle(PAIR, event('xmpp.message'))).rejects.toMatchObject({ fault: { sip: 503 } });
  expect(missed.take().events).toEqual([]);
});

test('promise 3: a NOTIFY is refused, and the pair is remembered once', async () => {
  const missed = new MissedEvents(10);
  const loop = loopWithoutStore(missed);
  for (const pair of [PAIR, PAIR, OTHER]) await expect(loop.handle(pair, event('sip.notify'))).rejects.toMatchObject({ fault: { sip: 503 } });
  expect(missed.take()).toEqual({ events: [], refused: [pairKey(PAIR), pairKey(OTHER)], overflown: false });
});

test('promise 6: what is kept is bounded, and that there was more is known', () => {
  const missed = new MissedEvents(1);
  expect([PAIR, OTHER].map((pair) => missed.keep(pair, event('xmpp.available')))).toEqual([true, false]);
  expect(missed.take()).toMatchObject({ events: [{ pair: PAIR }], overflown: true });
  expect(missed.take().overflown).toBe(false);
});

test('promise 6: pairs whose NOTIFY was refused count too', () => {
  const missed = new MissedEvents(1);
  missed.keep(PAIR, event('sip.notify'));
  expect(missed.keep(OTHER, event('xmpp.available'))).toBe(false);
  expect(missed.take()).toEqual({ events: [], refused: [pairKey(PAIR)], overflown: true });
});

test('promise 1: a stanza that is kept is not handled yet, and one that is not kept is left as it was', () => {
  const missed = new MissedEvents(1);
  const held: string[] = [];
  const ticket = (name: string): Ticket => ({ hold: () => held.push(name) }) as unknown as Ticket;
  missed.keep(PAIR, event('xmpp.message'), ticket('a message'));
  missed.keep(PAIR, event('xmpp.available'), ticket('kept'));
  missed.keep(OTHER, event('xmpp.available'), ticket('one too many'));
  expect(held).toEqual(['kept']);
});
