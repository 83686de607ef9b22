import { readdirSync, readFileSync } from 'node:fs';

/** CPU time that all threads of a process have used so far, user and system, milliseconds (/proc: schedstat, nanoseconds). */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ', 1)[0]), 0) / 1e6;
}

/** What the processes of each name use together between `start` and `read`. Threads that end in between are not counted; the programs here have none. */
export class CpuMeter {
  private begun: Record<string, number> = {};

  constructor(private readonly pids: Readonly<Record<string, readonly number[]>>) {}

  start(): void {
    this.begun = this.used();
  }

  /** Milliseconds of CPU by name since `start`. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.used()).map(([name, ms]) => [name, ms - (this.begun[name] ?? 0)]));
  }

  private used(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.pids).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + cpuMs(pid), 0)]));
  }
}
