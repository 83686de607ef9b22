import { MemoryStore } from '@isthmus/store';
import { Cluster } from '../src/pairs/cluster';
import { XMPP_UP } from '../src/pairs/marks';
import type { StoredPair } from '../src/pairs/stored';

const HOUR_MS = 3_600_000;

/** Instances that beat only when told to. */
function instance(store: MemoryStore<StoredPair>, name: string, connections: readonly string[], lost: { xmpp: boolean }[] = []): Cluster {
  return new Cluster({
    store: store.workers,
    instance: name,
    connections: () => connections,
    ttlMs: HOUR_MS,
    intervalMs: HOUR_MS,
    onGone: (gone) => lost.push(gone),
    onError: (error) => {
      throw error;
    },
  });
}

test('an instance that has left does not come back by a late heartbeat', async () => {
  const store = new MemoryStore<StoredPair>();
  const leaver = instance(store, 'w1#1', ['w1/d1/1']);
  await leaver.start();
  const late = leaver.exchange();
  await leaver.stop();
  await late;
  await leaver.exchange();
  expect(await store.workers.workers()).toEqual(new Map());
});

test('promise 3: the loss of an XMPP link with its instance is told, also without SIP connections', async () => {
  const store = new MemoryStore<StoredPair>();
  const lost: { xmpp: boolean }[] = [];
  const survivor = instance(store, 'w2#1', [XMPP_UP], lost);
  await store.workers.heartbeat('w1#1', HOUR_MS, [XMPP_UP]);
  await survivor.start();
  await store.workers.leave('w1#1');
  await survivor.exchange();
  await survivor.exchange();
  expect(lost).toEqual([{ xmpp: true }]);
  await survivor.stop();
});

test('a connection that goes alone is told without the XMPP link', async () => {
  const store = new MemoryStore<StoredPair>();
  const lost: { xmpp: boolean }[] = [];
  const survivor = instance(store, 'w2#1', [], lost);
  await store.workers.heartbeat('w1#1', HOUR_MS, ['w1/d1/1', XMPP_UP]);
  await survivor.start();
  await store.workers.heartbeat('w1#1', HOUR_MS, ['w1/d1/2', XMPP_UP]);
  await survivor.exchange();
  expect(lost).toEqual([{ xmpp: false }]);
  await survivor.stop();
});
