import { WatchCluster } from './support/cluster';

/** How many lives; `LAW_RUNS=20` tries twenty times as many. */
const SEEDS = 2000 * Number(process.env['LAW_RUNS'] ?? 1);
const HOUR = 3_600;

/** Everything that may happen to a pair whose SIP user watches, and then an hour of quiet. */
function lived(seed: number): WatchCluster {
  const cluster = new WatchCluster(seed, seed % 3 === 0 ? 'microsoft' : 'simple');
  cluster.play(30);
  cluster.clock.pass(HOUR);
  // A refresh may be under way at that very moment.
  for (let seconds = 0; seconds < 10 && cluster.record.effects.length > 0; seconds += 1) cluster.clock.pass(1);
  return cluster;
}

describe('a simulated cluster: two workers, losses, repetitions, deaths, restarts, policy', () => {
  test('promise 3: after quiet every device shows the truth, and the gateway holds its watch and no other', () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { devices, record, truth } = lived(seed);
      const live = devices.filter(({ watching }) => watching);
      for (const { name, shows } of live) expect({ seed, name, shows: truth.includes(shows ?? '') || { shows, truth } }).toEqual({ seed, name, shows: true });
      const held = record.inward.watches.map(({ dialog }) => dialog.callId).sort();
      expect({ seed, held }).toEqual({ seed, held: live.map(({ callId }) => callId).sort() });
      expect({ seed, open: record.effects }).toEqual({ seed, open: [] });
    }
  });

  test('no watch leaks: when all devices are gone, nothing is held and nothing is due', () => {
    for (let seed = 1; seed <= SEEDS / 10; seed += 1) {
      const cluster = lived(seed);
      for (const device of cluster.devices) device.vanish();
      cluster.clock.pass(HOUR);
      const { inward, effects } = cluster.record;
      expect({ seed, watches: inward.watches, effects }).toEqual({ seed, watches: [], effects: [] });
    }
  });
});
