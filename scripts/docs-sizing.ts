import { sizing } from './sizing/arithmetic';
import { ASSUMPTIONS, DEFAULTS } from './sizing/assumptions';
import { COSTS, MEMORY, PARTS } from './sizing/measured';
import { limitsOf, rowsOf } from './sizing/table';

const USERS = [10_000, 100_000, 1_000_000];

const HEADER = `# What so many users need

Arithmetic over measured costs: a program (\`npm run sizing -- --users 50000 --contacts 50\`; every assumption may be given by its name).
Nobody has run a million users here. What was run is named with each number. Changes of presence and refreshes were also run together, as often as in
the busy hour of 50,000 users, and what that costs stands beside what the arithmetic says in the output of \`npm run bench -- sizing\`. All of it
ran on two shared cores that did other work too: the costs are rather too high than too low.
`;

const READING = `## How to read it

- Everything is as many times as much for as many times as many users; only whole servers are counted up. So one table is enough
  to see which part is the limit: the one that carries the fewest users and cannot be had twice.
- Workers are what is needed most, and the easiest to have more of: stateless, nothing is configured for each but its name. A
  pair's two sides meet in one worker, so that the cost of a message or a change does not grow with their number (bench/README.md).
- A worker is one process and keeps one core busy. More cores in a machine: more workers on it.
- Give each worker room in its cache (\`limits.maxCachedPairs\`), or every change costs one more round trip to Redis.
- Redis runs on one core. Beyond what one carries it is a cluster: the records lie in 256 hash tags that spread over its servers.
- Prosody runs on one core, and what crosses comes on top of what its own users write to each other. Beyond what one carries: ejabberd, which uses
  all cores and can be a cluster of its own (not measured here), or domains of their own with a Prosody each.
- SIP servers: figures of sipd for what goes on in dialogs, of drachtio-server where a source says so. Both use one core for most of what they do. UDP
  does not balance: peers must be given all addresses (SRV), or speak TCP to a balancer (docs/docker-compose.md).
- The last row is what a user notices when every SIP server dies at once. Of two or more only the dialogs of the dead one are opened again.
- What is not in it: encryption between the parts, logs at \`debug\`, archives and rosters of the XMPP server, search in directories.
`;

/** docs/sizing.md, generated: the numbers are those of scripts/sizing. */
export function writeSizingPage(): string {
  const all = USERS.map((users) => sizing(users, DEFAULTS));
  const results = rowsOf(all, DEFAULTS).map((row) => line(row));
  const assumptions = Object.entries(ASSUMPTIONS).map(([name, { value, unit, what }]) => line([`\`${name}\``, `${value} ${unit}`.trim(), what]));
  const costs = Object.values(COSTS).map((cost) => line([cost.what, ...PARTS.map((part) => String(Number(cost[part].toPrecision(2)))), cost.source]));
  const memory = Object.values(MEMORY).map(({ what, value, source }) => line([what, value.toLocaleString('en'), source]));
  const [first] = all;
  const limits = first === undefined ? [] : limitsOf(first, DEFAULTS).map(([part, users]) => line([part, (Math.floor(users / 1_000) * 1_000).toLocaleString('en')]));
  return [
    HEADER,
    `| users | ${USERS.map((users) => users.toLocaleString('en')).join(' | ')} |`,
    `|---|${USERS.map(() => '---|').join('')}`,
    ...results,
    '\n## Which part is the limit\n\nUnder the same assumptions one of each part carries so many users:\n',
    '| part | users |\n|---|---|',
    ...limits,
    `\n${READING}\n## What is assumed\n`,
    '| assumption | value | |\n|---|---|---|',
    ...assumptions,
    '\n## What was measured\n\nMilliseconds of CPU time for one, of each part:\n',
    `| | ${PARTS.join(' | ')} | where it was measured |\n|---|${PARTS.map(() => '---|').join('')}---|`,
    ...costs,
    '\n| memory | bytes | where it was measured |\n|---|---|---|',
    ...memory,
    '\nGenerated from `scripts/sizing` by `node -r ./scripts/register.cjs scripts/docs.ts`.\n',
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
