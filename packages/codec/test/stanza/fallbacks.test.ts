import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'ltx';
import { readStanza, writeStanza, type StanzaContext } from '../../src';

const CONTEXT: StanzaContext = { at: Date.parse('2026-11-22T10:00:00Z'), trace: 't1', newId: () => 'made', maxTextBytes: 10_000 };

function read(children: string, context: Partial<StanzaContext> = {}, type = 'chat') {
  return readStanza(parse(`<message from='ann@example.com/desk' to='bob@example.com' type='${type}' id='m'>${children}</message>`), {
    ...CONTEXT,
    ...context,
  });
}

/** What becomes of a message, in short: the SIP user's text in quotes. */
function fate(children: string, context: Partial<StanzaContext> = {}, type = 'chat'): string {
  const reading = read(children, context, type);
  if (reading.is === 'event') return reading.event.on === 'xmpp.message' ? JSON.stringify(reading.event.message.text) : reading.event.on;
  return reading.is === 'refuse' ? `error ${reading.fault.condition}` : reading.is;
}

const eme = '<encryption xmlns="urn:xmpp:eme:0" namespace="eu.siacs.conversations.axolotl"/>';
const omemo = '<encrypted xmlns="eu.siacs.conversations.axolotl"><payload>QUJD</payload></encrypted>';
const reactions = (...each: string[]) =>
  `<reactions xmlns="urn:xmpp:reactions:0" id="x">${each.map((one) => `<reaction>${one}</reaction>`).join('')}</reactions>`;
const fallback = (namespace: string) => `<fallback xmlns="urn:xmpp:fallback:0" for="${namespace}"><body/></fallback>`;
const oob = (url: string) => `<x xmlns="jabber:x:oob"><url>${url}</url></x>`;

