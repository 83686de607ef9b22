import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** The part of a V8 CPU profile (`node --cpu-prof`) that is read here. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds between the samples. */
  readonly timeDeltas: readonly number[];
}

/** Where the time of a program went. */
export interface SelfTime {
  readonly where: string;
  readonly ms: number;
}

const IDLE = new Set(['(idle)', '(program)', '(root)']);

/** Self time by function, most first; waiting is left out. Several profiles of one folder are added up. */
export function selfTimes(directory: string): readonly SelfTime[] {
  const times = new Map<string, number>();
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile;
    const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    profile.samples.forEach((id, index) => {
      const name = names.get(id) ?? '?';
      times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1_000);
    });
  }
  return [...times]
    .filter(([where]) => !IDLE.has(where))
    .map(([where, ms]) => ({ where, ms }))
    .sort((one, other) => other.ms - one.ms);
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.replace(/^file:\/\//, '').split('/').slice(-3).join('/');
  return `${name} ${file}:${lineNumber + 1}`;
}
