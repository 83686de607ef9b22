import { MemoryStore, type WorkerStore } from '@isthmus/store';
import { Cluster } from '../src/pairs/cluster';
import { XMPP_UP } from '../src/pairs/marks';
import type { StoredPair } from '../src/pairs/stored';
import { NOON } from './support/pairs';
import { eventually } from './support/waiting';

const TTL_MS = 3_000;
const HOUR_MS = 3_600_000;

let now: number;
let ids = 0;
let workers: WorkerStore;
const started: Cluster[] = [];

beforeEach(() => {
  now = NOON;
  workers = new MemoryStore<StoredPair>({ now: () => now }).workers;
});
afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.stop();
});

interface Options {
  readonly connections?: () => readonly string[];
  readonly onGone?: (lost: { readonly xmpp: boolean }) => void;
  readonly onDead?: () => void;
  readonly onFoundDead?: (before: string) => void;
  readonly onLeaseBack?: () => void;
  readonly onError?: (error: unknown) => void;
  readonly store?: WorkerStore;
  readonly intervalMs?: number;
}

/** An instance that beats only when told to, unless an interval is given. */
function instance(name: string, options: Options = {}): Cluster {
  const { connections = () => [], onGone = () => undefined, store = workers, intervalMs = HOUR_MS } = options;
  const { onDead = () => undefined, onFoundDead = () => undefined, onLeaseBack = () => undefined, onError = (error: unknown) => { throw error; } } = options;
  const cluster = new Cluster({ store, instance: name, connections, ttlMs: TTL_MS, intervalMs, onGone, onDead, onFoundDead, onLeaseBack, onError, now: () => now, newId: () => `life${(ids += 1)}` });
  started.push(cluster);
  return cluster;
}

async function join(name: string, options?: Options): Promise<Cluster> {
  const cluster = instance(name, options);
  await cluster.start();
  return cluster;
}

describe('leases', () => {
  test('promise 1: one heartbeat is under way at a time, so that none answers for a life that another one has ended', async () => {
    let [underWay, most] = [0, 0];
    const heartbeat: WorkerStore['heartbeat'] = async (...beat) => {
      most = Math.max(most, (underWay += 1));
      await new Promise(setImmediate);
      return workers.heartbeat(...beat).finally(() => (underWay -= 1));
    };
    const one = await join('w1#a', { store: { heartbeat, workers: () => workers.workers(), leave: (worker) => workers.leave(worker) } });
    const first = one.exchange();
    const waits = one.exchange();
    await Promise.all([waits, first.then(() => one.exchange())]); // asked for in the moment in which the first one ends
    expect(most).toBe(1);
  });

  test('an instance lives for itself, and for the others while it keeps its lease', async () => {
    const one = await join('w1#a');
    const two = await join('w2#b');
    await one.exchange();
    expect([one.isAlive('w1#a'), one.isAlive('w2#b'), two.isAlive('w1#a'), one.isAlive('w2#z')]).toEqual([true, true, true, false]);
    now += TTL_MS - 1;
    await one.exchange();
    expect(one.isAlive('w2#b')).toBe(true);
    now += 1;
    await one.exchange();
    expect(one.isAlive('w2#b')).toBe(false);
  });

  test('an instance is alone until it hears of another one, and when that has gone', async () => {
    const one = await join('w1#a');
    expect(one.isAlone).toBe(true);
    const two = await join('w2#b');
    await one.exchange();
    expect([one.isAlone, two.isAlone]).toEqual([false, false]);
    now += TTL_MS - 1;
    await one.exchange();
    now += 1;
    await one.exchange();
    expect(one.isAlone).toBe(true);
  });

  test('who leaves is gone at once', async () => {
    const one = await join('w1#a');
    const two = await join('w2#b');
    await two.stop();
    await one.exchange();
    expect(one.isAlive('w2#b')).toBe(false);
  });

  test('beats come by themselves, and go on after one that failed', async () => {
    let away = false;
    let beats = 0;
    const errors: unknown[] = [];
    const store: WorkerStore = {
      heartbeat: async () => {
        beats += 1;
        if (away) throw new Error('away');
        return { known: true, workers: new Map() };
      },
      workers: async () => new Map(),
      leave: async () => undefined,
    };
    await join('w1#a', { store, intervalMs: 1, onError: (error) => errors.push(error) });
    await eventually('it beats', () => beats > 2);
    away = true;
    await eventually('a beat fails', () => errors.length > 0);
    away = false;
    const before = beats;
    await eventually('it goes on', () => beats > before + 2);
  });

  test('start rejects while the store is away, so that the caller can wait for it', async () => {
    const store: WorkerStore = { heartbeat: () => Promise.reject(new Error('away')), workers: async () => new Map(), leave: async () => undefined };
    await expect(instance('w1#a', { store }).start()).rejects.toThrow('away');
  });
});

