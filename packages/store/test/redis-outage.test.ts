import { StoreDoubtError, StoreUnavailableError } from '../src';
import { Bench, changes, commit, won } from './support/bench';
import { claimDue } from './support/claim-due';
import { eventually, note, stateOf } from './support/worlds';

/** What the Redis adapter does when Redis is away, refuses, or comes back. */
describe('Redis', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.start();
  });
  afterEach(() => bench.stop());

  describe('away', () => {
    test('at the start: the store is there, says what is wrong, and becomes ready when Redis comes', async () => {
      await bench.server.suspend();
      const store = await bench.open();
      expect(store.state).toEqual({ is: 'away', why: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+: .*ECONNREFUSED/) });
      await expect(store.pairs.load('a')).rejects.toThrow(StoreUnavailableError);
      await bench.server.resume();
      await stateOf(store, 'ready');
      expect(await commit(store, 'a', 0)).toMatchObject({ ok: true });
    });

    test('in the middle: commands fail at once, nothing waits for later, each change is told once', async () => {
      const store = await bench.open();
      const states = changes(store);
      await commit(store, 'a', 0);
      await bench.server.suspend();
      await stateOf(store, 'away');
      for (let attempt = 0; attempt < 50; attempt += 1) {
        const refused = commit(store, 'lost', 0);
        await expect(refused).rejects.toThrow(/^the store is unavailable: Redis at/);
        await expect(refused).rejects.not.toThrow(StoreDoubtError); // it never went out
      }
      await expect(store.pairs.ping()).rejects.toThrow(StoreUnavailableError);
      await expect(store.pairs.scan()[Symbol.asyncIterator]().next()).rejects.toThrow(StoreUnavailableError);
      await bench.server.resume();
      await stateOf(store, 'ready');
      expect(await store.pairs.load('lost')).toBeUndefined();
      expect(await commit(store, 'a', 0)).toMatchObject({ ok: true });
      const whys = states.map((state) => JSON.stringify(state));
      expect(whys.filter((why, at) => why === whys[at - 1])).toEqual([]);
      expect(states.at(-1)).toEqual({ is: 'ready' });
      expect(states.filter(({ is }) => is === 'ready')).toHaveLength(1);
    });

    test('commands under way are rejected when the connection is lost', async () => {
      const store = await bench.open({ commandTimeoutMs: 60_000 });
      await bench.admin.call('CLIENT', 'PAUSE', '600000', 'ALL');
      const waiting = Array.from({ length: 20 }, (_, number) => commit(store, `pair ${number}`, 0));
      const outcomes = Promise.allSettled(waiting);
      await bench.server.suspend();
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) });
      }
    });

    test('records that Redis kept are there again after its restart', async () => {
      const lasting = await bench.lasting();
      const store = await bench.open({ url: lasting.url });
      const version = await won(commit(store, 'a', 0, note(7), 1_000));
      await lasting.restart();
      await stateOf(store, 'ready');
      await eventually('the store is used again', () => store.pairs.ping().then(() => true, () => false));
      expect(await store.pairs.load('a')).toEqual({ record: note(7), version });
      expect(await claimDue(store.pairs, 1_000, 2_000, 10)).toEqual(['a']);
    });

    test('a Redis that does not answer: the deadline holds, the connection is made anew', async () => {
      const store = await bench.open({ commandTimeoutMs: 200 });
      await bench.admin.call('CLIENT', 'PAUSE', '600000', 'ALL');
      const doubt = commit(store, 'a', 0);
      await expect(doubt).rejects.toThrow(/no answer in time|the connection was lost/);
      await expect(doubt).rejects.toThrow(StoreDoubtError); // it was sent: nobody knows
      expect(await stateOf(store, 'away')).toMatchObject({ why: expect.stringContaining('no answer in time') });
      await bench.server.restart();
      await stateOf(store, 'ready');
      expect(await commit(store, 'b', 0)).toMatchObject({ ok: true });
    });

    test('no more commands wait than allowed', async () => {
      const store = await bench.open({ maxPendingCommands: 3 });
      const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((number) => store.pairs.load(`${number}`)));
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
      expect(outcomes[3]).toMatchObject({ reason: { message: expect.stringContaining('3 commands wait for Redis') } });
      expect(await store.pairs.load('1')).toBeUndefined();
    });
  });

  describe('refuses', () => {
    test.each([
      ['a wrong password', { password: 'falsch' }, 'user name or password is wrong (WRONGPASS'],
      ['a wrong user', { username: 'nobody', password: 'geheim' }, 'user name or password is wrong (WRONGPASS'],
      ['no password', {}, 'it wants a password and none is configured (NOAUTH'],
      ['a database that it has not', { password: 'geheim', db: 99 }, 'there is no such database (ERR DB index'],
    ])('%s: one clear message without the password, and never ready', async (_what, options, message) => {
      await bench.admin.config('SET', 'requirepass', 'geheim');
      const store = await bench.open(options);
      const states = changes(store);
      expect(store.state).toEqual({ is: 'refused', why: expect.stringContaining(`refuses us: ${message}`) });
      expect(JSON.stringify(store.state)).not.toMatch(/geheim|falsch/);
      const connections = async (): Promise<number> =>
        Number(/total_connections_received:(\d+)/.exec(await bench.admin.info('stats'))?.[1] ?? 0);
      const before = await connections();
      await eventually('it tries three times more', async () => (await connections()) >= before + 3);
      await expect(commit(store, 'a', 0)).rejects.toThrow(message);
      expect(states).toEqual([]);
    });

    test('a password that is put right at Redis is taken without a restart', async () => {
      await bench.admin.config('SET', 'requirepass', 'geheim');
      const store = await bench.open({ password: 'falsch' });
      await bench.admin.config('SET', 'requirepass', 'falsch');
      await stateOf(store, 'ready');
    });

    test('no write went to another database while one was refused', async () => {
      const store = await bench.open({ db: 99 });
      await Promise.allSettled(Array.from({ length: 20 }, () => commit(store, 'a', 0)));
      expect(await bench.admin.dbsize()).toBe(0);
    });

    test('a replica is no store; a primary that became one is noticed, and taken again afterwards', async () => {
      const store = await bench.open();
      await bench.admin.replicaof('127.0.0.1', '1');
      await expect(commit(store, 'a', 0)).rejects.toThrow(StoreUnavailableError);
      expect(await stateOf(store, 'refused')).toMatchObject({ why: expect.stringContaining('is a replica') });
      await bench.admin.replicaof('NO', 'ONE');
      await stateOf(store, 'ready');
      expect(await commit(store, 'a', 0)).toMatchObject({ ok: true });
    });
  });

  describe('close', () => {
    test('what was begun is finished', async () => {
      const store = await bench.open();
      const begun = Array.from({ length: 50 }, (_, number) => commit(store, `pair ${number}`, 0));
      await store.close();
      expect((await Promise.all(begun)).every(({ ok }) => ok)).toBe(true);
      const clients = async (): Promise<string[]> => String(await bench.admin.client('LIST')).trim().split('\n');
      await eventually('only the administrator is left', async () => (await clients()).length === 1);
    });

    test('also while Redis is away, and while it does not answer', async () => {
      const away = await bench.open();
      const silent = await bench.open({ commandTimeoutMs: 200 });
      await bench.admin.call('CLIENT', 'PAUSE', '600000', 'ALL');
      await silent.close();
      await bench.server.suspend();
      await stateOf(away, 'away');
      await away.close();
      expect([away.state, silent.state]).toEqual([{ is: 'closed' }, { is: 'closed' }]);
    });
  });
});
