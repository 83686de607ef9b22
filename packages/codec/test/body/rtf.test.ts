import fc from 'fast-check';
import { rtfToText } from '../../src/body/rtf';

/** The shape that Lync and Skype for Business write. */
const lync = (text: string) =>
  [
    '{\\rtf1\\fbidis\\ansi\\ansicpg1252\\deff0\\nouicompat\\deflang1033{\\fonttbl{\\f0\\fnil\\fcharset0 Segoe UI;}{\\f1\\fnil\\fcharset204 Arial;}}',
    '{\\colortbl ;\\red0\\green0\\blue0;}',
    '{\\*\\generator Riched20 15.0.4420}{\\*\\mmathPr\\mwrapIndent1440 }\\viewkind4\\uc1 ',
    `\\pard\\ltrpar\\cf1\\outl\\f0\\fs20 ${text}\\par`,
    '{\\*\\lyncflags rtf=1}}',
    '',
  ].join('\r\n');
const rtf = (text: string) => rtfToText(`{\\rtf1\\ansi ${text}}`);

describe('IM-4: RTF reduced to text (Rich Text Format Specification 1.9.1)', () => {
  test('as Lync writes it: fonts, colours, generator and flags are no text', () => {
    expect(rtfToText(lync('hello \\b bold\\b0  \\i i\\i0 .'))).toBe('hello bold i.\n');
  });

  test.each([
    ['paragraphs and lines', 'a\\par b\\line c\\\r\nd', 'a\nb\nc\nd'],
    ['line ends of the source are no text', 'a\r\nb\nc', 'abc'],
    ['tabs and cells', 'a\\tab b\\cell c\\row d\\\te', 'a\tb\tc\nd\te'],
    ['escaped characters', '\\\\ \\{ \\}', '\\ { }'],
    ['spaces, hyphens', 'a\\~b\\_c\\-d\\emspace e', 'a b-cd e'],
    ['named characters', '\\lquote x\\rquote \\ldblquote y\\rdblquote \\emdash\\endash\\bullet', '\u2018x\u2019\u201cy\u201d\u2014\u2013\u2022'],
    ['one blank ends a word, the next is text', '\\b  x', ' x'],
    ['octets of the document', "na\\'efve \\'80", 'na\u00efve \u20ac'],
    ['unicode with its substitute', 'a\\u8364?b', 'a\u20acb'],
    ['unicode, negative, as a pair of surrogates', '\\u-10179?\\u-8704?', '\u{1f600}'],
    ['no substitutes', '{\\uc0 \\u8364 b}\\u8364?b', '\u20acb\u20acb'],
    ['a substitute of two octets', "\\uc2\\u12354\\'82\\'a0x", '\u3042x'],
    ['a substitute of two characters, one a word', '\\uc2\\u8364\\emdash?x', '\u20acx'],
    ['uc without a number is one', '\\uc\\u8364?x', '\u20acx'],
    ['a brace ends the substitute', '{\\uc5\\u8364 ab}cd', '\u20accd'],
    ['a text shorter than the substitute', '{\\uc5\\u8364 ab\\b cdefg}', '\u20acefg'],
    ['pictures, styles, information', 'a{\\pict\\wmetafile8 0102}{\\stylesheet{\\s0 Normal;}}{\\info{\\title t}}b', 'ab'],
    ['an unknown destination that may be ignored', 'a{\\*\\unknown{deep} x}b', 'ab'],
    ['a group with a known word behind the star', 'a{\\*\\bkmkstart x}b', 'ab'],
    ['binary data', 'a{\\bin3 }}}x}b', 'axb'],
    ['binary data longer than the text', 'a\\bin999999 b', 'a'],
    ['a negative length of binary data', 'a\\bin-5 b', 'ab'],
    ['hidden text', 'a\\v b\\v0 c{\\v d\\plain e}', 'ace'],
    ['both readings of a text: the older one', '{\\upr{a}{\\*\\ud{b}}}', 'a'],
    ['what is never closed', 'a{\\b b', 'ab'],
    ['octet that is none', "a\\'zz", 'azz'],
    ['an empty font table', '{\\fonttbl}a', 'a'],
  ])('%s', (_name, source, expected) => {
    expect(rtf(source)).toBe(expected);
  });

  test('what stands behind the document is no text', () => {
    expect(rtfToText(' {\\rtf1 a}b\u0000')).toBe('a');
    expect(rtfToText('{\\rtf1 a}}{b}')).toBe('a');
    expect(rtfToText('{\\rtf1 a\\')).toBe('a');
  });

  test.each([
    ['no RTF', 'hello'],
    ['another group', '{\\b x}'],
    ['SEC-10: nested deeper than 200', `{\\rtf1 ${'{'.repeat(200)}x`],
  ])('%s is refused', (_name, source) => {
    expect(rtfToText(source)).toBeUndefined();
  });

  test('nested 200 deep it is read', () => {
    expect(rtfToText(`{\\rtf1 ${'{'.repeat(199)}x`)).toBe('x');
  });
});

