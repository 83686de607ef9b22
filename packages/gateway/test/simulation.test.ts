import { Simulation, type SimulationOptions } from './support/simulation';

/**
 * A cluster in one test: workers over one store, a clock that jumps, far sides that answer late, never, twice or with
 * errors, workers that die between a commit and what follows from it. The same seed plays the same story.
 */

/** How many stories are played of each kind, and from which seed on. */
const { SIMULATED_STORIES = '15', SIMULATED_FROM = '1' } = process.env;
const SEEDS = Array.from({ length: Number(SIMULATED_STORIES) }, (_, n) => n + Number(SIMULATED_FROM));

async function played(options: Omit<SimulationOptions, 'seed'>, seed: number): Promise<Simulation> {
  const simulation = new Simulation({ ...options, seed });
  await simulation.play();
  return simulation;
}

/** Wrong things in a story, in words; none is the aim. */
function outcomesWrong({ said, far, owed, crashes: deaths, lostLives }: Simulation): string[] {
  const wrong: string[] = [];
  const crashes = deaths + lostLives;
  for (const ids of said.values()) {
    const counts = ids.map((id) => (far.taken.get(id) ?? 0) + Math.min(1, far.bounced.get(id) ?? 0));
    ids.forEach((id, n) => {
      if (owed.has(id) && counts[n] === 0) wrong.push(`${id} has no outcome`);
      if (crashes === 0 && (far.bounced.get(id) ?? 0) > 1) wrong.push(`${id} came back twice`);
    });
    const doubled = counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    if (doubled > crashes) wrong.push(`${doubled} outcomes too many of ${ids[0]}..., with ${crashes} crashes`);
  }
  return wrong;
}

function deliveriesWrong({ written, far, crashes, lostLives }: Simulation): string[] {
  const wrong: string[] = [];
  for (const [pair, ids] of written) {
    const delivered = far.delivered.get(pair.user) ?? [];
    for (const id of ids) {
      const copies = delivered.filter(({ text }) => text === id);
      if (copies.length === 0) wrong.push(`${id} was not delivered`);
      if (crashes + lostLives === 0 && copies.length > 1) wrong.push(`${id} was delivered ${copies.length} times`);
      if (new Set(copies.map((copy) => copy.id)).size > 1) wrong.push(`${id} was delivered under several stanza ids`);
    }
  }
  return wrong;
}

/** In the order in which they came first. */
const firsts = (texts: readonly string[]): string[] => [...new Set(texts)];

function orderWrong({ said, written, far }: Simulation): string[] {
  const wrong: string[] = [];
  const compare = (got: readonly string[], sent: readonly string[]): void => {
    const wanted = sent.filter((id) => got.includes(id));
    if (got.join() !== wanted.join()) wrong.push(`${got.join()} instead of ${wanted.join()}`);
  };
  for (const [pair, ids] of said) compare(firsts(far.arrived.get(pair.user) ?? []), ids);
  for (const [pair, ids] of written) compare(firsts((far.delivered.get(pair.user) ?? []).map(({ text }) => text)), ids);
  return wrong;
}

async function leftWrong(simulation: Simulation): Promise<string[]> {
  const { pending, inFlight } = simulation.leftovers;
  const left = await simulation.recordsLeft();
  const inWorkers = pending + inFlight === 0 ? [] : [`${pending} events pending, ${inFlight} effects running`];
  return [...inWorkers, ...Object.entries(left).map(([key, record]) => `${key} is left: ${JSON.stringify(record)}`)];
}

describe.each<[string, Omit<SimulationOptions, 'seed'>]>([
  ['one worker', { instances: 1, crashes: 0, strays: 0 }],
  ['two workers, stanzas astray', { instances: 2, crashes: 0, strays: 30 }],
  ['two workers that die', { instances: 2, crashes: 3, strays: 0 }],
  ['three workers that die, stanzas astray', { instances: 3, crashes: 3, strays: 30 }],
  ['two workers that stall', { instances: 2, crashes: 0, strays: 10, stalls: 0.5 }],
  ['three workers, each cut from the store now and then', { instances: 3, crashes: 0, strays: 30, cuts: 1 }],
  ['three workers that stall, are cut off and die', { instances: 3, crashes: 2, strays: 30, stalls: 0.5, cuts: 0.5 }],
])('%s', (_name, options) => {
  const stories: Simulation[] = [];
  const wrongIn = (find: (story: Simulation) => string[]): string[] =>
    stories.flatMap((story) => find(story).map((what) => `seed ${story.options.seed}: ${what}`));

  beforeAll(async () => {
    for (const seed of SEEDS) stories.push(await played(options, seed));
  }, 60_000 + SEEDS.length * 1_000);

  test('the stories are worth telling', () => {
    const sum = (count: (story: Simulation) => number): number => stories.reduce((total, story) => total + count(story), 0);
    expect(sum(({ owed }) => owed.size)).toBeGreaterThan(10 * SEEDS.length);
    expect(sum(({ far }) => far.bounced.size)).toBeGreaterThan(2 * SEEDS.length);
    expect(sum(({ crashes }) => crashes) > 0).toBe(options.crashes > 0);
    const { stalls = 0, cuts = 0 } = options;
    expect(sum((story) => story.stalls) > 0).toBe(stalls > 0);
    expect(sum((story) => story.cuts) > 0).toBe(cuts > 0);
    expect(sum(({ lostLives }) => lostLives) > 0).toBe(stalls + cuts > 0);
    expect(stories.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('promise 1: every message has one outcome; a crash doubles at most what it had under way', () => {
    expect(wrongIn(outcomesWrong)).toEqual([]);
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
