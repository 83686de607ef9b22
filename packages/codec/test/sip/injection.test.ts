import xml from '@xmpp/xml';
import type { EngineEvent, RequestEffect } from '@isthmus/engine';
import type { Pair, Presence } from '@isthmus/model';
import { partiesOf, readJid, readStanza, writeRequest, type Element, type SipRequestOut, type StanzaContext } from '../../src';
import { WRITE } from '../support/contexts';

/** SEC-9: nothing that an XMPP user can write becomes a header, or a second value of one; from every field that reaches SIP. */

const EVIL = 'evil.example.org';
const PAYLOADS: readonly (readonly [what: string, payload: string])[] = [
  ['CR LF', `x\r\nRoute: <sip:${EVIL}>`],
  ['LF', `x\nRoute: <sip:${EVIL}>`],
  ['CR', `x\rRoute: <sip:${EVIL}>`],
  ['two line ends and a body', `x\r\n\r\nINVITE sip:${EVIL} SIP/2.0\r\n`],
  ['a folded line', `x\r\n Route: <sip:${EVIL}>`],
  ['NUL and other controls', `x\0\x01\x0b\x7f\x85Route: <sip:${EVIL}>`],
  ['line ends of Unicode', `x\u2028Route: <sip:${EVIL}>\u2029`],
  ['what ends a quoted string and a URI', `x"><sip:${EVIL}>;tag=1,"`],
  ['a backslash at the end', 'x\\'],
  ['escapes of a URI', `x%0d%0aRoute:%20<sip:${EVIL}>`],
  ['a bar, which parts the fields of the server', `x|sip|${EVIL}|`],
  ['lone surrogates', 'x\ud800\udc00\ud800'],
  ['length', `x${`\r\nRoute: <sip:${EVIL}>`.repeat(300)}`],
];

const CONTEXT: StanzaContext = { at: 1_800_000_000_000, trace: 't', newId: () => 'new', maxTextBytes: 100_000, headlines: 'carry', encrypted: 'fallback' };
const ADDRESSES = { from: 'ann@example.com/desk', to: 'bob@example.com' };

const message = (attributes: Readonly<Record<string, string>>, ...children: readonly Element[]): Element => xml('message', { ...ADDRESSES, type: 'chat', id: 'm1', ...attributes }, ...children);
const presence = (attributes: Readonly<Record<string, string>>, ...children: readonly Element[]): Element => xml('presence', { ...ADDRESSES, ...attributes }, ...children);
const BODY = xml('body', {}, 'hello');

/** Every field of a stanza that reaches SIP, or might. */
const FIELDS: readonly (readonly [field: string, stanza: (payload: string) => Element])[] = [
  ['body', (payload) => message({}, xml('body', {}, payload))],
  ['subject', (payload) => message({}, BODY, xml('subject', {}, payload))],
  ['thread', (payload) => message({}, BODY, xml('thread', {}, payload))],
  ['id', (payload) => message({ id: payload }, BODY)],
  ['language of the stanza', (payload) => message({ 'xml:lang': payload }, BODY)],
  ['language of the body', (payload) => message({}, xml('body', { 'xml:lang': payload }, 'hello'))],
  ['type', (payload) => message({ type: payload }, BODY)],
  ['resource of a message', (payload) => message({ from: `ann@example.com/${payload}` }, BODY)],
  ['node of the sender', (payload) => message({ from: `${payload}@example.com/desk` }, BODY)],
  ['node of the sender, escaped', (payload) => message({ from: `${escaped(payload)}@example.com/desk` }, BODY)],
  ['domain of the sender', (payload) => message({ from: `ann@${payload}/desk` }, BODY)],
  ['node of the recipient, escaped', (payload) => message({ to: `${escaped(payload)}@example.com` }, BODY)],
  ['display name (XEP-0172)', (payload) => message({}, BODY, xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, payload))],
  ['HTML (XEP-0071)', (payload) => message({}, BODY, xml('html', { xmlns: 'http://jabber.org/protocol/xhtml-im' }, xml('body', { xmlns: 'http://www.w3.org/1999/xhtml' }, payload)))],
  ['reply (XEP-0461) with its fallback', (payload) => message({}, xml('body', {}, `> ${payload}\nyes`), xml('reply', { xmlns: 'urn:xmpp:reply:0', to: payload, id: payload }), xml('fallback', { xmlns: 'urn:xmpp:fallback:0', for: payload }, xml('body', { start: payload, end: payload })))],
  ['address of a file (XEP-0066)', (payload) => message({}, xml('x', { xmlns: 'jabber:x:oob' }, xml('url', {}, `https://${payload}`)))],
  ['reaction (XEP-0444)', (payload) => message({}, xml('reactions', { xmlns: 'urn:xmpp:reactions:0', id: payload }, xml('reaction', {}, payload)))],
  ['correction (XEP-0308)', (payload) => message({}, BODY, xml('replace', { xmlns: 'urn:xmpp:message-correct:0', id: payload }))],
  ['time (XEP-0203)', (payload) => message({}, BODY, xml('delay', { xmlns: 'urn:xmpp:delay', stamp: payload }, payload))],
  ['status', (payload) => presence({}, xml('status', {}, payload))],
  ['language of the status', (payload) => presence({ 'xml:lang': payload }, xml('status', { 'xml:lang': payload }, 'busy'))],
  ['show', (payload) => presence({}, xml('show', {}, payload))],
  ['resource of a presence', (payload) => presence({ from: `ann@example.com/${payload}` })],
  ['priority', (payload) => presence({}, xml('priority', {}, payload))],
  ['idle time (XEP-0319)', (payload) => presence({}, xml('idle', { xmlns: 'urn:xmpp:idle:1', since: payload }))],
  ['activity (XEP-0108)', (payload) => presence({}, xml('activity', { xmlns: 'http://jabber.org/protocol/activity' }, xml('talking', {}, payload), xml('text', {}, payload)))],
  ['capabilities (XEP-0115)', (payload) => presence({}, xml('c', { xmlns: 'http://jabber.org/protocol/caps', node: payload, ver: payload, hash: payload }))],
];

