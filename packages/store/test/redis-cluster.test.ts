import type { Redis } from '../../../scenarios/support/redis';
import { redisCli } from '../../../scenarios/support/redis-cli';
import { until } from '../../../scenarios/support/until';
import { NODE_TIMEOUT_MS, RedisCluster } from '../../../scenarios/support/redis-cluster';
import { createRedisStore, StoreUnavailableError } from '../src';
import type { Store } from '../src';
import { bucketOf } from '../src/redis/keys';
import { changes, commit, won } from './support/bench';
import { Load } from './support/load';
import { note, stateOf } from './support/worlds';
import type { Note } from './support/worlds';

const START_MS = 180_000;
const names = (count: number): string[] => Array.from({ length: count }, (_, number) => `pair ${number}`);
/** A key of a pair's bucket. */
const keyOf = (pair: string): string => `isthmus:{b${bucketOf(pair)}}:pairs`;

/** Three masters and three replicas: what a worker sees when slots move and masters go (promises 1 and 3). */
describe('Redis Cluster', () => {
  let cluster: RedisCluster;
  const stores: Store<Note>[] = [];

  const open = async (places = cluster.places.slice(0, 2)): Promise<Store<Note>> => {
    const store = await createRedisStore<Note>({ cluster: places });
    stores.push(store);
    return store;
  };
  const idOf = async ({ port }: Redis): Promise<string> => redisCli(port, 'CLUSTER', 'MYID');

  /** The slot of a key is on its way to another master. The result ends that. */
  const beginsToMove = async (key: string): Promise<() => Promise<void>> => {
    const source = await cluster.masterOf(key);
    const target = (await cluster.masters()).find(({ port }) => port !== source.port);
    if (target === undefined) throw new Error('there is one master only');
    const slot = await redisCli(source.port, 'CLUSTER', 'KEYSLOT', key);
    const id = await idOf(target);
    await redisCli(target.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(source));
    await redisCli(source.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', id);
    return async () => {
      for (const { port } of [target, source]) await redisCli(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
    };
  };

  beforeAll(async () => {
    cluster = await RedisCluster.start();
  }, START_MS);
  afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));
  afterAll(() => cluster.stop());

  test('MOVED and ASK are followed: slots move under load, nobody is told, nothing is lost', async () => {
    const store = await open();
    const states = changes(store);
    const load = new Load(store, names(30));
    load.start();
    await until('it runs', async () => load.count > 300);
    const source = await cluster.masterOf(keyOf('pair 0'));
    const target = (await cluster.masters()).find(({ port }) => port !== source.port);
    if (target === undefined) throw new Error('there is one master only');
    const [from, to] = [await idOf(source), await idOf(target)];
    const moved = ['--cluster-from', from, '--cluster-to', to, '--cluster-slots', '300', '--cluster-yes'];
    await redisCli(source.port, '--cluster', 'reshard', `127.0.0.1:${source.port}`, ...moved);
    const before = load.count;
    await until('the load goes on', async () => load.count > before + 300);
    await load.stop();
    expect(await load.wrong()).toEqual([]);
    expect(states).toEqual([]);
    expect(load.putBacks).toBe(0);
  }, START_MS);

  test('ASK and TRYAGAIN: while a slot moves, one key is asked for where it is going, and a commit waits until it is there', async () => {
    const store = await open();
    const states = changes(store);
    const pair = 'never seen';
    const ends = await Promise.all(['isthmus:members:moving', keyOf(pair)].map(beginsToMove));
    expect(await store.members.put('moving', 'one', 1, 60_000)).toBe(true);
    expect(await store.members.put('moving', 'two', 1, 60_000)).toBe(false);
    const committed = won(commit(store, pair, 0, note(1)));
    for (const end of ends) await end();
    const version = await committed;
    expect(await store.pairs.load(pair)).toEqual({ record: note(1), version });
    expect(await store.members.put('moving', 'two', 1, 60_000)).toBe(false);
    expect(states).toEqual([]);
  }, START_MS);

  test('promise 1: a master is killed under load: the store is away as a whole, then goes on by itself; what was confirmed is there', async () => {
    const store = await open();
    const load = new Load(store, names(30).map((name) => `late ${name}`));
    load.start();
    await until('it runs', async () => load.count > 300);
    const victim = await cluster.masterOf(keyOf('late pair 0'));
    const elsewhere = names(1_000).find((name) => bucketOf(name) !== bucketOf('late pair 0')) ?? '';
    await victim.kill();
    const killed = Date.now();
    expect(await stateOf(store, 'away')).toMatchObject({ why: expect.stringMatching(/^Redis at /) });
    await expect(store.pairs.load(elsewhere)).rejects.toThrow(StoreUnavailableError);
    await until('the store is back', async () => store.state.is === 'ready');
    const away = Date.now() - killed;
    const before = load.count;
    await until('the load goes on', async () => load.count > before + 300);
    await load.stop();
    expect(await load.wrong()).toEqual([]);
    expect((await cluster.masterOf(keyOf('late pair 0'))).port).not.toBe(victim.port);
    process.stdout.write(`Cluster: ${load.putBacks} records put back; the store is back ${away} ms after the kill (cluster-node-timeout ${NODE_TIMEOUT_MS})\n`);
    await victim.resume();
  }, START_MS);

  test('CLUSTERDOWN: slots without master and replica: away until one of them is back', async () => {
    const store = await open();
    const version = await won(commit(store, 'kept', 0, note(1)));
    const gone = await cluster.withReplicas(await cluster.masterOf(keyOf('kept')));
    await Promise.all(gone.map((each) => each.kill()));
    await stateOf(store, 'away');
    const others = cluster.servers.filter((each) => !gone.includes(each));
    await until('the others know it', async () => (await redisCli(others[0]?.port ?? 0, 'CLUSTER', 'INFO')).includes('cluster_state:fail'));
    await expect(commit(store, 'kept', version, note(2))).rejects.toThrow(StoreUnavailableError);
    await Promise.all(gone.map((each) => each.resume()));
    await until('the store is back', async () => store.state.is === 'ready');
    expect(await store.pairs.load('kept')).toEqual({ record: note(1), version });
  }, START_MS);

  test('at its memory limit: one master that takes no writes makes the store unwritable', async () => {
    const store = await open();
    const version = await won(commit(store, 'full', 0, note(1)));
    const master = await cluster.masterOf(keyOf('full'));
    await redisCli(master.port, 'CONFIG', 'SET', 'maxmemory', '1');
    await expect(commit(store, 'full', version, note(2))).rejects.toThrow('memory limit');
    expect(store.state.is).toBe('unwritable');
    await redisCli(master.port, 'CONFIG', 'SET', 'maxmemory', '0');
    await stateOf(store, 'ready');
  }, START_MS);

  test('what leads to no cluster is refused with one clear message', async () => {
    const single = await createRedisStore<Note>({ port: cluster.places[0]?.port ?? 0 });
    stores.push(single);
    expect(single.state).toEqual({ is: 'refused', why: expect.stringContaining('is a node of a cluster: set store.mode cluster') });
    const nowhere = await open([{ host: '127.0.0.1', port: 1 }]);
    expect(nowhere.state).toMatchObject({ is: 'away', why: expect.stringMatching(/^Redis at the cluster of 127\.0\.0\.1:1: /) });
    await expect(nowhere.pairs.load('a')).rejects.toThrow(StoreUnavailableError);
  });
});
