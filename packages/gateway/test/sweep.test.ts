import type { EngineEvent } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { StoreUnavailableError } from '@isthmus/store';
import { Sweeper, type Extent, type Select } from '../src/pairs/sweep';
import { Instance, Place } from './support/instance';
import { pairOfUser, recordIn, says } from './support/pairs';
import { TappedPairs } from './support/stores';
import { deferred, eventually, settled } from './support/waiting';

let place: Place;
let tapped: TappedPairs;
let one: Instance;
let errors: unknown[];
let mine: (key: string) => boolean;
let perSecond: number;

beforeEach(async () => {
  place = new Place();
  tapped = new TappedPairs(place.pairs);
  one = new Instance(place, 'w1#a', { store: tapped });
  errors = [];
  mine = () => true;
  perSecond = 100_000;
  for (const user of ['a', 'b', 'c', 'd']) await one.loop.handle(pairOfUser(user), says(user));
});

function sweeper(): Sweeper {
  return new Sweeper({
    store: tapped,
    loop: one.loop,
    contextOf: place.contextOf,
    isMine: (key) => mine(key),
    perSecond: () => perSecond,
    onError: (error) => errors.push(error),
    retryMs: 5,
  });
}

/** Seen in the record as one more queued message. */
const mark = (at: number): EngineEvent => says('mark', at);
const markAll = (_pair: Pair): readonly EngineEvent[] => [mark(place.now)];

async function marked(): Promise<string[]> {
  const found: string[] = [];
  for (const user of ['a', 'b', 'c', 'd']) {
    const { conversation } = await recordIn(place.pairs, pairOfUser(user));
    found.push(...conversation.queue.filter(({ id }) => id === 'mark').map(() => user));
  }
  return found;
}

let sweeps = 0;

function swept(sweep: Sweeper, select: Select, extent: Extent = 'share', name = `sweep ${(sweeps += 1)}`): Promise<number> {
  return new Promise((done) => sweep.sweep({ name, select, done, extent }));
}

test('each pair is told what it is owed, and the number of those is told', async () => {
  const told = await swept(sweeper(), (pair) => (pair.user < 'c' ? markAll(pair) : []));
  expect(told).toBe(2);
  expect(await marked()).toEqual(['a', 'b']);
});

test('a sweep that is added in the moment in which another one ends is done too (promise 3)', async () => {
  const sweep = sweeper();
  const told = await new Promise<number>((done) => {
    const next = (): void => sweep.sweep({ name: 'next', select: markAll, done });
    sweep.sweep({ name: 'first', select: () => [], done: () => void Promise.resolve().then(next) });
  });
  expect(told).toBe(4);
});

test('several events for one pair are taken in order', async () => {
  await swept(sweeper(), (pair) => (pair.user.startsWith('a') ? [mark(place.now), says('after', place.now)] : []));
  expect((await recordIn(place.pairs, pairOfUser('a'))).conversation.queue.map(({ id }) => id)).toEqual(['a', 'mark', 'after']);
});

test('the work is shared: others are left to others, unless only this worker knows of the cause', async () => {
  mine = (key) => key.startsWith('b@');
  expect(await swept(sweeper(), markAll)).toBe(1);
  expect(await marked()).toEqual(['b']);
  expect(await swept(sweeper(), markAll, 'all')).toBe(4);
});

test('a pair that has gone meanwhile is told nothing and made anew by nobody', async () => {
  const key = 'a@example.com|bob@example.com';
  const version = (await place.pairs.load(key))?.version ?? 0;
  tapped.scan = async function* () {
    await place.pairs.commit({ key, expected: version, record: undefined, due: undefined });
    yield key;
  };
  expect(await swept(sweeper(), markAll)).toBe(0);
  expect(await place.pairs.load(key)).toBeUndefined();
});

test('what waits when a round begins is told in it, to each pair in order, and the records are looked at once', async () => {
  const sweep = sweeper();
  one.loop.forget();
  const loads = tapped.loads;
  const both = [swept(sweep, markAll), swept(sweep, (pair) => (pair.user.startsWith('a') ? [says('after', place.now)] : []))];
  expect(await Promise.all(both)).toEqual([4, 1]);
  expect(tapped.loads - loads).toBe(4);
  expect((await recordIn(place.pairs, pairOfUser('a'))).conversation.queue.map(({ id }) => id)).toEqual(['a', 'mark', 'after']);
});

test('promise 6: no more pairs than allowed are told in a second', async () => {
  perSecond = 20;
  const begun = performance.now();
  await swept(sweeper(), () => [{ on: 'xmpp.subscribe', at: place.now, trace: 't' }]);
  expect(performance.now() - begun).toBeGreaterThan(190);
});

test('pairs that cost the SIP server no request are told four times as fast', async () => {
  perSecond = 5;
  const begun = performance.now();
  await swept(sweeper(), (pair) => (pair.user < 'c' ? markAll(pair) : []));
  expect(performance.now() - begun).toBeGreaterThan(90);
});

test('only the pairs named are told', async () => {
  expect(await swept(sweeper(), markAll, new Set(['a@example.com|bob@example.com', 'd@example.com|bob@example.com']))).toBe(2);
  expect(await marked()).toEqual(['a', 'd']);
});

