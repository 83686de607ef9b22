import type { CommitResult, PairStore } from '../../src';
import { claimDue } from '../support/claim-due';
import { all, note } from '../support/worlds';
import type { Note, Place, World } from '../support/worlds';

/** DESIGN section 4: what every adapter keeps of its promise about pairs. Each test uses keys of its own. */
export const pairsSuite = ({ adapter, begin }: Place): void =>
  describe(`pairs in ${adapter}`, () => {
    let world: World;
    let pairs: PairStore<Note>;

    beforeAll(async () => {
      world = await begin();
      ({ pairs } = await world.open());
    });
    afterAll(() => world.end());

    const put = async (key: string, expected: number, record: Note, due?: number): Promise<number> => {
      const result = await pairs.commit({ key, expected, record, due });
      if (!result.ok) throw new Error(`${key}: somebody else committed`);
      return result.version;
    };
    const remove = (key: string, expected: number): Promise<CommitResult> =>
      pairs.commit({ key, expected, record: undefined, due: undefined });

    describe('compare and set', () => {
      test('a key that nobody wrote has no record', async () => {
        expect(await pairs.load('nobody')).toBeUndefined();
      });

      test('what was committed is loaded, with the version that the commit told', async () => {
        const version = await put('kept', 0, note(1));
        expect(version).toBeGreaterThan(0);
        expect(await pairs.load('kept')).toEqual({ record: note(1), version });
      });

      test('keys and records keep every character', async () => {
        const key = 'jürgen "q" {b1}:*\r\n@example.com|名@example.com';
        const record = note(1, 'a\u0000b\r\n"\\ 🙂 \u2028 %s {x} </a>');
        const version = await put(key, 0, record);
        expect(await pairs.load(key)).toEqual({ record, version });
        expect(await all(pairs.scan())).toContain(key);
      });

      test('a record is a value: changing the object afterwards changes nothing in the store', async () => {
        const mine = { text: 'before', count: 1 };
        await put('value', 0, mine);
        mine.text = 'after';
        const loaded = await pairs.load('value');
        Object.assign(loaded?.record ?? {}, { count: 99 });
        expect((await pairs.load('value'))?.record).toEqual(note(1, 'before'));
      });

      test('versions grow with every commit', async () => {
        let version = 0;
        for (let count = 1; count <= 200; count += 1) {
          const next = await put('growing', version, note(count));
          expect(next).toBeGreaterThan(version);
          expect(Number.isSafeInteger(next)).toBe(true);
          version = next;
        }
      });

      test.each([
        ['an older version', async (first: number, _second: number) => first],
        ['no record, where there is one', async () => 0],
        ['a version that never was', async (_first: number, second: number) => second + 1],
      ])('a commit that expects %s loses and changes nothing', async (what, wrong) => {
        const key = `lost: ${what}`;
        const first = await put(key, 0, note(1), 1_000);
        const second = await put(key, first, note(2), 2_000);
        const expected = await wrong(first, second);
        expect(await pairs.commit({ key, expected, record: note(3), due: 1 })).toEqual({ ok: false });
        expect(await remove(key, expected)).toEqual({ ok: false });
        expect(await pairs.load(key)).toEqual({ record: note(2), version: second });
        expect(await claimDue(pairs, 1_999, 9_000, 100)).not.toContain(key);
        await remove(key, second);
      });

      test('a commit that expects a record where there is none loses', async () => {
        expect(await pairs.commit({ key: 'absent', expected: 7, record: note(1), due: undefined })).toEqual({ ok: false });
        expect(await pairs.load('absent')).toBeUndefined();
      });
    });

    describe('deletion', () => {
      test('a deleted record is gone, and the next commit expects none', async () => {
        const version = await put('gone', 0, note(1));
        expect(await remove('gone', version)).toEqual({ ok: true, version: 0 });
        expect(await pairs.load('gone')).toBeUndefined();
        expect(await all(pairs.scan())).not.toContain('gone');
      });

      test('deleting what is not there is no failure', async () => {
        expect(await remove('never', 0)).toEqual({ ok: true, version: 0 });
      });

      test('no version comes again after a deletion: a worker that slept over it loses', async () => {
        const key = 'again';
        const seen = new Set<number>();
        for (let round = 0; round < 100; round += 1) {
          const first = await put(key, 0, note(round));
          const second = await put(key, first, note(round));
          for (const version of [first, second]) {
            expect(seen).not.toContain(version);
            seen.add(version);
          }
          await remove(key, second);
        }
        await put(key, 0, note(999));
        const sleepers = [...seen].map((expected) => pairs.commit({ key, expected, record: note(0), due: undefined }));
        expect(new Set((await Promise.all(sleepers)).map(({ ok }) => ok))).toEqual(new Set([false]));
        expect((await pairs.load(key))?.record).toEqual(note(999));
      });
    });

    describe('put back', () => {
      test('what the store has in this version or a later one is left as it is', async () => {
        const first = await put('there', 0, note(1));
        const second = await put('there', first, note(2));
        expect(await pairs.putBack('there', { record: note(1), version: first }, undefined)).toBe(false);
        expect(await pairs.putBack('there', { record: note(3), version: second }, undefined)).toBe(false);
        expect(await pairs.load('there')).toEqual({ record: note(2), version: second });
      });

      test('what was deleted does not come again', async () => {
        const version = await put('gone', 0, note(1));
        await remove('gone', version);
        expect(await pairs.putBack('gone', { record: note(1), version }, 1_000)).toBe(false);
        expect(await pairs.load('gone')).toBeUndefined();
      });
    });

    describe('races between workers', () => {
      test('of many commits on one version exactly one wins, and its record stays', async () => {
        const workers = await Promise.all(Array.from({ length: 4 }, () => world.open()));
        let expected = 0;
        for (let round = 0; round < 25; round += 1) {
          const attempts = Array.from({ length: 16 }, async (_, number) => {
            const record = note(number, `round ${round}`);
            const result = await workers[number % workers.length]?.pairs.commit({ key: 'raced', expected, record, due: undefined });
            return result?.ok === true ? [{ record, version: result.version }] : [];
          });
          const winners = (await Promise.all(attempts)).flat();
          expect(winners).toHaveLength(1);
          expect(await pairs.load('raced')).toEqual(winners[0]);
          expected = winners[0]?.version ?? 0;
        }
      });

      test('workers that load, step and commit again after a lost race lose no step', async () => {
        const workers = await Promise.all(Array.from({ length: 4 }, () => world.open()));
        const versions: number[] = [];
        const step = async (own: PairStore<Note>): Promise<void> => {
          for (;;) {
            const held = await own.load('counter');
            const record = note((held?.record.count ?? 0) + 1);
            const result = await own.commit({ key: 'counter', expected: held?.version ?? 0, record, due: undefined });
            if (result.ok) {
              versions.push(result.version);
              return;
            }
          }
        };
        await Promise.all(Array.from({ length: 20 }, () => workers.map((worker) => step(worker.pairs))).flat());
        expect((await pairs.load('counter'))?.record.count).toBe(80);
        expect(new Set(versions).size).toBe(80);
      });

      test('of a deletion and a change on one version exactly one wins', async () => {
        const other = await world.open();
        for (let round = 0; round < 25; round += 1) {
          const key = `deleted or changed ${round}`;
          const expected = await put(key, 0, note(1));
          const [deleted, changed] = await Promise.all([
            remove(key, expected),
            other.pairs.commit({ key, expected, record: note(2), due: undefined }),
          ]);
          expect([deleted.ok, changed.ok].filter(Boolean)).toHaveLength(1);
          expect((await pairs.load(key))?.record).toEqual(changed.ok ? note(2) : undefined);
        }
      });
    });

    describe('scan and count', () => {
      test('all keys that stay are seen, also while others come, change and go', async () => {
        const stay = Array.from({ length: 600 }, (_, number) => `stay ${number}`);
        await Promise.all(stay.map((key) => put(key, 0, note(1))));
        let writing = true;
        const write = async (): Promise<void> => {
          for (let round = 0; writing; round += 1) {
            const brief = await put(`brief ${round}`, 0, note(1));
            await remove(`brief ${round}`, brief);
            const key = stay[round % stay.length] ?? '';
            await put(key, (await pairs.load(key))?.version ?? 0, note(2));
          }
        };
        const writer = write();
        const seen = await all(pairs.scan());
        writing = false;
        await writer;
        expect(seen).toEqual(expect.arrayContaining(stay));
      });

      test('keys that begin with a prefix are found, each of them and no others', async () => {
        const mine = Array.from({ length: 300 }, (_, number) => `ann@example.com|bob${number}@example.com`);
        const others = ['ann@example.community|x@example.com', 'joann@example.com|x@example.com', 'bob1@example.com|ann@example.com', 'ANN@example.com|x'];
        await Promise.all([...mine, ...others].map((key) => put(key, 0, note(1))));
        expect(new Set(await all(pairs.scan('ann@example.com|')))).toEqual(new Set(mine));
      });

      test.each(['*', '?', '[a-z]', 'a[b', 'c]', '\\', '^', 'a\\*b', '{b1}', 'jürgen', '"'])('a prefix is taken literally: %s', async (local) => {
        const key = `${local}@glob.example|x@example.com`;
        await put(key, 0, note(1));
        await put(`any-${local.length}@glob.example|${local}`, (await pairs.load(`any-${local.length}@glob.example|${local}`))?.version ?? 0, note(1));
        expect(new Set(await all(pairs.scan(`${local}@glob.example|`)))).toEqual(new Set([key]));
      });

      test('the count is the number of records', async () => {
        const before = await pairs.count();
        const version = await put('counted', 0, note(1));
        await put('counted too', 0, note(1));
        await put('counted', version, note(2));
        expect(await pairs.count()).toBe(before + 2);
        await remove('counted too', (await pairs.load('counted too'))?.version ?? 0);
        expect(await pairs.count()).toBe(before + 1);
        expect(new Set(await all(pairs.scan())).size).toBe(before + 1);
      });
    });

    test.each([
      ['an empty key', { key: '' }],
      ['a negative version', { expected: -1 }],
      ['a due time that is no number', { due: Number.NaN }],
    ])('%s is refused before anything is done', async (_what, wrong) => {
      const commit = { key: 'refused', expected: 0, record: note(1), due: undefined, ...wrong };
      await expect(pairs.commit(commit)).rejects.toThrow(RangeError);
      expect(await pairs.load('refused')).toBeUndefined();
    });
  });
