import { readFileSync } from 'node:fs';

import { Authority, type IssuedCertificate } from '../../../scenarios/support/certificates';
import { startRedis } from '../../../scenarios/support/redis';
import { RedisCluster } from '../../../scenarios/support/redis-cluster';
import { RedisSentinels } from '../../../scenarios/support/redis-sentinel';
import type { RedisTls } from '../../../scenarios/support/redis-tls';
import { createRedisStore } from '../src';
import type { RedisStoreOptions, Store } from '../src';
import { commit, won, type Server } from './support/bench';
import { note } from './support/worlds';
import type { Note } from './support/worlds';

const START_MS = 60_000;
jest.setTimeout(START_MS);

/** The name that every server's certificate shows, beside the address. */
const NAME = 'redis.example.com';
const USER = ['--user', 'default', 'off', '--user', 'isthmus', 'on', '>geheim', '~isthmus:*', '+@all', '-@admin'];

let believed: Authority;
let stranger: Authority;
let servers: RedisTls;
const stores: Store<Note>[] = [];

const open = async (options: RedisStoreOptions): Promise<Store<Note>> => {
  const store = await createRedisStore<Note>(options);
  stores.push(store);
  return store;
};

/** Our own certificate, as an option of the store. */
const own = ({ certificate, key }: IssuedCertificate) => ({ certificate: readFileSync(certificate), key: readFileSync(key) });

/** Records reach every part of the store and come back. */
async function works(store: Store<Note>): Promise<void> {
  expect(store.state).toEqual({ is: 'ready' });
  const names = Array.from({ length: 20 }, (_, number) => `pair ${number}`);
  for (const name of names) await won(commit(store, name, 0, note(1, name)));
  for (const name of names) expect((await store.pairs.load(name))?.record).toEqual(note(1, name));
}

beforeAll(() => {
  believed = Authority.create('Believed');
  stranger = Authority.create('Stranger');
  servers = { ca: believed.ca, ...believed.issue({ names: [`DNS:${NAME}`, 'IP:127.0.0.1'] }) };
});
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));
afterAll(() => {
  believed.remove();
  stranger.remove();
});

describe('one Redis over TLS', () => {
  let quiet: Server;
  let demanding: Server;
  let named: Server;

  beforeAll(async () => {
    const onlyName = { ca: believed.ca, ...believed.issue({ names: [`DNS:${NAME}`] }) };
    const tls = { ...servers, clients: 'no' } as const;
    [quiet, demanding, named] = await Promise.all([startRedis({ tls }), startRedis({ tls: servers, args: USER }), startRedis({ tls: { ...onlyName, clients: 'no' } })]);
  });
  afterAll(() => Promise.all([quiet, demanding, named].map((server) => server.stop())));

  test('by rediss: and by store.tls, with the authority that has issued its certificate', async () => {
    await works(await open({ url: `rediss://127.0.0.1:${quiet.port}`, tls: { ca: believed.pem }, prefix: 'isthmus:a' }));
    await works(await open({ port: quiet.port, tls: { ca: believed.pem }, prefix: 'isthmus:b' }));
  });

  test('its certificate may show another name than its address: the one of store.tls.name', async () => {
    await works(await open({ port: named.port, tls: { ca: believed.pem, name: NAME } }));
  });

  test('it wants a certificate of ours and knows us by name and password', async () => {
    const tls = { ca: believed.pem, ...own(believed.issue({ commonName: 'isthmus' })) };
    await works(await open({ port: demanding.port, tls, username: 'isthmus', password: 'geheim', prefix: 'isthmus:c' }));
    const wrong = await open({ port: demanding.port, tls, username: 'isthmus', password: 'falsch' });
    expect(wrong.state).toMatchObject({ is: 'refused', why: expect.stringContaining('user name or password is wrong') });
    const foreign = await open({ port: demanding.port, tls, username: 'isthmus', password: 'geheim', prefix: 'other' });
    await expect(foreign.pairs.load('a')).rejects.toThrow(/NOPERM/);
  });

  const ca = (): RedisStoreOptions['tls'] & object => ({ ca: believed.pem });
  test.each([
    ['its authority is not ours', () => quiet, () => ({ ca: stranger.pem }), 'nobody that is believed has issued its certificate: store.tls.ca must hold who has (self-signed certificate in certificate chain)'],
    ['no authority is given', () => quiet, () => ({}), 'nobody that is believed has issued its certificate: store.tls.ca must hold who has (self-signed certificate in certificate chain)'],
    ['the wrong name is given', () => named, () => ({ ...ca(), name: 'other.example.com' }), 'its certificate is for another name: set store.tls.name to one that it shows (Hostname/IP does not match'],
    ['no name is given', () => named, ca, 'its certificate is for another name: set store.tls.name to one that it shows (Hostname/IP does not match'],
    ['it wants a certificate of ours', () => demanding, ca, 'it wants a certificate of ours: set store.tls.certificate and store.tls.key (tlsv13 alert certificate required)'],
    ['it does not believe ours', () => demanding, () => ({ ...ca(), ...own(stranger.issue({})) }), 'it does not believe our certificate (store.tls.certificate): its tls-ca-cert-file must hold who has issued it (tlsv1 alert unknown ca)'],
  ])('one clear message where %s', async (_what, server, tls, why) => {
    const { port } = server();
    const store = await open({ port, tls: tls() });
    expect(store.state).toEqual({ is: 'refused', why: expect.stringContaining(`Redis at 127.0.0.1:${port} refuses us: ${why}`) });
    expect(JSON.stringify(store.state)).not.toMatch(/\\n|[0-9A-F]{12}/);
    await expect(store.pairs.load('a')).rejects.toThrow(why);
  });

  test('without TLS it is not reached, and nothing is written to it', async () => {
    const store = await open({ port: quiet.port });
    expect(store.state.is).toBe('away');
  });
});

