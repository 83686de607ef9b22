import { pairKey, pairOf, type BareJid, type Pair } from '../src';

const pair = (user: string, contact: string): Pair => ({ user: user as BareJid, contact: contact as BareJid });

describe('the key of a pair', () => {
  test.each([
    ['plain', pair('ann@example.com', 'bob@example.com')],
    ['a bar in a localpart, where RFC 7622 allows it', pair('ann|x@example.com', 'bob|y|@example.com')],
    ['nothing but bars', pair('|@example.com', '||@example.com')],
    ['an IPv6 literal', pair('ann@[2001:db8::1]', 'bob@[2001:db8::2]')],
  ])('gives the pair back: %s', (_name, given) => {
    expect(pairOf(pairKey(given))).toEqual(given);
  });

  test('two pairs never share one', () => {
    expect(pairKey(pair('a@x.example', 'b|c@y.example'))).not.toBe(pairKey(pair('a|b@x.example', 'c@y.example')));
  });
});
