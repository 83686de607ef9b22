import fc from 'fast-check';
import { decodeOctets, isIntact } from '../../src/body/charset';
import { readContentType } from '../../src/body/content-type';
import { readLanguage } from '../../src/body/language';
import { textFromWire, textToWire } from '../../src/body/lines';
import { readMultipart } from '../../src/body/multipart';
import { ACCEPTED_TYPES, readText } from '../../src/body/text';
import { transferDecode } from '../../src/body/transfer';

const text = (contentType: string | undefined, body: string) => {
  const read = readText(contentType, body);
  return read.ok ? read.value : `refused: ${read.fault.sip} ${read.fault.condition}`;
};
const multipart = (boundary: string, ...parts: string[]) =>
  `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;

describe('text/plain in a SIP body (IM-4)', () => {
  test.each([
    ['no charset', 'text/plain', 'hello', 'hello'],
    ['no Content-Type at all', undefined, 'hello', 'hello'],
    ['upper case type, charset with blanks', 'Text/Plain ; charset = UTF-8', 'zdravím', 'zdravím'],
    ['msgr parameter of Microsoft (observed B)', 'text/plain; charset=UTF-8;msgr=WAAtAE0ATQBT', 'hi', 'hi'],
    ['quoted charset', 'text/plain; charset="utf-8"', '€ 😀', '€ 😀'],
    ['CR LF and CR become LF', 'text/plain', 'a\r\nb\nc\rd', 'a\nb\nc\nd'],
    ['line ends at the end go', 'text/plain', 'end\r\n\r\n', 'end'],
    ['controls and lone surrogates go (SEC-10)', 'text/plain', 'a\u0000\u0008b\ufffec\ud800d\u007f\u0085e', 'abcde'],
    ['a byte order mark goes', 'text/plain', '\ufeffhi', 'hi'],
    ['byte order marks go, also behind what is dropped', 'text/plain', '\u0001\ufeff\ufeffhi', 'hi'],
    ['a tab stays', 'text/plain', 'a\tb', 'a\tb'],
    ['foreign set, ASCII text', 'text/plain; charset=iso-8859-1', 'plain', 'plain'],
    ['foreign set, octets lost (DR-15)', 'text/plain; charset=iso-8859-1', 'na\ufffdve', 'refused: 415 not-acceptable'],
    ['a set that is not ASCII at all', 'text/plain; charset=UTF-16LE', 'h\u0000i\u0000', 'refused: 415 not-acceptable'],
    ['U+FFFD typed by the user', 'text/plain; charset=utf-8', '\ufffd', '\ufffd'],
    ['empty', 'text/plain', '', ''],
    ['a type that is not carried', 'text/x-msmsgsinvite', 'Application-Name: x', 'refused: 415 not-acceptable'],
    ['RTF', 'text/rtf; charset=us-ascii', '{\\rtf1\\ansi a\\par b\\par}', 'a\nb'],
    ['RTF under its other name', 'application/rtf', '{\\rtf1 a}', 'a'],
    ['SEC-10: RTF cannot bring in what XML forbids', 'text/rtf', "{\\rtf1 a\\u1?\\u-10179?\\'01b}", 'ab'],
    ['RTF that is none', 'text/rtf', 'hello', 'refused: 400 bad-request'],
    ['promise 1: an image without a text of its own', 'text/html', '<p><img src="cid:a"></p>', 'refused: 415 not-acceptable'],
    ['promise 1: a script only', 'text/html', '<script>x</script>', 'refused: 415 not-acceptable'],
    ['promise 1: HTML of which only controls would be left', 'text/html', '&#1;', 'refused: 415 not-acceptable'],
    ['promise 1: RTF with a picture only', 'text/rtf', '{\\rtf1{\\pict\\wmetafile8 0102}\\par}', 'refused: 415 not-acceptable'],
    ['HTML that is white space', 'text/html', ' \r\n', ''],
    ['no media type', 'nonsense', 'x', 'refused: 400 bad-request'],
  ])('%s', (_name, contentType, body, expected) => {
    expect(text(contentType, body)).toBe(expected);
  });

  test('outbound text has CR LF for its line ends (RFC 2046 section 4.1.1), inbound has LF again', () => {
    expect(textToWire('a\nb\r\nc\rd')).toBe('a\r\nb\r\nc\r\nd');
    expect(textFromWire(textToWire('a\n\nb'))).toBe('a\n\nb');
  });

  test('law: any text without controls survives the way out and in, but for line ends at its end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
        const once = textFromWire(typed);
        expect(textFromWire(textToWire(once))).toBe(once);
      }),
    );
  });
});

describe('multipart bodies (IM-4, DR-14)', () => {
  const html = 'Content-Type: text/html; charset=utf-8\r\n\r\n<b>rich</b>';
  const plain = 'Content-Type: text/plain\r\n\r\nplain';
  const rtf = 'Content-Type: text/rtf\r\n\r\n{\\rtf1 formatted\\par}';
  const image = 'Content-Type: image/png\r\n\r\n....';

  test.each([
    ['plain wins wherever it stands', 'alternative', [html, plain], 'plain'],
    ['html when there is no plain', 'alternative', [image, html], 'rich'],
    ['html when plain is empty', 'alternative', ['Content-Type: text/plain\r\n\r\n', html], 'rich'],
    ['all parts empty', 'alternative', ['Content-Type: text/plain\r\n\r\n'], ''],
    ['promise 1: an empty plain form of what cannot be shown', 'alternative', ['Content-Type: text/plain\r\n\r\n', image], 'refused: 415 not-acceptable'],
    ['promise 1: mixed: with a picture in HTML', 'mixed', [plain, 'Content-Type: text/html\r\n\r\n<img src=x>'], 'refused: 415 not-acceptable'],
    ['nothing that can be shown', 'alternative', [image], 'refused: 415 not-acceptable'],
    ['a part without headers is text/plain', 'alternative', ['\r\nbare'], 'bare'],
    ['a part that is only headers', 'alternative', ['Content-Type: text/plain'], ''],
    ['related: the first part is the root', 'related', [html, image], 'rich'],
    ['related: the root cannot be shown', 'related', [image, plain], 'refused: 415 not-acceptable'],
    ['rtf when there is nothing better', 'alternative', [image, rtf], 'formatted'],
    ['html before rtf', 'alternative', [rtf, html], 'rich'],
    ['mixed: the texts one below the other', 'mixed', [plain, html], 'plain\nrich'],
    ['mixed: with a part that cannot be shown nothing is carried', 'mixed', [plain, image], 'refused: 415 not-acceptable'],
    ['mixed: but for a part that does not matter (RFC 3261 section 20.11)', 'mixed', [plain, `Content-Disposition: icon;handling=optional\r\n${image}`], 'plain'],
    ['mixed: no text at all', 'mixed', [`Content-Disposition: icon; handling = optional\r\n${image}`], 'refused: 415 not-acceptable'],
    ['folded and odd header lines', 'alternative', ['nonsense\r\nContent-Type:\r\n text/plain\r\nContent-Type: image/png\r\n\r\nok'], 'ok'],
    ['a media type that is none', 'alternative', ['Content-Type: nonsense\r\n\r\nx'], 'refused: 415 not-acceptable'],
  ])('%s', (_name, subtype, parts, expected) => {
    expect(text(`multipart/${subtype}; boundary="b 1"`, multipart('b 1', ...parts))).toBe(expected);
  });

  test('related: the part that start names is the root (RFC 2387)', () => {
    const body = multipart('b', image, `Content-ID: <r@x>\r\n${plain}`);
    expect(text('multipart/related; boundary=b; start="<r@x>"', body)).toBe('plain');
    expect(text('multipart/related; boundary=b; start="<z@x>"', body)).toBe('refused: 415 not-acceptable');
  });

  test('one inside another, with preamble and epilogue, LF only', () => {
    const inner = multipart('in', html, plain);
    const outer = `preamble\n${multipart('out', `Content-Type: multipart/alternative; boundary=in\r\n\r\n${inner}`)}epilogue`;
    expect(text('multipart/related; boundary=out', outer.replaceAll('\r\n', '\n'))).toBe('plain');
  });

  test('nested deeper than four it is not read', () => {
    let body = 'Content-Type: text/plain\r\n\r\ndeep';
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      body = `Content-Type: multipart/related; boundary=${name}\r\n\r\n${multipart(name, body)}`;
    }
    const [, ...rest] = body.split('\r\n\r\n');
    expect(text('multipart/related; boundary=e', rest.join('\r\n\r\n'))).toBe('refused: 400 bad-request');
  });

  test.each([
    ['base64', 'text/plain; charset=utf-8', 'emRyYXbDrW0=', 'zdravím'],
    ['BASE64 in lines, another character set', 'text/plain; charset=iso-8859-1', '7G\r\nE=', 'ìa'],
    ['base64 of what Windows calls ISO 8859-1', 'text/plain; charset=iso-8859-1', 'k2hplIA=', '\u201chi\u201d\u20ac'],
    ['base64 that is none', 'text/plain', '?!', 'refused: 400 bad-request'],
    ['base64 that is not in its character set', 'text/plain; charset=utf-8', '/w==', 'refused: 415 not-acceptable'],
    ['base64 in a set nobody knows', 'text/plain; charset=klingon', 'YQ==', 'refused: 415 not-acceptable'],
    ['base64 without a media type', 'nonsense', 'YQ==', 'refused: 415 not-acceptable'],
    ['quoted-printable', 'text/plain; charset=utf-8', 'zdrav=C3=ADm =3D so=\r\nft =zz', 'zdravím = soft =zz'],
    ['8bit', 'text/plain', 'as is', 'as is'],
    ['an encoding nobody knows', 'text/plain', 'x', 'refused: 400 bad-request'],
  ])('transfer encoding %s', (encoding, type, body, expected) => {
    const name = encoding.startsWith('an ') ? 'x-uuencode' : (encoding.split(' ')[0] ?? '');
    const part = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${name}\r\n\r\n${body}`;
    expect(text('multipart/related; boundary=b', multipart('b', part))).toBe(expected);
  });

  test('a whole multipart in base64 keeps its boundary', () => {
    const inner = Buffer.from(multipart('i"n', plain)).toString('base64');
    const part = `Content-Type: multipart/alternative; boundary="i\\"n"\r\nContent-Transfer-Encoding: base64\r\n\r\n${inner}`;
    expect(text('multipart/related; boundary=b', multipart('b', part))).toBe('plain');
  });

  test.each([
    ['no boundary', 'multipart/alternative', 'x'],
    ['a boundary of more than 70 characters', `multipart/alternative; boundary=${'b'.repeat(71)}`, 'x'],
    ['no such boundary in it', 'multipart/alternative; boundary=b', 'x'],
    ['no end', 'multipart/alternative; boundary=b', '--b\r\n\r\nx'],
    ['text after the boundary', 'multipart/alternative; boundary=b', '--bx\r\n\r\nx\r\n--b--'],
    ['no part', 'multipart/alternative; boundary=b', '--b--'],
    ['33 parts', 'multipart/alternative; boundary=b', multipart('b', ...Array.from({ length: 33 }, () => plain))],
  ])('%s: malformed', (_name, contentType, body) => {
    expect(text(contentType, body)).toBe('refused: 400 bad-request');
  });

  test('32 parts are read', () => {
    expect(readMultipart(multipart('b', ...Array.from({ length: 32 }, () => plain)), 'b')).toHaveLength(32);
  });
});