/** Where the way is asked for: what must be said of TLS is the same. */
const REASONS = [
  ['their authority is not ours', () => ({ ca: stranger.pem, name: NAME, ...own(servers) }), 'nobody that is believed has issued its certificate: store.tls.ca must hold who has'],
  ['they want a certificate of ours', () => ({ ca: believed.pem, name: NAME }), 'it wants a certificate of ours: set store.tls.certificate and store.tls.key'],
] as const;

describe('Sentinels and their master over TLS', () => {
  let sentinels: RedisSentinels;
  const optionsWith = (tls: RedisStoreOptions['tls'] & object): RedisStoreOptions => ({ sentinel: { places: sentinels.places, masterName: sentinels.masterName }, tls });

  beforeAll(async () => {
    sentinels = await RedisSentinels.start({ tls: servers });
  }, START_MS);
  afterAll(() => sentinels.stop());

  test.each(REASONS)('one clear message where %s', async (_what, tls, why) => {
    const store = await open(optionsWith(tls()));
    expect(store.state).toEqual({ is: 'refused', why: expect.stringContaining(why) });
    expect(store.state).toMatchObject({ why: expect.stringContaining(`master ${sentinels.masterName} (Sentinels 127.0.0.1:`) });
  });

  test('the master is asked for and written to over TLS alone, and so does its replica follow it', async () => {
    await works(await open(optionsWith({ ca: believed.pem, name: NAME, ...own(servers) })));
  });
});

describe('a cluster over TLS', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start({ tls: servers });
  }, START_MS);
  afterAll(() => cluster.stop());

  test.each(REASONS)('one clear message where %s', async (_what, tls, why) => {
    const store = await open({ cluster: cluster.places, tls: tls() });
    expect(store.state).toEqual({ is: 'refused', why: expect.stringContaining(why) });
    expect(store.state).toMatchObject({ why: expect.stringContaining('Redis at the cluster of 127.0.0.1:') });
  });

  test('all masters are found and written to, over TLS alone', async () => {
    await works(await open({ cluster: cluster.places.slice(0, 1), tls: { ca: believed.pem, name: NAME, ...own(servers) } }));
  });
});
