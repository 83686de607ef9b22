import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { readPresenceDocument } from '../../src/presence';

const PIDF = 'application/pidf+xml';
const MSRTC = 'text/xml+msrtc.pidf';
const CATEGORIES = 'application/msrtc-event-categories+xml';
const XPIDF = 'application/xpidf+xml';
const TYPES = [PIDF, MSRTC, CATEGORIES, XPIDF];

function golden(name: string): string {
  return readFileSync(join(__dirname, '..', 'cases', 'presence', `${name}.xml`), 'utf8');
}

/** A PIDF document with this inside its one open tuple's status, and this after the tuple. */
function pidf(status: string, rest = ''): string {
  return `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:bob@example.com"><tuple id="t"><status><basic>open</basic>${status}</status></tuple>${rest}</presence>`;
}

const note = (text: string): string => pidf('', `<note>${text}</note>`);
const name = { displayName: 'Bob Example' };

describe('golden documents', () => {
  test.each([
    [PIDF, 'pidf-open', { setting: 'available' }],
    [PIDF, 'pidf-closed-note', { setting: 'offline', note: 'Gone home', noteLanguage: 'en' }],
    [PIDF, 'pidf-show-away', { setting: 'away' }],
    [
      PIDF,
      'pidf-rfc4480-phone',
      {
        setting: 'on-the-phone',
        note: 'Bin gleich zurück & da',
        noteLanguage: 'de-CH',
        idleSince: '2026-03-04T05:06:07Z',
        displayName: 'Juliet Example',
      },
    ],
    [PIDF, 'pidf-microsoft-busy', { setting: 'busy', ...name }],
    [PIDF, 'pidf-several-tuples', { setting: 'do-not-disturb', note: 'busy one' }],
    [PIDF, 'pidf-unknown-extensions', { setting: 'available', note: '1 < 2' }],
    [PIDF, 'pidf-no-basic', undefined],
    [PIDF, 'pidf-no-tuple', undefined],
    [MSRTC, 'msrtc-do-not-disturb', { setting: 'do-not-disturb', note: 'Writing a report', ...name }],
    [MSRTC, 'msrtc-lunch', { setting: 'away' }],
    [MSRTC, 'msrtc-offline', { setting: 'offline' }],
    [MSRTC, 'msrtc-incomplete', undefined],
    [CATEGORIES, 'categories-meeting', { setting: 'meeting', note: 'Budget round', ...name }],
    [CATEGORIES, 'categories-untyped-away', { setting: 'away' }],
    [CATEGORIES, 'categories-note-only', undefined],
    [XPIDF, 'xpidf-phone', { setting: 'on-the-phone', ...name }],
    [XPIDF, 'xpidf-two-addresses', { setting: 'be-right-back' }],
    [XPIDF, 'xpidf-no-status', undefined],
  ])('PRES-45 %s %s', (type, file, presence) => {
    expect(readPresenceDocument(type, golden(file))).toEqual({ ok: true, value: presence });
  });
});

describe('content type', () => {
  test('parameters and case do not matter', () => {
    expect(readPresenceDocument(' Application/PIDF+XML ; charset="utf-8"', golden('pidf-open')).ok).toBe(true);
  });

  test.each(['', 'text/plain', 'application/rlmi+xml', 'application/pidf+xml-diff'])('%j is unsupported', (type) => {
    expect(readPresenceDocument(type, golden('pidf-open'))).toMatchObject({ ok: false, fault: { sip: 415 } });
  });

  test('PRES-14: an empty body tells nothing, whatever its type', () => {
    expect(readPresenceDocument('', ' \r\n')).toEqual({ ok: true, value: undefined });
  });
});

