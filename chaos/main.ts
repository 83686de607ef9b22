/**
 * `npm run chaos [-- --only "worker killed"] [--dialect microsoft|simple] [--rate R] [--seconds S] [--verbose] [--json]`
 *
 * Texts both ways through two workers on real servers while one part after another is killed or restarted; for each, what
 * became of every text. Exit code 1 when a text was lost or came out of order (promises 1 and 2).
 */
import { parseArgs } from 'node:util';
import { FAULTS } from './faults';
import type { Tally } from './ledger';
import { runFault, type ChaosOptions, type ChaosResult } from './run';

const COLUMNS = ['sent', 'delivered', 'returned', 'misreported', 'doubled', 'inSocket', 'lost', 'outOfOrder'] as const satisfies readonly (keyof Tally)[];
const WIDTH = 12;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      dialect: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      verbose: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const options: ChaosOptions = {
    dialect: values.dialect === 'simple' ? 'simple' : 'microsoft',
    rate: Number(values.rate ?? 500),
    seconds: Number(values.seconds ?? 15),
    awaySeconds: 2,
    settleSeconds: 60,
  };
  const faults = FAULTS.filter(({ name }) => values.only === undefined || values.only.includes(name));
  if (faults.length === 0 || !(options.rate > 0) || !(options.seconds > 0)) {
    process.stderr.write(`usage: npm run chaos -- [--only NAME] [--dialect microsoft|simple] [--rate R] [--seconds S] [--verbose] [--json]\nNAME: ${FAULTS.map(({ name }) => `"${name}"`).join(', ')}\n`);
    return 2;
  }
  if (values.json !== true) process.stdout.write(`${options.rate} texts a second each way for ${options.seconds} s, dialect ${options.dialect}\n${heading()}`);
  let broken = false;
  for (const fault of faults) {
    const result = await runFault(fault, options);
    process.stdout.write(values.json === true ? `${JSON.stringify({ ...result, fault: fault.name })}\n` : table(result));
    if (values.verbose === true) for (const text of result.lost) process.stdout.write(`  lost: ${text}\n`);
    broken ||= breaksPromise(result);
  }
  return broken ? 1 : 0;
}

/** Every text has one known outcome and its place in the order, but for what only acknowledgements could save (`inSocket`). */
function breaksPromise({ tallies }: ChaosResult): boolean {
  return Object.values(tallies).some(({ lost, outOfOrder }) => lost + outOfOrder > 0);
}

function heading(): string {
  return `${'fault'.padEnd(26)}${'direction'.padEnd(10)}${COLUMNS.map((column) => column.padStart(WIDTH)).join('')}${'settled ms'.padStart(WIDTH)}\n`;
}

function table({ fault, tallies, settledMs }: ChaosResult): string {
  return (['to SIP', 'to XMPP'] as const)
    .map((direction) => {
      const cells = COLUMNS.map((column) => String(tallies[direction][column]).padStart(WIDTH)).join('');
      return `${fault.name.padEnd(26)}${direction.padEnd(10)}${cells}${settledMs.toFixed(0).padStart(WIDTH)}\n`;
    })
    .join('');
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
