/**
 * `npm run bench -- presence`: watches in both directions, held by one worker on Redis; what they cost, and how soon all
 * is right again after a failure. The XMPP server and the SIP server of the far side are light programs of the
 * benchmark, so that they are not what is measured; the SIP stack is sipd in a process of its own.
 */
import { mkdirSync } from 'node:fs';
import type { Gateway } from '../scenarios/support/gateway';
import { now } from './support/clock';
import { cpuMs } from './support/cpu';
import { DOMAIN, PresenceWorld, reaches, type Memory } from './support/presence-world';
import { selfTimes } from './support/profile';
import type { Report } from './support/report';
import { openInward, openOutward, pairs, settled, shownAs, timed, toldAs, type Pair } from './support/watching';

export interface PresenceOptions {
  /** Watches of each direction; default 10,000. */
  readonly watches?: number;
  /** Only what a killed worker costs; the profile of the one that takes over is left here, and told. */
  readonly profile?: string;
}

/** DESIGN section 9. */
const TARGET = { workerBytes: 2_000, redisBytes: 1_500, fanOutMs: 2_000, recoveryMs: 10_000 };
const WATCHERS_OF_ONE = 1_000;
/** How often a real watch is refreshed: every 105 minutes. */
const REFRESH_SECONDS = 6_300;
/** The rate at which refreshes come in the compressed run, per second. */
const REFRESH_RATE = 400;

export async function benchPresence({ watches = 10_000, profile }: PresenceOptions, report: Report): Promise<void> {
  const world = await PresenceWorld.start();
  const outward = pairs(watches, 'ann', 'bob');
  const inward = pairs(watches, 'anna', 'carol');
  try {
    const worker = await world.startWorker('w1');
    await setUp(world, worker, outward, inward, report);
    if (profile !== undefined) return await profiled(world, worker, { watches, inward, directory: profile }, report);
    await refreshes(world, worker, watches, report);
    await oneUser(world, worker, report);
    await failures(world, worker, watches, inward, report);
  } finally {
    await world.stop();
  }
}

async function setUp(world: PresenceWorld, worker: Gateway, outward: readonly Pair[], inward: readonly Pair[], report: Report): Promise<void> {
  report.heading(`Set-up: ${outward.length} outward and ${inward.length} inward watches`);
  await phase(world, worker, 'outward', outward.length, report, () => openOutward(world, outward));
  await phase(world, worker, 'inward', inward.length, report, () => openInward(world, inward));
}

/** What setting up costs, and what is held afterwards, of each watch. */
async function phase(world: PresenceWorld, worker: Gateway, direction: string, count: number, report: Report, work: () => Promise<boolean>): Promise<void> {
  const before = await held(world, worker);
  const [begun, cpu] = [now(), cpuMs(worker.pid)];
  if (!(await work())) throw new Error(`${direction} watches came to a standstill`);
  const seconds = (now() - begun) / 1_000;
  report.add(`${direction}: set up`, count / seconds, 'watch/s');
  report.add(`${direction}: CPU of the worker for one set-up`, (cpuMs(worker.pid) - cpu) / count, 'ms');
  await settled(world); // what was handed over leaves the records
  const after = await held(world, worker);
  report.add(`${direction}: one watch in the worker, heap`, (after.worker.heapUsed - before.worker.heapUsed) / count, 'B', TARGET.workerBytes);
  report.add(`${direction}: one watch in the worker, resident`, (after.worker.rss - before.worker.rss) / count, 'B');
  report.add(`${direction}: one watch in Redis`, (after.redis - before.redis) / count, 'B', TARGET.redisBytes);
}

async function held(world: PresenceWorld, worker: Gateway): Promise<{ readonly worker: Memory; readonly redis: number }> {
  return { worker: await world.memoryOf(worker), redis: await world.redisBytes() };
}

