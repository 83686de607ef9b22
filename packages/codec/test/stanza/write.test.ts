import fc from 'fast-check';
import { parse } from 'ltx';
import { CHAT_STATES, fault, SETTINGS, type Fault, type Pair, type Setting } from '@isthmus/model';
import { writeError, writeStanza, type StanzaEffect, type StanzaWriteContext } from '../../src';

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
const BASE = { key: 'k1', trace: 't1' } as const;

describe('errors (ERR-5)', () => {
  const stanza = (attributes: string) => parse(`<message ${attributes} from='ann@example.com/d' to='bob@example.com' id='m1'><body>x</body></message>`);

  test('id is copied, from and to change places', () => {
    expect(writeError(stanza("type='chat'"), fault('groupchat.unsupported'))?.toString()).toBe(
      '<message type="error" id="m1" from="bob@example.com" to="ann@example.com/d"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">Group chat does not cross to the other side</text></error></message>',
    );
  });

  test.each(['error', 'result'])('Z17: none for type %s', (type) => {
    expect(writeError(stanza(`type='${type}'`), fault('server.error'))).toBeUndefined();
  });

  test('ERR-1: the text is one line of at most 200 characters; no text, no element', () => {
    const long: Fault = { ...fault('server.error'), text: `a\r\n<b>${'c'.repeat(500)}` };
    const text = writeError(stanza(''), long)?.getChild('error')?.getChildText('text') ?? '';
    expect(text).toMatch(/^a <b>c+$/);
    expect(text).toHaveLength(200);
    const bare: Fault = { type: 'cancel', condition: 'gone', sip: 410, blame: 'peer' };
    expect(writeError(stanza(''), bare)?.getChild('error')?.getChildElements()).toHaveLength(1);
  });

  test('a stanza without addresses gets an error without addresses', () => {
    expect(writeError(parse('<iq type="get"/>'), { ...fault('server.error'), text: '' })?.toString()).toBe(
      '<iq type="error"><error type="cancel"><internal-server-error xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>',
    );
  });
});

describe('presence', () => {
  test.each(SETTINGS)('PRES-46: the setting %s is told of the one resource, or as unavailable', (setting) => {
    const stanza = writeStanza({ ...BASE, do: 'xmpp.presence', presence: { setting } }, PAIR);
    expect(stanza.attrs['from']).toBe('bob@example.com/sip');
    expect(stanza.attrs['type']).toBe(setting === 'offline' ? 'unavailable' : undefined);
    expect([null, 'away', 'xa', 'dnd', 'chat']).toContain(stanza.getChildText('show'));
  });

  const told = (setting: Setting, context?: StanzaWriteContext) =>
    writeStanza({ ...BASE, do: 'xmpp.presence', presence: { setting } }, PAIR, context);
  const tables = { fromMicrosoft: { jabber: { 'be-right-back': 'extended-away', busy: 'offline' } } } as const;

  test("Table 1-5: a Microsoft user's setting is shown by the column of the user's client, a standard SIP user's by itself", () => {
    expect(told('out-of-office', { dialect: 'microsoft' }).getChildText('show')).toBe('away');
    expect(told('out-of-office', { dialect: 'simple' }).getChildText('show')).toBe('xa');
    expect(told('be-right-back', { dialect: 'microsoft', family: 'jabber', tables }).getChildText('show')).toBe('xa');
    expect(told('busy', { dialect: 'microsoft', family: 'jabber', tables }).attrs['type']).toBe('unavailable');
    expect(told('be-right-back', { dialect: 'microsoft', tables }).getChildText('show')).toBe('away');
    expect(told('be-right-back', { dialect: 'simple', family: 'jabber', tables }).getChildText('show')).toBe('away');
  });

  test("a setting that XMPP has no word for is told in the status, unless the user said something himself", () => {
    const noted = { ...BASE, do: 'xmpp.presence', presence: { setting: 'meeting', note: 'Budget', noteLanguage: 'de' } } as const;
    expect(writeStanza(noted, PAIR).getChild('status')?.toString()).toBe('<status xml:lang="de">Budget</status>');
    expect(told('meeting').getChild('status')?.toString()).toBe('<status>In a meeting</status>');
    expect(told('meeting', { dialect: 'microsoft', tables: { statusTexts: 'none' } }).getChild('status')).toBeUndefined();
    expect(told('available').getChild('status')).toBeUndefined();
    expect(told('offline').getChild('status')).toBeUndefined();
  });

  test('XEP-0172: the name is in subscribe only, never broadcast', () => {
    const told = writeStanza({ ...BASE, do: 'xmpp.presence', presence: { setting: 'available', displayName: 'Bob B' } }, PAIR);
    expect(told.toString()).not.toContain('Bob B');
    expect(writeStanza({ ...BASE, do: 'xmpp.subscribe' }, PAIR).children).toEqual([]);
  });
});

