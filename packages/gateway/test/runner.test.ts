import { newRecord, type Effect, type PairRecord } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { EffectRunner } from '../src/pairs/runner';

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;

/** A runner whose XMPP side can be away; `did` lists what was done, by key. */
class Bench {
  readonly did: string[] = [];
  xmppAway = false;
  /** The present life of the process, and whether its lease is certain. */
  readonly fence = { instance: 'w1#1', certain: true, holdsLease: () => this.fence.certain };
  /** How often an effect was found waiting for one in other hands. */
  behind = 0;
  readonly runner = new EffectRunner({
    fence: this.fence,
    onBehind: () => (this.behind += 1),
    doer: {
      handOver: (_pair, _record, effect) => this.handOver(effect),
      request: (_pair, _record, effect) => {
        this.did.push(effect.key);
        return new Promise(() => undefined);
      },
    },
    settle: () => Promise.resolve(),
    outcome: () => Promise.resolve(),
    onFailure: () => this.failed(),
  });
  failed: () => void = () => undefined;
  private effects: readonly Effect[] = [];

  /** Adds effects to the record and starts them. */
  start(...effects: Effect[]): Promise<void> {
    return this.startWith([], ...effects);
  }

  /** As `start`, while another worker has some of the effects in hand. */
  async startWith(elsewhere: readonly Effect[], ...effects: Effect[]): Promise<void> {
    this.effects = [...this.effects.filter(({ key }) => !this.did.includes(key)), ...effects];
    const record: PairRecord = { ...newRecord(PAIR), effects: this.effects };
    this.runner.start(PAIR, record, effects, elsewhere);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Another worker has done these. */
  forget(...effects: Effect[]): void {
    this.effects = this.effects.filter((each) => !effects.includes(each));
  }

  isParked(effect: Effect): boolean {
    return this.runner.isParked(PAIR, effect);
  }

  private handOver(effect: Effect): Promise<void> {
    if (this.xmppAway && effect.do.startsWith('xmpp.')) return Promise.reject(new Error('away'));
    this.did.push(effect.key);
    return Promise.resolve();
  }
}

const effect = (what: Effect['do'], key: string, trace: string): Effect => ({ do: what, key, trace }) as unknown as Effect;
const answer = (method: string, status: number, key: string, trace: string): Effect => ({ do: 'sip.answer', key, trace, method, status }) as unknown as Effect;
const text = effect('xmpp.message', 'text', 't1');
const ok = answer('MESSAGE', 200, 'ok', 't1');

async function wait(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

test('effects are done in order', async () => {
  const bench = new Bench();
  await bench.start(text, ok, effect('sip.notify', 'notify', 't2'));
  expect(bench.did).toEqual(['text', 'ok', 'notify']);
});

test('promise 1: a text that the XMPP server cannot take is not answered before it is delivered', async () => {
  const bench = new Bench();
  bench.xmppAway = true;
  await bench.start(text, ok);
  expect(bench.did).toEqual([]);
  expect([text, ok].map((each) => bench.isParked(each))).toEqual([true, true]);
  bench.xmppAway = false;
  await bench.start();
  expect(bench.did).toEqual(['text', 'ok']);
});

test.each([0, 1, 2, 3, 4])('promise 1: nor when its effects are started again meanwhile (%i turns later)', async (turns) => {
  const bench = new Bench();
  bench.xmppAway = true;
  bench.failed = () => {
    bench.failed = () => undefined;
    void wait(turns).then(() => bench.start());
  };
  await bench.start(text, ok);
  expect(bench.did).toEqual([]);
  bench.xmppAway = false;
  for (let round = 0; round < 2; round += 1) await bench.start();
  expect(bench.did).toEqual(['text', 'ok']);
});

test('promise 4: stanzas that wait do not keep the SIP side from being told', async () => {
  const bench = new Bench();
  bench.xmppAway = true;
  await bench.start(text, ok);
  await bench.start(answer('SUBSCRIBE', 200, 'answer to subscribe', 't2'), effect('sip.notify', 'closed', 't2'), effect('xmpp.probe', 'probe', 't2'));
  expect(bench.did).toEqual(['answer to subscribe', 'closed']);
});

test('promise 2: a later stanza does not overtake one that waits', async () => {
  const bench = new Bench();
  bench.xmppAway = true;
  await bench.start(text, ok);
  const second = effect('xmpp.message', 'second', 't2');
  const started = bench.start(second, answer('MESSAGE', 200, 'second ok', 't2'));
  bench.xmppAway = false;
  await started;
  await bench.start();
  expect(bench.did).toEqual(['text', 'ok', 'second', 'second ok']);
});

test('promise 1: the 200 to a repeated text waits for the text as the first one does; a refusal does not', async () => {
  const bench = new Bench();
  bench.xmppAway = true;
  await bench.start(text, ok);
  await bench.start(answer('MESSAGE', 200, 'again', 't2'), answer('MESSAGE', 480, 'refusal', 't3'));
  expect(bench.did).toEqual(['refusal']);
  bench.xmppAway = false;
  await bench.start();
  expect(bench.did).toEqual(['refusal', 'text', 'ok', 'again']);
});

test('promise 2: a stanza waits for an earlier one that another worker has in hand, and what is there is left there', async () => {
  const bench = new Bench();
  bench.xmppAway = true;
  await bench.start(text, ok);
  bench.xmppAway = false;
  const second = effect('xmpp.message', 'second', 't2');
  await bench.startWith([text, ok], second, answer('MESSAGE', 200, 'second ok', 't2'), effect('sip.notify', 'notify', 't3'));
  expect(bench.did).toEqual(['notify']);
  expect(bench.isParked(second)).toBe(true);
  bench.forget(text, ok);
  await bench.start();
  expect(bench.did).toEqual(['notify', 'second', 'second ok']);
});

describe('promise 1: what others may do by now is not done', () => {
  test('without a lease that is certain nothing is begun; it waits until there is one again', async () => {
    const bench = new Bench();
    bench.fence.certain = false;
    const notify = effect('sip.notify', 'notify', 't2');
    await bench.start(text, ok, notify);
    expect([bench.did, [text, ok, notify].map((each) => bench.isParked(each))]).toEqual([[], [true, true, true]]);
    bench.fence.certain = true;
    await bench.start();
    expect(bench.did).toEqual(['text', 'ok', 'notify']);
  });

  test('a lease that ends between two effects keeps the second one back', async () => {
    const bench = new Bench();
    let certain = [true, false];
    bench.fence.holdsLease = () => certain.shift() ?? false;
    await bench.start(text, ok);
    expect(bench.did).toEqual(['text']);
    certain = [true];
    await bench.start();
    expect(bench.did).toEqual(['text', 'ok']);
  });

  test('what an earlier life of the process began is left, what waits and what was to come', async () => {
    const bench = new Bench();
    bench.xmppAway = true;
    await bench.start(text);
    bench.failed = () => {
      bench.fence.instance = 'w1#2';
      bench.runner.forsake();
    };
    await bench.start(ok, effect('sip.notify', 'notify', 't2'));
    bench.xmppAway = false;
    await bench.start();
    expect([bench.did, bench.runner.inFlight, bench.runner.parkedPairs()]).toEqual([[], 0, []]);
  });
});

test('promise 2: whoever waits for what is in other hands asks to be looked at again, each time', async () => {
  const bench = new Bench();
  bench.xmppAway = true;
  await bench.start(text);
  bench.xmppAway = false;
  const second = effect('xmpp.message', 'second', 't2');
  await bench.startWith([text], second);
  await bench.startWith([text]);
  expect(bench.behind).toBe(2);
  bench.forget(text);
  await bench.start();
  expect([bench.behind, bench.did]).toEqual([2, ['second']]);
});
