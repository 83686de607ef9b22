import { percentile, type Report } from './report';
import { DIRECTIONS, lostIn, Rig, type Direction, type Run } from './rig';

interface CostOptions {
  readonly rate?: number;
  readonly seconds: number;
}

/** How many of each part. */
interface Layout {
  readonly workers: number;
  readonly sipServers: number;
  readonly anchor: boolean;
}

const LAYOUTS: readonly Layout[] = [
  { workers: 1, sipServers: 1, anchor: true },
  { workers: 1, sipServers: 1, anchor: false },
  { workers: 2, sipServers: 1, anchor: true },
  { workers: 2, sipServers: 1, anchor: false },
  { workers: 1, sipServers: 2, anchor: true },
  { workers: 2, sipServers: 2, anchor: true },
];
/** Of each worker: low enough that two cores carry two workers and all that is around them. */
const RATE = 500;
const WARM_UP_SECONDS = 4;
/** DESIGN section 9: two workers and two SIP servers against one of each. */
const TARGET_GAIN = 1.8;
/** The parts of which there may be several. */
const SCALED = ['worker', 'sip server'] as const;

type Costs = Readonly<Record<string, number>>;

/** CPU time of each part for one message across. */
export async function benchCost({ rate = RATE, seconds }: CostOptions, report: Report): Promise<void> {
  const costs = new Map<string, Costs>();
  for (const layout of LAYOUTS) {
    report.heading(`${nameOf(layout)}: ${rate} messages/s for each worker`);
    const rig = await Rig.start({ store: 'redis', dialect: 'microsoft', ...layout });
    try {
      for (const direction of DIRECTIONS) costs.set(`${nameOf(layout)} ${direction}`, await costOf(rig, layout, direction, rate, seconds, report));
    } finally {
      await rig.stop();
    }
  }
  gains(costs, report);
}

function nameOf({ workers, sipServers, anchor }: Layout): string {
  return `${workers} worker${workers > 1 ? 's' : ''}, ${sipServers} SIP server${sipServers > 1 ? 's' : ''}${anchor ? '' : ' without anchor'}`;
}

async function costOf(rig: Rig, layout: Layout, direction: Direction, rate: number, seconds: number, report: Report): Promise<Costs> {
  const all = rate * layout.workers;
  await rig.run(direction, all, WARM_UP_SECONDS); // opens the sessions, and lets the compiler do its work
  const runs: Run[] = [];
  for (let round = 0; round < seconds; round += 1) runs.push(await rig.run(direction, all, 1));
  const name = `${nameOf(layout)}: ${direction}`;
  const parts = Object.keys(runs[0]?.cpu ?? {});
  const costs = Object.fromEntries(parts.map((part) => [part, percentile(runs.map((run) => (run.cpu[part] ?? 0) / Math.max(1, run.arrived)), 0.5)]));
  for (const part of parts) report.add(`${name}, ${part}`, costs[part] ?? 0, 'ms/msg');
  report.add(`${name}, lost or returned`, runs.reduce((sum, run) => sum + lostIn(run) + run.returned, 0), 'msg', 0);
  return costs;
}

/** How many times as many messages two of a part carry, by their CPU time: twice what they would at the cost that one has alone. */
function gains(costs: ReadonlyMap<string, Costs>, report: Report): void {
  const last = LAYOUTS[LAYOUTS.length - 1];
  const first = LAYOUTS[0];
  if (first === undefined || last === undefined) return;
  report.heading(`${nameOf(last)} against ${nameOf(first)}, by CPU time`);
  for (const direction of DIRECTIONS) {
    const [one, two] = [costs.get(`${nameOf(first)} ${direction}`), costs.get(`${nameOf(last)} ${direction}`)];
    for (const part of SCALED) report.add(`${direction}: what two of ${part} carry`, (2 * (one?.[part] ?? 0)) / (two?.[part] ?? Infinity), 'x', TARGET_GAIN, 'least');
  }
}
