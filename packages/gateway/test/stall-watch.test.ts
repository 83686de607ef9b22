import { StallWatch } from '../src/worker/stall-watch';

/** Promise 1: what was given to another worker meanwhile must not be handled. */
describe('a worker that stood still', () => {
  let now: number;
  let told: number[];
  let watch: StallWatch;

  beforeEach(() => {
    now = 0;
    told = [];
    watch = new StallWatch({ now: () => now, onStall: (ms) => told.push(ms) });
    watch.start();
  });
  afterEach(() => watch.stop());

  test('promise 1: whoever is about to handle something learns of it, once, although no timer has run yet', () => {
    now = 1_500;
    watch.look();
    watch.look();
    expect(told).toEqual([1_500]);
  });

  test('a worker that is only busy goes on', () => {
    for (let looks = 0; looks < 5; looks += 1) {
      now += 1_499;
      watch.look();
    }
    expect(told).toEqual([]);
  });

  test('the time before the start and after the stop does not count', () => {
    now = 60_000;
    watch.start();
    watch.look();
    watch.stop();
    now += 60_000;
    watch.look();
    expect(told).toEqual([]);
  });
});
