/** `npm run bench -- NAME [--rate R] [--seconds S] [--watches N] [--json]` */
import { parseArgs } from 'node:util';
import { benchIm, machine } from './im';
import { benchPresence } from './presence';
import { Report } from './support/report';

const BENCHES = { im: benchIm, presence: benchPresence } as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rate: { type: 'string' }, seconds: { type: 'string' }, watches: { type: 'string' }, json: { type: 'boolean' } },
  });
  const name = positionals[0] as keyof typeof BENCHES | undefined;
  const bench = name === undefined ? undefined : BENCHES[name];
  const seconds = Number(values.seconds ?? 5);
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  const watches = values.watches === undefined ? undefined : Number(values.watches);
  if (bench === undefined || name === undefined || !(seconds > 0) || (rate !== undefined && !(rate > 0)) || (watches !== undefined && !(watches >= 10))) {
    process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--rate R] [--seconds S] [--watches N] [--json]\n`);
    return 2;
  }
  const json = values.json === true;
  if (!json) process.stdout.write(`${machine()}\n`);
  const report = new Report(name, json);
  await bench({ seconds, ...(rate !== undefined && { rate }), ...(watches !== undefined && { watches }) }, report);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
