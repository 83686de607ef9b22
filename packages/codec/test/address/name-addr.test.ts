import fc from 'fast-check';
import { formatNameAddr, readNameAddr, type NameAddr } from '../../src/address';

function read(text: string): NameAddr | undefined {
  const result = readNameAddr(text);
  return result.ok ? result.value : undefined;
}

describe('readNameAddr (RFC 3261 section 20.10)', () => {
  test.each([
    ['<sip:bob@example.com>', undefined, 'sip:bob@example.com', {}],
    ['<sip:bob@example.com;x=1?y=2>;tag=a;epid=01', undefined, 'sip:bob@example.com;x=1?y=2', { tag: 'a', epid: '01' }],
    ['Bob <sip:bob@example.com>;tag=a', 'Bob', 'sip:bob@example.com', { tag: 'a' }],
    ['Bob  B. Example <sip:bob@example.com>', 'Bob  B. Example', 'sip:bob@example.com', {}],
    ['"Bob \\"B\\" \\\\ <x>; y" <sip:bob@example.com> ; tag = a', 'Bob "B" \\ <x>; y', 'sip:bob@example.com', { tag: 'a' }],
    ['""<sip:bob@example.com>', undefined, 'sip:bob@example.com', {}],
    ['"Böb 😀" <sip:bob@example.com>', 'Böb 😀', 'sip:bob@example.com', {}],
    ['sip:bob@example.com', undefined, 'sip:bob@example.com', {}],
    ['sip:bob@example.com;tag=a;TAG=b', undefined, 'sip:bob@example.com', { tag: 'a' }],
    ['sip:alice;day=tuesday@example.com;tag=a', undefined, 'sip:alice;day=tuesday@example.com', { tag: 'a' }],
    ['<sip:bob@example.com>;proxy=replace;flag;q="a;\\"b";;', undefined, 'sip:bob@example.com', { proxy: 'replace', flag: '', q: 'a;"b' }],
    ['\t<sip:bob@example.com>\r\n', undefined, 'sip:bob@example.com', {}],
  ])('%j', (text, displayName, uri, params) => {
    expect(read(text)).toEqual({ uri, params: new Map(Object.entries(params)), ...(displayName && { displayName }) });
  });

  test.each([
    '', '<>', '<sip:bob@example.com', 'sip:bob@example.com>x', '"Bob <sip:bob@example.com>', 'a"b <sip:bob@example.com>',
    '"Bob" x <sip:bob@example.com>', '"Bob"', '<sip:a@b>, <sip:c@d>', '<sip:a@b>;tag=a,<sip:c@d>', '<sip:a@b> x',
    '<<sip:a@b>', '<sip:a@b>;=x', '<sip:a@b>;a b=c', '<sip:a@b>;t="x', '<sip:a@b>;t="x"y', '<sip:a@b>;t=a b', ';tag=a', 'x'.repeat(20_000),
  ])('%j is refused', (text) => {
    expect(readNameAddr(text)).toMatchObject({ ok: false, fault: { condition: 'jid-malformed' } });
  });

  test('SEC-9: controls in a display name become blanks, what XML forbids is dropped', () => {
    expect(read('"a\u0007b\\\r\\\nc\uFFFE\u2028d" <sip:bob@example.com>')?.displayName).toBe('ab c d');
    expect(read(`"${'é'.repeat(400)}" <sip:bob@example.com>`)?.displayName).toHaveLength(256);
  });

  test.each([
    ['quotes', '"', false],
    ['semicolons', ';', true],
    ['blanks', ' ', true],
    ['escaped quotes', '\\"', false],
    ['brackets', '<', false],
  ])('SEC-9: as many %s as fit, behind the address or before it', (_name, piece, ok) => {
    const text = piece.repeat(16_000 / piece.length);
    expect(readNameAddr(`<sip:a@b>${text}`)).toMatchObject({ ok });
    expect(readNameAddr(`${text}<sip:a@b>`)).toMatchObject({ ok });
  });
});

describe('formatNameAddr', () => {
  test.each([
    [{ uri: 'sip:bob@example.com' }, '<sip:bob@example.com>'],
    [{ displayName: 'Bob', uri: 'sip:bob@example.com', params: [['tag', 'a']] }, '"Bob" <sip:bob@example.com>;tag=a'],
    [{ displayName: 'B"o\\b', uri: 'sip:bob@example.com' }, '"B\\"o\\\\b" <sip:bob@example.com>'],
    [{ displayName: '', uri: 'sip:bob@example.com', params: [['gruu', '']] }, '<sip:bob@example.com>;gruu'],
    [{ uri: 'sip:bob@example.com', params: [['q', 'a b"c']] }, '<sip:bob@example.com>;q="a b\\"c"'],
  ] as const)('%j', (parts, text) => {
    expect(formatNameAddr(parts)).toBe(text);
  });

  test('SEC-9: no part can end the line or the value', () => {
    const evil = 'x\r\nRoute: <sip:evil.example>\u0000"\\';
    const text = formatNameAddr({ displayName: evil, uri: `sip:${evil}`, params: [['tag', evil], [evil, 'a']] });
    expect(text).not.toMatch(/[\r\n\0]/);
    expect(read(text)?.displayName).toBe('x Route: <sip:evil.example>"\\');
    expect([...(read(text)?.params.keys() ?? [])]).toEqual(['tag']);
  });

  test('whatever is formatted reads back as one value with the same name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }), (displayName, value) => {
        const text = formatNameAddr({ displayName, uri: `sip:bob@example.com;x=${value}`, params: [['p', value]] });
        expect(text).not.toMatch(/[\r\n\0]/);
        const back = read(text);
        expect(back).toBeDefined();
        expect(formatNameAddr({ ...back, uri: back?.uri ?? '' })).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
