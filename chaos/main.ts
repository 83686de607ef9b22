/**
 * `npm run chaos [-- --fault "w1 killed + sip1 killed"]... [--pairs N] [--seed N] [--rate R] [--seconds S] [--json] [--logs FOLDER]`
 *
 * A whole deployment in network namespaces, texts, typing and changes of presence both ways, and one fault after another,
 * then random pairs of faults; for each, what became of every text and what was shown wrong and for how long
 * (docs/chaos.md). Exit status 1 when a bar is not met, 2 for wrong options.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Arena } from './arena';
import { FAULTS, type Fault } from './faults';
import { randomPairs } from './pairs';
import { Random } from './random';
import { failures, runTrial, type Trial, type TrialOptions } from './run';
import { heading, nameOf, rows } from './table';

const USERS = 4;
const CONTACTS = 10;
const BARS = { rightWithinSeconds: 10, inFlight: USERS * CONTACTS };
const DISK_MEGABYTES = 64;

function readOptions(): { readonly sets: readonly (readonly Fault[])[]; readonly seed: number; readonly options: TrialOptions; readonly json: boolean; readonly logs: string | undefined } | undefined {
  const { values } = parseArgs({
    options: {
      fault: { type: 'string', multiple: true },
      pairs: { type: 'string' },
      seed: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'boolean' },
      logs: { type: 'string' },
    },
  });
  const number = (text: string | undefined, usual: number): number => Number(text ?? usual);
  const [rate, seconds, pairs] = [number(values.rate, 20), number(values.seconds, 12), number(values.pairs, values.fault === undefined ? 5 : 0)];
  const seed = number(values.seed, Math.floor(Math.random() * 1_000_000));
  const named = values.fault === undefined ? FAULTS.map((fault) => [fault]) : values.fault.map(together);
  if (named.some((faults) => faults.length === 0) || [rate, seconds].some((value) => !(value > 0)) || !Number.isInteger(seed) || !(pairs >= 0)) return undefined;
  const sets = [...named, ...randomPairs(FAULTS, pairs, new Random(seed))];
  const options = { rate, changes: 8, beforeSeconds: 3, afterSeconds: seconds, settleSeconds: 30 };
  return { sets, seed, options, json: values.json === true, logs: values.logs };
}

/** The faults of `NAME + NAME`; none when a name is unknown. */
function together(names: string): readonly Fault[] {
  const faults = names.split(' + ').map((each) => FAULTS.find(({ name }) => name === each));
  return faults.every((fault) => fault !== undefined) ? faults : [];
}

async function main(): Promise<number> {
  const given = readOptions();
  if (given === undefined) {
    process.stderr.write(`usage: npm run chaos -- [--fault NAME[ + NAME]...]... [--pairs N] [--seed N] [--rate TEXTS-A-SECOND] [--seconds AFTER-THE-FAULT] [--json] [--logs FOLDER]\nNAME: ${FAULTS.map(({ name }) => `"${name}"`).join(', ')}\n`);
    return 2;
  }
  const { sets, seed, options, json, logs } = given;
  if (!json) process.stdout.write(`seed ${seed}; ${options.rate} texts a second each way, ${USERS * CONTACTS} pairs of users\n${heading()}`);
  let missed = 0;
  for (const [index, faults] of sets.entries()) {
    const trial = await inItsOwnArena(faults, { ...options, random: new Random(seed + index) }, logs).catch((error: unknown) => String(error));
    if (typeof trial === 'string') {
      missed += 1;
      process.stdout.write(json ? `${JSON.stringify({ faults: nameOf({ faults }), seed, failures: [trial] })}\n` : `${nameOf({ faults })}\n  NOT TRIED: ${trial}\n`);
      continue;
    }
    const not = failures(trial, BARS);
    missed += not.length;
    if (json) process.stdout.write(`${JSON.stringify({ ...trial, faults: nameOf(trial), seed, failures: not })}\n`);
    else process.stdout.write(rows(trial) + not.map((failure) => `  BAR NOT MET: ${failure}\n`).join(''));
  }
  if (!json) process.stdout.write(missed === 0 ? 'all bars are met\n' : `${missed} bars are not met\n`);
  return missed === 0 ? 0 : 1;
}

async function inItsOwnArena(faults: readonly Fault[], options: Parameters<typeof runTrial>[2], logs: string | undefined): Promise<Trial> {
  const redisSync = faults.find((fault) => fault.redisSync !== undefined)?.redisSync;
  const arena = await Arena.start({ users: USERS, contacts: CONTACTS, topology: { redisDiskMegabytes: DISK_MEGABYTES, ...(redisSync && { redisSync }) } });
  try {
    return await runTrial(arena, faults, options);
  } finally {
    if (logs !== undefined) keepLogs(arena, join(logs, nameOf({ faults }).replaceAll(/[^a-z0-9]+/g, '-')));
    await arena.stop();
  }
}

function keepLogs({ topology }: Arena, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, log } of topology.parts) writeFileSync(join(folder, `${name}.log`), log);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
