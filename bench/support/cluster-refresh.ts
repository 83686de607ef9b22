import type { Gateway } from '../../scenarios/support/gateway';
import { now } from './clock';
import { PresenceWorld, reaches } from './presence-world';
import type { Report } from './report';
import { openOutward, pairs, settled } from './watching';

interface RefreshOptions {
  readonly watches?: number;
}

/** At which refreshes fall due: light for two workers. */
const RATE = 100;
/** A pair that was moved when its worker was slow is its hash's again after at most so long without a request (docs/anchor.md, `pairSeconds`). */
const QUIET_MS = 60_000;
const METRICS = ['isthmus_commit_conflicts_total', 'isthmus_due_pairs_total{cause="own"}', 'isthmus_due_pairs_total{cause="overdue"}'] as const;

/** Two workers refresh subscriptions: how often do they get in each other's way? */
export async function benchRefresh({ watches = 1_000 }: RefreshOptions, report: Report): Promise<void> {
  const world = await PresenceWorld.start(true);
  try {
    const workers = [await world.startWorker('w1'), await world.startWorker('w2')];
    if (!(await openOutward(world, pairs(watches, 'ann', 'bob')))) throw new Error('setting up the watches came to a standstill');
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    report.heading(`Two workers behind the anchor hold ${watches} outward watches; all are refreshed, about ${RATE} a second`);
    const before = await sums(workers);
    const { refreshed } = await world.watches();
    const begun = now();
    const seconds = watches / RATE;
    await world.sip.run({ do: 'shorten', seconds, expiresSeconds: Math.ceil(seconds + 4) * 2 });
    await reaches(async () => (await world.watches()).refreshed, refreshed + watches);
    await settled(world);
    const took = (now() - begun) / 1_000;
    const after = await sums(workers);
    const all = (await world.watches()).refreshed - refreshed;
    report.add('refreshes', all, '');
    report.add('time that they took, and the telling before them', took, 's');
    METRICS.forEach((name, index) => report.add(`${name}, for each refresh`, ((after[index] ?? 0) - (before[index] ?? 0)) / Math.max(1, all), ''));
  } finally {
    await world.stop();
  }
}

async function sums(workers: readonly Gateway[]): Promise<readonly number[]> {
  const pages = await Promise.all(workers.map((worker) => worker.metrics()));
  return METRICS.map((name) => pages.reduce((sum, page) => sum + valueOf(page, name), 0));
}

function valueOf(page: string, name: string): number {
  const line = page.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}
