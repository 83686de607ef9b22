import { LineLimit, type Omitted } from '../src/limits/line-limit';
import { createLog } from '../src/log';

let told: Omitted[];
beforeEach(() => {
  told = [];
  jest.useFakeTimers();
});
afterEach(() => jest.useRealTimers());

test('promise 6: of many lines in a second the first are written, the others are counted: none is lost without a trace', () => {
  const limit = new LineLimit((omitted) => void told.push(omitted));
  const write = (count: number, event: string, who: string) => Array.from({ length: count }, () => limit.allows(event, who)).filter(Boolean).length;
  expect([write(100, 'request_refused', 'a'), write(5, 'request_refused', 'b'), write(30, 'peer_unlisted', 'a')]).toEqual([20, 5, 20]);
  expect(told).toEqual([]);
  jest.advanceTimersByTime(1_000);
  expect(told).toEqual([
    { event: 'request_refused', who: 'a', count: 80 },
    { event: 'peer_unlisted', who: 'a', count: 10 },
  ]);
  expect(write(1, 'request_refused', 'a')).toBe(1);
  jest.advanceTimersByTime(1_000);
  expect(told).toHaveLength(2);
});

test('promise 6: many peers cost no more memory and no more lines than a thousand; what they do is counted too', () => {
  const limit = new LineLimit((omitted) => void told.push(omitted));
  let written = 0;
  for (let peer = 0; peer < 50_000; peer += 1) if (limit.allows('peer_unlisted', `peer${peer}`)) written += 1;
  expect(written).toBeLessThanOrEqual(1_020);
  jest.advanceTimersByTime(1_000);
  expect(told).toEqual([{ event: 'peer_unlisted', who: 'others', count: 50_000 - written }]);
});

test('promise 6: the log of a worker is such a one, for what is caused from outside and for nothing else', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', 'w1', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  for (let count = 0; count < 100; count += 1) {
    log.info({ source: '192.0.2.1', status: 503 }, 'request_refused');
    log.info({ cause: 'start' }, 'pairs_told');
  }
  jest.advanceTimersByTime(1_000);
  const count = (event: string) => lines.filter((line) => line.event === event).length;
  expect([count('request_refused'), count('pairs_told')]).toEqual([20, 100]);
  expect(lines.at(-1)).toMatchObject({ level: 'warn', event: 'lines_omitted', what: 'request_refused', source: '192.0.2.1', count: 80 });
});
