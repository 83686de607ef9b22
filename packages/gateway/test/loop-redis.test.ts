import { createRedisStore, type Store } from '@isthmus/store';
import { startRedis } from '../../../scenarios/support/redis';
import type { StoredPair } from '../src/pairs/stored';
import { Instance, Place } from './support/instance';
import { pairOfUser, recordIn, says } from './support/pairs';
import { TestTicket } from './support/tickets';
import { eventually } from './support/waiting';

/** Workers on one Redis, each with its own connection. */
let redis: Awaited<ReturnType<typeof startRedis>>;
const stores: Store<StoredPair>[] = [];
const place = new Place();

async function instance(name: string): Promise<Instance> {
  const store = await createRedisStore<StoredPair>({ url: redis.url });
  stores.push(store);
  return new Instance(place, name, { store: store.pairs });
}

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await redis.stop();
});

test('promise 1: three workers race for one pair, and no event is lost or taken twice', async () => {
  const workers = await Promise.all(['w1#a', 'w2#b', 'w3#c'].map(instance));
  const pair = pairOfUser('racer');
  const texts = Array.from({ length: 60 }, (_, n) => `m${n}`);
  await Promise.all(texts.map((text, n) => workers[n % 3]?.loop.handle(pair, says(text))));
  const [{ pairs }] = stores as [Store<StoredPair>];
  const { conversation, effects } = await recordIn(pairs, pair);
  expect(conversation.queue.map(({ id }) => id).sort()).toEqual([...texts].sort());
  expect(effects).toHaveLength(1);
  expect(workers.flatMap(({ doer }) => doer.begun)).toHaveLength(1);
  for (const [n, worker] of workers.entries()) {
    const own = conversation.queue.map(({ id }) => Number(id.slice(1))).filter((id) => id % 3 === n);
    expect(own).toEqual([...own].sort((a, b) => a - b));
    expect(worker.failures).toEqual([]);
  }
});

test('the next worker sees what the last one committed', async () => {
  const [first, second] = await Promise.all(['w4#a', 'w5#b'].map(instance));
  const pair = pairOfUser('mover');
  await first?.loop.handle(pair, says('a'));
  await second?.loop.handle(pair, says('b'));
  first?.doer.nth(0).answer(200);
  await eventually('the second goes out, by whoever took the outcome', () => first?.doer.sent.length === 2);
  expect(second?.doer.begun).toEqual([]);
});

test('promise 1: what one worker has heard the others know', async () => {
  const [first, second] = await Promise.all(['w7#a', 'w8#b'].map(instance));
  const pair = pairOfUser('heard');
  await first?.loop.handle(pair, says('a'), undefined, new TestTicket(5));
  await second?.loop.handle(pair, says('a'), undefined, new TestTicket(5));
  await second?.loop.handle(pair, says('b'), undefined, new TestTicket(6));
  const [{ pairs }] = stores as [Store<StoredPair>];
  expect((await recordIn(pairs, pair)).conversation.queue.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(second?.heardBefore).toEqual(['xmpp.message']);
});

test('promise 1: while Redis is away events are refused; what was under way is told when it is back', async () => {
  const lasting = await startRedis({ persist: true });
  const store = await createRedisStore<StoredPair>({ url: lasting.url });
  try {
    const worker = new Instance(place, 'w6#a', { store: store.pairs });
    const pair = pairOfUser('patient');
    await worker.loop.handle(pair, says('a'));
    await lasting.suspend();
    worker.doer.nth(0).answer(200);
    await expect(worker.loop.handle(pair, says('b'))).rejects.toMatchObject({ fault: { condition: 'resource-constraint' } });
    await lasting.resume();
    await eventually('the outcome is taken', () => worker.runner.inFlight === 0);
    expect((await recordIn(store.pairs, pair)).effects).toEqual([]);
    expect([worker.doer.begun, worker.failures]).toEqual([['sip.message a'], []]);
  } finally {
    await store.close();
    await lasting.stop();
  }
});
