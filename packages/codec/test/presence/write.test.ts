import { OFFLINE, type Presence, SETTINGS, type Setting, type TuplePresence } from '@isthmus/model';
import { toMicrosoft } from '@isthmus/rules';
import fc from 'fast-check';
import { formatOf, PRESENCE_FORMATS, type PresenceFormat, readPresenceDocument, writePresenceDocument } from '../../src/presence';

const options = { entity: 'sip:juliet@example.com' };
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

function body(format: PresenceFormat, presence: Presence, more: object = {}): string {
  return writePresenceDocument(format, presence, { ...options, ...more }).body;
}

function roundTrip(format: PresenceFormat, presence: Presence): Presence | undefined {
  const document = writePresenceDocument(format, presence, options);
  const read = readPresenceDocument(document.contentType, document.body);
  return read.ok ? read.value : undefined;
}

describe('PIDF in the form of the RFCs (PRES-40)', () => {
  const root =
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" xmlns:ci="urn:ietf:params:xml:ns:pidf:cipid" entity="sip:juliet@example.com">';

  test('PRES-40, PRES-42: declaration, entity, and the order of the parts', () => {
    const presence: Presence = {
      setting: 'do-not-disturb',
      note: 'Writing & reading',
      noteLanguage: 'en',
      idleSince: '2026-01-02T03:04:05Z',
      displayName: 'Juliet <Example>',
    };
    const text = body('pidf', presence, { timestamp: '2026-01-02T03:05:00.120Z' });
    expect(text.replaceAll(/ID-[0-9a-f]{16}/g, 'ID-x').replaceAll(/P-[0-9a-f]{16}/g, 'P-x')).toBe(
      `${DECLARATION}${root}<tuple id="ID-x"><status><basic>open</basic><show xmlns="jabber:client">dnd</show></status>` +
        '<contact>sip:juliet@example.com</contact><note xml:lang="en">Writing &amp; reading</note>' +
        '<timestamp>2026-01-02T03:05:00.120Z</timestamp></tuple><dm:person id="P-x"><rpid:activities><rpid:busy/></rpid:activities>' +
        '<rpid:user-input last-input="2026-01-02T03:04:05Z">idle</rpid:user-input>' +
        '<ci:display-name>Juliet &lt;Example&gt;</ci:display-name></dm:person></presence>',
    );
  });

  const device = (resource: string, presence: Presence, priority = 0): TuplePresence => ({ resource, presence, priority });

  test('PRES-43, PRES-42: a tuple for each device, with its own priority, show, note, input and the time', () => {
    const tuples = [
      device('desk', { setting: 'available', note: 'At work', noteLanguage: 'en' }, 64),
      device('phone', { setting: 'away', idleSince: '2026-01-02T03:04:05Z' }, -1),
    ];
    const text = body('pidf', { setting: 'available', note: 'At work' }, { tuples, timestamp: '2026-01-02T03:05:00Z' });
    let count = 0;
    const time = '<timestamp>2026-01-02T03:05:00Z</timestamp>';
    expect(text.replaceAll(/ID-[0-9a-f]{16}/g, () => `ID-${(count += 1)}`)).toBe(
      `${DECLARATION}${root}<tuple id="ID-1"><status><basic>open</basic></status>` +
        `<contact priority="0.503">sip:juliet@example.com</contact><note xml:lang="en">At work</note>${time}</tuple>` +
        '<tuple id="ID-2"><status><basic>open</basic><show xmlns="jabber:client">away</show></status>' +
        '<rpid:user-input last-input="2026-01-02T03:04:05Z">idle</rpid:user-input>' +
        `<contact>sip:juliet@example.com</contact>${time}</tuple></presence>`,
    );
  });

  test('PRES-43, PRES-47: the person tells what the devices come to, and a reader takes the device of the highest priority', () => {
    const tuples = [device('a', { setting: 'available' }, 1), device('b', { setting: 'on-the-phone', note: 'Call' }, 5)];
    const text = body('pidf', { setting: 'on-the-phone', note: 'Call' }, { tuples });
    expect(text).toContain('<dm:person');
    expect(readPresenceDocument('application/pidf+xml', text)).toEqual({ ok: true, value: { setting: 'on-the-phone', note: 'Call' } });
  });

  test('PRES-44, PRES-25: who is offline has one closed tuple, whatever his devices', () => {
    expect(body('pidf', OFFLINE, { tuples: [device('a', { setting: 'available', note: 'Here' })] })).toBe(body('pidf', OFFLINE));
    expect(body('pidf', OFFLINE, { tuples: [] })).toBe(body('pidf', OFFLINE));
  });

  test('PRES-44: offline is one closed tuple and no person', () => {
    expect(body('pidf', OFFLINE).replace(/ID-[0-9a-f]{16}/, 'ID-x')).toBe(
      `${DECLARATION}${root}<tuple id="ID-x"><status><basic>closed</basic></status><contact>sip:juliet@example.com</contact></tuple></presence>`,
    );
  });

  test('PRES-41: the tuple id is an xs:ID for any resource, stable and distinct', () => {
    const id = (resource: string): string | undefined =>
      /tuple id="([^"]*)"/.exec(body('pidf', { setting: 'away' }, { tuples: [device(resource, { setting: 'away' })] }))?.[1];
    expect(id('büro: /@"<1>')).toMatch(/^ID-[0-9a-f]{16}$/);
    expect(id('a')).toBe(id('a'));
    expect(id('a')).not.toBe(id('b'));
  });

  test('PRES-42: a time that is none is not told', () => {
    expect(body('pidf', { setting: 'available' }, { timestamp: 'now' })).not.toContain('timestamp');
  });

  test.each([
    ['available', 'active'],
    ['away', 'idle'],
    ['idle', 'idle'],
  ] as const)('%s with an idle time is told as %s', (setting, input) => {
    expect(body('pidf', { setting, idleSince: '2026-01-02T03:04:05Z' })).toContain(`>${input}</rpid:user-input>`);
  });

  test('idle without a time has no last-input', () => {
    expect(body('pidf', { setting: 'idle' })).toContain('<rpid:user-input>idle</rpid:user-input>');
  });
});

