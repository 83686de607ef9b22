import { performance } from 'node:perf_hooks';

/** Milliseconds since the epoch with fractions: the same clock in all processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The time that a text of a benchmark carries (`t=<ms>;...`). */
export function sentAt(text: string): number {
  return Number(text.slice(2, text.indexOf(';')));
}
