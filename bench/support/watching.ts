import { now } from './clock';
import { DOMAIN, reaches, type PresenceWorld } from './presence-world';
import type { Report } from './report';
import type { Pair } from './watch-protocol';

export type { Pair } from './watch-protocol';

/** The rate at which users ask. */
const ASK_RATE = 1_000;
/** Users who ask at a time: no more than a machine that does other things too can bear. */
const AT_A_TIME = 400;
/** SIP watchers who subscribe at a time. */
const WINDOW = 200;

export const pairs = (count: number, user: string, contact: string): Pair[] =>
  Array.from({ length: count }, (_each, index) => ({ user: `${user}${index}@${DOMAIN}`, contact: `${contact}${index}@${DOMAIN}` }));

/** How many contacts are shown in a state to their users; `of`: of those whose address begins so. */
export const shownAs = (world: PresenceWorld, state: string, of = '') => async (): Promise<number> => (await world.shown(of)).shown[state] ?? 0;

/** How many SIP watchers were told a state; `of`: of those whose address begins so. */
export const toldAs = (world: PresenceWorld, state: string, of = '') => async (): Promise<number> => (await world.watches(of)).told[state] ?? 0;

/** Users ask to see contacts, the next of them when those before have seen; false: some never did. */
export async function openOutward(world: PresenceWorld, outward: readonly Pair[]): Promise<boolean> {
  const shown = shownAs(world, 'available');
  for (let asked = 0; asked < outward.length; ) {
    const next = outward.slice(asked, asked + AT_A_TIME);
    await world.xmpp.run({ do: 'ask', pairs: next, rate: ASK_RATE });
    asked += next.length;
    if (!(await reaches(shown, asked - AT_A_TIME / 2))) return false;
  }
  return reaches(shown, outward.length);
}

/** SIP users watch; false: some were never told. */
export async function openInward(world: PresenceWorld, inward: readonly Pair[]): Promise<boolean> {
  await world.sip.run({ do: 'watch', watches: inward, window: WINDOW });
  return reaches(toldAs(world, 'open'), inward.length);
}

/** @throws Error when some watch never stands */
export async function openWatches(world: PresenceWorld, outward: readonly Pair[], inward: readonly Pair[]): Promise<void> {
  if (!(await openOutward(world, outward)) || !(await openInward(world, inward))) throw new Error('setting up the watches came to a standstill');
}

/** The time until so many are counted; where it comes to a standstill before, that is told, and how many were missing. */
export async function timed(what: string, count: () => Promise<number>, wanted: number, report: Report, target: number, begun = now()): Promise<void> {
  if (await reaches(count, wanted)) return report.add(what, now() - begun, 'ms', target);
  report.add(`${what}: never came`, wanted - (await count()), '', 0);
}

/** Nothing is under way any more. */
export async function settled(world: PresenceWorld): Promise<void> {
  for (let last = -1; ; ) {
    const { opened, notified, accepted } = await world.watches();
    if (opened + notified + accepted === last) return;
    last = opened + notified + accepted;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