describe("PIDF in Microsoft's draft form", () => {
  const document = (basic: string, activity: string, name: string): string =>
    `${DECLARATION}<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:ep="urn:ietf:params:xml:ns:pidf:status:rpid-status" xmlns:ci="urn:ietf:params:xml:ns:pidf:cipid" entity="sip:juliet@example.com"><tuple id="0"><status><basic>${basic}</basic>${activity}</status></tuple>${name}</presence>`;
  const activity = (token: string): string => `<ep:activities><ep:activity>${token}</ep:activity></ep:activities>`;

  // The four states that a real client understood on the wire
  test.each([
    ['available', 'open', ''],
    ['busy', 'open', activity('busy')],
    ['do-not-disturb', 'open', activity('busy')],
    ['on-the-phone', 'open', activity('busy')],
    ['away', 'open', activity('away')],
    ['be-right-back', 'open', activity('away')],
    ['extended-away', 'open', activity('away')],
    ['out-of-office', 'closed', ''],
    ['offline', 'closed', ''],
  ] as const)('%s', (setting, basic, activities) => {
    const written = writePresenceDocument('pidf-microsoft', { setting, note: 'not told' }, options);
    expect(written).toEqual({ contentType: 'application/pidf+xml', body: document(basic, activities, '') });
  });

  test('with a display name', () => {
    expect(body('pidf-microsoft', { setting: 'away', displayName: 'J & <J>' })).toBe(
      document('open', activity('away'), '<ci:display-name>J &amp; &lt;J&gt;</ci:display-name>'),
    );
  });

  test('what a Microsoft user sees is what Table 1-8 says', () => {
    for (const setting of SETTINGS) {
      expect(roundTrip('pidf-microsoft', { setting })).toEqual({ setting: toMicrosoft('third-party', setting) });
    }
  });
});