describe('whether an instance may act (promise 1)', () => {
  test('a lease is certain from its first beat until it may have ended, counted from when the beat was sent', async () => {
    let delay = 0;
    const slow: WorkerStore = {
      heartbeat: async (...beat) => {
        now += delay;
        return workers.heartbeat(...beat);
      },
      workers: () => workers.workers(),
      leave: (worker) => workers.leave(worker),
    };
    let told = 0;
    const one = instance('w1#a', { store: slow, onLeaseBack: () => (told += 1) });
    expect(one.holdsLease()).toBe(false);
    await one.start();
    delay = 1_000;
    await one.exchange();
    now += TTL_MS - delay - 1;
    expect([one.holdsLease(), told]).toEqual([true, 1]);
    now += 1;
    expect(one.holdsLease()).toBe(false);
    await one.exchange();
    expect([one.holdsLease(), told, one.instance]).toEqual([true, 2, 'w1#a']);
  });

  test('one that was found dead has a new life: nobody takes the old one for alive again, itself included', async () => {
    const found: string[] = [];
    let died = 0;
    const stalled = await join('w1#a', { onFoundDead: (before) => found.push(before) });
    const other = await join('w2#b', { onDead: () => (died += 1) });
    now += TTL_MS - 1;
    await other.exchange();
    now += 1;
    await other.exchange();
    expect([died, other.isDead('w1#a'), other.isAlive('w1#a'), other.isDead('w9#z')]).toEqual([1, true, false, false]);
    await stalled.exchange();
    await other.exchange();
    expect(found).toEqual(['w1#a']);
    expect(stalled.instance).toMatch(/^w1#life/);
    expect([stalled.isAlive('w1#a'), stalled.isDead('w1#a'), stalled.isOwn('w1#a'), stalled.isOwn(stalled.instance)]).toEqual([false, true, true, true]);
    expect([other.isAlive('w1#a'), other.isAlive(stalled.instance), stalled.isAlone, died]).toEqual([false, true, false, 1]);
  });

  test('promise 1: until its new life has a lease, one that was found dead begins nothing; its old name is gone from the store, and it is not its own loss', async () => {
    const held: boolean[] = [];
    const told: string[] = [];
    const heartbeat: WorkerStore['heartbeat'] = (...beat) => workers.heartbeat(...beat);
    const leave = async (worker: string): Promise<void> => {
      held.push(stalled.holdsLease());
      await workers.leave(worker);
    };
    const stalled = await join('w1#a', {
      connections: () => [XMPP_UP],
      store: { heartbeat, leave, workers: () => workers.workers() },
      onFoundDead: () => held.push(stalled.holdsLease()),
      onDead: () => told.push('dead'),
      onGone: () => told.push('gone'),
    });
    await workers.leave('w1#a'); // another one has found it so, by a clock that is ahead of its own
    expect(stalled.holdsLease()).toBe(true);
    await stalled.exchange();
    expect([held, stalled.holdsLease()]).toEqual([[false, false], true]);
    expect([...(await workers.workers()).keys()]).toEqual([stalled.instance]);
    expect(told).toEqual([]);
  });

  test('promise 1: whom it has found dead is dead for good, also when it is heard of again under its old name', async () => {
    const one = await join('w1#a');
    await workers.heartbeat('w2#b', TTL_MS, []);
    await one.exchange();
    await workers.leave('w2#b');
    await one.exchange();
    await workers.heartbeat('w2#b', TTL_MS, []); // the first word of one that stood still
    await one.exchange();
    expect([one.isAlive('w2#b'), one.isDead('w2#b')]).toEqual([false, true]);
  });

  test('promise 6: of the dead so many are remembered, the latest ones', async () => {
    const one = await join('w1#a');
    for (let each = 0; each <= 100; each += 1) {
      await workers.heartbeat(`w2#${each}`, TTL_MS, []);
      await one.exchange();
      await workers.leave(`w2#${each}`);
      await one.exchange();
    }
    expect(['w2#0', 'w2#1', 'w2#100'].map((each) => one.isDead(each))).toEqual([false, true, true]);
  });

  test('one whose lease has ended and whom nobody has looked at meanwhile goes on as before', async () => {
    const found: string[] = [];
    const one = await join('w1#a', { onFoundDead: (before) => found.push(before) });
    now += 60_000;
    await one.exchange();
    expect([found, one.instance]).toEqual([[], 'w1#a']);
  });

  test('beats do not overtake each other, and who asks while one waits shares it', async () => {
    const releases: (() => void)[] = [];
    const held: WorkerStore = {
      heartbeat: async (...beat) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        return workers.heartbeat(...beat);
      },
      workers: () => workers.workers(),
      leave: (worker) => workers.leave(worker),
    };
    const one = instance('w1#a', { store: held });
    const asked = [one.exchange(), one.exchange(), one.exchange()];
    expect(releases).toHaveLength(1);
    releases[0]?.();
    await asked[0];
    await eventually('the second beat is under way', () => releases.length === 2);
    releases[1]?.();
    await Promise.all(asked);
    expect(releases).toHaveLength(2);
  });
});

