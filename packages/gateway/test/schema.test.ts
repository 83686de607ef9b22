import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dueAt, newRecord, step } from '@isthmus/engine';
import { pairKey } from '@isthmus/model';
import { DamagedRecordError, MemoryStore, type PairStore } from '@isthmus/store';
import fc from 'fast-check';
import { Cluster } from '../src/pairs/cluster';
import { SchemaPairs, STEPS, schemaOf, type SchemaStep } from '../src/pairs/schema';
import type { StoredPair } from '../src/pairs/stored';
import { Instance, Place } from './support/instance';
import { contextOf, NOON, PAIR, pairOfUser, recordIn, says, textsOf } from './support/pairs';
import { eventually } from './support/waiting';

/**
 * Two adjacent versions over one store (docs/upgrade.md). What the next version is like is played here: it counts, beside what this one
 * knows, in a field of the pair, and in one of the record.
 */
type Next = StoredPair & { readonly seen?: number; readonly record: StoredPair['record'] & { readonly note?: string } };

const NEXT_STEP: SchemaStep = {
  up: (stored) => ({ seen: 0, ...stored, record: { note: 'none', ...stored.record } }) as Next,
  down: (stored) => {
    const { seen, record, ...rest } = stored as Next;
    const { note, ...plain } = record;
    return { ...rest, record: plain } as StoredPair;
  },
};
const THIS = STEPS;
const NEXT = [...STEPS, NEXT_STEP];
const SECOND_NEXT = [...NEXT, NEXT_STEP];

const numberIn = async (store: PairStore<StoredPair>, pair = PAIR): Promise<number | undefined> =>
  ((await store.load(pairKey(pair)))?.record.record as { schema: number } | undefined)?.schema;