test('promise 6: of sweeps of one name that wait the last is done, in the last place', async () => {
  const release = deferred();
  const sweep = sweeper();
  const order: string[] = [];
  const noted = (name: string): Select => (pair) => {
    if (pair.user.startsWith('a')) order.push(name);
    return [];
  };
  let held = false;
  const first = swept(sweep, (pair) => {
    if (pair.user.startsWith('a')) held = true;
    return markAll(pair);
  });
  tapped.beforeCommit = () => release.promise;
  await eventually('the first runs', () => held);
  for (let flap = 0; flap < 1_000; flap += 1) {
    sweep.sweep({ name: 'up', select: noted(`up ${flap}`) });
    sweep.sweep({ name: 'down', select: noted(`down ${flap}`) });
  }
  expect(sweep.waiting).toBe(2);
  const last = swept(sweep, noted('up at last'), 'share', 'up');
  release.resolve();
  await Promise.all([first, last]);
  expect([...new Set(order)]).toEqual(['down 999', 'up at last']); // a lost race looks twice
});

test('pairs named by several sweeps of one name are told by the one that is done', async () => {
  const release = deferred();
  const sweep = sweeper();
  tapped.beforeCommit = () => release.promise;
  const first = swept(sweep, (pair) => (pair.user.startsWith('c') ? markAll(pair) : []));
  sweep.sweep({ name: 'store', select: markAll, extent: new Set(['a@example.com|bob@example.com']) });
  const last = swept(sweep, markAll, new Set(['b@example.com|bob@example.com']), 'store');
  release.resolve();
  expect([await first, await last]).toEqual([1, 2]);
  expect(await marked()).toEqual(['a', 'b', 'c']);
});

test('a sweep that is added while one runs is done after it', async () => {
  const release = deferred();
  const order: string[] = [];
  const sweep = sweeper();
  let held = false;
  tapped.beforeCommit = () => {
    held = true;
    return release.promise;
  };
  const first = swept(sweep, markAll).then(() => order.push('first'));
  await eventually('the first runs', () => held);
  const second = swept(sweep, () => {
    order.push('second looks');
    return [];
  });
  release.resolve();
  await Promise.all([first, second]);
  expect(order.slice(0, 2)).toEqual(['first', 'second looks']);
});

test('promise 3: a sweep that the store broke off is begun again until it is through', async () => {
  const sweep = sweeper();
  let commits = 0;
  tapped.beforeCommit = () => {
    commits += 1;
    tapped.away ||= commits === 2;
  };
  const done = swept(sweep, (_pair) => [{ ...mark(place.now), id: `mark${commits}` } as EngineEvent]);
  await eventually('it breaks off', () => errors.length > 1);
  tapped.away = false;
  expect(await done).toBe(4);
});

describe('a sweep that collects when its turn comes', () => {
  const keyOf = (user: string) => `${user}@example.com|bob@example.com`;

  test('promise 3: what could not be collected is collected again', async () => {
    let asked = 0;
    const told = new Promise<number>((done) => {
      const collect = async () => {
        asked += 1;
        if (asked < 3) throw new StoreUnavailableError('away');
        return { select: markAll, extent: new Set([keyOf('a')]), done };
      };
      sweeper().sweep({ name: 'late', collect });
    });
    expect(await told).toBe(1);
    expect([asked, errors.length, await marked()]).toEqual([3, 2, ['a']]);
  });

  test('promise 6: however many wait of one name, one collects and one after it', async () => {
    const release = deferred();
    const sweep = sweeper();
    let asked = 0;
    const last = new Promise<number>((done) => {
      const collect = async () => {
        asked += 1;
        await release.promise;
        return { select: markAll, extent: new Set([keyOf('a')]), ...(asked === 2 && { done }) };
      };
      sweep.sweep({ name: 'late', collect });
      void eventually('the first collects', () => asked === 1).then(() => {
        for (let more = 0; more < 1_000; more += 1) sweep.sweep({ name: 'late', collect });
        release.resolve();
      });
    });
    await last;
    await sweep.stop();
    expect(asked).toBe(2);
  });

  test('promise 6: of many names only some collect at a time', async () => {
    let running = 0;
    let most = 0;
    const sweep = sweeper();
    const all = Array.from({ length: 50 }, (_, at) => new Promise<number>((done) => {
      const collect = async () => {
        running += 1;
        most = Math.max(most, running);
        await settled();
        running -= 1;
        return { select: () => [], extent: new Set<string>(), done };
      };
      sweep.sweep({ name: `late ${at}`, collect });
    }));
    await Promise.all(all);
    expect(most).toBeLessThanOrEqual(4);
  });
});

test('a pair that cannot be told is told to the log; the others are told all the same', async () => {
  const told = await swept(sweeper(), (pair) => {
    if (pair.user.startsWith('b')) throw new Error('a record of a bug');
    return markAll(pair);
  });
  expect(told).toBe(3);
  expect(errors).toEqual([new Error('a record of a bug')]);
  expect(await marked()).toEqual(['a', 'c', 'd']);
});

test('stop ends a sweep between two pairs, and one that waits to be begun again', async () => {
  const sweep = sweeper();
  perSecond = 10;
  const done = swept(sweep, markAll);
  await eventually('the first is told', async () => (await marked()).length > 0);
  await sweep.stop();
  expect(await done).toBeLessThan(4);
  tapped.away = true;
  const failing = sweeper();
  failing.sweep({ name: 'failing', select: markAll });
  await eventually('it fails', () => errors.length > 0);
  await failing.stop();
  const count = errors.length;
  tapped.away = false;
  expect(errors.length).toBe(count);
});
