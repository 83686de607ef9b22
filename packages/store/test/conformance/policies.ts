import type { BareJid, PolicyLists } from '@isthmus/model';
import type { CommitResult, PolicyStore } from '../../src';
import { all, note } from '../support/worlds';
import type { Place, World } from '../support/worlds';

const user = (name: string) => `${name}@example.com` as BareJid;
const blocking = (...block: string[]): PolicyLists => ({ allow: [], block });

/** DESIGN section 4: users' policy has records of its own, changed by compare-and-set. Each test has a user of its own. */
export const policiesSuite = ({ adapter, begin }: Place): void =>
  describe(`policies in ${adapter}`, () => {
    let world: World;
    let policies: PolicyStore;

    beforeAll(async () => {
      world = await begin();
      ({ policies } = await world.open());
    });
    afterAll(() => world.end());

    const version = (result: CommitResult): number => {
      if (!result.ok) throw new Error('somebody else was faster');
      return result.version;
    };

    test('a user who said nothing has no policy', async () => {
      expect(await policies.get(user('nobody'))).toBeUndefined();
    });

    test('what was set is read by every worker, with its version', async () => {
      const lists = { autoAuthorize: false, allow: ['jürgen@例え.example'], block: ['*@x.example', '*'] };
      const set = version(await policies.set(user('kept'), lists, 0));
      expect(set).toBeGreaterThan(0);
      expect(await (await world.open()).policies.get(user('kept'))).toEqual({ record: lists, version: set });
    });

    test('a change that started from an older version is refused and changes nothing', async () => {
      const first = version(await policies.set(user('raced'), blocking('a@example.com'), 0));
      const second = version(await policies.set(user('raced'), blocking('b@example.com'), first));
      expect(second).toBeGreaterThan(first);
      expect(await policies.set(user('raced'), blocking('c@example.com'), first)).toEqual({ ok: false });
      expect(await policies.set(user('raced'), undefined, 0)).toEqual({ ok: false });
      expect(await policies.get(user('raced'))).toEqual({ record: blocking('b@example.com'), version: second });
    });

    test('of many changes at once exactly one wins', async () => {
      const workers = await Promise.all(Array.from({ length: 3 }, () => world.open()));
      const results = await Promise.all(
        Array.from({ length: 12 }, async (_, number) => workers[number % 3]?.policies.set(user('crowd'), blocking(`b${number}@example.com`), 0)),
      );
      expect(results.filter((result) => result?.ok)).toHaveLength(1);
    });

    test('a deleted policy is gone, and its version never comes again', async () => {
      const first = version(await policies.set(user('gone'), blocking('*'), 0));
      expect(await policies.set(user('gone'), undefined, first)).toEqual({ ok: true, version: 0 });
      expect(await policies.get(user('gone'))).toBeUndefined();
      expect(version(await policies.set(user('gone'), blocking(), 0))).toBeGreaterThan(first);
      expect(await policies.set(user('gone'), blocking('*'), first)).toEqual({ ok: false });
    });

    test('policies are no pairs: not counted, not listed, not due', async () => {
      const { pairs } = await world.open();
      const before = await pairs.count();
      version(await policies.set(user('apart'), blocking('*'), 0));
      expect(await pairs.count()).toBe(before);
      expect(await all(pairs.scan(user('apart')))).toEqual([]);
      await pairs.commit({ key: user('apart'), expected: 0, record: note(1), due: 5 });
      const held = await policies.get(user('apart'));
      version(await policies.set(user('apart'), blocking(), held?.version ?? 0));
      expect((await pairs.load(user('apart')))?.record).toEqual(note(1));
    });

    test('a policy may be deleted where there is none, and an unfit version is refused', async () => {
      expect(await policies.set(user('never'), undefined, 0)).toEqual({ ok: true, version: 0 });
      await expect(policies.set(user('never'), blocking(), -1)).rejects.toThrow(RangeError);
      await expect(policies.set('' as BareJid, blocking(), 0)).rejects.toThrow(RangeError);
    });
  });
