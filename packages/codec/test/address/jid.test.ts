import fc from 'fast-check';
import { escapeLocalpart, readDomain, readJid, unescapeLocalpart, writeJid } from '../../src/address';

/** The JID as text after preparation, or undefined where it is refused. */
function prepared(text: string): string | undefined {
  const jid = readJid(text);
  return jid.ok ? writeJid(jid.value) : undefined;
}

describe('readJid (RFC 7622)', () => {
  // RFC 7622 section 3.5, Table 1
  test.each([
    ['juliet@example.com', 'juliet@example.com'],
    ['juliet@example.com/foo', 'juliet@example.com/foo'],
    ['juliet@example.com/foo bar', 'juliet@example.com/foo bar'],
    ['juliet@example.com/foo@bar', 'juliet@example.com/foo@bar'],
    ['foo\\20bar@example.com', 'foo\\20bar@example.com'],
    ['fussball@example.com', 'fussball@example.com'],
    ['fußball@example.com', 'fußball@example.com'],
    ['π@example.com', 'π@example.com'],
    ['Σ@example.com/foo', 'σ@example.com/foo'],
    ['σ@example.com/foo', 'σ@example.com/foo'],
    ['ς@example.com/foo', 'ς@example.com/foo'],
    ['king@example.com/♚', 'king@example.com/♚'],
    ['example.com', 'example.com'],
    ['example.com/foobar', 'example.com/foobar'],
    ['a.example.com/b@example.net', 'a.example.com/b@example.net'],
  ])('ADDR-9 RFC 7622 Table 1: %s', (text, jid) => {
    expect(prepared(text)).toBe(jid);
  });

  // RFC 7622 section 3.5, Table 2
  test.each([
    '"juliet"@example.com',
    'foo bar@example.com',
    'juliet@example.com/ foo',
    '@example.com/',
    'henryⅣ@example.com',
    '♚@example.com',
    'juliet@',
    '/foobar',
  ])('ADDR-9 RFC 7622 Table 2 refuses: %s', (text) => {
    expect(readJid(text)).toMatchObject({ ok: false, fault: { condition: 'jid-malformed', sip: 400 } });
  });

  test.each([
    ['', 'nothing'],
    ['juliet@example.com/', 'an empty resource'],
    ['juliet@@example.com', 'two at-signs'],
    ['a\u0000b@example.com', 'NUL'],
    ['a\r\nb@example.com', 'a line end'],
    ['juliet@example.com/a\u0007b', 'a control in the resource'],
    ['a\u200Bb@example.com', 'a zero width space'],
    ['a\u200Db@example.com', 'a joiner without virama'],
    ['\u0378@example.com', 'an unassigned character'],
    ['\uE000@example.com', 'a private character'],
    ['\uD800@example.com', 'a lone surrogate'],
    ['ᄀ@example.com', 'an old Hangul jamo'],
    ['a＠b@example.com', 'a wide at-sign'],
    ['a＼20b@example.com', 'a wide backslash'],
    ['juliet@2001:db8::1', 'an IPv6 address without brackets'],
  ])('ADDR-5, ADDR-9 refuses %j: %s', (text) => {
    expect(prepared(text)).toBeUndefined();
  });

  test.each([
    ['ju/liet@example.com', 'ju/liet@example.com', 'a slash before the at-sign starts the resource of the domain ju'],
    ['JULIET@Example.COM/Balcony', 'juliet@example.com/Balcony', 'case of the resource is kept'],
    ['Ａlice@example.com', 'alice@example.com', 'width'],
    ['ｱlice@example.com', 'アlice@example.com', 'narrow katakana'],
    ['e\u0301@example.com', 'é@example.com', 'NFC'],
    ['juliet@example.com/a\u00A0b', 'juliet@example.com/a b', 'spaces of the resource become ASCII'],
    ['juliet@example.com/e\u0301', 'juliet@example.com/é', 'NFC in the resource'],
    ['juliet@example.com/Ⅳ', 'juliet@example.com/Ⅳ', 'compatibility characters are free in the resource'],
    ['col·lega@example.com', 'col·lega@example.com', 'the Catalan dot between two l'],
    ['͵α@example.com', '͵α@example.com', 'the Greek numeral sign before Greek'],
    ['א׳@example.com', 'א׳@example.com', 'geresh after Hebrew'],
    ['ア・イ@example.com', 'ア・イ@example.com', 'the Katakana dot among Katakana'],
    ['क्\u200Dष@example.com', 'क्\u200Dष@example.com', 'a joiner after virama'],
    ['۱۲@example.com', '۱۲@example.com', 'extended Arabic digits alone'],
    ['س١@example.com', 'س١@example.com', 'Arabic letter and digit'],
    ['שלוֹ@example.com', 'שלוֹ@example.com', 'Hebrew that ends in a mark'],
  ])('ADDR-9 %s becomes %s: %s', (text, jid) => {
    expect(prepared(text)).toBe(jid);
  });

  test.each([
    ['a·b', 'the dot elsewhere'],
    ['͵a', 'the Greek sign before Latin'],
    ['a׳', 'geresh after Latin'],
    ['a・b', 'the Katakana dot among Latin'],
    ['س١۲', 'two sets of Arabic digits'],
    ['אa', 'right-to-left mixed with left-to-right'],
    ['1א', 'right-to-left text that starts with a digit'],
    ['א-', 'right-to-left text that ends in punctuation'],
    ['١', 'an Arabic digit alone'],
    ['س1١', 'European and Arabic digits together'],
  ])('ADDR-9 the localpart %s is refused: %s', (local) => {
    expect(prepared(`${local}@example.com`)).toBeUndefined();
  });

  test('ADDR-9: each part is 1 to 1023 octets', () => {
    const long = 'a'.repeat(1023);
    const wide = 'ü'.repeat(511);
    expect(prepared(`${long}@example.com/${long}`)).toBe(`${long}@example.com/${long}`);
    expect(prepared(`${wide}a@example.com`)).toBe(`${wide}a@example.com`);
    expect(prepared(`${long}a@example.com`)).toBeUndefined();
    expect(prepared(`a@example.com/${long}a`)).toBeUndefined();
    expect(prepared(`${wide}üa@example.com`)).toBeUndefined();
    expect(prepared(`a@${'a.'.repeat(511)}de`)).toBeUndefined();
    expect(prepared(`${long}${long}${long}@example.com`)).toBeUndefined();
    expect(prepared(`a@example.com/${'u\u0308\u0301'.repeat(700)}`)).toBeUndefined();
  });

  test('a JID without a localpart has a bare form that is its domain', () => {
    expect(readJid('example.com/x')).toEqual({
      ok: true,
      value: { bare: 'example.com', local: '', domain: 'example.com', resource: 'x' },
    });
  });

  test('ADDR-9: preparing twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 8 }), (local, resource) => {
        for (const text of [`${local}@example.com`, `a@example.com/${resource}`, `a@${local}`]) {
          const once = prepared(text);
          expect(once === undefined ? undefined : prepared(once)).toBe(once);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('domains (ADDR-11)', () => {
  test.each([
    ['Example.COM', 'example.com', 'example.com'],
    ['example.com.', 'example.com', 'example.com'],
    ['münchen.example', 'münchen.example', 'xn--mnchen-3ya.example'],
    ['MÜNCHEN.example', 'münchen.example', 'xn--mnchen-3ya.example'],
    ['xn--mnchen-3ya.example', 'münchen.example', 'xn--mnchen-3ya.example'],
    ['XN--MNCHEN-3YA.example', 'münchen.example', 'xn--mnchen-3ya.example'],
    ['bücher。example', 'bücher.example', 'xn--bcher-kva.example'],
    ['faß.example', 'faß.example', 'xn--fa-hia.example'],
    ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['[2001:db8::1]', '[2001:db8::1]', '[2001:db8::1]'],
    ['[2001:DB8:0:0:0:0:0:1]', '[2001:db8::1]', '[2001:db8::1]'],
    ['localhost', 'localhost', 'localhost'],
    ['3com.example', '3com.example', '3com.example'],
  ])('%s is %s in a JID and %s in a SIP URI', (text, unicode, ascii) => {
    expect(readDomain(text)).toEqual({ unicode, ascii });
  });

  test.each([
    '', '.', 'a..b', '..', '-a.example', 'a-.example', 'a_b.example', 'a b', 'a/b', 'a%62.example', 'a:b', '[', '[]', '[zz]',
    '[fe80::1%25eth0]', '[2001:db8::1', '2001:db8::1', '999.1.1.1', '127.1', '0x7f.0.0.1', '1.2', '☃.example', 'xn--zzzzzz',
    'xn--a.example', `${'a'.repeat(64)}.example`, 'a\u0000b', 'a@b', 'a\u00ADb.example',
  ])('%j is refused', (text) => {
    expect(readDomain(text)).toBeUndefined();
  });
});

describe('XEP-0106 (ADDR-4)', () => {
  // Section 5.1 and 4.3: user name and localpart
  test.each([
    ['space cadet', 'space\\20cadet'],
    ['call me "ishmael"', 'call\\20me\\20\\22ishmael\\22'],
    ['at&t guy', 'at\\26t\\20guy'],
    ["d'artagnan", 'd\\27artagnan'],
    ['/.fanboy', '\\2f.fanboy'],
    ['::foo::', '\\3a\\3afoo\\3a\\3a'],
    ['<foo>', '\\3cfoo\\3e'],
    ['user@host', 'user\\40host'],
    ['c:\\net', 'c\\3a\\net'],
    ['c:\\\\net', 'c\\3a\\\\net'],
    ['c:\\cool stuff', 'c\\3a\\cool\\20stuff'],
    ['c:\\5commas', 'c\\3a\\5c5commas'],
    ['\\3and\\2is\\5cool', '\\5c3and\\2is\\5c5cool'],
  ])('%s is escaped as %s, and back', (name, localpart) => {
    expect(escapeLocalpart(name)).toBe(localpart);
    expect(unescapeLocalpart(localpart)).toBe(name);
  });

  test('a backslash is escaped before a sequence in upper case too, because localparts are folded to lower case', () => {
    expect(escapeLocalpart('a\\2Fb')).toBe('a\\5c2Fb');
  });

  test('any name survives escaping, and no escaped name holds a forbidden character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...' "&\'/:<>@\\25c03aefüx') }), (name) => {
        const localpart = escapeLocalpart(name);
        expect(unescapeLocalpart(localpart)).toBe(name);
        expect(localpart).not.toMatch(/[ "&'/:<>@]/);
      }),
    );
  });
});
