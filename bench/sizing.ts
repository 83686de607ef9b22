/**
 * `npm run bench -- sizing [--watches N]`: what watches and changes of presence cost each part (the constants of scripts/sizing/measured.ts), and
 * whether the arithmetic of docs/sizing.md foretells what a busy hour costs: all kinds at once, as often as in that of 50,000 users.
 */
import { DEFAULTS } from '../scripts/sizing/assumptions';
import { coresOf, sizing, type Rates } from '../scripts/sizing/arithmetic';
import { now } from './support/clock';
import { CpuMeter } from './support/cpu';
import { PresenceWorld, reaches } from './support/presence-world';
import type { Report } from './support/report';
import { openInward, openOutward, pairs, settled, shownAs, toldAs, type Pair } from './support/watching';

export interface SizingOptions {
  /** Of each direction; default 3,000. */
  readonly watches?: number;
}

/** At which things happen one kind at a time, per second: enough to keep the worker busy. */
const RATE = 1_000;
/** Refreshes are told to come half way through a time that must be long enough to tell all. */
const REFRESH_RATE = 400;
const MIXED_USERS = 50_000;
const MIXED_SECONDS = 15;
const PARTS = ['worker', 'sip server', 'redis'] as const;

export async function benchSizing({ watches: count = 3_000 }: SizingOptions, report: Report): Promise<void> {
  const world = await PresenceWorld.start();
  try {
    const worker = await world.startWorker('w1');
    const meter = new CpuMeter({ worker: [worker.pid], 'sip server': [world.server.pid], redis: [world.redis.pid] });
    const [outward, inward] = [pairs(count, 'ann', 'bob'), pairs(count, 'anni', 'carol')];
    const one = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      meter.start();
      await work();
      await settled(world);
      const used = meter.read();
      for (const part of PARTS) report.add(`${what}: ${part}`, (used[part] ?? 0) / count, 'ms');
    };
    report.heading(`CPU time for one of ${count}`);
    await one('outwardSetUp', () => openOutward(world, outward));
    await one('inwardSetUp', () => openInward(world, inward));
    await one('outwardChange', () => allShown(world, count));
    await one('inwardChange', () => allTold(world, inward));
    await one('inwardRefresh', () => world.sip.run({ do: 'refresh', seconds: count / RATE }));
    await one('outwardRefresh, and being told when', () => refreshOutward(world, count));
    await busyHour(world, meter, inward, report);
  } finally {
    await world.stop();
  }
}

async function allShown(world: PresenceWorld, count: number): Promise<void> {
  await world.sip.run({ do: 'state', activity: 'away' });
  await world.sip.run({ do: 'announce', of: 'bob', rate: RATE });
  await reaches(shownAs(world, 'away'), count);
}

async function allTold(world: PresenceWorld, inward: readonly Pair[]): Promise<void> {
  await world.xmpp.run({ do: 'show', pairs: inward, show: 'dnd', rate: RATE });
  await reaches(toldAs(world, 'busy'), inward.length);
}

async function refreshOutward(world: PresenceWorld, count: number): Promise<void> {
  const seconds = count / REFRESH_RATE;
  const { refreshed } = await world.watches();
  await world.sip.run({ do: 'shorten', seconds, expiresSeconds: Math.ceil(seconds + 4) * 2 });
  await reaches(async () => (await world.watches()).refreshed, refreshed + count);
}

/** What the three kinds that go on all the time cost together, beside what the arithmetic says. */
async function busyHour(world: PresenceWorld, meter: CpuMeter, inward: readonly Pair[], report: Report): Promise<void> {
  const { busyHour: all } = sizing(MIXED_USERS, DEFAULTS);
  const rates: Rates = { ...all, text: 0, typing: 0, session: 0, outwardRefresh: 0 };
  report.heading(`As often as in the busy hour of ${MIXED_USERS} users, without texts: ${rates.inwardChange.toFixed(0)} changes each way and ${rates.inwardRefresh.toFixed(0)} refreshes a second`);
  const some = inward.slice(0, Math.round(rates.inwardChange * MIXED_SECONDS));
  const before = (await world.watches()).notified;
  await world.sip.run({ do: 'state', activity: 'busy' });
  meter.start();
  const begun = now();
  await world.sip.run({ do: 'refresh', seconds: inward.length / rates.inwardRefresh, wait: false });
  await Promise.all([
    world.sip.run({ do: 'announce', of: 'bob', rate: rates.outwardChange }),
    world.xmpp.run({ do: 'show', pairs: some, show: 'away', rate: rates.inwardChange }),
  ]);
  await reaches(async () => (await world.watches()).notified, before + some.length);
  const seconds = (now() - begun) / 1_000;
  const used = meter.read();
  const foretold = coresOf(rates);
  for (const part of PARTS) {
    report.add(`${part}: cores used`, (used[part] ?? 0) / 1_000 / seconds, 'cores');
    report.add(`${part}: cores by the arithmetic`, foretold[part], 'cores');
  }
}