describe('PIDF states', () => {
  const activity = (token: string): string =>
    `<a:activities xmlns:a="urn:ietf:params:xml:ns:pidf:status:rpid-status"><a:activity> ${token} </a:activity></a:activities>`;
  const show = (text: string): string => `<show xmlns="jabber:client">${text}</show>`;
  const person = (inside: string): string =>
    `<d:person xmlns:d="urn:ietf:params:xml:ns:pidf:data-model" id="p">${inside}</d:person>`;

  test.each([
    ['draft busy', pidf(activity('busy')), 'busy'],
    ['draft Busy', pidf(activity('Busy')), 'busy'],
    ['draft away', pidf(activity('away')), 'away'],
    ['draft unknown token', pidf(activity('dancing')), 'available'],
    ['draft with a token of RFC 4480', pidf(activity('on-the-phone')), 'on-the-phone'],
    ['the first activity counts', pidf(activity('away') + activity('busy')), 'away'],
    ['show dnd', pidf(show('dnd')), 'do-not-disturb'],
    ['show dnd with busy', pidf(show('dnd') + activity('busy')), 'do-not-disturb'],
    ['show dnd with a more precise activity', pidf(show('dnd'), person('<r:activities><r:meeting/></r:activities>')), 'meeting'],
    ['show xa counts before an activity', pidf(show('xa') + activity('away')), 'extended-away'],
    ['show chat with an activity', pidf(show('chat') + activity('away')), 'away'],
    ['show unknown', pidf(show('bored')), 'available'],
    ['idle', pidf('', person('<r:user-input>idle</r:user-input>')), 'idle'],
    ['idle with an activity', pidf('', person('<r:activities><r:busy/></r:activities><r:user-input>idle</r:user-input>')), 'busy'],
    ['active', pidf('', person('<r:user-input>active</r:user-input>')), 'available'],
    ['activities of another namespace', pidf('<activities xmlns="urn:example"><busy/></activities>'), 'available'],
  ])('%s', (_, body, setting) => {
    expect(readPresenceDocument(PIDF, body)).toEqual({ ok: true, value: { setting } });
  });

  test('PRES-47: tuples of equal priority: the most available wins', () => {
    const tuples = ['xa', 'away', 'dnd'].map((text, index) =>
      `<tuple id="t${index}"><status><basic>open</basic>${show(text)}</status></tuple>`);
    const body = `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@example.com">${tuples.join('')}</presence>`;
    expect(readPresenceDocument(PIDF, body)).toEqual({ ok: true, value: { setting: 'do-not-disturb' } });
  });

  /** One open tuple of this priority and show. */
  const ranked = (priority: string, text: string): string =>
    `<tuple id="t-${text}"><status><basic>open</basic>${show(text)}</status><contact priority="${priority}">sip:bob@example.com</contact></tuple>`;
  const several = (...tuples: string[]): string => `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@example.com">${tuples.join('')}</presence>`;

  test.each([
    ['the highest priority counts before the most available', ranked('0.2', 'dnd'), ranked('0.8', 'xa'), 'extended-away'],
    ['PRES-45: a priority out of range counts as none', ranked('0.2', 'away'), ranked('7', 'dnd'), 'away'],
    ['a closed tuple counts last, whatever its priority', ranked('0.1', 'away'), ranked('1.0', 'dnd').replace('open', 'closed'), 'away'],
  ])('PRES-46, PRES-47: several tuples are one state: %s', (_name, one, other, setting) => {
    expect(readPresenceDocument(PIDF, several(one, other))).toEqual({ ok: true, value: { setting } });
    expect(readPresenceDocument(PIDF, several(other, one))).toEqual({ ok: true, value: { setting } });
  });

  test('PRES-45: any prefix, unknown elements with all that is in them, mustUnderstand or not, and another encoding claimed', () => {
    const body =
      '<?xml version="1.0" encoding="utf-16"?><p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" xmlns:x="urn:example" entity="sip:bob@example.com">' +
      '<p:tuple id="t"><p:status><p:basic>open</p:basic><x:y p:mustUnderstand="true"><p:basic>closed</p:basic></x:y></p:status>' +
      '<p:note xml:lang="fr">À table</p:note></p:tuple><x:note>no</x:note></p:presence>';
    expect(readPresenceDocument(`${PIDF};charset=utf-8`, body)).toEqual({ ok: true, value: { setting: 'available', note: 'À table', noteLanguage: 'fr' } });
  });

  test.each(['yesterday', '2026-13-01T00:00:00Z', '2026-01-01', '0000-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00', ''])('a last-input of %j is left out', (time) => {
    const body = pidf('', person(`<r:user-input last-input="${time}">idle</r:user-input>`));
    expect(readPresenceDocument(PIDF, body)).toEqual({ ok: true, value: { setting: 'idle' } });
  });

  test('an offline user has no idle time', () => {
    const body = pidf('', person('<r:user-input last-input="2026-01-01T00:00:00Z">idle</r:user-input>')).replace('open', 'closed');
    expect(readPresenceDocument(PIDF, body)).toEqual({ ok: true, value: { setting: 'offline' } });
  });
});

