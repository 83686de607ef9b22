/**
 * `npm run bench -- cpu`: CPU time of the worker for one message across, at a fixed rate, in both directions and both
 * dialects, in rounds of a second. CPU time says something on a busy machine too, where delays do not; what other programs
 * do can only add to it (caches, interrupts), so the least of the rounds is told beside the median. With `--profile DIR` each of them leaves
 * a profile there (open it in any browser's developer tools), and the functions that took most are printed.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { selfTimes } from './support/profile';
import { percentile, type Report } from './support/report';
import { DIRECTIONS, lostIn, Rig, type Direction, type RigOptions, type Run } from './support/rig';

export interface CpuOptions {
  readonly rate?: number;
  readonly seconds: number;
  readonly profile?: string;
  /** Only the cases whose name holds this text. */
  readonly only?: string;
}

const RATE = 1_000;
/** DESIGN section 9. */
const TARGET_MS = 0.15;

export async function benchCpu(options: CpuOptions, report: Report): Promise<void> {
  for (const store of ['memory', 'redis'] as const) {
    for (const dialect of ['microsoft', 'simple'] as const) {
      for (const direction of DIRECTIONS) {
        const name = `${direction}, ${dialect}, ${store}`;
        if (name.includes(options.only ?? '')) await one(name, { store, dialect }, direction, options, report);
      }
    }
  }
}

async function one(name: string, rigOptions: RigOptions, direction: Direction, options: CpuOptions, report: Report): Promise<void> {
  const { rate = RATE, seconds, profile } = options;
  const directory = profile === undefined ? undefined : join(profile, name.replace(/[^A-Za-z]+/g, '-'));
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  const rig = await Rig.start({ ...rigOptions, ...(directory !== undefined && { nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${directory}`] }) });
  try {
    report.heading(name);
    await rig.run(direction, 500, 2); // warm-up: opens the sessions, fills the caches, lets the compiler do its work
    const runs: Run[] = [];
    for (let round = 0; round < seconds; round += 1) runs.push(await rig.run(direction, rate, 1));
    const perMessage = runs.map((run) => (run.cpu['worker'] ?? 0) / Math.max(1, run.arrived));
    const target = rigOptions.store === 'redis' ? TARGET_MS : null;
    report.add(`${name}: worker's CPU at ${rate}/s, least of ${runs.length}`, percentile(perMessage, 0), 'ms/msg', target);
    report.add(`${name}: worker's CPU at ${rate}/s, median`, percentile(perMessage, 0.5), 'ms/msg');
    report.add(`${name}: lost or returned`, runs.reduce((sum, run) => sum + lostIn(run) + run.returned, 0), 'msg', 0);
  } finally {
    await rig.stop();
  }
  if (directory !== undefined) report.profile(selfTimes(directory));
}
