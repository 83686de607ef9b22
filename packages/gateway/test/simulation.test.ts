import { KINDS } from './support/kinds';
import { deliveriesWrong, leftWrong, orderWrong, outcomesWrong, stepsWrong } from './support/laws';
import { Simulation, type SimulationOptions } from './support/simulation';

/**
 * A cluster in one test: workers over one store, a clock that jumps, far sides that answer late, never, twice or with
 * errors, workers that die between a commit and what follows from it. The same seed plays the same story.
 */

/** How many stories are played of each kind, and from which seed on. For many: `npm run simulate`. */
const { SIMULATED_STORIES = '15', SIMULATED_FROM = '1' } = process.env;
const SEEDS = Array.from({ length: Number(SIMULATED_STORIES) }, (_, n) => n + Number(SIMULATED_FROM));
/** Stories, by kind, that have shown a fault before. */
const FOUND: Readonly<Record<string, readonly number[]>> = {
  // Two heartbeats at a time: the answer to the one counted as the lease of the life that the other one had begun.
  'numbered: three workers to which all of that happens': [30],
};

async function played(options: Omit<SimulationOptions, 'seed'>, seed: number): Promise<Simulation> {
  const simulation = new Simulation({ ...options, seed });
  await simulation.play();
  return simulation;
}

describe.each(KINDS)('%s', (name, options) => {
  const stories: Simulation[] = [];
  const wrongIn = (find: (story: Simulation) => readonly string[]): string[] =>
    stories.flatMap((story) => find(story).map((what) => `seed ${story.options.seed}: ${what}`));

  beforeAll(async () => {
    for (const seed of new Set([...SEEDS, ...(FOUND[name] ?? [])])) stories.push(await played(options, seed));
  }, 60_000 + SEEDS.length * 1_000);

  test('the stories are worth telling', () => {
    const sum = (count: (story: Simulation) => number): number => stories.reduce((total, story) => total + count(story), 0);
    expect(sum(({ owed }) => owed.size)).toBeGreaterThan(10 * SEEDS.length);
    expect(sum(({ far }) => far.bounced.size)).toBeGreaterThan(2 * SEEDS.length);
    expect(sum(({ crashes }) => crashes) > 0).toBe(options.crashes > 0);
    const { stalls = 0, cuts = 0 } = options;
    expect(sum((story) => story.stalls) > 0).toBe(stalls > 0);
    expect(sum((story) => story.cuts) > 0).toBe(cuts > 0);
    // Some have only been slow (decision 088), and some have been found dead.
    expect([sum(({ stood, dropped }) => stood - dropped), sum(({ dropped }) => dropped)].map((count) => count > 0)).toEqual([stalls > 0, stalls > 0]);
    expect(sum(({ lostLives }) => lostLives) > 0).toBe(stalls + cuts > 0);
    const { drains = 0, numbers = false } = options;
    expect(sum((story) => story.drains) > 0).toBe(drains > 0);
    expect(sum(({ server }) => server?.again.size ?? 0) > 0).toBe(numbers);
    expect(sum(({ server }) => server?.silences ?? 0) > 0).toBe(numbers && stalls > 0);
    expect(stories.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('promise 1: every message has one outcome; a crash doubles at most what it had under way', () => {
    expect(wrongIn(outcomesWrong)).toEqual([]);
  });

  test('promise 1: what a record has held and let go does not come into it again', () => {
    expect(wrongIn(stepsWrong)).toEqual([]);
  });

  test('promise 1: nothing is done by a worker that others may take for dead', () => {
    expect(stories.flatMap(({ unfenced }) => unfenced)).toEqual([]);
  });

  test('promise 1: every message of the SIP user arrives; what arrives twice has one stanza id', () => {
    expect(wrongIn(deliveriesWrong)).toEqual([]);
  });

  test('promise 2: messages arrive in the order in which they were written', () => {
    expect(wrongIn(orderWrong)).toEqual([]);
  });

  test('promise 6: when all has calmed down nothing is left', async () => {
    const wrong = await Promise.all(stories.map(leftWrong));
    expect(wrong.flat()).toEqual([]);
  });
});