/** As a client may register it: what a localpart cannot hold is escaped (XEP-0106). */
const escaped = (text: string): string => text.replace(/[ "&'/:<>@\\]/g, (character) => `\\${character.charCodeAt(0).toString(16)}`);

const DIALOG = { callId: 'call-1', localTag: 'a1', remoteTag: 'b1', remoteTarget: 'sip:bob@192.0.2.9', localCSeq: 4, remoteCSeq: 2, stackId: 'call-1;from-tag=a1', server: 'd1', owner: 'w1' };
const BASE = { key: 'k', trace: 't' };

function effectsOf(event: EngineEvent): readonly RequestEffect[] {
  if (event.on === 'xmpp.message') {
    const { remoteTag: _tag, remoteTarget: _target, ...early } = DIALOG;
    return [
      { ...BASE, do: 'sip.message', callId: 'page-1', message: event.message },
      { ...BASE, do: 'sip.message', dialog: { ...DIALOG, handMade: true }, message: event.message },
      { ...BASE, do: 'sip.message', callId: 'page-1', message: event.message, reportId: 'r1' },
      { ...BASE, do: 'sip.invite', dialog: early, firstText: event.message.text },
    ];
  }
  if (event.on !== 'xmpp.available') return [];
  const { resource, show, status, idleSince } = event.presence;
  const shown: Presence = { setting: show === 'dnd' ? 'busy' : 'available', ...(status !== undefined && { note: status }), ...(idleSince !== undefined && { idleSince }) };
  const formats = ['application/pidf+xml', 'text/xml+msrtc.pidf', 'application/msrtc-event-categories+xml', 'application/xpidf+xml'];
  return formats.map((format) => ({ ...BASE, do: 'sip.notify', dialog: DIALOG, substate: 'active', expiresSeconds: 60, presence: shown, tuples: [{ resource, presence: shown, priority: 0 }], format }));
}

function requestsOf(stanza: Element): readonly SipRequestOut[] {
  const reading = readStanza(stanza, CONTEXT);
  if (reading.is !== 'event') return [];
  const { user, contact }: Pair = reading.pair;
  const jids = [readJid(user), readJid(contact)] as const;
  if (!jids[0].ok || !jids[1].ok) throw new Error('the pair has no addresses');
  const parties = partiesOf(jids[0].value, jids[1].value);
  if (!parties.ok) throw new Error('the pair has no SIP addresses');
  return (['microsoft', 'simple'] as const).flatMap((dialect) => effectsOf(reading.event).map((effect) => writeRequest(effect, parties.value, { ...WRITE, dialect })));
}

const HEADERS = ['From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Allow', 'Content-Type', 'Ms-Conversation-ID', 'ms-text-format', 'Subject', 'Content-Language', 'Date', 'Event', 'Subscription-State'];
/** In these a user's own words may stand: as one line of text, or as his escaped name. */
const WITH_WORDS: ReadonlySet<string> = new Set(['Subject', 'From', 'To']);
const ADDRESS = /^<sip:[A-Za-z0-9\-_.!~*'()&=+$,;?/%]+@example\.com>(;tag=[A-Za-z0-9]+)?$/;

describe.each(FIELDS)('SEC-9: %s', (_field, stanzaOf) => {
  test.each(PAYLOADS)('%s', (_what, payload) => {
    for (const { method, uri, headers, proxy, stackId } of requestsOf(stanzaOf(payload))) {
      expect(`${method} ${uri} ${proxy ?? '-'} ${stackId ?? '-'}`).toMatch(/^[A-Z]+ \S+ sip:192\.0\.2\.7:5061;transport=tls -$|^[A-Z]+ sip:placeholder - call-1;from-tag=a1$/);
      for (const [name, value] of Object.entries(headers)) {
        expect(HEADERS).toContain(name);
        expect(value).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]/);
        if (name === 'From' || name === 'To') expect(value).toMatch(ADDRESS);
        if (!WITH_WORDS.has(name)) expect(value).not.toContain(EVIL);
      }
    }
  });
});

test('SEC-9: the table is about something: harmless words do reach SIP from the fields that are carried', () => {
  const carried = FIELDS.filter(([, stanzaOf]) => requestsOf(stanzaOf('harmless')).some(({ headers, body = '' }) => `${Object.values(headers).join()}${body}`.includes('harmless')));
  expect(carried.map(([field]) => field)).toEqual([
    'body', 'subject', 'language of the stanza', 'language of the body', 'node of the sender', 'node of the sender, escaped', 'domain of the sender', 'node of the recipient, escaped',
    'reply (XEP-0461) with its fallback', 'address of a file (XEP-0066)', 'reaction (XEP-0444)', 'status',
  ]);
});