describe('IM-4: character sets of RTF', () => {
  test.each([
    ['the code page of the document', "\\ansicpg1251 \\'cf\\'f0", '\u041f\u0440'],
    ['code page 874', "\\ansicpg874 \\'a1", '\u0e01'],
    ['UTF-8', "\\ansicpg65001 \\'c3\\'a9", '\u00e9'],
    ['an unknown code page is Western', "\\ansicpg437 \\'e9", '\u00e9'],
    ['Macintosh', "\\mac \\'8e", '\u00e9'],
    ['the font: Cyrillic', "{\\fonttbl{\\f1\\fcharset204 Arial;}}\\'e9\\f1\\'cf", '\u00e9\u041f'],
    ['the font: Japanese', "{\\fonttbl{\\f7\\fcharset128 MS Gothic{\\*\\falt x};}}{\\f7\\'82\\'a0}", '\u3042'],
    ['a font without a set of its own', "\\ansicpg1251{\\fonttbl{\\f0\\fcharset0 x;}}\\f0\\'cf", '\u041f'],
    ['a font table without groups', "{\\fonttbl\\f0\\fcharset0 a;\\f1\\fcharset238 b;}\\f1\\'e8", '\u010d'],
    ['the default font', "\\deff1{\\fonttbl{\\f1\\fcharset204 x;}}\\'cf\\f0\\'cf\\plain\\'cf", '\u041f\u00cf\u041f'],
    ['a set given outside of the font table', "\\fcharset204\\'cf", '\u00cf'],
    ['a set given to a font without a number', "{\\fonttbl\\fcharset204 x;}\\'cf", '\u041f'],
    ['a second octet written as its ASCII letter', "\\ansicpg932 \\'83A\\'83\\'42B", '\u30a2\u30a3B'],
    ['a second octet written as an escaped character', "\\ansicpg932 \\'83\\\\x\\'81\\{\\'81\\}y", '\u30bdx\uff0b\u00b1y'],
    ['a second octet across a line end, of Chinese text', "\\ansicpg936 \\'81\r\n@x", '\u4e02x'],
    ['a letter beyond ASCII is no second octet', "\\ansicpg932 \\'83\u0141", '\ufffd\u0141'],
    ['a letter that is no second octet', "\\ansicpg932 \\'83!\\'83\\~", '\ufffd!\ufffd '],
    ['octets that are no character', "\\ansicpg932 \\'82", '\ufffd'],
  ])('%s', (_name, source, expected) => {
    expect(rtf(source)).toBe(expected);
  });
});

describe('SEC-13: links in RTF', () => {
  const field = (instruction: string, result: string) => `see {\\field{\\*\\fldinst{${instruction}}}{\\fldrslt{\\ul ${result}}}} ok`;

  test.each([
    ['its target is kept', field('HYPERLINK "http://example.com/?a=1"', 'this'), 'see this <http://example.com/?a=1> ok'],
    ['without quotes', field('HYPERLINK http://example.com ', 'this'), 'see this <http://example.com> ok'],
    ['a link that shows its target', field('HYPERLINK "http://example.com/"', 'http://example.com'), 'see http://example.com ok'],
    ['a link without a text', field('HYPERLINK "http://example.com/"', ''), 'see http://example.com/ ok'],
    ['a link to a place in it', field('HYPERLINK \\\\l "here"', 'this'), 'see this ok'],
    ['a script', field('HYPERLINK "javascript:alert(1)"', 'this'), 'see this ok'],
    ['another field', field('PAGE', '7'), 'see 7 ok'],
    ['an instruction of megabytes', field(`${' '.repeat(5000)}HYPERLINK "http://example.com"`, 'this'), 'see this ok'],
    ['an instruction without a field', '{\\*\\fldinst HYPERLINK "http://a.example"}x', 'x'],
    ['of a field in a field the outer one', `{\\field{\\*\\fldinst{HYPERLINK "http://a.example"}}{\\fldrslt ${field('HYPERLINK "http://b.example"', 'b')}}}`, 'see b ok <http://a.example>'],
  ])('%s', (_name, source, expected) => {
    expect(rtf(source)).toBe(expected);
  });
});

// The time that jest allows a test is the deadline: anything quadratic would need minutes for a megabyte.
test.each(['\\b ', '{}', "\\'e9 ", '{\\field{\\*\\fldinst HYPERLINK "http://e.e"}{\\fldrslt x}}', '\\u8364?', '{\\f1\\fcharset204}', '\\par', '\\*', 'x{\\v y}'])(
  'SEC-10: a megabyte of %j is read to its end',
  (piece) => {
    expect(typeof rtf(piece.repeat(1_000_000 / piece.length))).toBe('string');
  },
);

test('law (promise 7): no input makes it throw', () => {
  const piece = fc.oneof(
    fc.constantFrom('{', '}', '\\', '\\*', '\\field', '\\fldinst', 'HYPERLINK "http://a"', '\\u-1?', '\\uc3', "\\'82", '\\fonttbl', '\\f1', '\\fcharset128', '\\bin4', '\\v', ' '),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      expect(['string', 'undefined']).toContain(typeof rtf(pieces.join('')));
    }),
    { numRuns: 500 },
  );
});
