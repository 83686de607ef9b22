import { Cast, shows } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';
import { Stopwatch } from './support/stopwatch';

const INTERVAL_SECONDS = 2;

describe('a user who changes his state often', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple', availability: { notifyIntervalSeconds: INTERVAL_SECONDS } })));
  afterAll(() => cast.stop());

  it('PRES-32: the first change is told at once, of a burst the last state only, after the interval', async () => {
    const { ann, bob } = await cast.couple();
    await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    const { peer } = cast.world;
    const told: string[] = [];
    const stopwatch = new Stopwatch();
    const last = new Promise<void>((resolve) => {
      peer.serve('NOTIFY', (incoming) => {
        told.push(/<show [^>]*>(\w+)</.exec(incoming.message.text)?.[1] ?? 'available');
        void peer.reply(incoming, 200);
        if (told.at(-1) === 'dnd') resolve();
      });
    });
    for (const state of ['away', undefined, 'away', undefined, 'away', undefined, 'dnd'] as const) {
      await shows(ann, state);
      // A text is handled behind the change, and there is time for a NOTIFY to come and be answered.
      await ann.sendChat(bob.address, 'still here');
      await bob.answers('MESSAGE', 200);
    }
    await last;
    // Usually two, which say all there is to say; on a slow machine the changes take longer than an interval.
    expect(told.length).toBeLessThanOrEqual(1 + Math.floor(stopwatch.tookMs / (INTERVAL_SECONDS * 1_000)));
    expect(told.at(-1)).toBe('dnd');
  });
});