/** Row of docs/message-fallbacks.md, the stanza's children, its fate; settings and type where they matter. */
type Row = readonly [row: string, what: string, children: string, expected: string, context?: Partial<StanzaContext>, type?: string];
const ROWS: readonly Row[] = [
  ['F01', 'correction', '<body>at five</body><replace xmlns="urn:xmpp:message-correct:0" id="x"/>', '"* at five"'],
  ['F01', 'correction without a text', '<replace xmlns="urn:xmpp:message-correct:0" id="x"/>', 'ignore'],
  ['F02', 'reply with a quotation', `<body>&gt; at four?\nno</body><reply xmlns="urn:xmpp:reply:0" id="x"/>${fallback('urn:xmpp:reply:0')}`, '"> at four?\\nno"'],
  ['F02', 'reply without', '<body>no</body><reply xmlns="urn:xmpp:reply:0" id="x"/>', '"no"'],
  ['F03', 'reaction', reactions('👍', ' 🎉 ', ''), '"👍 🎉"'],
  ['F03', 'reaction with a fallback', `<body>&gt; lunch?\n👍</body>${reactions('👍')}${fallback('urn:xmpp:reactions:0')}`, '"> lunch?\\n👍"'],
  ['F03', 'SEC-10: a hundred reactions, one of them long', reactions(...Array<string>(100).fill('👍'.repeat(100))), JSON.stringify(Array(20).fill('👍'.repeat(16)).join(' '))],
  ['F03', 'SEC-9: a reaction of two lines', reactions('a\r\nb'), '"a b"'],
  ['F04', 'reaction, by setting', reactions('👍'), 'ignore', { reactions: 'ignore' }],
  ['F04', 'reaction with a fallback, by setting', `<body>👍</body>${fallback('urn:xmpp:reactions:0')}${reactions('👍')}`, 'ignore', { reactions: 'ignore' }],
  ['F04', 'reaction with a text of its own, by setting', `<body>see you</body>${fallback('urn:xmpp:reply:0')}${reactions('👍')}`, '"see you"', { reactions: 'ignore' }],
  ['F05', 'reactions taken back', reactions(), 'ignore'],
  ['F06', 'retraction with a fallback', `<body>/me retracted a previous message</body><retract xmlns="urn:xmpp:message-retract:1" id="x"/>${fallback('urn:xmpp:message-retract:1')}`, '"/me retracted a previous message"'],
  ['F07', 'retraction without', '<retract xmlns="urn:xmpp:message-retract:1" id="x"/>', 'error feature-not-implemented'],
  ['F08', 'SEC-16: encrypted, OMEMO, with a fallback', `${omemo}${eme}<body>I sent you an OMEMO encrypted message</body>`, 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, OMEMO before 0.4', omemo, 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, OMEMO 0.4 to 0.7', '<encrypted xmlns="urn:xmpp:omemo:1"><payload>QUJD</payload></encrypted>', 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, OMEMO', '<encrypted xmlns="urn:xmpp:omemo:2"><payload>QUJD</payload></encrypted>', 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, OpenPGP', '<openpgp xmlns="urn:xmpp:openpgp:0">QUJD</openpgp>', 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, OpenPGP of old', '<x xmlns="jabber:x:encrypted">QUJD</x>', 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, sessions', '<c xmlns="http://www.xmpp.org/extensions/xep-0200.html#ns"><data>QUJD</data></c>', 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, RFC 3923', '<e2e xmlns="urn:ietf:params:xml:ns:xmpp-e2e">QUJD</e2e>', 'error policy-violation'],
  ['F08', 'SEC-16: encrypted, by whatever method', eme, 'error policy-violation'],
  ['F09', 'SEC-16: encrypted, with a fallback, by setting', `${omemo}<body>encrypted</body>`, '"encrypted"', { encrypted: 'fallback' }],
  ['F09', 'SEC-16: encrypted, without a fallback, by setting', omemo, 'error policy-violation', { encrypted: 'fallback' }],
  ['F10', 'SEC-16: OTR', '<body>?OTR:AAMDJ+MVmSfjFZcAAAAAAQAAAAIAAADA1g5IjD1ZGLDVQEyCgCyn9hb.</body>', 'error policy-violation', { encrypted: 'fallback' }],
  ['F10', 'SEC-16: OTR is asked for', '<body>?OTRv23? Bob wants to talk privately.</body>', 'error policy-violation'],
  ['F11', 'keys only', '<encrypted xmlns="urn:xmpp:omemo:1"><header/></encrypted>', 'ignore'],
  ['F11', 'promise 1: keys only, and yet a text', '<body>lunch?</body><encrypted xmlns="urn:xmpp:omemo:1"><header/></encrypted>', 'error policy-violation'],
  ['F11', 'the same, where fallback texts are wanted', '<body>lunch?</body><encrypted xmlns="urn:xmpp:omemo:1"><header/></encrypted>', '"lunch?"', { encrypted: 'fallback' }],
  ['F12', 'spoiler', '<body>he dies</body><spoiler xmlns="urn:xmpp:spoiler:0">film</spoiler>', '"he dies"'],
  ['F13', 'file whose address is the body', `<body>https://up.example/a.png</body>${oob('https://up.example/a.png')}`, '"https://up.example/a.png"'],
  ['F13', 'file beside a text', `<body>look</body>${oob('https://up.example/a.png')}${oob('https://up.example/b.png')}`, '"look\\nhttps://up.example/a.png\\nhttps://up.example/b.png"'],
  ['F13', 'file without a text', oob(' https://up.example/a.png '), '"https://up.example/a.png"'],
  ['F13', 'SEC-13: address of a script', `<body>look</body>${oob('javascript:alert(1)')}`, '"look"'],
  ['F13', 'SEC-9: address with a line end', `<body>look</body>${oob('http://a.example/\nRoute:x')}`, '"look"'],
  ['F13', 'address of 3,000 characters', `<body>look</body>${oob(`http://a.example/${'x'.repeat(3000)}`)}`, '"look"'],
  ['F13', 'no address', '<body>look</body><x xmlns="jabber:x:oob"/>', '"look"'],
  ['F13', 'eleven files', Array.from({ length: 11 }, (_, n) => oob(`http://a.example/${n}.`)).join(''), JSON.stringify(Array.from({ length: 10 }, (_, n) => `http://a.example/${n}.`).join('\n'))],
  ['F14', 'formatting', '<body>*bold*</body><html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml"><b>bold</b></body></html><markup xmlns="urn:xmpp:markup:0"/>', '"*bold*"'],
  ['F15', 'action', '<body>/me waves</body>', '"/me waves"'],
  ['F16', 'markable', '<body>hi</body><markable xmlns="urn:xmpp:chat-markers:0"/>', '"hi"'],
  ['F16', 'marker', '<displayed xmlns="urn:xmpp:chat-markers:0" id="x"/>', 'ignore'],
  ['F17', 'IM-12: headline', '<body>news</body>', 'ignore', {}, 'headline'],
  ['F17', 'IM-12: headline, by setting', '<body>news</body>', '"news"', { headlines: 'carry' }, 'headline'],
  ['F18', 'IM-12: groupchat', '<body>all</body>', 'error service-unavailable', {}, 'groupchat'],
  ['F19', 'IM-12: error', '<body>x</body>', 'xmpp.error', {}, 'error'],
  ['F20', 'invitation (XEP-0249)', '<body>join us</body><x xmlns="jabber:x:conference" jid="r@muc.example"/>', 'error service-unavailable'],
  ['F20', 'invitation (XEP-0045)', '<x xmlns="http://jabber.org/protocol/muc#user"><invite to="bob@example.com"/></x>', 'error service-unavailable'],
  ['F20', 'mark of a room', '<body>psst</body><x xmlns="http://jabber.org/protocol/muc#user"/>', '"psst"'],
  ['F21', 'call', '<propose xmlns="urn:xmpp:jingle-message:0" id="c"/>', 'error service-unavailable'],
  ['F21', 'end of a call', '<retract xmlns="urn:xmpp:jingle-message:0" id="c"/>', 'ignore'],
  ['F24', 'subject alone', '<subject>plans</subject>', 'ignore'],
  ['F26', 'anything else', '<attention xmlns="urn:xmpp:attention:0"/>', 'ignore'],
];

describe('what a SIP user gets of a message with XMPP extensions (docs/message-fallbacks.md)', () => {
  const cases = ROWS.map(([row, what, ...rest]) => [row, what, rest] as const);
  test.each(cases)('%s %s', (_row, _what, [children, expected, context, type]) => {
    expect(fate(children, context, type)).toBe(expected);
  });

  test('F22 IM-10: a delayed message tells when it was written', () => {
    const reading = read('<body>hi</body><delay xmlns="urn:xmpp:delay" from="example.com" stamp="2026-11-22T10:00:00+01:00"/>');
    expect(reading).toMatchObject({ event: { message: { text: 'hi', sent: '2026-11-22T09:00:00Z' } } });
  });

  test.each(['yesterday', '2026-11-22T10:00:01Z', ''])('F22 IM-10: written at %j: not told', (stamp) => {
    const reading = read(`<body>hi</body><delay xmlns="urn:xmpp:delay" stamp="${stamp}"/>`);
    expect(reading).toMatchObject({ event: { message: { text: 'hi' } } });
    expect(JSON.stringify(reading)).not.toContain('sent');
  });

  test('F23 IM-3, F24 IM-1, F25 IM-1: thread, subject and language are kept', () => {
    const reading = read('<subject>plans</subject><body xml:lang="cs">ahoj</body><thread>t9</thread>');
    expect(reading).toMatchObject({ event: { message: { text: 'ahoj', subject: 'plans', thread: 't9', language: 'cs' } } });
  });

  test('each row of the page has a test, and each test a row', () => {
    const page = readFileSync(join(__dirname, '..', '..', '..', '..', 'docs', 'message-fallbacks.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (F\d\d) \|/gm)].map(([, row]) => row);
    expect(rows).toEqual([...new Set([...ROWS.map(([row]) => row), 'F22', 'F23', 'F24', 'F25'])].sort());
  });
});

test('IM-10: what has been held back on the SIP side is shown with its time (XEP-0203)', () => {
  const pair = { user: 'ann@example.com', contact: 'bob@example.com' } as Parameters<typeof writeStanza>[1];
  const write = (message: { text: string; sent?: string }) =>
    writeStanza({ do: 'xmpp.message', key: 'k', trace: 't', id: 'i', message }, pair).getChild('delay', 'urn:xmpp:delay')?.attrs;
  expect(write({ text: 'x', sent: '2026-11-22T09:00:00Z' })).toMatchObject({ from: 'bob@example.com', stamp: '2026-11-22T09:00:00Z' });
  expect(write({ text: 'x' })).toBeUndefined();
});
