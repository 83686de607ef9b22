import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BREAKER, breakerAfter, breakerDiagram, isDown, type Breaker, type BreakerEvent } from '../src';

const STATES: readonly Breaker[] = [
  { is: 'closed' },
  { is: 'half-open', since: 5, wasOpen: false },
  { is: 'half-open', since: 5, wasOpen: true },
  { is: 'open', since: 5 },
];
const EVENTS = ['answered', 'failed', 'due', 'doubted', 'vouched'] as const;

/** Every cell: state, event, what follows. What is not here changes nothing. */
const CELLS: Readonly<Record<string, Breaker>> = {
  'closed failed': { is: 'half-open', since: 9, wasOpen: false },
  'closed doubted': { is: 'half-open', since: 9, wasOpen: false },
  'half-open answered': { is: 'closed' },
  'half-open failed': { is: 'open', since: 9 },
  'open answered': { is: 'closed' },
  'open due': { is: 'half-open', since: 9, wasOpen: true },
  'open vouched': { is: 'half-open', since: 9, wasOpen: true },
};

describe('the breaker of a next hop', () => {
  test.each(STATES.flatMap((state) => EVENTS.map((on) => [state, on] as const)))('%j x %s', (state, on) => {
    const next = breakerAfter(state, { on, at: 9 });
    expect(next).toEqual(CELLS[`${state.is} ${on}`] ?? state);
    if (next !== state) expect(BREAKER[state.is][on]?.to).toContain(next.is);
  });

  test('the table names no cell besides', () => {
    const named = Object.entries(BREAKER).flatMap(([is, row]) => Object.keys(row).map((on) => `${is} ${on}`));
    expect(named.sort()).toEqual(Object.keys(CELLS).sort());
  });

  test.each([
    [STATES[0], false],
    [STATES[1], false],
    [STATES[2], true],
    [STATES[3], true],
  ] as const)('%j is known to be dead: %s', (state, down) => {
    expect(isDown(state as Breaker)).toBe(down);
  });

  test('promise 4: whatever others say, a hop is taken for dead only when this worker has failed there itself, and no more once it has answered', () => {
    const event: fc.Arbitrary<BreakerEvent['on']> = fc.constantFrom(...EVENTS);
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state: Breaker = { is: 'closed' };
        let before = false;
        for (const [at, on] of events.entries()) {
          state = breakerAfter(state, { on, at });
          const own = events.slice(0, at + 1).filter((each) => each === 'answered' || each === 'failed');
          if (isDown(state) && !before) expect(own.at(-1)).toBe('failed');
          if (on === 'answered') expect(state).toEqual({ is: 'closed' });
          before = isDown(state);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('docs/states shows the table; `UPDATE_STATES=1` draws it anew', () => {
    const path = join(__dirname, '../../../docs/states/breaker.mmd');
    if (process.env['UPDATE_STATES'] === '1') writeFileSync(path, breakerDiagram());
    expect(readFileSync(path, 'utf8')).toBe(breakerDiagram());
  });
});
