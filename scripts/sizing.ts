/**
 * `npm run sizing -- --users N [--users M ...] [--contacts C] [--texts-per-day T] ...`: what so many users need; docs/sizing.md. Every assumption may be
 * given by its name.
 */
import { parseArgs } from 'node:util';
import { sizing } from './sizing/arithmetic';
import { ASSUMPTIONS, DEFAULTS, type Assumptions } from './sizing/assumptions';
import { limitsOf, rowsOf } from './sizing/table';

const NAMES = Object.keys(ASSUMPTIONS) as (keyof Assumptions)[];
const optionOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function usage(why: string): number {
  const lines = NAMES.map((name) => `  --${optionOf(name).padEnd(18)} ${String(DEFAULTS[name]).padStart(5)}  ${ASSUMPTIONS[name].what}`);
  process.stderr.write(`sizing: ${why}\nusage: npm run sizing -- --users N [--users M ...] [ASSUMPTION ...]\n${lines.join('\n')}\n`);
  return 2;
}

function main(): number {
  const number = { type: 'string' } as const;
  const options = { users: { type: 'string', multiple: true }, ...Object.fromEntries(NAMES.map((name) => [optionOf(name), number])) } as const;
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
  const users = ((values['users'] ?? []) as readonly string[]).map(Number);
  const given = Object.fromEntries(NAMES.map((name) => [name, Number(values[optionOf(name)] ?? DEFAULTS[name])])) as unknown as Assumptions;
  const wrong = NAMES.find((name) => !(given[name] >= 0) || (ASSUMPTIONS[name].unit === '' && /Share|utilisation/.test(name) && given[name] > 1));
  if (users.length === 0 || users.some((each) => !(each > 0))) return usage('say how many users by --users, a number above 0');
  if (wrong !== undefined) return usage(`--${optionOf(wrong)} cannot be ${String(values[optionOf(wrong)])}`);
  const all = users.map((each) => sizing(each, given));
  const rows = [['users', ...users.map((each) => each.toLocaleString('en'))], ...rowsOf(all, given)].map((row) => row.map((cell) => cell.replace(/[*`]/g, '')));
  const width = Math.max(...rows.map(([what = '']) => what.length));
  for (const [what = '', ...cells] of rows) process.stdout.write(`${what.padEnd(width)}  ${cells.map((cell) => cell.padStart(16)).join('')}\n`);
  const [first] = all;
  if (first === undefined) return 2;
  process.stdout.write('\none of each part carries, the limit first:\n');
  for (const [part, carries] of limitsOf(first, given)) process.stdout.write(`  ${part.padEnd(12)} ${Math.floor(carries).toLocaleString('en').padStart(12)} users\n`);
  return 0;
}

process.exitCode = main();
