import type { BareJid } from '@isthmus/model';
import type { UserList } from '../../src';
import { all } from '../support/worlds';
import type { Place, World } from '../support/worlds';

const user = (name: string | number) => `${name}@example.com` as BareJid;

/** The list of SIP users (advanced routing). */
export const usersSuite = ({ adapter, begin }: Place): void =>
  describe(`list of SIP users in ${adapter}`, () => {
    let world: World;
    let users: UserList;

    beforeAll(async () => (world = await begin()));
    beforeEach(async () => {
      users = (await world.open()).sipUsers;
      await users.replace([]);
    });
    afterAll(() => world.end());

    test('nobody is on an empty list', async () => {
      expect([await users.has(user('bob')), await users.count(), await all(users.list())]).toEqual([false, 0, []]);
      expect(await users.add([])).toBe(0);
    });

    test('whoever is added is found by every worker, until he is removed; the counts say what has changed', async () => {
      expect(await users.add([user('bob'), user('bea')])).toBe(2);
      expect(await users.add([user('bob'), user('jürgen')])).toBe(1);
      const other = (await world.open()).sipUsers;
      expect([await other.has(user('jürgen')), await other.has(user('nobody'))]).toEqual([true, false]);
      expect(await other.remove([user('bob'), user('nobody')])).toBe(1);
      expect([await users.has(user('bob')), await users.count()]).toEqual([false, 2]);
      expect((await all(users.list())).sort()).toEqual([user('bea'), user('jürgen')]);
    });

    test('a new list is the old one or the new one for whoever reads meanwhile, and nothing between', async () => {
      const [old, fresh] = [0, 10_000].map((from) => Array.from({ length: 2_500 }, (_, index) => user(from + index))) as [BareJid[], BareJid[]];
      await users.replace(old);
      const reader = (await world.open()).sipUsers;
      let done = false;
      const replacing = users.replace(fresh).then(() => (done = true));
      const counts = new Set<number>();
      while (!done) counts.add(await reader.count());
      await replacing;
      expect([...counts]).toEqual([2_500]);
      expect([await users.has(user(0)), await users.has(user(10_000))]).toEqual([false, true]);
      expect(new Set(await all(users.list()))).toEqual(new Set(fresh));
    });
  });
