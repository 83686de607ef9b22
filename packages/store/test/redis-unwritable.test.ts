import { rm } from 'node:fs/promises';

import { StoreUnwritableError } from '../src';
import { Bench, changes, commit, versionOf, won } from './support/bench';
import { note, stateOf } from './support/worlds';

/**
 * A Redis that answers and takes no writes (issue: full disk, full memory, no replicas). For the worker the store is away, and the
 * log says which it is and what to do.
 */
describe('a Redis that takes no writes', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.start();
  });
  afterEach(() => bench.stop());

  /** Each way to get there, and back. */
  const WAYS = [
    {
      what: 'at its memory limit',
      fill: () => bench.admin.config('SET', 'maxmemory', '1'),
      relieve: () => bench.admin.config('SET', 'maxmemory', '0'),
      why: /is at its memory limit \(maxmemory\): give it more memory$/,
    },
    {
      what: 'that cannot save its data',
      fill: () => cannotSave(),
      relieve: () => bench.admin.config('SET', 'stop-writes-on-bgsave-error', 'no'),
      why: /cannot save its data and takes no writes: make room on its disk, and look at its log$/,
    },
    {
      what: 'that too few replicas follow',
      fill: () => bench.admin.config('SET', 'min-replicas-to-write', '1'),
      relieve: () => bench.admin.config('SET', 'min-replicas-to-write', '0'),
      why: /takes no writes because too few replicas follow it \(min-replicas-to-write\): start them$/,
    },
  ] as const;

  /** Its folder is gone: a snapshot fails, and Redis takes no writes from then on. */
  async function cannotSave(): Promise<void> {
    await bench.admin.config('SET', 'stop-writes-on-bgsave-error', 'yes', 'save', '3600 1');
    await rm(bench.server.folder, { recursive: true, force: true });
    await bench.admin.bgsave();
    for (;;) {
      const info = await bench.admin.info('persistence');
      if (/rdb_bgsave_in_progress:0/.test(info) && /rdb_last_bgsave_status:err/.test(info)) return;
    }
  }

  test.each(WAYS)('$what: nothing is changed, the state says why and what to do, what is there can be read; and it is over by itself', async ({ fill, relieve, why }) => {
    const store = await bench.open();
    const version = await won(commit(store, 'a', 0, note(1)));
    const states = changes(store);
    await fill();
    await expect(commit(store, 'a', version, note(2))).rejects.toThrow(StoreUnwritableError);
    expect(store.state).toEqual({ is: 'unwritable', why: expect.stringMatching(why) });
    expect((await store.pairs.load('a'))?.record).toEqual(note(1));
    await expect(commit(store, 'b', 0)).rejects.toThrow(why);
    await relieve();
    await stateOf(store, 'ready');
    expect(states.map(({ is }) => is)).toEqual(['unwritable', 'ready']);
    expect(await commit(store, 'a', await versionOf(store, 'a'), note(2))).toMatchObject({ ok: true });
  });

  test('it was closed meanwhile: it stays closed', async () => {
    const store = await bench.open();
    await bench.admin.config('SET', 'maxmemory', '1');
    await expect(commit(store, 'a', 0)).rejects.toThrow(StoreUnwritableError);
    await store.close();
    expect(store.state).toEqual({ is: 'closed' });
  });
});
