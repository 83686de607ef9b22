import { isRequest } from '../src';
import { chanceOf } from './support/event-clock';
import { OutwardCluster, TROUBLE } from './support/outward-cluster';

/** Lives that are tried; `LAW_RUNS=20` tries twenty times as many. */
const SEEDS = 600 * Number(process.env['LAW_RUNS'] ?? 1);
/** Longer than any watch lasts without a refresh, and than any pause. */
const QUIET_SECONDS = 8_000;

function life(seed: number): OutwardCluster {
  const chance = chanceOf(seed);
  const cluster = new OutwardCluster(chance);
  for (let moves = 5 + chance(25); moves > 0; moves -= 1) cluster.happens();
  return cluster;
}

/** Nothing goes wrong any more; then the contact changes once more, and that has reached everybody. */
function quiet(cluster: OutwardCluster): void {
  cluster.calm = true;
  cluster.pass(QUIET_SECONDS);
  cluster.changes();
  cluster.pass(10);
}

const summary = ({ record, held, shown, truth, wants, online }: OutwardCluster) => ({
  seen: wants && online ? (shown?.setting ?? 'nothing') : 'nobody looks',
  held: [...held.keys()],
  truth: truth.setting,
  outward: record.outward,
});

test('promise 3, PRES-1 to PRES-14: after quiet the user sees the truth, and the far side holds the dialog that we know and no other', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const cluster = life(seed);
    quiet(cluster);
    const { record, wants, online, truth, held } = cluster;
    const watched = wants && online;
    const { outward } = record;
    const state = { seed, ...summary(cluster) };
    expect(state).toMatchObject({ seed, seen: watched ? truth.setting : 'nobody looks' });
    expect(state).toMatchObject({ seed, held: watched && 'dialog' in outward ? [outward.dialog.callId] : [] });
    // `checking` where the quiet ends in the moment before a refresh: the dialog is up then, too.
    expect({ seed, up: !watched || outward.is === 'watching' || outward.is === 'checking' }).toEqual({ seed, up: true });
    expect({ seed, out: record.effects.filter(isRequest).length, held: held.size }).toEqual({ seed, out: 0, held: watched ? 1 : 0 });
  }
});

/** A watch that is up, on a network where nothing goes wrong but this. */
function watching(seed: number, trouble: Partial<typeof TROUBLE> = {}): OutwardCluster {
  const cluster = new OutwardCluster(chanceOf(seed), { lost: 0, twice: 0, refused: 0, ...trouble });
  cluster.asks();
  cluster.pass(60);
  expect({ seed, ...summary(cluster) }).toMatchObject({ seed, seen: 'available', outward: { is: 'watching' } });
  return cluster;
}

const SINGLE_FAILURES = ['workerDies', 'stackRestarts', 'routeBreaks', 'farRestarts', 'farDeactivates'] as const;

test.each(SINGLE_FAILURES)('promise 3: %s: ten seconds after the part is back the user sees what the contact has become meanwhile', (failure) => {
  for (let seed = 1; seed <= SEEDS / 3; seed += 1) {
    const cluster = watching(seed);
    const away = cluster[failure]();
    cluster.changes();
    cluster.pass(away + 10);
    expect({ seed, ...summary(cluster) }).toMatchObject({ seed, seen: cluster.truth.setting });
    cluster.changes();
    cluster.pass(10);
    expect({ seed, ...summary(cluster) }).toMatchObject({ seed, seen: cluster.truth.setting, held: [expect.any(String)] });
  }
});

test('promise 4: while the route is away for long the user does not see the contact available', () => {
  for (let seed = 1; seed <= SEEDS / 3; seed += 1) {
    const cluster = watching(seed);
    const away = cluster.routeBreaks();
    if (away < 10) continue;
    cluster.pass(away - 1);
    expect({ seed, ...summary(cluster) }).toMatchObject({ seed, seen: 'offline' });
  }
});

test('PRES-14 whatever is repeated and overtaken, the last state is what the user sees', () => {
  for (let seed = 1; seed <= SEEDS / 3; seed += 1) {
    const cluster = watching(seed, { twice: 60 });
    for (let change = 0; change < 5; change += 1) {
      cluster.changes();
      cluster.pass(0.1);
    }
    cluster.pass(5);
    expect({ seed, ...summary(cluster) }).toMatchObject({ seed, seen: cluster.truth.setting });
  }
});

test('PRES-10 whenever the user withdraws, the far side is free of the watch ten seconds later', () => {
  for (let seed = 1; seed <= SEEDS / 3; seed += 1) {
    const chance = chanceOf(seed);
    const cluster = new OutwardCluster(chance, { ...TROUBLE, lost: 0, refused: 0 });
    cluster.asks();
    cluster.pass(chance(800) / 1000);
    cluster.withdraws();
    cluster.pass(10);
    expect({ seed, ...summary(cluster) }).toMatchObject({ seed, held: [], outward: { authorisation: 'none', wanted: false } });
  }
});

test('the lives that are tried are lives: most of them end in a watch, and some without', () => {
  const ends = Array.from({ length: 300 }, (_each, index) => {
    const cluster = life(index + 1);
    quiet(cluster);
    return cluster.held.size;
  });
  expect(ends.filter((size) => size === 1).length).toBeGreaterThan(50);
  expect(ends.filter((size) => size === 0).length).toBeGreaterThan(50);
});