test.each(CHAT_STATES)('IM-27: chat state %s alone: no body, one state, not stored', (chatState) => {
  const stanza = writeStanza({ ...BASE, do: 'xmpp.chat-state', id: 'i', chatState }, PAIR);
  expect(stanza.getChildElements().map((child) => child.name)).toEqual([chatState, 'no-store']);
});

test('IM-2, decision 011: a text is of type chat, in a session and out of one', () => {
  const stanza = writeStanza({ ...BASE, do: 'xmpp.message', id: 'i', message: { text: 'x' } }, PAIR, { dialect: 'simple' });
  expect(stanza.attrs['type']).toBe('chat');
});

test('IM-23, RFC 7573 Example 22: gone names the thread that is over', () => {
  const stanza = writeStanza({ ...BASE, do: 'xmpp.chat-state', id: 'i', chatState: 'gone', thread: 'c1' }, PAIR);
  expect(stanza.getChildElements().map((child) => child.name)).toEqual(['thread', 'gone', 'no-store']);
  expect(stanza.getChildText('thread')).toBe('c1');
});

test('IM-11: a bounce without a resource goes to the bare JID', () => {
  const stanza = writeStanza(
    { ...BASE, do: 'xmpp.bounce', id: 'm', type: 'chat', message: { text: 'x', subject: 's' }, fault: fault('queue.full') },
    PAIR,
  );
  expect(stanza.attrs).toEqual({ type: 'error', id: 'm', from: 'bob@example.com', to: 'ann@example.com' });
  expect(stanza.getChildText('subject')).toBe('s');
});

test('IM-27: a chat state rides in a message, but not to a client that lacks them', () => {
  const effect = { ...BASE, do: 'xmpp.message', id: 'i', message: { text: 'x' } } as const;
  const states = (stanza: ReturnType<typeof writeStanza>) => stanza.getChildElements().map((child) => child.getName());
  expect(states(writeStanza(effect, PAIR))).toEqual(['body', 'active']);
  expect(states(writeStanza({ ...effect, mute: true }, PAIR))).toEqual(['body']);
});

describe('SEC-10: whatever the texts hold, what is written is XML 1.0 and reads back', () => {
  const NASTY = 'a\u0000b\u0008c\ufffed\uffffe\ud800f\udc00g<h>&"\'i]]>j<!--k--><?l?>&#0;\r\nm';

  test.each<StanzaEffect>([
    { ...BASE, do: 'xmpp.message', id: NASTY, message: { text: NASTY, subject: NASTY, thread: NASTY, language: NASTY } },
    { ...BASE, do: 'xmpp.presence', resource: NASTY, presence: { setting: 'busy', note: NASTY, noteLanguage: NASTY, idleSince: NASTY } },
    { ...BASE, do: 'xmpp.subscribe', key: NASTY, nick: NASTY },
    { ...BASE, do: 'xmpp.bounce', id: NASTY, resource: NASTY, type: 'chat', message: { text: NASTY }, fault: { type: 'cancel', condition: 'gone', sip: 410, blame: 'peer', text: NASTY, newAddress: NASTY } },
  ])('$do', (effect) => {
    const written = writeStanza(effect, PAIR).toString();
    // eslint-disable-next-line no-control-regex
    expect(written).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}|<!|<\?/u);
    const again = parse(written);
    expect(again.toString()).toBe(written);
    const text = again.getChildText('body') ?? again.getChildText('status') ?? again.getChildText('nick');
    expect(text).toBe('abcdefg<h>&"\'i]]>j<!--k--><?l?>&#0;\r\nm');
  });

  test('law: for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, subject) => {
        const stanza = writeStanza({ ...BASE, do: 'xmpp.message', id: subject, message: { text, subject } }, PAIR);
        expect(stanza.toString()).toBe(parse(stanza.toString()).toString());
        expect(stanza.toString().isWellFormed()).toBe(true);
      }),
    );
  });
});
