import fc from 'fast-check';
import { readTyping, writeIsComposing, writeKeyboardActivity } from '../../src/body/typing';

const typing = (document: string) => {
  const read = readTyping(document);
  return read.ok ? read.value : read.fault.condition;
};
const composing = (...children: string[]) =>
  `<?xml version="1.0"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">${children.join('')}</isComposing>`;

describe('KeyboardActivity', () => {
  test.each([
    ['as a real client writes it, with its blanks (observed B)', '<?xml version="1.0"?><KeyboardActivity> <status status="type" /></KeyboardActivity>', true],
    ['idle', '<?xml version="1.0"?><KeyboardActivity> <status status="idle" /></KeyboardActivity>', false],
    ['any other word is idle', '<KeyboardActivity><status status="x"/></KeyboardActivity>', false],
    ['no status is idle', '<KeyboardActivity/>', false],
    ['with a name space and line ends', '\r\n<k:KeyboardActivity xmlns:k="urn:k">\r\n<k:status status="TYPE"/></k:KeyboardActivity>\r\n', true],
  ])('%s', (_name, document, expected) => {
    expect(typing(document)).toEqual({ composing: expected });
  });

  test('written in the form that was seen to work (observed B)', () => {
    expect(writeKeyboardActivity(true)).toBe('<?xml version="1.0"?><KeyboardActivity><status status="type"/></KeyboardActivity>');
    expect(typing(writeKeyboardActivity(true))).toEqual({ composing: true });
    expect(typing(writeKeyboardActivity(false))).toEqual({ composing: false });
  });
});

describe('isComposing (RFC 3994, IM-25, IM-26)', () => {
  test.each([
    ['active', composing('<state>active</state><refresh>90</refresh>'), { composing: true, refreshSeconds: 90 }],
    ['active without refresh', composing('<state> active </state>'), { composing: true }],
    ['idle', composing('<state>idle</state>'), { composing: false }],
    ['an unknown state is idle', composing('<state>gone</state>'), { composing: false }],
    ['no state is idle', composing(), { composing: false }],
    ['a refresh that is no number', composing('<state>active</state><refresh>soon</refresh>'), { composing: true }],
    ['a refresh of ages is cut', composing('<state>active</state><refresh>999999999</refresh>'), { composing: true, refreshSeconds: 3600 }],
    ['text in pieces', composing('<state>act<![CDATA[ive]]></state>'), { composing: true }],
  ])('%s', (_name, document, expected) => {
    expect(typing(document)).toEqual(expected);
  });

  test('written documents read back; the refresh is 60 s at least', () => {
    expect(typing(writeIsComposing(true))).toEqual({ composing: true, refreshSeconds: 90 });
    expect(typing(writeIsComposing(false))).toEqual({ composing: false });
  });
});

describe('what is neither (SEC-10)', () => {
  test.each([
    ['another document', '<presence/>'],
    ['no XML', 'typing'],
    ['cut off', '<KeyboardActivity><status'],
    ['empty', ''],
    ['a document type', '<!DOCTYPE k [<!ENTITY a "b">]><KeyboardActivity><status status="type"/></KeyboardActivity>'],
    ['an undeclared entity', '<KeyboardActivity>&a;</KeyboardActivity>'],
    ['too long', `<KeyboardActivity>${' '.repeat(5000)}</KeyboardActivity>`],
  ])('%s: malformed', (_name, document) => {
    expect(typing(document)).toBe('bad-request');
  });

  test('law: nothing makes it throw', () => {
    const piece = fc.oneof(fc.constantFrom('<', '>', '<KeyboardActivity>', '</', 'status="', '"', '&', '<![CDATA[', '<!--', '?>', '<?xml'), fc.string());
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(typeof readTyping(pieces.join('')).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});
