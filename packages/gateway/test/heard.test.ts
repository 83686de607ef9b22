import { pairKey } from '@isthmus/model';
import { StoreUnavailableError } from '@isthmus/store';
import { Instance, Place } from './support/instance';
import { contextOf, idsOf, NOON, PAIR, says, USELESS } from './support/pairs';
import { TestTicket } from './support/tickets';
import { eventually } from './support/waiting';

let place: Place;
let first: Instance;
let second: Instance;

beforeEach(() => {
  place = new Place();
  const contextOfPair = contextOf('simple', { sessionIdleSeconds: 1 }, idsOf());
  [first, second] = [new Instance(place, 'w1#a', { contextOf: contextOfPair }), new Instance(place, 'w2#b', { contextOf: contextOfPair })];
});

const hear = (worker: Instance, text: string, ticket: TestTicket): Promise<void> => worker.loop.handle(PAIR, says(text, place.now), undefined, ticket);

/** The request that a worker has under way is answered, and the conversation is over: nothing is left but what was heard. */
async function over(worker: Instance): Promise<void> {
  worker.doer.nth(0).answer(200);
  await eventually('the outcome is taken', () => worker.runner.inFlight === 0 && worker.loop.pending === 0);
  place.now += 1_000;
  await worker.loop.handle(PAIR, { on: 'timer', at: place.now, trace: 'timer' });
}

test('promise 1: a stanza that another worker has committed leads to nothing, whatever that one could still say', async () => {
  await hear(first, 'a', new TestTicket(5));
  await hear(second, 'a', new TestTicket(5));
  expect([first.doer.begun, second.doer.begun]).toEqual([['sip.message a'], []]);
  expect((await first.stored(PAIR))?.record.conversation.queue.map(({ id }) => id)).toEqual(['a']);
  expect([first.heardBefore, second.heardBefore]).toEqual([[], ['xmpp.message']]);
});

test('promise 2: nor does an older one; a newer one, and one of another epoch, are taken', async () => {
  await hear(first, 'b', new TestTicket(6));
  await hear(second, 'a', new TestTicket(5));
  await hear(second, 'c', new TestTicket(7));
  await hear(second, 'd', new TestTicket(1, 'after a restart'));
  expect((await first.stored(PAIR))?.record.conversation.queue.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
  expect((await first.stored(PAIR))?.heard).toEqual({ epoch: 'after a restart', n: 1, at: NOON });
});

test('promise 1: two workers that take one stanza at the same time commit it once', async () => {
  await Promise.all([hear(first, 'a', new TestTicket(5)), hear(second, 'a', new TestTicket(5)), hear(first, 'a', new TestTicket(5))]);
  expect([...first.doer.begun, ...second.doer.begun]).toEqual(['sip.message a']);
  expect((await first.stored(PAIR))?.record.conversation.queue).toHaveLength(1);
});

test('promise 1: what is done is remembered until the server has forgotten the number, though nothing else is left', async () => {
  const ticket = new TestTicket(5);
  await hear(first, 'a', ticket);
  await over(first);
  expect((await first.stored(PAIR))?.heard).toMatchObject({ n: 5 });
  await hear(second, 'a', new TestTicket(5));
  expect(second.doer.begun).toEqual([]);
  ticket.forget();
  await first.loop.drained();
  expect(await first.stored(PAIR)).toBeUndefined();
});

test('promise 6: where it is forgotten first, no record is kept for it', async () => {
  const ticket = new TestTicket(5);
  await hear(first, 'a', ticket);
  ticket.forget();
  await over(first);
  expect(await first.stored(PAIR)).toBeUndefined();
});

test('promise 6: nobody says that it is forgotten: a minute later the record goes', async () => {
  await hear(first, 'a', new TestTicket(5));
  await over(first);
  await second.looksAfter(58_000);
  expect(await first.stored(PAIR)).toBeDefined();
  await second.looksAfter(1_000);
  expect(await first.stored(PAIR)).toBeUndefined();
});

test('promise 6: a stanza that changes nothing makes no record', async () => {
  await first.loop.handle(PAIR, USELESS, undefined, new TestTicket(5));
  expect(await first.stored(PAIR)).toBeUndefined();
});

test('promise 3: a record of an older version, which has heard nothing, is taken as it is', async () => {
  await first.loop.handle(PAIR, says('a'));
  const stored = await first.stored(PAIR);
  expect(stored).not.toHaveProperty('heard');
  await hear(second, 'b', new TestTicket(5));
  expect((await second.stored(PAIR))?.record.conversation.queue.map(({ id }) => id)).toEqual(['a', 'b']);
});

test('promise 1: what is kept in memory while the store is away is not handled; it is when it has been committed', async () => {
  const ticket = new TestTicket(5);
  const presence = { on: 'xmpp.subscribe', at: NOON, trace: 't' } as const;
  const away = new Instance(place, 'w3#c', { store: Object.assign(Object.create(place.pairs), { load: () => Promise.reject(new StoreUnavailableError('gone')) }), keepsMissed: true });
  await away.loop.handle(PAIR, presence, undefined, ticket);
  expect(ticket.holds).toBe(2);
  const { events } = away.missed.take();
  expect(events).toEqual([{ pair: PAIR, event: presence, ticket }]);
  expect(await place.pairs.load(pairKey(PAIR))).toBeUndefined();
});
