import type { PairStore } from '../../src';
import { BUCKETS, bucketOf } from '../../src/redis/keys';
import { claimDue } from '../support/claim-due';
import { note } from '../support/worlds';
import type { Note, Place, World } from '../support/worlds';

/** Due times (DESIGN section 4): timers, retries and the recovery after a crash. Each test has a store of its own. */
export const dueSuite = ({ adapter, begin }: Place): void =>
  describe(`due times in ${adapter}`, () => {
    let world: World;
    let pairs: PairStore<Note>;

    beforeEach(async () => {
      world = await begin();
      ({ pairs } = await world.open());
    });
    afterEach(() => world.end());

    const put = async (key: string, due: number | undefined, expected = 0): Promise<number> => {
      const result = await pairs.commit({ key, expected, record: note(1), due });
      return result.ok ? result.version : Promise.reject(new Error(`${key}: lost`));
    };
    const LATER = 1_000_000;

    test('a pair is due at its time, not before', async () => {
      await put('a', 1_000);
      expect(await claimDue(pairs, 999, LATER, 10)).toEqual([]);
      expect(await claimDue(pairs, 1_000, LATER, 10)).toEqual(['a']);
    });

    test('a pair without a due time is never claimed', async () => {
      await put('a', undefined);
      expect(await claimDue(pairs, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    });

    test('a due time of today keeps its milliseconds', async () => {
      const due = 1_795_300_000_123;
      await put('a', due);
      expect(await claimDue(pairs, due - 1, due + 5, 10)).toEqual([]);
      expect(await claimDue(pairs, due, due + 5, 10)).toEqual(['a']);
      expect(await claimDue(pairs, due + 4, due + 9, 10)).toEqual([]);
      expect(await claimDue(pairs, due + 5, due + 9, 10)).toEqual(['a']);
    });

    test('every commit sets the due time anew: later, earlier, none', async () => {
      let version = await put('a', 1_000);
      version = await put('a', 5_000, version);
      expect(await claimDue(pairs, 4_999, LATER, 10)).toEqual([]);
      version = await put('a', 2_000, version);
      expect(await claimDue(pairs, 2_000, 3_000, 10)).toEqual(['a']);
      await put('a', undefined, version);
      expect(await claimDue(pairs, LATER, LATER + 1, 10)).toEqual([]);
    });

    test('a deletion takes the due time along', async () => {
      const expected = await put('a', 1_000);
      await pairs.commit({ key: 'a', expected, record: undefined, due: 1_000 });
      expect(await claimDue(pairs, LATER, LATER + 1, 10)).toEqual([]);
    });

    test('a claim that leads to no commit comes back, at the end of the claim and not before', async () => {
      await put('a', 1_000);
      expect(await claimDue(pairs, 1_000, 6_000, 10)).toEqual(['a']);
      expect(await claimDue(pairs, 5_999, LATER, 10)).toEqual([]);
      expect(await claimDue(pairs, 6_000, LATER, 10)).toEqual(['a']);
    });

    test('a claim leaves record and version alone', async () => {
      const version = await put('a', 1_000);
      await claimDue(pairs, 1_000, 6_000, 10);
      expect(await pairs.load('a')).toEqual({ record: note(1), version });
    });

    test('what is due is shown with its time and stays due; a claim takes what it names and no other', async () => {
      for (const [key, due] of [['a', 3_000], ['b', 1_000], ['c', 2_000]] as const) await put(key, due);
      const shown = [...(await pairs.due(2_000, 10))].sort((one, other) => one.at - other.at);
      expect(shown).toEqual([{ key: 'b', at: 1_000 }, { key: 'c', at: 2_000 }]);
      expect(await pairs.claim(['c', 'a', 'nobody'], 2_000, LATER)).toEqual(['c']);
      expect(await pairs.due(2_000, 10)).toEqual([{ key: 'b', at: 1_000 }]);
      expect(await pairs.claim(['c', 'b'], 2_000, LATER)).toEqual(['b']);
      expect(await pairs.claim([], 2_000, LATER)).toEqual([]);
    });

    test('never more than the limit; what is left is got by the next claims', async () => {
      const keys = Array.from({ length: 1_300 }, (_, number) => `pair ${number}`);
      await Promise.all(keys.map((key, number) => put(key, number)));
      const first = await claimDue(pairs, LATER, LATER + 1, 7);
      const second = await claimDue(pairs, LATER, LATER + 1, 1_200);
      const third = await claimDue(pairs, LATER, LATER + 1, 1_200);
      expect([first.length, second.length, third.length]).toEqual([7, 1_200, 93]);
      expect([...first, ...second, ...third].sort()).toEqual([...keys].sort());
    });

    test('within a bucket the oldest come first', async () => {
      const keys = Array.from({ length: 1_000 }, (_, number) => `pair ${number}`);
      const due = new Map(keys.map((key, number) => [key, (number * 7_919) % 1_000]));
      await Promise.all(keys.map((key) => put(key, due.get(key))));
      const order = await claimDue(pairs, LATER, LATER + 1, 1_000);
      expect(order).toHaveLength(1_000);
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const times = order.filter((key) => bucketOf(key) === bucket).map((key) => due.get(key) ?? 0);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }
    });

    test('several workers that claim at the same time are given each pair once', async () => {
      const workers = await Promise.all(Array.from({ length: 4 }, () => world.open()));
      const keys = Array.from({ length: 1_000 }, (_, number) => `pair ${number}`);
      await Promise.all(keys.map((key) => put(key, 1_000)));
      const claimed = await Promise.all(
        workers.map(async (worker) => {
          const own: string[] = [];
          for (let more = true; more; ) {
            const batch = await claimDue(worker.pairs, 1_000, LATER, 50);
            own.push(...batch);
            more = batch.length > 0;
          }
          return own;
        }),
      );
      expect(claimed.flat().sort()).toEqual([...keys].sort());
    });

    test.each([
      ['that does not reach into the future', 1_000, 1_000, 10],
      ['of nothing', 1_000, 2_000, 0],
      ['without a time', Number.NaN, 2_000, 10],
    ])('a claim %s is refused', async (_what, now, until, limit) => {
      await expect(claimDue(pairs, now, until, limit)).rejects.toThrow(RangeError);
    });
  });
