import { Desk } from '../src/anchor/desk';
import { ANCHOR_DEFAULTS, type AnchorLimits } from '../src/anchor/options';
import { asWorker, Hand } from './support/hand';

const PAIR = '\0ann@example.com\0bob@example.com';
const { answerMs } = ANCHOR_DEFAULTS;

let now: number;
let hands: Hand[];
let refused: (readonly [string, string])[];
let moved: number;
let desk: Desk;

function open(limits: Partial<AnchorLimits> = {}): void {
  desk = new Desk({
    limits: { ...ANCHOR_DEFAULTS, ...limits },
    now: () => now,
    workers: () => hands.map(asWorker),
    refuse: (id, cause) => refused.push([id, cause]),
    moved: (_from, count) => (moved += count),
  });
}

beforeEach(() => {
  jest.useFakeTimers();
  [now, moved, refused, hands] = [0, 0, [], [new Hand('w1', 1)]];
});
afterEach(() => {
  desk.stop();
  jest.useRealTimers();
});

const take = (id: string, { pair = PAIR, method = 'MESSAGE', body = id } = {}): void =>
  desk.take({ id, method, inDialog: false, pair, frame: Buffer.from(body) });

const only = (): Hand => hands[0] as Hand;

function answer(id: string): void {
  desk.answers(id, asWorker(only()), true);
  desk.answered(id, true);
}

/** Time goes on, and the workers show that they live. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 250) {
    now += 250;
    for (const hand of hands) hand.heardAt = now;
    jest.advanceTimersByTime(250);
  }
}

describe('promise 6: what the anchor keeps for workers is bounded', () => {
  test('so many requests; an answer makes room', () => {
    open({ requests: 2 });
    for (const id of ['a', 'b', 'c']) take(id);
    answer('a');
    take('d');
    expect([only().given, refused]).toEqual([['a', 'b', 'd'], [['c', 'too many']]]);
  });

  test('so many bytes, the last one included; an answer makes room', () => {
    open({ requestBytes: 4 });
    take('a', { body: 'aaaa' });
    take('b');
    answer('a');
    take('c', { body: 'cccc' });
    expect([only().given, refused]).toEqual([['aaaa', 'cccc'], [['b', 'too many']]]);
  });

  test('a request that nobody answers is forgotten after 64 s, one that rings after 10 min', () => {
    open();
    take('quiet');
    take('ringing', { method: 'INVITE' });
    expect(desk.answers('ringing', asWorker(only()), false)).toBe(true);
    pass(65_000);
    expect([desk.get('quiet'), desk.get('ringing')?.holder?.name]).toEqual([undefined, 'w1']);
    pass(536_000);
    expect([desk.get('ringing'), desk.counts.inHand]).toEqual([undefined, 0]);
  });
});

describe('promise 2: the order of a pair', () => {
  test('is kept by those that wait for a worker', () => {
    hands = [];
    open();
    for (const id of ['a', 'b', 'c']) take(id);
    hands = [new Hand('w1', 1)];
    desk.joined();
    expect(only().given).toEqual(['a', 'b', 'c']);
  });

  test('what a worker has lost goes before what waits behind it', () => {
    open();
    take('a');
    only().paused = true;
    take('b');
    take('c');
    const lost = only();
    lost.connected = false;
    hands = [];
    desk.gone(asWorker(lost));
    hands = [new Hand('w2', 2)];
    desk.joined();
    expect([lost.given, only().given]).toEqual([['a'], ['a', 'b', 'c']]);
  });

  test('XD-10: while a worker that takes nothing new has one of them in hand, the next ones wait', () => {
    open();
    take('a');
    const first = only();
    first.paused = true;
    hands = [first, new Hand('w2', 2)];
    take('b');
    expect(hands[1]?.given).toEqual([]);
    answer('a');
    expect(hands[1]?.given).toEqual(['b']);
  });
});

describe('promise 1: one answer to each request', () => {
  test('what a worker has answered before it died is given to another one only if the server did not take that', () => {
    hands.push(new Hand('w2', 2));
    open();
    take('a');
    take('b');
    const holder = hands.find(({ given }) => given.length > 0) as Hand;
    const other = hands.find((hand) => hand !== holder) as Hand;
    for (const id of ['a', 'b']) desk.answers(id, asWorker(holder), true);
    holder.connected = false;
    desk.gone(asWorker(holder));
    expect(other.given).toEqual([]);
    desk.answered('a', true);
    desk.answered('b', false);
    expect([other.given, desk.get('a')]).toEqual([['b'], undefined]);
  });

  test('time for which the anchor itself stood still makes nobody late: answers may lie before it unread', () => {
    hands.push(new Hand('w2', 2));
    open();
    take('a');
    now += 10 * answerMs;
    jest.advanceTimersByTime(answerMs / 8);
    expect([moved, desk.counts.late, hands.flatMap(({ given }) => given)]).toEqual([0, 0, ['a']]);
  });
});
