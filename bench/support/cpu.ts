import { readdirSync, readFileSync } from 'node:fs';

/** CPU time that all threads of a process have used so far, user and system, milliseconds (/proc: schedstat, nanoseconds). */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ', 1)[0]), 0) / 1e6;
}

/** What each named process uses between `start` and `read`. Threads that end in between are not counted; the programs here have none. */
export class CpuMeter {
  private begun: Record<string, number> = {};

  constructor(private readonly pids: Readonly<Record<string, number>>) {}

  start(): void {
    this.begun = Object.fromEntries(Object.entries(this.pids).map(([name, pid]) => [name, cpuMs(pid)]));
  }

  /** Milliseconds of CPU by process since `start`. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.pids).map(([name, pid]) => [name, cpuMs(pid) - (this.begun[name] ?? 0)]));
  }
}
