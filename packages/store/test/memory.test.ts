import fc from 'fast-check';

import { MemoryStore, StoreUnwritableError, StoreUnavailableError } from '../src';
import { DueIndex } from '../src/memory/due-index';
import { note } from './support/worlds';
import type { Note } from './support/worlds';

describe('bounds of the memory store (promise 6)', () => {
  const commit = (store: MemoryStore<Note>, key: string, expected: number, record: Note | undefined) =>
    store.pairs.commit({ key, expected, record, due: undefined });

  test('one record more than the limit is refused and nothing is lost; changes and deletions go on', async () => {
    const store = new MemoryStore<Note>({ maxRecords: 2 });
    const first = await commit(store, 'a', 0, note(1));
    await commit(store, 'b', 0, note(1));
    const refused = commit(store, 'c', 0, note(1));
    await expect(refused).rejects.toThrow(StoreUnwritableError);
    await expect(refused).rejects.toThrow('the store is unavailable: it holds 2 records, its limit');
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailableError);
    const changed = await commit(store, 'a', first.ok ? first.version : -1, note(2));
    expect(changed.ok).toBe(true);
    await commit(store, 'a', changed.ok ? changed.version : -1, undefined);
    expect(await commit(store, 'c', 0, note(3))).toMatchObject({ ok: true });
    expect(await store.pairs.count()).toBe(2);
  });

  test('a lost race is a lost race also when the store is full', async () => {
    const store = new MemoryStore<Note>({ maxRecords: 1 });
    await commit(store, 'a', 0, note(1));
    expect(await commit(store, 'a', 0, note(2))).toEqual({ ok: false });
  });
});

test('leases and members of a limit end by the clock that was handed in', async () => {
  let now = 1_000;
  const store = new MemoryStore<Note>({ now: () => now });
  await store.workers.heartbeat('w', 500, ['c']);
  await store.members.put('a', 'x', 1, 500);
  now = 1_499;
  expect((await store.workers.workers()).get('w')).toEqual(['c']);
  expect(await store.members.put('a', 'y', 1, 500)).toBe(false);
  now = 1_500;
  expect(await store.workers.workers()).toEqual(new Map());
  expect(await store.members.put('a', 'y', 1, 500)).toBe(true);
});

describe('the index of due times', () => {
  const key = fc.integer({ min: 0, max: 40 }).map(String);
  const time = fc.integer({ min: 0, max: 500 });
  const LATEST = 1_000;
  const action = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, due: time }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('claim' as const), now: time, ahead: fc.integer({ min: 1, max: 20 }), limit: fc.integer({ min: 1, max: 5 }) }),
  );

  test('law: after any changes it gives what a plain list would give, and keeps one entry a key', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 60, maxLength: 200 }), (actions) => {
        const index = new DueIndex();
        const model = new Map<string, number>();
        for (const step of actions) {
          if (step.do === 'set') {
            index.set(step.key, step.due);
            model.set(step.key, step.due);
          } else if (step.do === 'delete') {
            index.delete(step.key);
            model.delete(step.key);
          } else {
            const dues = [...model.values()].filter((due) => due <= step.now).sort((a, b) => a - b);
            const shown = index.until(step.now, step.limit);
            expect(shown.every(({ key, at }) => model.get(key) === at)).toBe(true);
            const claimed = shown.map(({ key }) => key).filter((key) => index.claim(key, step.now, step.now + step.ahead));
            expect(claimed.map((name) => model.get(name))).toEqual(dues.slice(0, step.limit));
            for (const name of claimed) model.set(name, step.now + step.ahead);
          }
          expect(index.size).toBe(model.size);
        }
        const left = index.until(LATEST, model.size + 1);
        expect(left.map(({ key: name }) => model.get(name))).toEqual([...model.values()].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});
