import type { SipResult } from '@isthmus/codec';
import pino from 'pino';
import { Routing } from '../../src/routing/routing';
import { route } from '../support/routes';
import { deferred, eventually, settled, type Deferred } from '../support/waiting';

type Probe = 'answered' | 'unreachable' | 'silent';

const answer = (status: number, synthetic: boolean): SipResult => ({ is: 'answered', status, reason: '', headers: {}, body: '', synthetic, sent: {}, server: 'd', owner: 'o' });
const RESULTS: Readonly<Record<Probe, SipResult>> = { answered: answer(405, false), unreachable: answer(503, true), silent: { is: 'timeout' } };

describe('the health of next hops', () => {
  const [A, B] = [route('a'), route('b', { host: '192.0.2.11' })];
  let probes: { readonly host: string; readonly result: Deferred<SipResult> }[];
  let changes: string[];
  let errors: unknown[];
  let routing: Routing;
  let asked: number;
  let isConnected: boolean;

  function start(intervalMs: number): void {
    [probes, changes, errors, asked, isConnected] = [[], [], [], 0, true];
    routing = new Routing({
      routes: [A],
      resolve: async ({ host, port }) => ({ places: [{ address: host, port, priority: 0, weight: 0 }] }),
      refreshMs: 60_000,
      probe: ({ host }) => {
        const result = deferred<SipResult>();
        probes.push({ host, result });
        return result.promise;
      },
      probeTimeoutMs: 1_000,
      intervalMs,
      isConnected: () => isConnected,
      onChange: ({ name }, state, before) => changes.push(`${name} ${before} ${state}`),
      onHopLost: () => undefined,
      onPlaces: () => undefined,
      onFindings: () => undefined,
      onError: (error) => errors.push(error),
      log: pino({ level: 'silent' }),
      now: Date.now,
    });
    void routing.start();
  }

  beforeEach(() => start(1));
  afterEach(() => routing.stop());

  /** Answers the probes that come next. */
  async function answers(...results: readonly (Probe | SipResult | Error)[]): Promise<void> {
    for (const result of results) {
      const n = asked;
      await eventually(`probe ${n} is sent`, () => probes.length > n);
      asked += 1;
      if (result instanceof Error) probes[n]?.result.reject(result);
      else probes[n]?.result.resolve(typeof result === 'string' ? RESULTS[result] : result);
      await settled();
    }
  }

  test('any answer of the far side means up', async () => {
    await answers('answered');
    expect(changes).toEqual(['a unknown up']);
  });

  test('two failures in a row mean down, one does not', async () => {
    await answers('unreachable', 'answered', 'unreachable');
    expect(routing.table.state('a')).toBe('up');
    await answers('unreachable');
    expect(changes).toEqual(['a unknown up', 'a up down']);
    await answers('answered');
    expect(changes.at(-1)).toBe('a down up');
  });

  test('silence of a hop that never answered OPTIONS says nothing', async () => {
    await answers('silent', 'silent', answer(408, true), 'silent');
    expect(changes).toEqual([]);
    await answers('answered', 'silent', answer(408, true));
    expect(changes).toEqual(['a unknown up', 'a up down']);
  });

  test('what cannot be sent counts only while there is a SIP server to send it', async () => {
    isConnected = false;
    await answers({ is: 'unsent', why: 'none' }, { is: 'unsent', why: 'none' });
    expect(changes).toEqual([]);
    isConnected = true;
    await answers({ is: 'unsent', why: 'no transport' }, { is: 'unsent', why: 'no transport' });
    expect(changes).toEqual(['a unknown down']);
  });

  test('a doubt has it asked at once, and again soon, long before its turn', async () => {
    routing.stop();
    start(3_600_000);
    await answers('answered');
    const [hop] = routing.hops.all();
    if (hop !== undefined) routing.hops.failed(hop);
    await answers('unreachable');
    expect(changes).toEqual(['a unknown up', 'a up down']);
  });

  test('a connection to a SIP server that came or went has all looked at before their turn; so has a request in a dialog that failed', async () => {
    routing.stop();
    start(3_600_000);
    await answers('answered');
    routing.lookAtAll();
    await answers('answered');
    routing.suspect(A, undefined);
    await answers('answered');
    routing.suspect(A, 'sip:192.0.2.10:5060;transport=tcp');
    await answers('unreachable', 'unreachable');
    expect(changes.at(-1)).toBe('a up down');
    routing.suspect(A, undefined);
    await settled();
    expect(probes).toHaveLength(asked);
  });

  test('a probe that fails by itself is told, and the next one comes', async () => {
    await answers(new Error('a bug'), 'answered');
    expect(errors).toEqual([new Error('a bug')]);
    expect(changes).toEqual(['a unknown up']);
  });

  test('promise 6: requests that fail do not multiply the probes', async () => {
    await eventually('the first probe is sent', () => probes.length === 1);
    for (let failed = 0; failed < 20; failed += 1) {
      routing.suspect(A, undefined);
      await settled();
    }
    expect(probes).toHaveLength(1);
    await answers('answered');
    await eventually('the next probe comes', () => probes.length === 2);
  });

  test('other routes: those that are gone are left alone, what they answer late does not count, new ones are probed', async () => {
    await answers('answered');
    await eventually('the next probe', () => probes.length === 2);
    await routing.replace([B]);
    await answers('unreachable', 'answered');
    expect(changes).toEqual(['a unknown up', 'b unknown up']);
    expect(probes.slice(2).every(({ host }) => host === B.host)).toBe(true);
    expect([routing.table.state('a'), routing.hops.dead()]).toEqual(['unknown', []]);
  });

  test('after stop nothing is probed and nothing changes', async () => {
    await eventually('the first probe is sent', () => probes.length === 1);
    routing.stop();
    await answers('answered');
    expect(changes).toEqual([]);
    routing.suspect(A, undefined);
    await settled();
    expect(probes).toHaveLength(1);
  });
});
