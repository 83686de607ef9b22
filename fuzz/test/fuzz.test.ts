import fc from 'fast-check';

import regressions from '../regressions.json';
import { bloated, mutated } from '../support/mutation';
import { TARGETS } from '../targets';

/** Promise 7, any bytes: seeded, so that every run is the same; a longer one is `npm run fuzz`. */
const SEED = 20_261_122;

describe('mutated input: nothing throws, and what is written of it is safe', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, { samples, check, runs }) => {
    fc.assert(fc.property(mutated(samples), check), { seed: SEED, numRuns: runs });
  });

  test('100,000 cases at least, over all of them together', () => {
    expect(TARGETS.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThanOrEqual(100_000);
  });
});

describe('the samples themselves are taken', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, { samples, check }) => {
    for (const sample of samples) check(sample);
  });
});

describe('one piece very often: work that grows faster than the input would not come back', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, { samples, check, largest = 200_000 }) => {
    for (const sample of samples.slice(0, 2)) for (const input of bloated(sample, largest)) check(input);
  });
});

describe('what was found before', () => {
  const known: readonly { readonly target: string; readonly why: string; readonly input: string }[] = regressions;
  test.each(known.map(({ target, why, input }) => [target, why, input] as const))('%s: %s', (name, _why, input) => {
    const target = TARGETS.find((each) => each.name === name);
    if (target === undefined) throw new Error(`no target ${name}`);
    target.check(input);
  });
});
