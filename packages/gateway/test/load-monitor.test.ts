import type { Load, LoadThresholds } from '@isthmus/rules';
import { LoadMonitor } from '../src/limits/load-monitor';

const THRESHOLDS: LoadThresholds = {
  busy: { loopDelayMs: 100, pendingPercent: 40, storeMs: 300, stalls: 2 },
  overloaded: { loopDelayMs: 400, pendingPercent: 70, storeMs: 1_000, stalls: 4 },
};

let now: number;
let changes: Load[];
let delay: number;
let pending: number;
let pong: { resolve: () => void; reject: (error: Error) => void };
let monitor: LoadMonitor;
/** Everything that waits for a promise has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  [now, changes, delay, pending] = [0, [], 0, 0];
  monitor = new LoadMonitor({
    thresholds: THRESHOLDS,
    loopDelayMs: () => delay,
    pendingPercent: () => pending,
    ping: () => new Promise<void>((resolve, reject) => (pong = { resolve, reject })),
    onChange: (load) => void changes.push(load),
    now: () => now,
  });
});

const look = (times: number): void => {
  for (let count = 0; count < times; count += 1) monitor.look();
};

test('promise 6: the delay of the event loop and what waits make it shed, and each change is told once', () => {
  delay = 400;
  look(5);
  [delay, pending] = [0, 30];
  look(20);
  expect(changes).toEqual(['overloaded', 'busy']);
  pending = 0;
  look(20);
  expect(changes).toEqual(['overloaded', 'busy', 'normal']);
});

test('promise 6: a worker that stands still again and again sheds, although it is calm in between; a single time is a pause of the machine', async () => {
  const calmLooks = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      look(1);
      await settled();
    }
  };
  monitor = new LoadMonitor({ thresholds: THRESHOLDS, loopDelayMs: () => 0, pendingPercent: () => 0, ping: async () => undefined, onChange: (load) => void changes.push(load), now: () => now });
  monitor.stalled();
  await calmLooks(3);
  expect(changes).toEqual([]);
  now = 10_000;
  monitor.stalled();
  await calmLooks(2);
  now = 20_000;
  monitor.stalled();
  monitor.stalled();
  await calmLooks(10);
  expect(changes).toEqual(['busy', 'overloaded']);
  now = 49_999;
  await calmLooks(8);
  expect(changes).toEqual(['busy', 'overloaded']);
  now = 50_000;
  await calmLooks(16);
  expect(changes).toEqual(['busy', 'overloaded', 'busy', 'normal']);
});

test('other thresholds count from the next look on', () => {
  delay = 90;
  look(5);
  monitor.change({ ...THRESHOLDS, busy: { ...THRESHOLDS.busy, loopDelayMs: 80 } });
  look(2);
  expect(changes).toEqual(['busy']);
});

test('a store that answers slowly makes it shed while the answer is awaited already', async () => {
  look(1);
  now = 1_000;
  look(2);
  expect(monitor.load).toBe('overloaded');
  pong.resolve();
  await settled();
  look(1);
  pong.resolve();
  await settled();
  look(20);
  expect(monitor.load).toBe('normal');
});

test('a store that is away is no reason to shed: what needs it is answered by itself', async () => {
  look(1);
  pong.reject(new Error('away'));
  await settled();
  for (let count = 0; count < 5; count += 1) {
    look(1);
    pong.reject(new Error('away'));
    await settled();
    now += 5_000;
  }
  expect([monitor.load, changes]).toEqual(['normal', []]);
});

test('as Node measures it: a worker that does nothing else for a second is late, and one that idles is not', async () => {
  const real = new LoadMonitor({
    thresholds: { ...THRESHOLDS, busy: { ...THRESHOLDS.busy, loopDelayMs: 100_000 }, overloaded: { ...THRESHOLDS.overloaded, loopDelayMs: 150 } },
    pendingPercent: () => 0,
    ping: () => Promise.resolve(),
    onChange: (load) => void changes.push(load),
    now: () => 0,
  });
  for (let round = 0; round < 6; round += 1) {
    const until = performance.now() + 300;
    while (performance.now() < until);
    await settled();
    if (round % 2 === 1) real.look();
  }
  expect(changes).toEqual(['overloaded']);
});
