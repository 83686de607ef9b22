import type { Store } from '../../src';
import { eventually } from '../support/worlds';
import type { Note, Place, World } from '../support/worlds';

const LONG_MS = 600_000;

export const membersSuite = ({ adapter, begin }: Place): void =>
  describe(`members in ${adapter}`, () => {
    let world: World;
    let store: Store<Note>;
    beforeEach(async () => {
      world = await begin();
      store = await world.open();
    });
    afterEach(() => world.end());
    const put = (member: string, max = 2, ttlMs = LONG_MS, set = 'ann@example.com') => store.members.put(set, member, max, ttlMs);

    test('promise 6: a set takes so many; one that is in is put again; sets do not know each other', async () => {
      expect([await put('a'), await put('b'), await put('a'), await put('c'), await put('c', 2, LONG_MS, 'amy')]).toEqual([true, true, true, false, true]);
    });

    test('what is taken out makes room; to take out what is not there is nothing', async () => {
      await put('a', 1);
      await store.members.remove('ann@example.com', 'b');
      expect(await put('b', 1)).toBe(false);
      await store.members.remove('ann@example.com', 'a');
      expect(await put('b', 1)).toBe(true);
    });

    test('every worker sees the same set', async () => {
      await put('a', 1);
      expect(await (await world.open()).members.put('ann@example.com', 'b', 1, LONG_MS)).toBe(false);
    });

    test('a member that is not put again ends, one that is stays', async () => {
      await put('short', 2, 30);
      await put('long', 2);
      await eventually('room', () => put('next'));
      expect(await put('other')).toBe(false);
    });

    test.each([
      ['', 'a', 1],
      ['set', '', 1],
      ['set', 'a', 0],
    ])('a set %j, a member %j, a time of %i ms: a mistake of the caller', async (set, member, ttlMs) => {
      await expect(store.members.put(set, member, 1, ttlMs)).rejects.toThrow(RangeError);
    });
  });
