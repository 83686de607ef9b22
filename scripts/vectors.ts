/**
 * Conformance runner: `npm run -s vectors -- FILE...`. Prints a line for each failing case and last a count.
 * Exit codes: 0 all passed, 1 a case failed, 2 a file could not be read.
 */

import { readFileSync } from 'node:fs';
import { checkAddresses } from './vectors-address';
import { checkErrors } from './vectors-errors';
import { casesOf, isObject, type Outcome } from './vectors-format';
import { checkChatStates, checkMessages, checkSessions } from './vectors-messages';
import { checkPresence } from './vectors-presence';

const CHECKS: Readonly<Record<string, (cases: unknown) => readonly Outcome[]>> = {
  address: checkAddresses,
  errors: checkErrors,
  presence: checkPresence,
  im: checkMessages,
  chat: checkSessions,
  chatStates: checkChatStates,
};

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

function readVectors(file: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(parsed)) {
    throw new Error(`cannot read ${file}: the top level is no object of kinds, such as {"address": [...], "errors": {...}}`);
  }
  return parsed;
}

/** Checks the kinds of one file. What has no check here is skipped, and counted. */
function runKinds(file: string, kinds: Readonly<Record<string, unknown>>, count: Count): void {
  for (const [kind, cases] of Object.entries(kinds)) {
    const check = CHECKS[kind];
    if (kind === 'meta') {
      continue;
    }
    if (check === undefined) {
      count.skipped += casesOf(cases).length;
      continue;
    }
    for (const outcome of check(cases)) {
      tell(`${file}: ${kind}: `, outcome, count);
    }
  }
}

function tell(prefix: string, outcome: Outcome, count: Count): void {
  count[outcome.result] += 1;
  if (outcome.result === 'failed') {
    process.stdout.write(`${prefix}${outcome.name}: ${outcome.reason}\n`);
  }
}

function main(files: readonly string[]): number {
  if (files.length === 0) {
    process.stderr.write('usage: npm run -s vectors -- FILE...\n');
    return 2;
  }
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  try {
    const read = files.map((file) => ({ file, kinds: readVectors(file) }));
    read.forEach(({ file, kinds }) => runKinds(file, kinds, count));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  return count.failed > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
