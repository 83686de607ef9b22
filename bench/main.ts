/** `npm run bench -- NAME [options]`; which options count is said by each benchmark. */
import { parseArgs } from 'node:util';
import { benchCluster } from './cluster';
import { benchAnchor } from './anchor';
import { benchCpu } from './cpu';
import { benchIm, machine } from './im';
import { benchPresence } from './presence';
import { benchSizing } from './sizing';
import { Report } from './support/report';

const BENCHES = { anchor: benchAnchor, im: benchIm, cpu: benchCpu, presence: benchPresence, cluster: benchCluster, sizing: benchSizing } as const;
const USAGE = `usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--rate R] [--seconds S] [--watches N] [--profile DIR] [--only TEXT] [--drachtio HOST:PORT] [--json]\n`;

/** A number of at least `least`. Undefined: the option is not given. NaN: it is no such number. */
function numberFrom(text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  return Number(text) >= least ? Number(text) : NaN;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      watches: { type: 'string' },
      profile: { type: 'string' },
      only: { type: 'string' },
      drachtio: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const name = positionals[0] as keyof typeof BENCHES | undefined;
  const bench = name === undefined ? undefined : BENCHES[name];
  const { profile, only, drachtio, json } = values;
  const seconds = numberFrom(values.seconds, Number.MIN_VALUE) ?? NaN;
  const rate = numberFrom(values.rate, Number.MIN_VALUE);
  const watches = numberFrom(values.watches, 10);
  if (bench === undefined || name === undefined || [seconds, rate, watches].some(Number.isNaN)) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (!json) process.stdout.write(`${machine()}\n`);
  const numbers = { ...(rate !== undefined && { rate }), ...(watches !== undefined && { watches }) };
  const texts = { ...(profile !== undefined && { profile }), ...(only !== undefined && { only }), ...(drachtio !== undefined && { drachtio }) };
  await bench({ seconds, ...numbers, ...texts }, new Report(name, json));
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