describe('notes (SEC-10)', () => {
  test.each([
    ['a\r\nb&#13;c', 'a\nb\nc'],
    ['  trimmed\t', 'trimmed'],
    ['😀', '😀'],
    ['&lt;b&gt;bold&lt;/b&gt;', '<b>bold</b>'],
  ])('%j reads as %j', (text, expected) => {
    expect(readPresenceDocument(PIDF, note(text))).toMatchObject({ ok: true, value: { note: expected } });
  });

  test('a blank note is none, and a note of 1024 characters is the longest', () => {
    expect(readPresenceDocument(PIDF, note(' '))).toEqual({ ok: true, value: { setting: 'available' } });
    const long = readPresenceDocument(PIDF, note('é'.repeat(2_000)));
    expect(long).toMatchObject({ ok: true, value: { note: `${'é'.repeat(1023)}…` } });
  });

  test.each(['en us', 'x"', '', 'a'.repeat(9), 'a-'.repeat(20)])('the language %j is left out', (language) => {
    const body = pidf('', `<note xml:lang='${language}'>x</note>`);
    expect(readPresenceDocument(PIDF, body)).toEqual({ ok: true, value: { setting: 'available', note: 'x' } });
  });

  test('a display name is one line of at most 256 characters', () => {
    const body = pidf('', `<c:display-name xmlns:c="urn:ietf:params:xml:ns:pidf:cipid">A&#10;${'b'.repeat(400)}</c:display-name>`);
    expect(readPresenceDocument(PIDF, body)).toMatchObject({ ok: true, value: { displayName: `A ${'b'.repeat(254)}` } });
  });
});

