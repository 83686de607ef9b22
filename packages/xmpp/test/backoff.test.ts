import fc from 'fast-check';

import { DEFAULT_RECONNECT, pauseMs } from '../src/backoff';

describe('pauses between attempts to connect (XD-15)', () => {
  it('grow by the factor up to the longest', () => {
    const policy = { minMs: 100, maxMs: 1_000, factor: 3, jitter: 0 };
    expect([1, 2, 3, 4, 5].map((failures) => pauseMs(policy, failures, 0.9))).toEqual([100, 300, 900, 1_000, 1_000]);
  });

  it('differ between workers by the jitter, never above the longest', () => {
    const policy = { minMs: 100, maxMs: 1_000, factor: 2, jitter: 0.5 };
    expect(pauseMs(policy, 1, 0)).toBe(50);
    expect(pauseMs(policy, 1, 1)).toBe(150);
    expect(pauseMs(policy, 9, 1)).toBe(1_000);
  });

  it('promise 3: by default never near the ten seconds, however long the outage', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
        expect(pauseMs(DEFAULT_RECONNECT, failures + 1, chance)).toBeLessThanOrEqual(4_000);
      }),
    );
  });
});
