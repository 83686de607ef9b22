/**
 * `npm run flood [-- --only "one peer"] [--rate R] [--seconds S] [--texts T] [--json]`
 *
 * SUBSCRIBE after SUBSCRIBE from one peer and from many, while ordinary users of another peer write to each other: what
 * becomes of their texts, how long they take, and what the worker needs of memory. Exit code 1 when texts got lost.
 */
import { parseArgs } from 'node:util';
import { FLOODS, runFlood, type FloodName, type FloodResult } from './flood';

const SHARE = 100;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, rate: { type: 'string' }, seconds: { type: 'string' }, texts: { type: 'string' }, json: { type: 'boolean' } },
  });
  const options = { rate: Number(values.rate ?? 10_000), seconds: Number(values.seconds ?? 60), texts: Number(values.texts ?? 20) };
  const names = (Object.keys(FLOODS) as FloodName[]).filter((name) => values.only === undefined || values.only.includes(name));
  if (names.length === 0 || !Object.values(options).every((value) => value > 0)) {
    process.stderr.write(`usage: npm run flood -- [--only NAME] [--rate R] [--seconds S] [--texts T] [--json]\nNAME: ${Object.keys(FLOODS).map((name) => `"${name}"`).join(', ')}\n`);
    return 2;
  }
  let lost = 0;
  for (const name of names) {
    const result = await runFlood(name, options);
    process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : lines(result));
    lost += result.tallies['to SIP'].lost + result.tallies['to XMPP'].lost;
  }
  return lost > 0 ? 1 : 0;
}

function lines({ name, sentPerSecond, answers, tallies, p50, p99, rssBefore, rssMost, rssAfter, questions }: FloodResult): string {
  const share = (['to SIP', 'to XMPP'] as const).map((direction) => {
    const { sent, delivered, returned, lost } = tallies[direction];
    return `${direction} ${((SHARE * delivered) / Math.max(1, sent)).toFixed(2)} % of ${sent} delivered, ${returned} returned, ${lost} lost`;
  });
  const told = Object.entries(answers).map(([status, count]) => `${status}: ${count}`);
  return [
    `${name}: ${sentPerSecond.toFixed(0)} SUBSCRIBE/s (${told.join(', ')})`,
    `  ${share.join('; ')}`,
    `  p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; RSS ${rssBefore.toFixed(0)} MB before, ${rssMost.toFixed(0)} at most, ${rssAfter.toFixed(0)} after; ${questions} presence stanzas to users`,
    '',
  ].join('\n');
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`flood: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