describe('hostile documents (SEC-10)', () => {
  const doctype = (declaration: string): string => `<?xml version="1.0"?>${declaration}${golden('xpidf-two-addresses')}`;

  test.each([
    ['a DOCTYPE', PIDF, `<!DOCTYPE presence>${pidf('')}`],
    ['an external DOCTYPE elsewhere than in xpidf', MSRTC, `<!DOCTYPE presentity SYSTEM "x.dtd">${golden('msrtc-lunch')}`],
    ['an entity', PIDF, `<!DOCTYPE p [<!ENTITY e "x">]>${note('&e;')}`],
    ['an unknown entity', PIDF, note('&nbsp;')],
    ['an internal subset in xpidf', XPIDF, doctype('<!DOCTYPE presence SYSTEM "x" [<!ENTITY e "x">]>')],
    ['an internal subset alone in xpidf', XPIDF, doctype('<!DOCTYPE presence [<!ENTITY e "x">]>')],
    ['an endless DOCTYPE in xpidf', XPIDF, doctype(`<!DOCTYPE presence SYSTEM ${' '.repeat(60_000)}[]>`)],
    ['a billion laughs', XPIDF, doctype('<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>').replace('bob', '&b;')],
    ['9000 levels', PIDF, `${'<a>'.repeat(9_000)}${'</a>'.repeat(9_000)}`],
    ['33 levels', PIDF, `${'<a>'.repeat(33)}${'</a>'.repeat(33)}`],
    ['1001 elements', PIDF, `<a>${'<b/>'.repeat(1_000)}</a>`],
    ['33 attributes', PIDF, `<a ${Array.from({ length: 33 }, (_, index) => `a${index}=""`).join(' ')}/>`],
    ['a repeated attribute', PIDF, '<a b="1" b="2"/>'],
    ['an undeclared prefix', PIDF, '<x:a/>'],
    ['a reference to a control', PIDF, note('&#1;')],
    ['a control under XML 1.1', PIDF, `<?xml version="1.1"?>${note('&#1;')}`],
    ['an open element', PIDF, '<presence xmlns="urn:ietf:params:xml:ns:pidf">'],
    ['two roots', PIDF, '<a/><b/>'],
    ['text', PIDF, 'open'],
    ['a comment alone', PIDF, '<!-- -->'],
  ])('%s is malformed', (_, type, body) => {
    expect(readPresenceDocument(type, body)).toMatchObject({ ok: false, fault: { condition: 'bad-request', sip: 400 } });
  });

  test.each([
    ['controls', '\u0000\u0001\u0008\u000b\u001f'],
    ['U+FFFE and U+FFFF', '\uFFFE\uFFFF'],
    ['half a surrogate pair', '\uD800'],
  ])('%s in a note are left out, and the state is still read (Z06)', (_, characters) => {
    expect(readPresenceDocument(PIDF, note(`one${characters} two`))).toEqual({ ok: true, value: { setting: 'available', note: 'one two' } });
  });

  test.each(TYPES)('10 MB of %s is too large', (type) => {
    const body = note('x'.repeat(10 * 1024 * 1024));
    expect(readPresenceDocument(type, body)).toMatchObject({ ok: false, fault: { condition: 'policy-violation', sip: 413 } });
  });

  test.each([
    '<!DOCTYPE presence SYSTEM "http://example.com/xpidf.dtd">',
    "<!DOCTYPE presence PUBLIC '-//IETF//DTD RFCxxxx XPIDF 1.0//EN' 'xpidf.dtd'>",
  ])('the DOCTYPE of xpidf %s is skipped', (declaration) => {
    expect(readPresenceDocument(XPIDF, doctype(declaration))).toMatchObject({ ok: true, value: { setting: 'be-right-back' } });
  });

  test.each([
    ['levels', '<a>'.repeat(20_000), 33],
    ['elements', `<a>${'<b/>'.repeat(15_000)}`, 1_001],
    ['elements behind what is not well-formed', `<a></b>${'<c>'.repeat(15_000)}`, 1],
  ])('of too many %s no more is parsed than the limit', (_, body, limit) => {
    const { on } = SaxesParser.prototype;
    let opened = 0;
    const spy = jest.spyOn(SaxesParser.prototype, 'on').mockImplementation(function (this: SaxesParser, name, handler) {
      on.call(this, name, handler);
      if (name === 'opentag') {
        on.call(this, 'opentagstart', () => {
          opened += 1;
        });
      }
    });
    expect(readPresenceDocument(PIDF, body)).toMatchObject({ ok: false, fault: { sip: 400 } });
    spy.mockRestore();
    expect(opened).toBe(limit);
  });

  test('32 levels and 32 attributes are still read', () => {
    expect(readPresenceDocument(PIDF, `${'<a>'.repeat(32)}${'</a>'.repeat(32)}`)).toEqual({ ok: true, value: undefined });
    const attributes = Array.from({ length: 32 }, (_, index) => `a${index}=""`).join(' ');
    expect(readPresenceDocument(PIDF, `<a ${attributes}/>`)).toEqual({ ok: true, value: undefined });
  });

  test('no text makes an exception, and every refusal is a fault', () => {
    const piece = fc.constantFrom('<', '>', '</', '/>', '<!', '<?', '?>', '&', ';', '"', '=', '<![CDATA[', ']]>', 'xmlns', 'presence');
    const soup = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 30 }).map((parts) => parts.join(''));
    const cut = fc.tuple(fc.nat(600), soup).map(([at, text]) => {
      const whole = golden('pidf-rfc4480-phone');
      return whole.slice(0, at) + text + whole.slice(at + text.length);
    });
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.oneof(soup, cut), (type, body) => {
        const read = readPresenceDocument(type, body);
        expect(read.ok || [400, 413].includes(read.fault.sip)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