describe('connections', () => {
  test('are held while a live instance names them; own ones are known without the store', async () => {
    const own: string[] = ['w1/sip1/1'];
    const one = await join('w1#a', { connections: () => own });
    await join('w2#b', { connections: () => ['w2/sip1/1'] });
    await one.exchange();
    expect([one.isConnected('w1/sip1/1'), one.isConnected('w2/sip1/1'), one.isConnected('w3/sip1/1')]).toEqual([true, true, false]);
    own.splice(0);
    expect(one.isConnected('w1/sip1/1')).toBe(false);
  });

  test('that go are told once: with a dead instance, with a lost link, also an own one', async () => {
    const own: string[] = ['w1/sip1/1'];
    const others: string[] = ['w2/sip1/1'];
    let told = 0;
    const one = await join('w1#a', { connections: () => own, onGone: () => (told += 1) });
    const two = await join('w2#b', { connections: () => others });
    await one.exchange();
    expect(told).toBe(0);
    own.splice(0, 1, 'w1/sip1/2');
    await one.exchange();
    await one.exchange();
    expect(told).toBe(1);
    others.splice(0);
    await two.exchange();
    await one.exchange();
    expect(told).toBe(2);
    now += TTL_MS - 1;
    await one.exchange();
    await two.exchange();
    expect(told).toBe(2);
  });

  test('DESIGN 5, promise 3: a new life of an anchor is told, although nothing goes with it: the one before is certainly over now', async () => {
    let connections: readonly string[] = ['@d1/one'];
    const lost: { xmpp: boolean }[] = [];
    const one = await join('w1#a', { connections: () => connections, onGone: (gone) => lost.push(gone) });
    connections = [];
    await one.exchange();
    expect([lost, one.ownerState('@d1/one')]).toEqual([[{ xmpp: false }], 'unclear']);
    connections = ['@d1/two'];
    await one.exchange();
    await one.exchange();
    expect([lost, one.ownerState('@d1/one')]).toEqual([[{ xmpp: false }, { xmpp: false }], 'gone']);
  });

  test('XMPP links: whether another instance has one', async () => {
    let up = true;
    const one = await join('w1#a');
    const two = await join('w2#b', { connections: () => (up ? [XMPP_UP] : []) });
    await one.exchange();
    expect([one.othersReachXmpp(), two.othersReachXmpp()]).toEqual([true, false]);
    up = false;
    await two.exchange();
    await one.exchange();
    expect(one.othersReachXmpp()).toBe(false);
  });
});

