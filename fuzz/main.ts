/**
 * A longer run: npm run fuzz -- [--seconds N] [--seed S] [--target NAME]. A case that fails is printed in the form in which
 * `regressions.json` keeps it, made as small as it gets.
 */
import fc from 'fast-check';
import { parseArgs } from 'node:util';

import { mutated } from './support/mutation';
import { TARGETS } from './targets';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, target: { type: 'string' } } });
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 0x7fff_ffff);
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
if (!(seconds > 0) || !Number.isInteger(seed) || targets.length === 0) {
  process.stderr.write(`usage: npm run fuzz -- [--seconds N] [--seed S] [--target ${TARGETS.map(({ name }) => name).join('|')}]\n`);
  process.exit(2);
}

let failed = false;
process.stdout.write(`seed ${seed}, ${seconds} s for ${targets.length} targets\n`);
for (const { name, samples, check } of targets) {
  let cases = 0;
  const property = fc.property(mutated(samples), (input) => {
    cases += 1;
    check(input);
  });
  const options = { seed, numRuns: 1_000_000_000, interruptAfterTimeLimit: (seconds * 1_000) / targets.length, markInterruptAsFailure: false };
  const result = fc.check(property, options);
  const found = result.failed && result.counterexample !== null;
  failed ||= found;
  process.stdout.write(`${name}: ${cases} cases${found ? ', FAILED' : ''}\n`);
  if (found) process.stdout.write(`${String(result.errorInstance)}\n${JSON.stringify({ target: name, why: '', input: result.counterexample[0] })}\n`);
}
process.exit(failed ? 1 : 0);
