import type { SipRequestIn } from '@isthmus/codec';
import type { Ticket } from '@isthmus/xmpp';
import type { Logger } from '../src/log';
import { Guard, type GuardOptions } from '../src/worker/guard';

/** A worker whose links note what is done to them. */
class Bench {
  now = 0;
  isAlone = false;
  state = 'ready';
  readonly did: string[] = [];
  readonly told: string[] = [];
  /** The connection of the stanzas at hand has been dropped. */
  ended = false;
  readonly guard: Guard;

  constructor() {
    const note = (level: string) => (_fields: unknown, event: string) => this.told.push(`${level} ${event}`);
    const bench = { isAlone: () => this.isAlone, state: () => this.state };
    const parts = {
      xmpp: { setReady: (ready: boolean) => this.did.push(`xmpp ${ready}`), renew: () => this.did.push('xmpp renew') && (this.ended = true) },
      sip: { setReady: (ready: boolean) => this.did.push(`sip ${ready}`), renew: () => (this.did.push('sip renew'), ['anchored']) },
      store: { get state() { return { is: bench.state() }; } },
      log: { warn: note('warn'), error: note('error') } as unknown as Logger,
    };
    const cluster = { instance: 'w1#a', get isAlone() { return bench.isAlone(); } };
    const pairs = { cluster, loop: { forget: () => this.did.push('forget') }, exchange: () => this.did.push('exchange') };
    this.guard = new Guard({ parts, pairs, now: () => this.now } as unknown as GuardOptions);
    this.guard.start();
    this.did.length = 0;
  }

  readonly ticket = (() => {
    const isEnded = () => this.ended;
    return { get isKnownElsewhere() { return isEnded(); } } as Ticket;
  })();
}

const from = (server: string): SipRequestIn => ({ transaction: { server, id: '1' } }) as unknown as SipRequestIn;

let bench: Bench;
beforeEach(() => (bench = new Bench()));
afterEach(() => bench.guard.stop());

describe('after the worker stood still', () => {
  beforeEach(() => (bench.now = 2_000));

  test('promise 1: a stanza that another worker is given is left to it; the connections are made anew, once', () => {
    expect(bench.guard.mayTake(bench.ticket)).toBe(false);
    expect(bench.did).toEqual(['forget', 'xmpp renew', 'sip renew', 'exchange']);
    expect(bench.guard.mayTake(bench.ticket)).toBe(false);
    expect(bench.did).toHaveLength(4);
    expect(bench.told).toEqual(['warn worker_stalled']);
  });

  test('promise 1: nothing is left that nobody else is given: a stanza without number, a request of a plain drachtio server', () => {
    expect([bench.guard.mayTake(undefined), bench.guard.mayAnswer(from('plain'))]).toEqual([true, true]);
  });

  test('promise 1: a request of an anchor is left to the worker that it is given to; the next one is taken', () => {
    expect([bench.guard.mayAnswer(from('anchored')), bench.guard.mayAnswer(from('anchored'))]).toEqual([false, true]);
  });

  test('alone, it keeps its connections: nobody else can be given anything', () => {
    bench.isAlone = true;
    expect(bench.guard.mayTake(bench.ticket)).toBe(true);
    expect(bench.did).toEqual(['forget', 'exchange']);
  });
});

test('promise 1: without its store a worker asks for nothing to do, and asks again when it is back', () => {
  bench.state = 'away';
  bench.guard.storeChanged();
  bench.state = 'ready';
  bench.guard.storeChanged();
  expect(bench.did).toEqual(['xmpp false', 'sip false', 'xmpp true', 'sip true']);
});

test('promise 1: the only worker goes on to take SIP requests, and answers them itself', () => {
  bench.isAlone = true;
  bench.state = 'away';
  bench.guard.storeChanged();
  expect(bench.did).toEqual(['xmpp false', 'sip true']);
});

test('a worker of the same name is told of when it stays, once; a former life that ends is not', () => {
  bench.guard.others(['w1#before', 'w2#b']);
  bench.now = 3_000;
  bench.guard.others(['w1#other', 'w2#b']);
  bench.now = 8_999;
  bench.guard.others(['w1#other', 'w2#b']);
  expect(bench.told).toEqual([]);
  for (bench.now = 9_000; bench.now < 12_000; bench.now += 1_000) bench.guard.others(['w1#other', 'w2#b']);
  expect(bench.told).toEqual(['error worker_name_taken']);
});
