import { partitioned } from '@isthmus/codec';
import pino from 'pino';
import { DEFAULT_SETTINGS, newRecord, type PairRecord } from '@isthmus/engine';
import { pairKey } from '@isthmus/model';
import { MemoryStore } from '@isthmus/store';
import { limitsSchema } from '../src/config/limits-schema';
import type { Config } from '../src/config/schema';
import { limitSettings } from '../src/limits/build';
import { XMPP_JOINING, XMPP_UP } from '../src/pairs/marks';
import type { StoredPair } from '../src/pairs/stored';
import { Worker } from '../src/worker';
import type { WorkerParts, WorkerSettings } from '../src/worker-parts';
import { PAIR } from './support/pairs';

/** Longer than any test takes. */
const LONG_MS = 600_000;

/** Ann has been told that Bob is there. */
function watched(): PairRecord {
  const shown = { setting: 'available' } as const;
  return { ...newRecord(PAIR), outward: { is: 'idle', authorisation: 'granted', wanted: false, shown } };
}

const SETTINGS = {
  domains: ['example.com'],
  sipDomains: ['example.com'],
  partitioned: true,
  addressing: partitioned(['example.com']),
  federation: { xmppDomains: [], sipToXmpp: [] },
  component: 'isthmus.example.com',
  version: '0',
  routes: [],
  engine: DEFAULT_SETTINGS,
  tables: {},
  content: {},
  healthIntervalMs: LONG_MS,
  xmppDownGraceMs: LONG_MS,
  accountCacheMs: LONG_MS,
  maxPendingEvents: 1_000,
  maxCachedPairs: 1_000,
  recoveryPerSecond: 1_000,
  policy: { administrators: new Set() },
  limits: limitSettings({ limits: limitsSchema.parse({}) } as unknown as Config),
} as unknown as WorkerSettings;

describe('a worker whose XMPP link comes up before it knows the others', () => {
  let store: MemoryStore<StoredPair>;
  let worker: Worker;
  let sent: string[];

  beforeEach(async () => {
    jest.useFakeTimers();
    store = new MemoryStore<StoredPair>();
    await store.pairs.commit({ key: pairKey(PAIR), expected: 0, record: { record: watched(), by: 'w1#a' }, due: undefined });
    sent = [];
    const xmpp = { online: true, send: async ({ name }: { name: string }) => void sent.push(name), deliver: async () => undefined, request: () => new Promise(() => undefined), onStanza: () => undefined, acknowledges: false, setReady: () => undefined, renew: () => undefined };
    const sip = { connections: () => ['w2/1'], request: () => new Promise(() => undefined), answer: async () => ({ ok: true }), onRequest: () => undefined, setReady: () => undefined, renew: () => [] };
    const parts = { settings: SETTINGS, instance: 'w2#b', store, xmpp, sip, peers: { nextHopsAre: () => undefined }, log: pino({ level: 'silent' }) };
    worker = new Worker(parts as unknown as WorkerParts);
  });

  afterEach(async () => {
    await worker.stop(0);
    jest.useRealTimers();
  });

  async function start(): Promise<void> {
    worker.xmppUp();
    await worker.start();
  }

  test('XD-14: nobody else has a link: it tells at once what the server may have forgotten', async () => {
    await start();
    await jest.advanceTimersByTimeAsync(500);
    expect(sent).toEqual(['presence']);
  });

  test("XD-14: nobody's link stands who lives: it tells all the same", async () => {
    await store.workers.heartbeat('w1#a', LONG_MS, ['w1/1']);
    await start();
    await jest.advanceTimersByTimeAsync(500);
    expect(sent).toEqual(['presence']);
  });

  test('the link of another one stands: the server has forgotten nothing, and is told nothing', async () => {
    await store.workers.heartbeat('w1#a', LONG_MS, ['w1/1', XMPP_UP]);
    await start();
    // Promise 1: what it has in hand until it has joined is not taken for stranded.
    expect((await store.workers.workers()).get('w2#b')).toEqual(expect.arrayContaining([XMPP_JOINING]));
    await jest.advanceTimersByTimeAsync(20_000);
    expect(sent).toEqual([]);
    expect((await store.workers.workers()).get('w2#b')).toContain(XMPP_UP);
  });

  test('XD-14: the link of the other one had gone already, unknown to the others: it tells', async () => {
    await store.workers.heartbeat('w1#a', LONG_MS, ['w1/1', XMPP_UP]);
    await start();
    await store.workers.heartbeat('w1#a', LONG_MS, ['w1/1']);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(sent).toEqual(['presence']);
  });
});