describe('after the store was away (promise 3)', () => {
  test('those that are not back yet are not taken for dead', async () => {
    let told = 0;
    const one = await join('w1#a', { onGone: () => (told += 1) });
    const two = await join('w2#b', { connections: () => ['w2/sip1/1', XMPP_UP] });
    await one.exchange();
    now += 60_000;
    await one.exchange();
    expect([one.isAlive('w2#b'), one.isConnected('w2/sip1/1'), one.othersReachXmpp(), told]).toEqual([true, true, true, 0]);
    now += 1_000;
    await two.exchange();
    await one.exchange();
    now += TTL_MS - 500;
    await one.exchange();
    expect([one.isAlive('w2#b'), told]).toEqual([true, 0]);
  });

  test('those that do not come back within a lease are', async () => {
    const lost: unknown[] = [];
    const one = await join('w1#a', { onGone: (gone) => lost.push(gone) });
    await join('w2#b', { connections: () => ['w2/sip1/1', XMPP_UP] });
    await one.exchange();
    now += 60_000;
    await one.exchange();
    for (let beats = 0; beats < 3; beats += 1) {
      now += 1_000;
      await one.exchange();
    }
    expect(one.isAlive('w2#b')).toBe(false);
    expect(lost).toEqual([{ xmpp: true }]);
  });
});

describe('common work', () => {
  const keys = Array.from({ length: 600 }, (_, n) => `user${n}@example.com|bob@example.com`);

  test('each key is the work of exactly one live instance, and each has its share', async () => {
    const all = await Promise.all(['w1#a', 'w2#b', 'w3#c'].map((name) => join(name)));
    for (const cluster of all) await cluster.exchange();
    const counts = all.map((cluster) => keys.filter((key) => cluster.isMine(key)).length);
    expect(keys.map((key) => all.filter((cluster) => cluster.isMine(key)).length)).toEqual(keys.map(() => 1));
    for (const count of counts) expect(count).toBeGreaterThan(100);
  });

  test('when one goes only its keys change hands', async () => {
    const [one, two, three] = (await Promise.all(['w1#a', 'w2#b', 'w3#c'].map((name) => join(name)))) as [Cluster, Cluster, Cluster];
    for (const cluster of [one, two, three]) await cluster.exchange();
    const before = keys.filter((key) => one.isMine(key) || two.isMine(key));
    await three.stop();
    for (const cluster of [one, two]) await cluster.exchange();
    expect(before.every((key) => one.isMine(key) || two.isMine(key))).toBe(true);
    expect(keys.every((key) => one.isMine(key) !== two.isMine(key))).toBe(true);
  });

  test('a pair is the work of the worker that the plug-in and the anchor choose: their example (docs/partition-protocol.md, "Which connection")', async () => {
    const all = await Promise.all(['w1#c', 'w2#b', 'w3#a'].map((name) => join(name)));
    for (const cluster of all) await cluster.exchange();
    for (const key of ['ann@example.com|bob@example.com', 'bob@example.com|ann@example.com']) {
      expect(all.map((cluster) => cluster.isMine(key))).toEqual([false, false, true]);
    }
    expect(all.map(({ size }) => size)).toEqual([3, 3, 3]);
  });

  test('of two of one name, as when a worker was killed and started again, one does it', async () => {
    const [one, two] = (await Promise.all(['w1#a', 'w1#b'].map((name) => join(name)))) as [Cluster, Cluster];
    for (const cluster of [one, two]) await cluster.exchange();
    expect(keys.filter((key) => one.isMine(key) === two.isMine(key))).toEqual([]);
  });

  test('alone, all is its own', async () => {
    const one = await join('w1#a');
    expect(keys.every((key) => one.isMine(key))).toBe(true);
  });
});
