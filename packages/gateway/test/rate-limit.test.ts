import fc from 'fast-check';
import { perMinute, perSecond, RateLimit } from '../src/limits/rate-limit';

let now: number;
beforeEach(() => {
  now = Date.UTC(2026, 0, 5, 12);
});
const limitOf = (rate = perMinute(2), maxKeys = 2): RateLimit => new RateLimit(rate, maxKeys, () => now);

test('promise 6: it remembers so many keys, and forgets who has been quiet for longest', () => {
  const limit = limitOf(perMinute(1));
  expect(['a', 'b', 'a', 'c', 'b', 'a'].map((key) => limit.allows(key))).toEqual([true, true, false, true, false, true]);
  for (let key = 0; key < 1_000; key += 1) limit.take(`k${key}`);
  expect(limit.size).toBe(2);
});

test('a clock that was set back does not lock anybody out while it catches up', () => {
  const limit = limitOf();
  limit.allows('a');
  now -= 600_000;
  expect([limit.allows('a'), limit.allows('a')]).toEqual([true, false]);
});

test('SEC-5: who has to wait is told for how long, and need not wait longer', () => {
  const limit = limitOf(perSecond(10));
  for (let count = 0; count < 10; count += 1) expect(limit.take('a')).toBe(0);
  const waitMs = limit.take('a');
  expect(waitMs).toBe(100);
  now += waitMs - 1;
  expect(limit.take('a')).toBeGreaterThan(0);
  now += 1;
  expect(limit.take('a')).toBe(0);
});

test('who is refused is not made to wait longer by asking', () => {
  const limit = limitOf(perSecond(1));
  limit.take('a');
  expect(Array.from({ length: 100 }, () => limit.take('a')).at(-1)).toBe(1_000);
});

test('what was given back can be taken again, and no more than that', () => {
  const limit = limitOf(perSecond(1));
  limit.giveBack('a');
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 1_000]);
  limit.giveBack('a');
  limit.giveBack('a');
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 1_000]);
});

test('a change of the rate counts at once, also for those who have spent already', () => {
  const limit = limitOf(perSecond(1));
  limit.take('a');
  limit.change(perSecond(3));
  expect([limit.take('a'), limit.take('a'), limit.take('a') > 0]).toEqual([0, 0, true]);
});

test('law: in no stretch of time does anybody get more than what he had saved and what has come to him since', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 400 })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (asked, count) => {
      const limit = limitOf(perSecond(count));
      const got = new Map<string, number[]>();
      for (const [key, laterMs] of asked) {
        now += laterMs;
        if (limit.allows(key)) got.set(key, [...(got.get(key) ?? []), now]);
      }
      for (const times of got.values()) {
        times.forEach((from, first) =>
          times.slice(first).forEach((till, further) => {
            expect(further + 1).toBeLessThanOrEqual(count + ((till - from) / 1_000) * count + 1e-6);
          }),
        );
      }
    }),
  );
});