describe('text/xml+msrtc.pidf', () => {
  test('numbers, name, state and note; the uri has no scheme', () => {
    expect(writePresenceDocument('msrtc', { setting: 'do-not-disturb', note: 'a < b', displayName: 'J "J"' }, options)).toEqual({
      contentType: 'text/xml+msrtc.pidf',
      body:
        `${DECLARATION}<presentity xmlns="http://schemas.microsoft.com/2002/09/sip/presence" uri="juliet@example.com">` +
        '<availability aggregate="300" description=""/><activity aggregate="600" description=""/>' +
        '<displayName displayName="J &quot;J&quot;"/>' +
        '<userInfo><states><state avail="9500"/></states><note>a &lt; b</note></userInfo></presentity>',
    });
  });

  test('without a note or a state there is no userInfo', () => {
    expect(body('msrtc', OFFLINE)).toBe(
      `${DECLARATION}<presentity xmlns="http://schemas.microsoft.com/2002/09/sip/presence" uri="juliet@example.com"><availability aggregate="0" description=""/><activity aggregate="100" description=""/></presentity>`,
    );
  });

  test.each(['x', '<', '😀'])('userInfo stays within 1024 characters with a long note of %s', (character) => {
    const [userInfo = ''] = /<userInfo>.*<\/userInfo>/s.exec(body('msrtc', { setting: 'do-not-disturb', note: character.repeat(1_024) })) ?? [];
    expect(userInfo).toContain('…</note>');
    expect(userInfo.length).toBeLessThanOrEqual(1_024);
    expect(userInfo.length).toBeGreaterThan(900);
  });
});

describe('application/msrtc-event-categories+xml', () => {
  const document = (attributes: string, state: string, note: string, card = ''): string =>
    `${DECLARATION}<categories xmlns="http://schemas.microsoft.com/2006/09/sip/categories" uri="sip:juliet@example.com">` +
    `<category name="state" instance="1"${attributes}><state xmlns="http://schemas.microsoft.com/2006/09/sip/state" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="aggregateState"${state}</state></category>` +
    `<category name="note" instance="0"${attributes}><note xmlns="http://schemas.microsoft.com/2006/09/sip/note"${note}</category>${card}</categories>`;

  // The numbers and tokens that a real client understood on the wire (microsoft-observed B)
  test.each([
    ['available', '3500', ''],
    ['idle', '5000', ''],
    ['busy', '6500', ''],
    ['on-the-phone', '6500', '<activity token="on-the-phone"/>'],
    ['meeting', '6500', '<activity token="in-a-meeting"/>'],
    ['do-not-disturb', '9500', ''],
    ['be-right-back', '12500', ''],
    ['away', '15500', ''],
    ['extended-away', '15500', ''],
    ['out-of-office', '15500', '<activity token="out-of-office"/>'],
    ['offline', '18500', ''],
  ] as const)('%s is %s %s', (setting, number, activity) => {
    expect(writePresenceDocument('categories', { setting }, options)).toEqual({
      contentType: 'application/msrtc-event-categories+xml',
      body: document('', `><availability>${number}</availability>${activity}`, '/>'),
    });
  });

  test('with note, name, time of the last input, version and time; a note that is gone is an empty category', () => {
    const presence: Presence = { setting: 'available', note: 'a < b', displayName: 'J & J', idleSince: '2026-01-02T03:04:05Z' };
    const attributes = ' publishTime="2026-01-02T03:05:00Z" version="7"';
    const card = `<category name="contactCard" instance="0"${attributes}><contactCard xmlns="http://schemas.microsoft.com/2006/09/sip/contactcard"><identity><name><displayName>J &amp; J</displayName></name></identity></contactCard></category>`;
    expect(body('categories', presence, { version: 7, timestamp: '2026-01-02T03:05:00Z' })).toBe(
      document(attributes, ' lastActive="2026-01-02T03:04:05Z"><availability>3500</availability>', '><body type="personal">a &lt; b</body></note>', card),
    );
  });

  test('who is offline tells no time of his last input', () => {
    expect(body('categories', { setting: 'offline', idleSince: '2026-01-02T03:04:05Z' })).not.toContain('lastActive');
  });
});

