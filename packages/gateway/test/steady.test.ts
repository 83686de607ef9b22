import { steadyClock } from '../src/steady';

/** Promise 1: a lease that has ended elsewhere must not look as if it lasted. */
test.each([
  ['time that passes', { wall: 700, monotonic: 700 }, 700],
  ['a wall clock that is set back', { wall: -3_600_000, monotonic: 700 }, 700],
  ['a machine that stood still, which the monotonic clock does not know', { wall: 60_000, monotonic: 5 }, 60_000],
  ['a clock that is set back in the same moment', { wall: -5, monotonic: 0 }, 0],
])('promise 1: %s', (_what, step, passed) => {
  let wall = 1_000_000;
  let monotonic = 50;
  const clock = steadyClock(() => wall, () => monotonic);
  const before = clock();
  wall += step.wall;
  monotonic += step.monotonic;
  expect(clock() - before).toBe(passed);
  monotonic += 10;
  wall += 10;
  expect(clock() - before).toBe(passed + 10);
});
