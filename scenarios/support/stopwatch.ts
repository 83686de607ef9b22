import { readFileSync } from 'node:fs';

/**
 * Milliseconds since the machine's start in which at least one program waited for a CPU (Linux, pressure stall information:
 * Documentation/accounting/psi.rst, "some total"). 0 where the kernel does not tell.
 */
function starvedMs(): number {
  try {
    return Number(/^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1] ?? 0) / 1_000;
  } catch {
    return 0;
  }
}

/** Measures what the program takes, on a machine that may be busy with something else. */
export class Stopwatch {
  private readonly begun = performance.now();
  private readonly starved = starvedMs();

  /** Time since it was started. */
  get tookMs(): number {
    return performance.now() - this.begun;
  }

  /**
   * The same without the time in which programs waited for a CPU: the least that can be held against ours. A promise about
   * time is held to this one; on a machine that is idle but for the test the two are nearly the same.
   */
  get unhinderedMs(): number {
    return Math.max(0, this.tookMs - (starvedMs() - this.starved));
  }
}