describe('schemas of records', () => {
  let place: Place;
  let raw: PairStore<StoredPair>;
  let tooNew: number[];

  /** A worker of a version; `lowest`: what it knows of the live ones. */
  const worker = (name: string, steps: readonly SchemaStep[], lowest: () => number): Instance & { readonly pairs: SchemaPairs } => {
    const pairs = new SchemaPairs(raw, { steps, lowest, onTooNew: (schema) => tooNew.push(schema) });
    return Object.assign(new Instance(place, name, { store: pairs }), { pairs });
  };

  beforeEach(() => {
    place = new Place();
    raw = new MemoryStore<StoredPair>().pairs;
    tooNew = [];
  });

  test('as long as one worker of the earlier version lives, the later one writes what that reads', async () => {
    let lowest = schemaOf(THIS);
    const later = worker('w2#b', NEXT, () => lowest);
    await later.loop.handle(PAIR, says('a'));
    expect(await numberIn(raw)).toBe(schemaOf(THIS));
    expect((await raw.load(pairKey(PAIR)))?.record).not.toHaveProperty('seen');
    lowest = schemaOf(NEXT);
    await later.loop.handle(PAIR, says('b'));
    expect(await numberIn(raw)).toBe(schemaOf(NEXT));
    expect((await raw.load(pairKey(PAIR)))?.record).toMatchObject({ seen: 0, record: { note: 'none' } });
  });

  test('a record of the next schema is gone on with; the fields that are not known are kept, and its number', async () => {
    const later = worker('w2#b', NEXT, () => schemaOf(NEXT));
    await later.loop.handle(PAIR, says('a'));
    const earlier = worker('w1#a', THIS, () => schemaOf(THIS));
    await earlier.loop.handle(PAIR, says('b'));
    await earlier.loop.handle(PAIR, says('c'));
    expect((await raw.load(pairKey(PAIR)))?.record).toMatchObject({ seen: 0, by: 'w1#a', record: { schema: schemaOf(NEXT), note: 'none' } });
    expect((await recordIn(earlier.pairs)).conversation.queue.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('a record of a later schema still is not touched: its events are refused for now, and an administrator is told', async () => {
    const farther = worker('w3#c', SECOND_NEXT, () => schemaOf(SECOND_NEXT));
    await farther.loop.handle(PAIR, says('a'));
    const before = await raw.load(pairKey(PAIR));
    const earlier = worker('w1#a', THIS, () => schemaOf(THIS));
    await expect(earlier.pairs.load(pairKey(PAIR))).rejects.toThrow(DamagedRecordError);
    await expect(earlier.pairs.load(pairKey(PAIR))).rejects.toThrow('is of schema 3, and this version reads up to 2: upgrade this worker');
    await expect(earlier.loop.handle(PAIR, says('b'))).rejects.toMatchObject({ fault: { condition: 'resource-constraint' } });
    expect(await raw.load(pairKey(PAIR))).toEqual(before);
    expect(tooNew).toEqual([3, 3, 3]);
  });

  test('a record without a number is of the first schema', async () => {
    const { schema, ...record } = newRecord(PAIR);
    await raw.commit({ key: pairKey(PAIR), expected: 0, record: { record, by: 'w0#z' } as StoredPair, due: undefined });
    const later = worker('w2#b', NEXT, () => schemaOf(NEXT));
    expect((await later.pairs.load(pairKey(PAIR)))?.record).toMatchObject({ by: 'w0#z', record: { schema: schemaOf(NEXT), note: 'none' } });
  });

  test('promises 1 and 2: workers of two versions take texts of the same pairs in any order, one is replaced meanwhile: none is lost, doubled or overtaken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ pair: fc.nat(2), version: fc.nat(1) }), { minLength: 5, maxLength: 30 }), fc.nat(30), async (texts, replacedAt) => {
        place = new Place();
        raw = new MemoryStore<StoredPair>().pairs;
        let lowest = schemaOf(THIS);
        const [earlier, later] = [worker('w1#a', THIS, () => schemaOf(THIS)), worker('w2#b', NEXT, () => lowest)];
        const sent = new Map<number, string[]>();
        for (const [number, { pair, version }] of texts.entries()) {
          if (number === replacedAt) lowest = schemaOf(NEXT); // the earlier one is gone, as far as the later one knows
          const text = `t${number}`;
          await (version === 0 ? earlier : later).loop.handle(pairOfUser(`user${pair}`), says(text));
          sent.set(pair, [...(sent.get(pair) ?? []), text]);
        }
        for (const [pair, expected] of sent) {
          const { conversation, effects } = await recordIn(later.pairs, pairOfUser(`user${pair}`));
          expect([...new Set([...textsOf(effects), ...conversation.queue.map(({ message }) => message.text)])]).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a request of one version is answered to the other', async () => {
    const [earlier, later] = [worker('w1#a', THIS, () => schemaOf(THIS)), worker('w2#b', NEXT, () => schemaOf(NEXT))];
    await later.loop.handle(PAIR, says('a'));
    await earlier.loop.handle(PAIR, says('b'));
    later.doer.nth(0).answer(200);
    await eventually('the second goes out', () => later.doer.sent.length + earlier.doer.sent.length === 2);
    expect(earlier.failures).toEqual([]);
  });
});

describe('which schema is written', () => {
  const beside = async (connections: Readonly<Record<string, readonly string[]>>): Promise<Cluster> => {
    const { workers: store } = new MemoryStore<StoredPair>();
    for (const [name, marks] of Object.entries(connections)) await store.heartbeat(name, 3_000, marks);
    return new Cluster({ store, instance: 'w2#b', connections: () => ['schema:2'], ttlMs: 3_000, intervalMs: 60_000, onGone: () => undefined, onError: () => undefined });
  };

  test.each([
    ['nobody else', {}, 2],
    ['one that says the same', { 'w3#c': ['d1/1', 'schema:2'] }, 2],
    ['one that says less', { 'w1#a': ['schema:1', 'xmpp:up'] }, 1],
    ['one that says nothing', { 'w1#a': ['xmpp:up'] }, 1],
    ['one that says more', { 'w3#c': ['schema:3'] }, 2],
  ])('beside %s', async (_who, connections, expected) => {
    const cluster = await beside(connections);
    expect(cluster.lowestSchema).toBe(1); // nothing is known of the others yet
    await cluster.start();
    expect(cluster.lowestSchema).toBe(expected);
    await cluster.stop();
  });
});

/** Records as a version wrote them. They are never changed: a later version must still read them. */
describe('records of earlier versions', () => {
  const folder = join(__dirname, 'cases', 'records');
  const files = readdirSync(folder);

  test('there are some of every schema so far', () => {
    for (let schema = 1; schema <= schemaOf(STEPS); schema += 1) expect(files.filter((file) => file.startsWith(`schema-${schema}-`)).length).toBeGreaterThan(2);
  });

  test.each(files)('%s is read, goes on, and is written again', async (file) => {
    const stored = JSON.parse(readFileSync(join(folder, file), 'utf8')) as StoredPair;
    const store = new MemoryStore<StoredPair>().pairs;
    const key = pairKey(stored.record);
    await store.commit({ key, expected: 0, record: stored, due: undefined });
    const pairs = new SchemaPairs(store, { lowest: () => 1, onTooNew: () => undefined });
    const loaded = await pairs.load(key);
    if (loaded === undefined) throw new Error('it is not there');
    const { record } = loaded.record;
    expect(dueAt(record) ?? NOON).toBeGreaterThan(0);
    for (const on of ['timer', 'xmpp.down', 'route.down'] as const) {
      const after = step(record, { on, at: NOON + 86_400_000, trace: 'later' }, contextOf(stored.by === 'w2#b' ? 'microsoft' : 'simple')());
      expect(after.record.user).toBe(stored.record.user);
    }
    await pairs.commit({ key, expected: loaded.version, record: loaded.record, due: undefined });
    expect((await store.load(key))?.record).toEqual(stored);
  });
});
