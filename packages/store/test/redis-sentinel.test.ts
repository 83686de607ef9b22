import { Redis as Client } from 'ioredis';

import { redisCli } from '../../../scenarios/support/redis-cli';
import { until } from '../../../scenarios/support/until';
import { DOWN_AFTER_MS, RedisSentinels } from '../../../scenarios/support/redis-sentinel';
import { createRedisStore, StoreUnavailableError } from '../src';
import type { Store } from '../src';
import { changes, commit, won } from './support/bench';
import { claimDue } from './support/claim-due';
import { Load } from './support/load';
import { note, stateOf } from './support/worlds';
import type { Note } from './support/worlds';

const START_MS = 180_000;
const names = (count: number): string[] => Array.from({ length: count }, (_, number) => `pair ${number}`);

/** A master, a replica and three Sentinels: what a worker sees when the master goes (promises 1 and 3). */
describe('Redis behind Sentinels', () => {
  let sentinels: RedisSentinels;
  const stores: Store<Note>[] = [];

  const open = async (): Promise<Store<Note>> => {
    const store = await createRedisStore<Note>({ sentinel: { places: sentinels.places, masterName: sentinels.masterName } });
    stores.push(store);
    return store;
  };

  /** All that the master has confirmed is known to the replica. */
  const replicated = async (): Promise<void> => {
    const { port } = await sentinels.master();
    const client = new Client(port, '127.0.0.1');
    await client.set('marker', '1');
    expect(await client.wait(1, 10_000)).toBe(1);
    client.disconnect();
  };

  beforeEach(async () => {
    sentinels = await RedisSentinels.start();
  }, START_MS);
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await sentinels.stop();
  });

  test('promise 1: the master is killed under load: what was confirmed and replicated is there, what was in doubt is found out, and it goes on by itself', async () => {
    const store = await open();
    const early = new Load(store, names(20).map((name) => `early ${name}`));
    early.start();
    await until('it runs', async () => early.count > 400);
    await early.stop();
    await replicated();
    const load = new Load(store, names(20));
    load.start();
    await until('it runs', async () => load.count > 400);
    const master = await sentinels.master();
    await master.kill();
    const killed = Date.now();
    await stateOf(store, 'away');
    await expect(store.pairs.ping()).rejects.toThrow(StoreUnavailableError);
    await until('the store is back', async () => store.state.is === 'ready');
    const away = Date.now() - killed;
    const before = load.count;
    await until('the load goes on', async () => load.count > before + 200);
    await load.stop();
    expect(await early.wrong()).toEqual([]);
    expect(await load.wrong()).toEqual([]);
    expect((await sentinels.master()).port).not.toBe(master.port);
    process.stdout.write(`Sentinel: ${load.putBacks} records put back; the store is back ${away} ms after the kill (down-after-milliseconds ${DOWN_AFTER_MS})\n`);
  }, START_MS);

  test('promise 1: the last commits, of which the replica has not heard, are lost to Redis and put back by who made them', async () => {
    const store = await open();
    const first = await won(commit(store, 'a', 0, note(1)));
    await replicated();
    const master = await sentinels.master();
    await redisCli(master.port, 'CONFIG', 'SET', 'requirepass', 'geheim'); // the replica cannot come back
    await redisCli(master.port, '-a', 'geheim', 'CLIENT', 'KILL', 'TYPE', 'replica');
    const second = await won(commit(store, 'a', first, note(2)));
    const other = await won(commit(store, 'b', 0, note(3)));
    await master.kill();
    await stateOf(store, 'away');
    await until('the store is back', async () => store.state.is === 'ready');
    expect(await store.pairs.load('a')).toEqual({ record: note(1), version: first });
    expect(await store.pairs.load('b')).toBeUndefined();
    expect(await store.pairs.putBack('a', { record: note(2), version: second }, undefined)).toBe(true);
    expect(await store.pairs.putBack('b', { record: note(3), version: other }, 1_000)).toBe(true);
    expect(await store.pairs.load('a')).toEqual({ record: note(2), version: second });
    expect(await claimDue(store.pairs, 1_000, 2_000, 10)).toEqual(['b']);
  }, START_MS);

  test('a master that is replaced while it runs is left at once, although it would still take writes', async () => {
    const store = await open();
    const states = changes(store);
    const load = new Load(store, names(10));
    load.start();
    await until('it runs', async () => load.count > 100);
    const old = await sentinels.master();
    await redisCli(sentinels.places[0]?.port ?? 0, 'SENTINEL', 'failover', sentinels.masterName);
    await until('the store has left the old master', async () => states.some(({ is }) => is === 'away' || is === 'refused'));
    await until('the store is back', async () => store.state.is === 'ready');
    const before = load.count;
    await until('the load goes on', async () => load.count > before + 100);
    await load.stop();
    expect((await sentinels.master()).port).not.toBe(old.port);
    expect(await load.wrong()).toEqual([]);
  }, START_MS);

  test('Sentinels that do not answer: away, with their places, and never an error that nobody hears', async () => {
    const nowhere = await createRedisStore<Note>({ sentinel: { places: [{ host: '127.0.0.1', port: 1 }], masterName: 'isthmus' } });
    stores.push(nowhere);
    expect(nowhere.state).toEqual({ is: 'away', why: expect.stringMatching(/^Redis at master isthmus \(Sentinels 127\.0\.0\.1:1\): All sentinels are unreachable/) });
    await expect(nowhere.pairs.load('a')).rejects.toThrow(StoreUnavailableError);
    const stranger = await createRedisStore<Note>({ sentinel: { places: sentinels.places, masterName: 'another' } });
    stores.push(stranger);
    expect(stranger.state.is).toBe('away');
  });
});
