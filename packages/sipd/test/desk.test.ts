import { Desk, type MoveCause } from '../src/anchor/desk';
import { ANCHOR_DEFAULTS } from '../src/anchor/options';
import { asWorker, Hand } from './support/hand';

const { answerMs } = ANCHOR_DEFAULTS;

let now: number;
let hands: [Hand, Hand];
let moves: (readonly [string, number, MoveCause])[];
let desk: Desk;

beforeEach(() => {
  jest.useFakeTimers();
  now = 0;
  moves = [];
  hands = [new Hand('w1', 1), new Hand('w2', 2)];
  desk = new Desk({
    limits: ANCHOR_DEFAULTS,
    now: () => now,
    workers: () => hands.map(asWorker),
    refuse: (id) => moves.push([id, 0, 'gone']),
    moved: (from, count, cause) => moves.push([from.name, count, cause]),
  });
});
afterEach(() => {
  desk.stop();
  jest.useRealTimers();
});

/** Time goes on, and both say something all the while: that they live, or what became of other requests. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 50) {
    now += 50;
    for (const hand of hands) if (!hand.silent) hand.heardAt = now;
    jest.advanceTimersByTime(50);
  }
}

/** Gives a request of some pair to that worker; its name. */
function give(hand: Hand, id: string): string {
  for (let index = 0; ; index += 1) {
    const pair = `\0ann@example.com\0bob${index}-${id}@example.com`;
    const before = hand.given.length;
    const name = `${id}.${index}`;
    desk.take({ id: name, method: 'MESSAGE', inDialog: false, pair, frame: Buffer.from(name) });
    if (hand.given.length > before) return name;
    answer(name);
  }
}

function answer(id: string): void {
  const holder = desk.get(id)?.holder;
  if (holder === undefined) throw new Error(`nobody has ${id}`);
  expect(desk.answers(id, holder, true)).toBe(true);
  desk.answered(id, true);
}

const holderOf = (id: string): string | undefined => desk.get(id)?.holder?.name;

describe('decision 087: a worker that is slow and not silent', () => {
  test('DESIGN 5: its request goes to one that is faster, once', () => {
    const late = give(hands[0], 'a');
    pass(answerMs + 500);
    expect([holderOf(late), moves]).toEqual(['w2', [['w1', 1, 'late']]]);
    expect(desk.answers(late, asWorker(hands[0]), true)).toBe(false);
    pass(5 * answerMs);
    expect([holderOf(late), moves.length]).toEqual(['w2', 1]);
  });

  test('DESIGN 5: while all are as slow, since their store or the XMPP server is away, nothing changes hands', () => {
    const ids = [give(hands[0], 'a'), give(hands[1], 'b'), give(hands[0], 'c'), give(hands[1], 'd')];
    pass(3 * answerMs);
    expect([ids.map(holderOf), moves, desk.counts.late]).toEqual([['w1', 'w2', 'w1', 'w2'], [], 4]);
  });

  test('DESIGN 5: as soon as one of them is fast again it is given what the other one has not answered', () => {
    const [stuck, served] = [give(hands[0], 'a'), give(hands[1], 'b')];
    pass(2 * answerMs);
    answer(served);
    pass(2 * answerMs);
    expect([holderOf(stuck), moves]).toEqual(['w2', [['w1', 1, 'late']]]);
  });

  test('promise 2: of the pair all goes, in order', () => {
    const pair = '\0ann@example.com\0bob@example.com';
    for (const id of ['1', '2', '3']) desk.take({ id, method: 'MESSAGE', inDialog: false, pair, frame: Buffer.from(id) });
    const [slow, other] = hands[0].given.length > 0 ? hands : [hands[1], hands[0]];
    pass(answerMs + 500);
    expect([slow.given, other.given, moves]).toEqual([['1', '2', '3'], ['1', '2', '3'], [[slow.name, 3, 'late']]]);
  });
});

test('DESIGN 5: what a silent worker has in hand goes to others even if they are slow', () => {
  const ids = [give(hands[0], 'a'), give(hands[1], 'b')];
  pass(answerMs / 2 + 100);
  hands[0].silent = false;
  const saidLast = hands[0].heardAt;
  const fresh = give(hands[0], 'c');
  for (let passed = 0; passed < answerMs + 500; passed += 50) {
    now += 50;
    hands[1].heardAt = now;
    jest.advanceTimersByTime(50);
  }
  expect(hands[0].heardAt).toBe(saidLast);
  expect([hands[0].silent, holderOf(fresh), ids.map(holderOf)]).toEqual([true, 'w2', ['w2', 'w2']]);
});