describe('application/xpidf+xml', () => {
  const document = (inside: string, name = ''): string =>
    `${DECLARATION}<presence><presentity uri="sip:juliet@example.com;method=SUBSCRIBE"/>${name}<atom id="1"><address uri="sip:juliet@example.com">${inside}</address></atom></presence>`;

  test.each([
    ['available', 'online'],
    ['be-right-back', 'berightback'],
    ['on-the-phone', 'onthephone'],
    ['do-not-disturb', 'busy'],
  ] as const)('%s is %s', (setting, token) => {
    expect(writePresenceDocument('xpidf', { setting }, options)).toEqual({
      contentType: 'application/xpidf+xml',
      body: document(`<status status="open"/><msnsubstatus substatus="${token}"/>`),
    });
  });

  test('offline is closed; the name has a place', () => {
    expect(body('xpidf', { setting: 'offline', displayName: 'J' })).toBe(document('<status status="closed"/>', '<display name="J"/>'));
  });
});

test.each([
  ['application/msrtc-event-categories+xml', 'microsoft', 'categories'],
  ['text/xml+msrtc.pidf', 'microsoft', 'msrtc'],
  ['application/xpidf+xml', 'microsoft', 'xpidf'],
  ['application/pidf+xml', 'microsoft', 'pidf-microsoft'],
  ['application/pidf+xml', 'simple', 'pidf'],
  [undefined, 'microsoft', 'pidf-microsoft'],
  [undefined, 'simple', 'pidf'],
] as const)('the media type %s for a route of dialect %s is the form %s', (mediaType, dialect, format) => {
  expect(formatOf(mediaType, dialect)).toBe(format);
});

describe('laws', () => {
  const setting = fc.constantFrom(...SETTINGS);
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const optional = { requiredKeys: ['setting'] as ['setting'] };

  test('any setting with any note, name and time comes back from PIDF as the same or the nearest', () => {
    const nearest: Partial<Record<Setting, Setting>> = { 'be-right-back': 'away', 'out-of-office': 'extended-away' };
    const times = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.toISOString());
    fc.assert(
      fc.property(fc.record({ setting, note: text, displayName: text, idleSince: times }, optional), (presence) => {
        const read = roundTrip('pidf', presence);
        expect(read?.setting).toBe(nearest[presence.setting] ?? presence.setting);
        expect(roundTrip('pidf', read ?? OFFLINE)).toEqual(read);
        if (presence.idleSince !== undefined && presence.setting !== 'offline') {
          expect(Date.parse(read?.idleSince ?? '')).toBe(Date.parse(presence.idleSince));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('plain notes and names come back from PIDF, msrtc and categories as they were', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abc ü😀&<>"\'];'), minLength: 1, maxLength: 30 }).map((one) => `[${one}]`);
    fc.assert(
      fc.property(fc.constantFrom('pidf' as const, 'msrtc' as const, 'categories' as const), word, word, (format, note, displayName) => {
        expect(roundTrip(format, { setting: 'available', note, displayName })).toEqual({ setting: 'available', note, displayName });
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['categories', { 'extended-away': 'away' }],
    ['msrtc', { 'extended-away': 'away', meeting: 'busy', 'out-of-office': 'away' }],
    ['xpidf', { 'extended-away': 'away', meeting: 'busy', 'out-of-office': 'away', 'do-not-disturb': 'busy' }],
  ] as const)('every setting comes back from %s as the same or the nearest', (format, nearest: Partial<Record<Setting, Setting>>) => {
    for (const one of SETTINGS) expect(roundTrip(format, { setting: one })).toEqual({ setting: nearest[one] ?? one });
  });

  test('SEC-10: whatever the texts, every form is a document that reads, without a character that XML forbids', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PRESENCE_FORMATS), setting, text, (format, one, any) => {
        const presence = { setting: one, note: any, displayName: any, noteLanguage: any, idleSince: any };
        const document = writePresenceDocument(format, presence, { entity: any, tuples: [{ resource: any, presence, priority: 0 }], timestamp: any });
        expect(readPresenceDocument(document.contentType, document.body)).toMatchObject({ ok: true, value: { setting: expect.any(String) } });
        expect(document.body).not.toMatch(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u);
      }),
      { numRuns: 500 },
    );
  });
});
