import type { SipRequestIn } from '@isthmus/codec';
import type { Ticket } from '@isthmus/xmpp';
import type { Logger } from '../src/log';
import { Guard, type GuardOptions } from '../src/worker/guard';

/** A worker whose links note what is done to them, and whose store answers when the test says so. */
class Bench {
  now = 0;
  isAlone = false;
  state = 'ready';
  /** As the heartbeat shows them. */
  instance = 'w1#a';
  hasLease = true;
  readonly did: string[] = [];
  readonly told: string[] = [];
  readonly taken: string[] = [];
  /** The connection of the stanzas at hand has been dropped. */
  ended = false;
  stalls = 0;
  answer: () => void = () => undefined;
  readonly guard: Guard;

  constructor() {
    const note = (level: string) => (_fields: unknown, event: string) => this.told.push(`${level} ${event}`);
    const bench = { isAlone: () => this.isAlone, state: () => this.state, instance: () => this.instance };
    const parts = {
      xmpp: { setReady: (ready: boolean) => this.did.push(`xmpp ${ready}`), renew: () => this.did.push('xmpp renew') && (this.ended = true) },
      sip: { setReady: (ready: boolean) => this.did.push(`sip ${ready}`), renew: () => (this.did.push('sip renew'), ['anchored']) },
      store: { get state() { return { is: bench.state() }; } },
      log: { warn: note('warn'), error: note('error') } as unknown as Logger,
    };
    const cluster = { get instance() { return bench.instance(); }, get isAlone() { return bench.isAlone(); }, holdsLease: () => this.hasLease };
    const exchange = () => new Promise<void>((resolve) => (this.did.push('exchange'), (this.answer = resolve)));
    const pairs = { cluster, loop: { forget: () => this.did.push('forget') }, exchange };
    this.guard = new Guard({ parts, pairs, onStall: () => (this.stalls += 1), now: () => this.now } as unknown as GuardOptions);
    this.guard.start();
    this.did.length = 0;
  }

  /** A numbered stanza comes; resolves when it has been taken or left. */
  stanza(name: string): Promise<void> {
    return this.guard.stanza(this.ticket, async () => void this.taken.push(name));
  }

  /** One without number. */
  bare(name: string): Promise<void> {
    return this.guard.stanza(undefined, async () => void this.taken.push(name));
  }

  request(name: string, server: string): void {
    this.guard.request({ transaction: { server, id: '1' } } as unknown as SipRequestIn, () => void this.taken.push(name));
  }

  readonly ticket = (() => {
    const isEnded = () => this.ended;
    return { get isKnownElsewhere() { return isEnded(); } } as Ticket;
  })();
}

let bench: Bench;
beforeEach(() => (bench = new Bench()));
afterEach(() => bench.guard.stop());

test('what comes is taken at once while nothing is in doubt', () => {
  void bench.stanza('a');
  bench.request('b', 'anchored');
  expect([bench.taken, bench.did, bench.stalls]).toEqual([['a', 'b'], [], 0]);
});

describe('decision 088: after the worker stood still', () => {
  /** What stood in its connections is read before the store has answered, and something behind it after that. */
  async function goesOn(): Promise<void> {
    bench.now = 2_000;
    const first = bench.stanza('a');
    bench.request('b', 'anchored');
    bench.request('c', 'plain');
    const second = bench.bare('d');
    expect([bench.taken, bench.did, bench.stalls]).toEqual([[], ['exchange'], 1]);
    bench.answer();
    await Promise.all([first, second]);
    bench.request('e', 'anchored');
    await bench.bare('f');
  }

  test('promise 3: whoever has been found dead by nobody is only slow: it keeps its connections, and takes everything in order', async () => {
    await goesOn();
    expect([bench.taken, bench.did]).toEqual([['a', 'b', 'c', 'd', 'e', 'f'], ['exchange']]);
    expect(bench.told).toEqual(['warn worker_stalled']);
  });

  test('promise 1: the server has closed the connection meanwhile: what it has given to others is left to them', async () => {
    bench.now = 2_000;
    const stanza = bench.stanza('a');
    bench.ended = true;
    bench.answer();
    await stanza;
    expect(bench.taken).toEqual([]);
  });

  test.each([
    ['it was found dead', () => (bench.instance = 'w1#b')],
    ['the store did not say in time that it was not', () => (bench.hasLease = false)],
  ])('promise 1: %s: it drops its connections once, and leaves to others what they are given; what nobody else is given it takes', async (_name, happens) => {
    happens();
    const { instance } = bench;
    bench.instance = 'w1#a';
    const answered = goesOn();
    bench.instance = instance;
    await answered;
    expect([bench.taken, bench.did]).toEqual([['c', 'd', 'e', 'f'], ['exchange', 'forget', 'xmpp renew', 'sip renew']]);
    expect(bench.told).toEqual(['warn worker_stalled', 'warn worker_links_dropped']);
  });

  test('alone, it keeps its connections whatever the store says: nobody else can be given anything', async () => {
    [bench.isAlone, bench.hasLease] = [true, false];
    await goesOn();
    expect([bench.taken, bench.did]).toEqual([['a', 'b', 'c', 'd', 'e', 'f'], ['exchange']]);
  });

  test('a stall while the store is being asked asks nothing more; one after that does', async () => {
    bench.now = 2_000;
    const [first, second] = [bench.stanza('a'), ((bench.now = 4_000), bench.stanza('b'))];
    bench.answer();
    await Promise.all([first, second]);
    bench.now = 6_000;
    void bench.stanza('c');
    expect([bench.did, bench.stalls, bench.taken]).toEqual([['exchange', 'exchange'], 3, ['a', 'b']]);
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
