import { pairKey, pairKeyPrefix, pairOf, type BareJid, type Pair } from '../src';

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

  test('begins as all keys of its user do, and no key of another', () => {
    const prefix = pairKeyPrefix('a@x.example' as BareJid);
    expect(pairKey(pair('a@x.example', 'b|c@y.example')).startsWith(prefix)).toBe(true);
    for (const other of ['a@x.example.net', 'aa@x.example', 'a|b@x.example', 'A@x.example']) {
      expect(pairKey(pair(other, 'a@x.example')).startsWith(prefix)).toBe(false);
    }
  });
});
