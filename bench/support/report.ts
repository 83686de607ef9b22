import type { SelfTime } from './profile';

const TOP = 40;

/** One measured figure. `target` and `met` are null where DESIGN section 9 sets none. */
export interface Figure {
  readonly bench: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number | null;
  readonly met: boolean | null;
}

/** Collects figures and prints them as they come: a table, or one JSON object a line. */
export class Report {
  readonly figures: Figure[] = [];

  constructor(
    private readonly bench: string,
    private readonly json: boolean,
  ) {}

  heading(text: string): void {
    if (!this.json) process.stdout.write(`\n${text}\n`);
  }

  /** The functions that took most of the time. */
  profile(times: readonly SelfTime[]): void {
    const total = times.reduce((sum, { ms }) => sum + ms, 0);
    const lines = times.slice(0, TOP).map(({ where, ms }) => `  ${((100 * ms) / total).toFixed(1).padStart(5)} %  ${where}`);
    this.heading(lines.join('\n'));
  }

  /** `most`: the value must not exceed the target; `least`: it must reach it. */
  add(what: string, value: number, unit: string, target: number | null = null, bound: 'most' | 'least' = 'most'): void {
    const met = target === null ? null : bound === 'most' ? value <= target : value >= target;
    const figure = { bench: this.bench, what, value: Number(value.toPrecision(4)), unit, target, met };
    this.figures.push(figure);
    process.stdout.write(this.json ? `${JSON.stringify(figure)}\n` : line(figure));
  }
}

function line({ what, value, unit, target, met }: Figure): string {
  const verdict = target === null ? '' : `target ${Number(target.toPrecision(4))} ${unit}: ${met === true ? 'met' : 'NOT met'}`;
  return `  ${what.padEnd(58)} ${String(value).padStart(9)} ${unit.padEnd(7)} ${verdict}\n`;
}

/** The value below which `share` of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
