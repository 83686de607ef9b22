import { createRedisStore, type PairStore, type Store, type Stored } from '@isthmus/store';
import { newRecord } from '@isthmus/engine';
import { pairKey } from '@isthmus/model';
import { Redis } from 'ioredis';
import { startRedis } from '../../../scenarios/support/redis';
import { loadNewest } from '../src/pairs/put-back';
import type { StoredPair } from '../src/pairs/stored';
import { Instance, LEASE_MS, Place } from './support/instance';
import { pairOfUser, recordIn, says } from './support/pairs';
import { eventually } from './support/waiting';

/** What a failover or a restart has taken from Redis, workers still know: it is as if that had not happened (promise 1). */
describe('a Redis that has lost the last commits', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let admin: Redis;
  const stores: Store<StoredPair>[] = [];
  let place: Place;

  const instance = async (name: string): Promise<Instance & { readonly store: PairStore<StoredPair> }> => {
    const store = await createRedisStore<StoredPair>({ url: server.url });
    stores.push(store);
    return Object.assign(new Instance(place, name, { store: store.pairs }), { store: store.pairs });
  };
  /** What a replica has not heard of is not there after its promotion. */
  const loseEverything = (): Promise<unknown> => admin.flushall();

  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.port, '127.0.0.1');
  });
  beforeEach(() => {
    place = new Place();
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    admin.disconnect();
    await server.stop();
  });

  test('promise 1: a text that was accepted goes on by its next event, in its order', async () => {
    const worker = await instance('w1#a');
    const pair = pairOfUser('mover');
    await worker.loop.handle(pair, says('a'));
    await worker.loop.handle(pair, says('b'));
    await loseEverything();
    worker.doer.nth(0).answer(200);
    await eventually('the second one goes out', () => worker.doer.sent.length === 2);
    worker.doer.nth(1).answer(200);
    await eventually('nothing is left to be done', () => worker.runner.inFlight === 0);
    expect((await recordIn(worker.store, pair)).effects).toEqual([]);
    expect([worker.doer.begun, worker.failures]).toEqual([['sip.message a', 'sip.message b'], []]);
  });

  test('promise 1: pairs without an event are put back when the store is back, due as they were; no other worker is waited for', async () => {
    const worker = await instance('w2#a');
    const pairs = ['one', 'two', 'three'].map(pairOfUser);
    for (const pair of pairs) await worker.loop.handle(pair, says('a'));
    await loseEverything();
    expect(await worker.loop.putBack()).toBe(3);
    expect(await worker.loop.putBack()).toBe(0);
    const survivor = await instance('w3#b');
    for (const pair of pairs) expect((await recordIn(survivor.store, pair)).effects).toHaveLength(1);
    expect(await survivor.store.due(place.now + LEASE_MS, 10)).toHaveLength(3);
  });

  test('promise 1: all of them, however many', async () => {
    const worker = await instance('w7#a');
    const pairs = Array.from({ length: 100 }, (_, number) => pairOfUser(`many${number}`));
    for (const pair of pairs) await worker.loop.handle(pair, says('a'));
    await loseEverything();
    expect(await worker.loop.putBack()).toBe(100);
    for (const pair of pairs) expect((await recordIn(worker.store, pair)).effects).toHaveLength(1);
  });

  test('promise 1: what came for a pair while Redis was away does not make its worker forget what it knows', async () => {
    const worker = await instance('w6#a');
    const pair = pairOfUser('patient');
    await worker.loop.handle(pair, says('a'));
    await worker.loop.handle(pair, says('b'));
    await server.suspend();
    await expect(worker.loop.handle(pair, says('c'))).rejects.toThrow();
    await server.resume(); // it keeps nothing
    await eventually('the store is back', () => stores.at(-1)?.state.is === 'ready');
    expect(await worker.loop.putBack()).toBe(1);
    expect((await recordIn(worker.store, pair)).conversation.queue.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('what another worker has gone on with is not set back, what it has deleted does not come again', async () => {
    const [first, second] = [await instance('w4#a'), await instance('w5#b')];
    const [newer, deleted] = [pairOfUser('newer'), pairOfUser('deleted')];
    for (const pair of [newer, deleted]) await first.loop.handle(pair, says('a'));
    await second.loop.handle(newer, says('b'));
    const { version = 0 } = (await second.store.load(pairKey(deleted))) ?? {};
    await second.store.commit({ key: pairKey(deleted), expected: version, record: undefined, due: undefined });
    expect(await first.loop.putBack()).toBe(0);
    expect((await recordIn(first.store, newer)).conversation.queue.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await first.store.load(pairKey(deleted))).toBeUndefined();
  });
});

/** A store that has lost what this worker knows, and that another one has written to since it was asked. */
test('promise 1: what another worker commits between the look and the putting back is what counts', async () => {
  const stored = (version: number): Stored<StoredPair> => ({ record: { record: newRecord(pairOfUser('a')), by: 'w1#a' }, version });
  const versions = [5, 9];
  const store = { load: async () => stored(versions.shift() ?? 0), putBack: async () => false } as unknown as PairStore<StoredPair>;
  expect(await loadNewest(store, 'a', stored(7), () => undefined)).toEqual(stored(9));
});
