import { PRESENCE_FORMATS, readPresenceDocument, writePresenceDocument, writeStanza } from '../../src';
import { readReport } from '../../src/body/imdn';
import { readTyping } from '../../src/body/typing';
import type { Pair } from '@isthmus/model';

/** SEC-10: documents that want to grow, to fetch, to nest, or to bring in what a stream of XMPP must not hold. */

const TYPES = ['application/pidf+xml', 'text/xml+msrtc.pidf', 'application/msrtc-event-categories+xml', 'application/xpidf+xml'];
const PIDF = 'xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@example.com"';
const tuple = (inside: string): string => `<tuple id="t"><status><basic>open</basic></status>${inside}</tuple>`;

/** Ten entities, each ten times the one before. */
const laughs = (): string => {
  const entities = Array.from({ length: 10 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`);
  return `<!DOCTYPE presence [<!ENTITY l0 "lol">${entities.join('')}]>`;
};

const BOMBS: readonly (readonly [what: string, document: string])[] = [
  ['a billion laughs', `${laughs()}<presence ${PIDF}>${tuple('<note>&l10;</note>')}</presence>`],
  ['one long entity, often', `<!DOCTYPE presence [<!ENTITY a "${'a'.repeat(20_000)}">]><presence ${PIDF}>${tuple(`<note>${'&a;'.repeat(10_000)}</note>`)}</presence>`],
  ['an external entity', `<!DOCTYPE presence [<!ENTITY f SYSTEM "file:///etc/passwd">]><presence ${PIDF}>${tuple('<note>&f;</note>')}</presence>`],
  ['a parameter entity', `<!DOCTYPE presence [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd">%p;]><presence ${PIDF}>${tuple('')}</presence>`],
  ['an external DTD', `<!DOCTYPE presence SYSTEM "http://127.0.0.1/x.dtd"><presence ${PIDF}>${tuple('')}</presence>`],
  ['default attributes of a DTD', `<!DOCTYPE presence [<!ATTLIST presence entity CDATA "sip:eve@example.com">]><presence ${PIDF}>${tuple('')}</presence>`],
  ['an entity that nobody has declared', `<presence ${PIDF}>${tuple('<note>&nbsp;</note>')}</presence>`],
  ['10,000 levels', `<presence ${PIDF}>${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}</presence>`],
  ['33 levels', `<presence ${PIDF}>${'<a>'.repeat(33)}${'</a>'.repeat(33)}</presence>`],
  ['10,000 elements', `<presence ${PIDF}>${'<a/>'.repeat(10_000)}</presence>`],
  ['5,000 attributes', `<presence ${PIDF} ${Array.from({ length: 5_000 }, (_, index) => `a${index}=""`).join(' ')}>${tuple('')}</presence>`],
  ['5,000 namespaces', `<presence ${PIDF} ${Array.from({ length: 2_500 }, (_, index) => `xmlns:a${index}="u"`).join(' ')}>${tuple('')}</presence>`],
  ['10 MB of a note', `<presence ${PIDF}>${tuple(`<note>${'x'.repeat(10_000_000)}</note>`)}</presence>`],
  ['10 MB of blanks', ' '.repeat(10_000_000)],
  ['10 MB of opening brackets', '<'.repeat(10_000_000)],
  ['10 MB of ampersands', `<presence>${'&'.repeat(10_000_000)}`],
  ['an attribute twice', `<presence ${PIDF} entity="sip:eve@example.com">${tuple('')}</presence>`],
  ['a prefix that nobody has declared', `<presence ${PIDF}>${tuple('<x:note>y</x:note>')}</presence>`],
  ['a second root', `<presence ${PIDF}>${tuple('')}</presence><presence/>`],
  ['a character reference to NUL', `<presence ${PIDF}>${tuple('<note>a&#0;b</note>')}</presence>`],
  ['a character reference to half a surrogate pair', `<presence ${PIDF}>${tuple('<note>a&#xD83D;b</note>')}</presence>`],
  ['a character reference beyond Unicode', `<presence ${PIDF}>${tuple('<note>a&#x110000;b</note>')}</presence>`],
  ['a document of UTF-16 that was read as UTF-8', `\0<\0p\0r\0e\0s\0e\0n\0c\0e\0/\0>\ufffd\ufffd`.repeat(3)],
];

describe.each(TYPES)('SEC-10: as %s', (type) => {
  test.each(BOMBS)('%s: nothing of it is taken', (what, document) => {
    const read = readPresenceDocument(type, document);
    const skipped = what === '10 MB of blanks' || (what === 'an external DTD' && type === 'application/xpidf+xml');
    expect(read).toMatchObject(skipped ? { ok: true } : { ok: false, fault: { blame: 'peer' } });
    if (read.ok) expect(JSON.stringify(read.value ?? {})).not.toMatch(/root:|lol/);
    if (!read.ok) expect([400, 413]).toContain(read.fault.sip);
  });
});

test.each(BOMBS)('SEC-10: as a typing indication or a report, %s: nothing of it is taken', (_what, document) => {
  expect(readTyping(document)).toMatchObject({ ok: false });
  expect(readReport(document)).toBeUndefined();
});

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
/** What RFC 6120 section 11.1 forbids in a stream, and extensions that nobody asked for. */
const UNWANTED = '<!-- a comment --><?php echo "pi" ?><x xmlns="urn:evil:extension" onload="run()">secret</x>';

test('SEC-10: comments, instructions and unknown extensions are read over and never copied', () => {
  const document = `<?xml version="1.0"?><!-- c --><?pi x?><presence ${PIDF}>${UNWANTED}${tuple(`${UNWANTED}<note>in ${'<![CDATA[<b>a</b>]]>'} talk</note>`)}</presence><!-- end --><?pi y?>`;
  const read = readPresenceDocument('application/pidf+xml', document);
  expect(read).toMatchObject({ ok: true, value: { setting: 'available', note: 'in <b>a</b> talk' } });
  if (!read.ok || read.value === undefined) throw new Error('not read');
  const presence = read.value;
  const texts = [writeStanza({ key: 'k', trace: 't', do: 'xmpp.presence', presence }, PAIR).toString(), ...PRESENCE_FORMATS.map((format) => writePresenceDocument(format, presence, { entity: 'sip:bob@example.com' }).body)];
  for (const text of texts) expect(text.replace(/^<\?xml[^>]*\?>/, '')).not.toMatch(/<!|<\?|CDATA|evil|secret|onload|<b>/);
});
