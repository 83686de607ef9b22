import { readFileSync } from 'node:fs';

/** Clock ticks per second of /proc (USER_HZ is 100 on Linux). */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used so far, user and system, milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

/** What each named process uses between `start` and `read`. */
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
