import type { SipResult } from '@isthmus/codec';
import type { RequestEffect } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { pino } from 'pino';
import { Metrics } from '../../src/metrics';
import { hopAt, type Hop } from '../../src/routing/hop';
import { Openings } from '../../src/sides/openings';
import { route } from '../support/routes';

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
const TEXT = { do: 'sip.message', key: 'text', trace: 't' } as unknown as RequestEffect;
const HOPS: readonly Hop[] = ['a', 'b'].map((address) => hopAt(route(address), { address, port: 5060, priority: 0, weight: 0 }));
const OK: SipResult = { is: 'answered', status: 200, reason: 'OK', headers: {}, body: '', synthetic: false, sent: {}, server: 'd', owner: 'o' };
const SILENCE_MS = 4_000;
const TIMEOUT_MS = 10_000;

/** Two next hops, of which the first says nothing; the lease ends, and may come back, while it is waited for. */
class Bench {
  readonly tried: string[] = [];
  readonly fence = { instance: 'w1#1', certain: true, holdsLease: () => this.fence.certain };
  readonly openings = new Openings({
    hops: { forContact: () => HOPS, routeAt: () => undefined, answered: () => undefined, failed: () => undefined, silent: () => undefined, hold: () => undefined },
    fence: this.fence,
    inviteTimeoutMs: TIMEOUT_MS,
    requestTimeoutMs: TIMEOUT_MS,
    nextHopTimeoutMs: SILENCE_MS,
    maxRetryAfterMs: 1,
    log: pino({ level: 'silent' }),
    metrics: new Metrics({ pendingEvents: () => 0, cachedPairs: () => 0, effectsInFlight: () => 0, xmppUp: () => true, sipServersUp: () => 1, storeUp: () => true, load: () => 0, routesUp: () => new Map() }),
    now: Date.now,
  });

  /** Sends a text; `silence` is what happens while the first hop is waited for. */
  async text(silence: () => void): Promise<string | undefined> {
    const attempt = await this.openings.through(PAIR, TEXT, async ({ host }, { silenceMs = 0 }) => {
      this.tried.push(host);
      if (host !== 'a') return OK;
      silence();
      await new Promise((resolve) => setTimeout(resolve, silenceMs));
      return { is: 'timeout' };
    });
    return attempt?.result.is;
  }
}

describe('promise 1: a text on its way through the next hops, when others may send it by now (decision 072)', () => {
  let bench: Bench;

  beforeEach(() => {
    jest.useFakeTimers();
    bench = new Bench();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  test('a worker that was found dead while the first hop was silent leaves the second one to whoever has the text', async () => {
    const sent = bench.text(() => (bench.fence.instance = 'w1#2'));
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect([await sent, bench.tried]).toEqual(['timeout', ['a']]);
  });

  test('nor is it sent on under a lease that has ended', async () => {
    const sent = bench.text(() => (bench.fence.certain = false));
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect([await sent, bench.tried]).toEqual(['timeout', ['a']]);
  });

  test('a lease that comes back in time lets it go on', async () => {
    const sent = bench.text(() => (bench.fence.certain = false));
    await jest.advanceTimersByTimeAsync(SILENCE_MS + 1_000);
    expect(bench.tried).toEqual(['a']);
    bench.fence.certain = true;
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect([await sent, bench.tried]).toEqual(['answered', ['a', 'b']]);
  });

  test('one that never ended is no hindrance', async () => {
    const sent = bench.text(() => undefined);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect([await sent, bench.tried]).toEqual(['answered', ['a', 'b']]);
  });
});
