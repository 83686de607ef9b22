import { now } from './clock';
import { PresenceWorld } from './presence-world';
import type { Report } from './report';
import { openWatches, pairs, settled, shownAs, timed, toldAs, type Pair } from './watching';

interface KillOptions {
  readonly watches?: number;
}

/** DESIGN section 9: back from a killed worker. */
const RECOVERY_MS = 10_000;
/** Within so long after the kill every SIP watcher refreshes. */
const REFRESH_SECONDS = 20;
/** Of the watches, in which there is a change just before or right after the kill. */
const SHARE = 0.1;
const LOOK_MS = 200;
const LONGEST_MS = 30_000;

interface Watches {
  readonly outward: readonly Pair[];
  readonly outwardChanged: readonly Pair[];
  readonly inward: readonly Pair[];
  readonly inwardChanged: readonly Pair[];
  /** Whose change is under way when the worker dies. */
  readonly inwardUnderWay: readonly Pair[];
}

/** Two workers hold watches of both directions, and one is killed: what do the others see of it, and for how long? */
export async function benchKill(anchor: boolean, { watches: count = 10_000 }: KillOptions, report: Report): Promise<void> {
  const some = Math.ceil(count * SHARE);
  const watches: Watches = {
    outward: pairs(count - some, 'ann', 'bob'),
    outwardChanged: pairs(some, 'annc', 'bobc'),
    inward: pairs(count - 2 * some, 'anni', 'carol'),
    inwardChanged: pairs(some, 'annj', 'carolc'),
    inwardUnderWay: pairs(some, 'annk', 'carolu'),
  };
  const world = await PresenceWorld.start(anchor);
  try {
    const first = await world.startWorker('w1');
    await world.startWorker('w2');
    await openWatches(world, [...watches.outward, ...watches.outwardChanged], [...watches.inward, ...watches.inwardChanged, ...watches.inwardUnderWay]);
    await settled(world);
    report.heading(`${anchor ? 'With the anchor' : 'Without an anchor'}: two workers hold ${count} watches of each direction; one is killed. In ${some} of each a state changes right after it, in ${some} just before`);
    await changeSome(world, watches.inwardUnderWay);
    first.kill('SIGKILL');
    await first.exited;
    await aftermath(world, watches, some, report);
  } finally {
    await world.stop();
  }
}

/** Comes back when some of the SIP watchers have been told, so that the change of the others is under way. */
async function changeSome(world: PresenceWorld, underWay: readonly Pair[]): Promise<void> {
  await world.xmpp.run({ do: 'show', pairs: underWay, show: 'dnd' });
  const told = toldAs(world, 'busy', 'carolu');
  while ((await told()) < underWay.length / 10) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function aftermath(world: PresenceWorld, watches: Watches, some: number, report: Report): Promise<void> {
  const begun = now();
  const before = (await world.watches()).answers;
  await world.sip.run({ do: 'state', activity: 'away' });
  await world.sip.run({ do: 'announce', of: 'bobc' });
  await world.xmpp.run({ do: 'show', pairs: watches.inwardChanged, show: 'away' });
  await world.sip.run({ do: 'refresh', seconds: REFRESH_SECONDS, wait: false });
  await Promise.all([
    timed('changes of SIP users right after the kill: shown to all', shownAs(world, 'away', 'bobc'), some, report, RECOVERY_MS, begun),
    timed('changes of XMPP users right after the kill: told to all', toldAs(world, 'away', 'carolc'), some, report, RECOVERY_MS, begun),
    timed('changes under way at the kill: told to all', toldAs(world, 'busy', 'carolu'), some, report, RECOVERY_MS, begun),
    undone(world, begun, report),
  ]);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + (REFRESH_SECONDS + 2) * 1_000 - now())));
  await settled(world);
  answers(before, (await world.watches()).answers, report);
}

/** Until nothing is left that the dead worker had in hand. */
async function undone(world: PresenceWorld, begun: number, report: Report): Promise<void> {
  const most = await world.undoneOf('w1');
  report.add('pairs with effects that the dead worker left undone', most, '');
  let left = most;
  while (left > 0 && now() - begun < LONGEST_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    left = await world.undoneOf('w1');
  }
  if (left > 0) report.add('effects of the dead worker that stay undone', left, '', 0);
  else report.add('effects of the dead worker: all done', now() - begun, 'ms', RECOVERY_MS);
}

/** What the SIP side's requests were answered since then. */
function answers(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>, report: Report): void {
  for (const method of ['SUBSCRIBE', 'NOTIFY']) {
    const of = Object.keys(after).filter((answer) => answer.startsWith(method));
    const counts = of.map((answer) => [answer, (after[answer] ?? 0) - (before[answer] ?? 0)] as const).filter(([, count]) => count > 0);
    const good = counts.reduce((sum, [answer, count]) => sum + (answer.endsWith(' 200') ? count : 0), 0);
    const all = counts.reduce((sum, [, count]) => sum + count, 0);
    report.add(`${method} of the SIP side answered 200`, good, '');
    report.add(`${method} of the SIP side answered otherwise (${counts.filter(([answer]) => !answer.endsWith(' 200')).map(([answer, count]) => `${answer}: ${count}`).join(', ') || 'none'})`, all - good, '', 0);
  }
}