/** Every watch is refreshed once, evenly, in a short time; one of many hours costs the same for each refresh. */
async function refreshes(world: PresenceWorld, worker: Gateway, count: number, report: Report): Promise<void> {
  report.heading(`Refreshes, each watch once; scaled to one in ${REFRESH_SECONDS} s`);
  const seconds = count / REFRESH_RATE;
  const before = await world.watches();
  // Told so, isthmus refreshes half way through the time: when all have been told.
  await world.sip.run({ do: 'shorten', seconds, expiresSeconds: Math.ceil(seconds + 4) * 2 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const cpu = cpuMs(worker.pid);
  const from = (await world.watches()).refreshed;
  await reaches(async () => (await world.watches()).refreshed, before.refreshed + count);
  await settled(world);
  const done = (await world.watches()).refreshed - from;
  const outward = (cpuMs(worker.pid) - cpu) / Math.max(1, done);
  report.add('outward: CPU of the worker for one refresh', outward, 'ms');
  const again = cpuMs(worker.pid);
  await world.sip.run({ do: 'refresh', seconds });
  await settled(world);
  const inward = (cpuMs(worker.pid) - again) / count;
  report.add('inward: CPU of the worker for one refresh', inward, 'ms');
  const idle = cpuMs(worker.pid);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const rest = (cpuMs(worker.pid) - idle) / 5_000;
  report.add('CPU of the worker while nothing happens', rest * 100, '%');
  report.add('CPU of the worker with all refreshes', (((outward + inward) * count) / REFRESH_SECONDS / 1_000 + rest) * 100, '%');
}

async function oneUser(world: PresenceWorld, worker: Gateway, report: Report): Promise<void> {
  report.heading(`One user with ${WATCHERS_OF_ONE} watchers`);
  const user = `annstar@${DOMAIN}`;
  const watchers = Array.from({ length: WATCHERS_OF_ONE }, (_each, index) => ({ user, contact: `dave${index}@${DOMAIN}` }));
  const open = await toldAs(world, 'open')();
  await world.sip.run({ do: 'watch', watches: watchers, window: 100 });
  await reaches(toldAs(world, 'open'), open + WATCHERS_OF_ONE);
  await settled(world);
  const before = await world.memoryOf(worker);
  for (const [show, said] of [['away', 'away'], ['dnd', 'busy']] as const) {
    await world.xmpp.run({ do: 'show', pairs: watchers, show });
    await timed(`${show}: all told`, toldAs(world, said), WATCHERS_OF_ONE, report, TARGET.fanOutMs);
  }
  const after = await world.memoryOf(worker);
  report.add('memory of the worker after two changes, more by', (after.heapUsed - before.heapUsed) / 1_000, 'kB');
}

interface Profiled {
  readonly watches: number;
  readonly inward: readonly Pair[];
  readonly directory: string;
}

async function profiled(world: PresenceWorld, first: Gateway, { watches, inward, directory }: Profiled, report: Report): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const second = await takenOver(world, first, watches, inward, report, ['--cpu-prof', `--cpu-prof-dir=${directory}`]);
  await second.stop();
  report.profile(selfTimes(directory));
}

/** A worker is killed, another one does its work from then on. */
async function takenOver(world: PresenceWorld, first: Gateway, watches: number, inward: readonly Pair[], report: Report, nodeArgs: readonly string[] = []): Promise<Gateway> {
  const sample = sampleOf(inward);
  report.heading(`A worker is killed; ${watches} watches of each direction, ${sample.length} inward users who change meanwhile`);
  const second = await world.startWorker('w2', nodeArgs);
  await settled(world);
  const cpu = cpuMs(second.pid);
  await right(world, 'killed, another one takes over', { shows: 'dnd', tells: 'busy', watches, sample }, report, async () => first.kill('SIGKILL'));
  report.add('CPU of the other worker for one watch of each direction', (cpuMs(second.pid) - cpu) / watches, 'ms');
  return second;
}

async function failures(world: PresenceWorld, first: Gateway, watches: number, inward: readonly Pair[], report: Report): Promise<void> {
  const sample = sampleOf(inward);
  const second = await takenOver(world, first, watches, inward, report);
  await right(world, 'killed, the only one, and started again', { shows: 'away', tells: 'away', watches, sample }, report, async () => {
    second.kill('SIGKILL');
    await second.exited;
    await world.startWorker('w1');
  });
  report.heading('The SIP server is killed and started again');
  await right(world, 'SIP server restarted', { shows: 'dnd', tells: 'busy', watches, sample }, report, () => world.restartSipServer());
}

function sampleOf(inward: readonly Pair[]): readonly Pair[] {
  return inward.slice(0, Math.ceil(inward.length / 10));
}

interface Truth {
  /** What the contacts' state is from now on: in XMPP's word, and in SIP's. */
  readonly shows: 'dnd' | 'away';
  readonly tells: 'busy' | 'away';
  readonly watches: number;
  readonly sample: readonly Pair[];
}

/** Something fails; meanwhile everybody changes his state; from when it is back: how long until all see the truth? */
async function right(world: PresenceWorld, what: string, truth: Truth, report: Report, fail: () => Promise<void>): Promise<void> {
  const { shows, tells, watches, sample } = truth;
  await world.sip.run({ do: 'state', activity: tells });
  await world.xmpp.run({ do: 'present', show: shows });
  const told = await toldAs(world, tells)();
  await fail();
  const begun = now();
  await reaches(async () => (await world.shown()).streams, 1);
  await world.xmpp.run({ do: 'show', pairs: sample, show: shows });
  await Promise.all([
    timed(`${what}: contacts shown as they are`, shownAs(world, shows), watches, report, TARGET.recoveryMs, begun),
    timed(`${what}: SIP watchers told`, toldAs(world, tells), told + sample.length, report, TARGET.recoveryMs, begun),
  ]);
  await settled(world);
}
