import type { Fault } from '../faults';
import { randomPairs } from '../pairs';
import { Random } from '../random';
import { failures, type Sight, type Trial } from '../run';
import { TypingBook } from '../typing-book';

const NONE = { sent: 10, delivered: 10, returned: 0, misreported: 0, doubled: 0, inSocket: 0, lost: 0, outOfOrder: 0 };
const RIGHT: Sight = { wrong: 3, rightAfterMs: 9_000 };
const GOOD: Trial = {
  faults: [],
  texts: { 'to SIP': NONE, 'to XMPP': NONE },
  presence: { 'to SIP': RIGHT, 'to XMPP': RIGHT },
  typing: { seen: 1, stuck: [] },
  lostDialogs: 0,
  lost: [],
  stillWrong: [],
};
const BARS = { rightWithinSeconds: 10, inFlight: 2 };

describe('the bars of the chaos suite', () => {
  it('are met by a trial without loss', () => expect(failures(GOOD, BARS)).toEqual([]));

  it.each<[string, Partial<Trial>, RegExp]>([
    ['promise 1: a lost text', { texts: { ...GOOD.texts, 'to SIP': { ...NONE, lost: 1 } } }, /1 texts to SIP lost/],
    ['promise 2: disorder', { texts: { ...GOOD.texts, 'to XMPP': { ...NONE, outOfOrder: 2 } } }, /2 texts to XMPP out of order/],
    ['promise 1: more doubled than can be on their way', { texts: { ...GOOD.texts, 'to SIP': { ...NONE, doubled: 3 } } }, /3 texts to SIP doubled, more than 2/],
    ['promise 3: presence that is right too late', { presence: { ...GOOD.presence, 'to SIP': { wrong: 1, rightAfterMs: 10_001 } } }, /1 pairs wrong, the last one for 10.0 s/],
    ['promise 3: presence that is never right again', { presence: { ...GOOD.presence, 'to XMPP': { wrong: 1, rightAfterMs: undefined } } }, /not right again/],
    ['promise 4: who is shown wrong at the end', { stillWrong: ['ann bob: away instead of dnd'] }, /shown wrong at the end/],
    ['typing that sticks', { typing: { seen: 1, stuck: ['ann bob'] } }, /typing stuck: ann bob/],
  ])('are not met with %s', (_what, change, failure) => expect(failures({ ...GOOD, ...change }, BARS)).toEqual([expect.stringMatching(failure)]));
});

describe('random pairs of faults', () => {
  const fault = (name: string, ...touches: string[]): Fault => ({ name, touches, awaySeconds: 0, rightFrom: 'mend', break: () => Promise.resolve(), mend: () => Promise.resolve() });
  const faults = [fault('a', 'x'), fault('b', 'x', 'y'), fault('c', 'z'), fault('nothing')];

  it('come again with their seed, never share a part, and each does something', () => {
    const names = (seed: number): string[] => randomPairs(faults, 20, new Random(seed)).map((pair) => pair.map(({ name }) => name).join());
    expect(names(7)).toEqual(names(7));
    expect(new Set(names(7))).toEqual(new Set(['a,c', 'b,c']));
    expect(names(7)).not.toEqual(names(8));
  });

  it('are none where all faults share a part', () => expect(randomPairs([fault('a', 'x')], 3, new Random(1))).toEqual([]));
});

describe('the account of typing', () => {
  it('who has begun and not stopped is stuck; who has lost his stream sees nobody type', () => {
    const typing = new TypingBook();
    typing.types('ann', 'bob', true);
    typing.types('ann', 'carol', true);
    typing.types('ann', 'bob', false);
    expect(typing.stuck).toEqual(['ann carol']);
    typing.blind('ann');
    expect({ stuck: typing.stuck, seen: typing.seen }).toEqual({ stuck: [], seen: 2 });
  });
});
