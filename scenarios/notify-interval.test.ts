import { Cast, shows } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';

const INTERVAL_SECONDS = 2;

/** Availability settings as they are by default, but for a shorter interval. */
describe('a user who changes his state often', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft', documents: 'pidf', availability: { notifyIntervalSeconds: INTERVAL_SECONDS } })));
  afterAll(() => cast.stop());

  it('PRES-32: the first change is told at once, of a burst the last state only, after the interval', async () => {
    const { ann, bob } = await cast.couple();
    await annAdds({ ann, bob });
    const watch = await bobAdds({ ann, bob });
    for (const state of ['away', 'dnd', 'away', undefined, 'dnd'] as const) await shows(ann, state);
    const states: unknown[] = [];
    // Two say all there is to say; a third is due when the changes took longer than the interval.
    while (states.at(-1) !== 'busy') {
      const { said } = await bob.isTold(watch);
      states.push(said?.draft);
    }
    expect(states.length).toBeLessThanOrEqual(3);
    expect(bob.unclaimed('NOTIFY')).toEqual([]);
  });
});
