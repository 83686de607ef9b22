import fc from 'fast-check';
import { CALM, nextLoad, type Load, type LoadReading, type LoadState, type LoadThresholds } from '../src';

const THRESHOLDS: LoadThresholds = {
  busy: { loopDelayMs: 100, pendingPercent: 40, storeMs: 300, stalls: 2 },
  overloaded: { loopDelayMs: 400, pendingPercent: 70, storeMs: 1_000, stalls: 4 },
};
const QUIET: LoadReading = { loopDelayMs: 0, pendingPercent: 0, storeMs: 0, stalls: 0 };
const read = (over: Partial<LoadReading>): LoadReading => ({ ...QUIET, ...over });

const after = (readings: readonly LoadReading[], from: LoadState = CALM): LoadState =>
  readings.reduce((state, reading) => nextLoad(state, reading, THRESHOLDS), from);
const times = (count: number, reading: LoadReading): LoadReading[] => Array.from({ length: count }, () => reading);
const at = (load: Load): LoadState => ({ load, run: 0 });

test.each<[Partial<LoadReading>, Load]>([
  [{ loopDelayMs: 99, pendingPercent: 39, storeMs: 299, stalls: 1 }, 'normal'],
  [{ loopDelayMs: 100 }, 'busy'],
  [{ pendingPercent: 40 }, 'busy'],
  [{ storeMs: 300 }, 'busy'],
  [{ stalls: 2 }, 'busy'],
  [{ loopDelayMs: 400 }, 'overloaded'],
  [{ pendingPercent: 70 }, 'overloaded'],
  [{ storeMs: 1_000 }, 'overloaded'],
  [{ stalls: 4 }, 'overloaded'],
])('promise 6: %j twice in a row makes it %s', (over, load) => {
  expect(after(times(2, read(over))).load).toBe(load);
});

test('one look above it may be a pause of the machine', () => {
  const pause = read({ loopDelayMs: 5_000 });
  expect(after([pause, QUIET, pause, QUIET]).load).toBe('normal');
});

test('it becomes overloaded from busy too', () => {
  expect(after(times(2, read({ storeMs: 1_000 })), at('busy')).load).toBe('overloaded');
});

test.each<[Load, Load]>([
  ['overloaded', 'busy'],
  ['busy', 'normal'],
])('from %s it goes back to %s only when it has been calm eight times in a row', (from, back) => {
  expect(after(times(7, QUIET), at(from)).load).toBe(from);
  expect(after(times(8, QUIET), at(from)).load).toBe(back);
  expect(after([...times(7, QUIET), read({ loopDelayMs: 399 }), ...times(7, QUIET)], at(from)).load).toBe(from === 'busy' ? 'busy' : from);
});

test.each([{ loopDelayMs: 50 }, { pendingPercent: 20 }, { storeMs: 150 }, { stalls: 1 }])('%j is not calm enough to be no longer busy', (over) => {
  expect(after(times(50, read(over)), at('busy')).load).toBe('busy');
});

test('a level that is still asked for is kept', () => {
  expect(after(times(50, read({ loopDelayMs: 400 })), at('overloaded')).load).toBe('overloaded');
  expect(after(times(50, read({ loopDelayMs: 150 })), at('busy')).load).toBe('busy');
});

test('law: it never goes down by more than one level at a time, never swings faster than it may, and calm always ends in normal', () => {
  const reading = fc.record({ loopDelayMs: fc.nat(600), pendingPercent: fc.nat(100), storeMs: fc.nat(1_500), stalls: fc.nat(6) });
  const levels: readonly Load[] = ['normal', 'busy', 'overloaded'];
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 100 }), (readings) => {
      let state = CALM;
      let steady = 8;
      for (const each of readings) {
        const next = nextLoad(state, each, THRESHOLDS);
        const change = levels.indexOf(next.load) - levels.indexOf(state.load);
        expect(change).toBeGreaterThanOrEqual(-1);
        if (change < 0) expect(steady).toBeGreaterThanOrEqual(7);
        steady = change === 0 ? steady + 1 : 0;
        state = next;
      }
      expect(after(times(16, QUIET), state).load).toBe('normal');
    }),
  );
});
