import type { BareJid } from '@isthmus/model';
import { StoreUnavailableError } from '../../src';
import type { Store } from '../../src';
import { all, eventually, note } from '../support/worlds';
import type { Note, Place, World } from '../support/worlds';

const LONG_MS = 600_000;
const ANN = 'ann@example.com' as BareJid;

export const sideSuite = ({ adapter, begin }: Place): void =>
  describe(`workers and end in ${adapter}`, () => {
    let world: World;
    let store: Store<Note>;

    beforeEach(async () => {
      world = await begin();
      store = await world.open();
    });
    afterEach(() => world.end());

    describe('workers', () => {
      test('live workers are known with their connections, to every worker', async () => {
        await store.workers.heartbeat('w1', LONG_MS, ['drachtio-1#5', 'xmpp "é"']);
        await (await world.open()).workers.heartbeat('w2', LONG_MS, []);
        const expected = new Map([
          ['w1', ['drachtio-1#5', 'xmpp "é"']],
          ['w2', []],
        ]);
        expect(await store.workers.workers()).toEqual(expected);
      });

      test('a heartbeat replaces the connections', async () => {
        await store.workers.heartbeat('w1', LONG_MS, ['old']);
        await store.workers.heartbeat('w1', LONG_MS, ['new']);
        expect(await store.workers.workers()).toEqual(new Map([['w1', ['new']]]));
      });

      test('a worker without heartbeat is dead when its lease ends, the others live on', async () => {
        await store.workers.heartbeat('alive', LONG_MS, []);
        await store.workers.heartbeat('dead', 30, []);
        await eventually('the lease ends', async () => !(await store.workers.workers()).has('dead'));
        expect([...(await store.workers.workers()).keys()]).toEqual(['alive']);
      });

      test('a heartbeat prolongs a lease', async () => {
        await store.workers.heartbeat('w1', 30, []);
        await store.workers.heartbeat('w1', LONG_MS, []);
        await store.workers.heartbeat('clock', 40, []);
        await eventually('longer than the first lease', async () => !(await store.workers.workers()).has('clock'));
        expect([...(await store.workers.workers()).keys()]).toEqual(['w1']);
      });

      test('a worker that leaves is gone at once; leaving twice is no failure', async () => {
        await store.workers.heartbeat('w1', LONG_MS, []);
        await store.workers.leave('w1');
        await store.workers.leave('w1');
        expect(await store.workers.workers()).toEqual(new Map());
      });

      test.each([0, -1, 0.5, Number.NaN])('a lease of %p ms is refused', async (ttlMs) => {
        await expect(store.workers.heartbeat('w1', ttlMs, [])).rejects.toThrow(RangeError);
      });
    });

    test('a store that can be used says so, and answers a ping', async () => {
      expect(store.state).toEqual({ is: 'ready' });
      await expect(store.pairs.ping()).resolves.toBeUndefined();
    });

    test('an administrator who asks is told its clock and what may lose records', async () => {
      const { clock, risks } = await store.examine();
      expect(Number.isSafeInteger(clock)).toBe(true);
      expect(risks.every((risk) => risk.length > 20)).toBe(true);
    });

    test('a closed store rejects every call and tells that it is closed', async () => {
      const told: string[] = [];
      store.onState(({ is }) => told.push(is));
      const silent = jest.fn();
      store.onState(silent)();
      await store.close();
      await store.close();
      expect(store.state).toEqual({ is: 'closed' });
      expect(told).toEqual(['closed']);
      expect(silent).not.toHaveBeenCalled();
      const calls = [
        store.pairs.load('a'),
        store.pairs.commit({ key: 'a', expected: 0, record: note(1), due: undefined }),
        store.pairs.due(1, 1),
        store.pairs.claim(['a'], 1, 2),
        all(store.pairs.scan()),
        store.pairs.count(),
        store.pairs.ping(),
        store.examine(),
        store.policies.get(ANN),
        store.policies.set(ANN, { allow: [], block: [] }, 0),
        store.workers.heartbeat('w', 1, []),
        store.workers.workers(),
        store.workers.leave('w'),
        store.members.put('s', 'm', 1, 1),
        store.members.remove('s', 'm'),
      ];
      for (const result of await Promise.allSettled(calls)) {
        expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) });
      }
    });
  });