describe('Content-Type, character sets, languages', () => {
  test('parameters: lower-case names, quotes and escapes gone, the rest ignored', () => {
    const read = readContentType(' Application/SDP ; A="x\\"y" ;b=c;=;d=e');
    expect(read?.type).toBe('application/sdp');
    expect([...(read?.parameters ?? [])]).toEqual([
      ['a', 'x"y'],
      ['b', 'c'],
    ]);
  });

  test('no more than 32 parameters are looked at', () => {
    const many = Array.from({ length: 100 }, (_, n) => `;p${n}=1`).join('');
    expect(readContentType(`a/b${many}`)?.parameters.size).toBe(32);
  });

  test('a 415 names what we read, and nothing else is read', () => {
    for (const type of ACCEPTED_TYPES.split(', ')) expect(readContentType(type)?.type).toBe(type);
  });

  test.each([
    ['cs', 'cs'],
    ['en-GB', 'en-GB'],
    ['en\r\nRoute: <sip:evil>', undefined],
    ['', undefined],
    [undefined, undefined],
    ['toolonglanguage', undefined],
  ])('language tag %j (SEC-9)', (tag, expected) => {
    expect(readLanguage(tag)).toBe(expected);
  });

  test('decoding helpers', () => {
    expect(isIntact('x')).toBe(true);
    expect(decodeOctets(Buffer.from('é'))).toBe('é');
    expect(transferDecode(' 7BIT ', 'x')).toBe('as-is');
  });
});

test('law (promise 7): no body of any type makes readText throw, and what it gives is fit for XML (SEC-10)', () => {
  const type = fc.oneof(
    fc.constantFrom('text/plain', 'text/html', 'text/rtf', 'multipart/mixed; boundary=b', 'multipart/alternative; boundary=b', 'multipart/related;boundary=b', 'a/b'),
    fc.string(),
  );
  const piece = fc.oneof(
    fc.constantFrom('--b', '--b--', '\r\n', '\n\n', '<', '</', '<!--', '<a href="', '">', '&#x', ';', 'Content-Type: text/html', '=C3', '{\\rtf', '\\u1?', '\\u-10179?', '}'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(type, fc.constantFrom('', '{\\rtf1 '), fc.array(piece), (contentType, start, pieces) => {
      const read = readText(contentType, start + pieces.join(''));
      // eslint-disable-next-line no-control-regex
      if (read.ok) {
        expect(read.value).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]|\n$/);
        expect(read.value).not.toMatch(/\p{Surrogate}/u);
      }
    }),
    { numRuns: 500 },
  );
});
