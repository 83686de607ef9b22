import pino from 'pino';
import type { Route } from '../../src/routes';
import { HopNames } from '../../src/routing/hop-names';
import type { Resolved } from '../../src/routing/resolve';
import { route } from '../support/routes';

describe('the host names of next hops', () => {
  const POOL = route('pool', { host: 'pool.example' });
  let answers: Record<string, Resolved | undefined>;
  let asked: string[];
  let changes: number;
  let events: string[];
  let names: HopNames;

  const at = (address: string, ttl?: number): Resolved => ({ places: [{ address, port: 5060, priority: 0, weight: 1 }], ...(ttl !== undefined && { ttl }) });
  const hosts = (of: Route): string => names.hopsOf(of).map(({ host }) => host).join(' ');

  beforeEach(() => {
    jest.useFakeTimers();
    [answers, asked, changes, events] = [{ 'pool.example': at('192.0.2.1', 30) }, [], 0, []];
    names = new HopNames({
      resolve: async ({ host }) => {
        asked.push(host);
        const answer = answers[host];
        if (answer === undefined) throw Object.assign(new Error('queryA ETIMEOUT'), { code: 'ETIMEOUT' });
        return answer;
      },
      maxMs: 60_000,
      onChange: () => (changes += 1),
      log: pino({ messageKey: 'event' }, { write: (line) => void events.push((JSON.parse(line) as { event: string }).event) }),
    });
  });
  afterEach(() => {
    names.stop();
    jest.useRealTimers();
  });

  test.each([
    [30, 30_000],
    [1, 5_000],
    [86_400, 60_000],
    [undefined, 60_000],
  ])('an answer with the TTL %s is asked for again after %s ms', async (ttl, afterMs) => {
    answers = { 'pool.example': at('192.0.2.1', ttl) };
    await names.use([POOL]);
    await jest.advanceTimersByTimeAsync(afterMs - 1);
    expect(asked).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(2);
  });

  test('other addresses are told, the same ones are not', async () => {
    await names.use([POOL]);
    await jest.advanceTimersByTimeAsync(30_000);
    expect([hosts(POOL), changes]).toEqual(['192.0.2.1', 1]);
    answers = { 'pool.example': at('192.0.2.2', 30) };
    await jest.advanceTimersByTimeAsync(30_000);
    expect([hosts(POOL), changes, events]).toEqual(['192.0.2.2', 2, ['next_hops_resolved', 'next_hops_resolved']]);
  });

  test('promise 3: while DNS fails the last good answer holds; that is told once, and asked again every 5 s', async () => {
    await names.use([POOL]);
    answers = {};
    await jest.advanceTimersByTimeAsync(30_000 + 3 * 5_000);
    expect([hosts(POOL), asked.length, events]).toEqual(['192.0.2.1', 5, ['next_hops_resolved', 'next_hop_unresolved']]);
  });

  test('a name that never had an answer has no next hop; the start does not wait for it for ever', async () => {
    answers = {};
    await names.use([POOL]);
    expect(hosts(POOL)).toBe('');
    const hanging = new HopNames({ resolve: () => new Promise(() => undefined), maxMs: 60_000, onChange: () => undefined, log: pino({ level: 'silent' }) });
    const used = hanging.use([POOL]);
    await jest.advanceTimersByTimeAsync(5_000);
    await used;
    hanging.stop();
  });

  test('an address is never asked for again; other settings of a route keep its next hops, another host does not', async () => {
    const fixed = route('fixed');
    answers = { '192.0.2.10': at('192.0.2.10'), 'pool.example': at('192.0.2.1', 30) };
    await names.use([fixed, POOL]);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(asked).toEqual(['192.0.2.10', 'pool.example', 'pool.example']);
    expect(names.hopsOf({ ...POOL, priority: 9 })).toMatchObject([{ route: { priority: 9 } }]);
    expect(names.hopsOf({ ...POOL, host: 'other.example' })).toEqual([]);
    expect(names.hopsOf({ ...POOL, srv: true })).toEqual([]);
  });

  test('routes that are gone are not asked for any more, and their late answers do not count', async () => {
    const slow: ((resolved: Resolved) => void)[] = [];
    const late = new HopNames({ resolve: () => new Promise((resolve) => slow.push(resolve)), maxMs: 60_000, onChange: () => (changes += 1), log: pino({ level: 'silent' }) });
    const first = late.use([POOL]);
    const second = late.use([]);
    slow[0]?.(at('192.0.2.1'));
    await Promise.all([first, second]);
    late.forgetOthers();
    await jest.advanceTimersByTimeAsync(120_000);
    expect([late.hopsOf(POOL), changes, slow.length]).toEqual([[], 0, 1]);
  });
});
