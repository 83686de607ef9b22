import fc from 'fast-check';
import { codesFromEmoji, emojiFromCodes } from '../src';
import { EMOTICONS } from '../src/tables/emoticons';

const read = EMOTICONS.filter((row) => row.read === 'yes');

describe('emoticons towards XMPP', () => {
  test.each(read.flatMap(({ code, also, emoji }) => [code, ...also].map((each) => [each, emoji])))('%s is %s', (code, emoji) => {
    expect(emojiFromCodes(`well ${code} then`)).toBe(`well ${emoji} then`);
    expect(emojiFromCodes(code)).toBe(emoji);
  });

  test.each([
    ['with the end of a sentence', 'Fine :). Really :-)!? (Y),', 'Fine 🙂. Really 🙂!? 👍,'],
    ['between lines and tabs', ':)\n:(\t;)', '🙂\n🙁\t😉'],
    ['an address', 'http://x.example/:) http://x.example/(Y) C:D www.a.example/:P', undefined],
    ['in a word', 'foo:) (Y)es 8-|x :)(:', undefined],
    ['program text', 'if (a:b) {c(*)d}; x=(N);', undefined],
    ['a list', '(A) first (B) second (6) sixth (8)', undefined],
    ['a time', 'at 8:00 :00', undefined],
    ['an end without a code', 'what?! ... ,', undefined],
    ['a long word with a code before its end', `:)${'!'.repeat(20)}`, undefined],
    ['emoji stay', '🙂 👩‍👩‍👧', undefined],
  ])('%s', (_name, text, expected) => {
    expect(emojiFromCodes(text)).toBe(expected ?? text);
  });
});

describe('emoticons towards SIP', () => {
  test.each(EMOTICONS.map(({ code, emoji }) => [emoji, code]))('%s is %s', (emoji, code) => {
    expect(codesFromEmoji(`well ${emoji} then`)).toBe(`well ${code} then`);
  });

  test.each([
    ['alone and in rows', '🙂🙂 👍', ':) :) (Y)'],
    ['beside words and ends of sentences', 'hi🙂there 👍! ok🙂.', 'hi :) there (Y)! ok :).'],
    ['with a tone of skin', '👍🏽 👍🏿!', '(Y) (Y)!'],
    ['with and without a variation', '❤️ ❤', '(L) (L)'],
    ['an emoji without a code', '🦑🙂🦑', '🦑 :) 🦑'],
    ['joined ones stay', '❤️‍🔥 👩‍❤️‍👨', undefined],
    ['an address', 'https://x.example/🙂 www.x.example/👍 xmpp:a@b?🙂', undefined],
    ['letters and signs', 'a © ™ 1 # é', undefined],
  ])('%s', (_name, text, expected) => {
    expect(codesFromEmoji(text)).toBe(expected ?? text);
  });
});

test('no code, other spelling or emoji stands in two rows', () => {
  const codes = EMOTICONS.flatMap(({ code, also }) => [code, ...also]);
  expect(new Set(codes).size).toBe(codes.length);
  expect(new Set(EMOTICONS.map(({ emoji }) => emoji)).size).toBe(EMOTICONS.length);
});

test('law: the codes of the table survive the way there and back', () => {
  const words = fc.array(fc.constantFrom(...read.map(({ code }) => code), 'word', 'http://a.example/:)'));
  fc.assert(
    fc.property(words, (each) => {
      expect(codesFromEmoji(emojiFromCodes(each.join(' ')))).toBe(each.join(' '));
    }),
  );
});

test('law: any text is read; what has neither codes nor emoji stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(typeof codesFromEmoji(emojiFromCodes(text))).toBe('string');
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9 \n]*$/), (text) => {
      expect(emojiFromCodes(text)).toBe(text);
      expect(codesFromEmoji(text)).toBe(text);
    }),
  );
});

// The time that jest allows a test is the deadline.
test.each(['!', ':)', '🙂', '🙂 ', ':) ', '❤️x'])('SEC-10: 200,000 times %j is read to its end', (piece) => {
  expect(typeof emojiFromCodes(piece.repeat(200_000))).toBe('string');
  expect(typeof codesFromEmoji(piece.repeat(200_000))).toBe('string');
});
