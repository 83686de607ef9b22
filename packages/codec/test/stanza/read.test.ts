import fc from 'fast-check';
import { parse } from 'ltx';
import { element, readStanza, type StanzaContext, type StanzaReading } from '../../src';

const CONTEXT: StanzaContext = { at: 1000, trace: 't1', newId: () => 'made', maxTextBytes: 100 };
const ADDRESSES = "from='ann@example.com/desk' to='bob@example.com'";

const read = (xml: string, context: Partial<StanzaContext> = {}) => readStanza(parse(xml), { ...CONTEXT, ...context });
const message = (attributes: string, ...children: string[]) => read(`<message ${ADDRESSES} ${attributes}>${children.join('')}</message>`);
const presence = (attributes: string, ...children: string[]) => read(`<presence ${ADDRESSES} ${attributes}>${children.join('')}</presence>`);

/** The reading in short. */
function brief(reading: StanzaReading): string {
  if (reading.is === 'refuse') return `refuse ${reading.fault.type} ${reading.fault.condition} ${reading.fault.sip}`;
  if (reading.is === 'ignore') return `ignore: ${reading.why}`;
  return reading.is === 'iq' ? `iq ${reading.type}` : reading.event.on;
}
function eventOf(reading: StanzaReading): Record<string, unknown> {
  return reading.is === 'event' ? { ...reading.event } : { none: brief(reading) };
}

describe('messages that do not cross', () => {
  test.each([
    ['IM-12: groupchat', 'type="groupchat"', '<body>x</body>', 'refuse cancel service-unavailable 405'],
    ['IM-12: headline, by default', 'type="headline"', '<body>x</body>', 'ignore: headline'],
    ['IM-12, ERR-5: error is never answered', 'type="error"', '<body>x</body>', 'xmpp.error'],
    ['invitation to a room (XEP-0045)', '', '<x xmlns="http://jabber.org/protocol/muc#user"><invite to="a@b"/></x>', 'refuse cancel service-unavailable 405'],
    ['invitation to a room (XEP-0249)', '', '<x xmlns="jabber:x:conference" jid="r@c"/>', 'refuse cancel service-unavailable 405'],
    ['Z20: carbon copy', 'type="chat"', '<body>x</body><sent xmlns="urn:xmpp:carbons:2"/>', 'ignore: carbon copy'],
    ['Z20: carbon copy of what somebody else sent', 'type="chat"', '<body>x</body><received xmlns="urn:xmpp:carbons:2"/>', 'ignore: carbon copy'],
    ['promise 1: a message that must not be copied (XEP-0280) is a message', 'type="chat"', '<body>x</body><private xmlns="urn:xmpp:carbons:2"/>', 'xmpp.message'],
    ['SEC-16: encrypted, no fallback', '', '<encryption xmlns="urn:xmpp:eme:0" namespace="x"/>', 'refuse modify policy-violation 415'],
    ['SEC-16: OMEMO text', '', '<encrypted xmlns="urn:xmpp:omemo:2"><payload>A</payload></encrypted>', 'refuse modify policy-violation 415'],
    ['SEC-16: OpenPGP', '', '<x xmlns="jabber:x:encrypted">A</x>', 'refuse modify policy-violation 415'],
    ['OMEMO keys only', '', '<encrypted xmlns="eu.siacs.conversations.axolotl"><header/></encrypted>', 'ignore: key exchange'],
    ['ERR-5: unknown children', '', '<x xmlns="urn:unknown"><body>no</body></x>', 'ignore: message without a body'],
    ['empty body', 'type="chat"', '<body/>', 'ignore: message without a body'],
    ['a body of another namespace', '', '<body xmlns="http://www.w3.org/1999/xhtml">x</body>', 'ignore: message without a body'],
    ['SEC-11: too long', '', `<body>${'é'.repeat(51)}</body>`, 'refuse modify policy-violation 413'],
    ['SEC-11: a line end counts as the two octets that it is in SIP', '', `<body>${'\n'.repeat(51)}</body>`, 'refuse modify policy-violation 413'],
    ['SEC-11: just short enough', '', `<body>${'é'.repeat(50)}</body>`, 'xmpp.message'],
  ])('%s', (_name, attributes, children, expected) => {
    expect(brief(message(attributes, children))).toBe(expected);
  });

  test('IM-12: headlines cross where the policy says so, but no bare chat state in one', () => {
    const headline = `<message ${ADDRESSES} type='headline'><body>x</body></message>`;
    expect(eventOf(read(headline, { headlines: 'carry' }))).toMatchObject({ on: 'xmpp.message', type: 'headline' });
    const state = `<message ${ADDRESSES} type='headline'><active xmlns='http://jabber.org/protocol/chatstates'/></message>`;
    expect(brief(read(state, { headlines: 'carry' }))).toBe('ignore: message without a body');
  });
});

describe('what is read of a message', () => {
  test('a type that nobody knows is normal (RFC 6121 section 5.2.2)', () => {
    expect(eventOf(message('type="shout"', '<body>x</body>'))).toMatchObject({ type: 'normal' });
  });

  test('without a usable id one is made', () => {
    expect(eventOf(message('', '<body>x</body>'))).toMatchObject({ id: 'made' });
    expect(eventOf(message('id=""', '<body>x</body>'))).toMatchObject({ id: 'made' });
    expect(eventOf(message(`id="${'i'.repeat(1001)}"`, '<body>x</body>'))).toMatchObject({ id: 'made' });
  });

  test('Z02: a thread of 5 KB is not kept, one with quotes is', () => {
    expect(eventOf(message('', `<body>x</body><thread>${'t'.repeat(5000)}</thread>`))['message']).toEqual({ text: 'x' });
    expect(eventOf(message('', '<body>x</body><thread>a "b"</thread>'))['message']).toEqual({ text: 'x', thread: 'a "b"' });
  });

  test('SEC-9: a language that is no language tag is dropped', () => {
    expect(eventOf(message('xml:lang="en&#10;X: y"', '<body>x</body>'))['message']).toEqual({ text: 'x' });
  });

  test('a subject is cut at 1000 characters', () => {
    const event = eventOf(message('', `<body>x</body><subject>${'s'.repeat(2000)}</subject>`));
    expect(event['message']).toEqual({ text: 'x', subject: 's'.repeat(1000) });
  });

  test('all languages differ from that of the stanza: the first body counts', () => {
    const event = eventOf(message('', '<body xml:lang="de">Hallo</body><body xml:lang="en">Hello</body>'));
    expect(event['message']).toEqual({ text: 'Hallo', language: 'de' });
  });

  test('SEC-10: characters that XML forbids are gone even if a parser let them through', () => {
    const stanza = element('message', { from: 'ann@example.com/d', to: 'bob@example.com' });
    stanza.append(parse('<body/>'));
    stanza.getChild('body')?.append('a\u0000b\ufffec\ud800d');
    expect(eventOf(readStanza(stanza, CONTEXT))['message']).toEqual({ text: 'abcd' });
  });

  test.each(['active', 'composing', 'paused', 'inactive', 'gone'])('IM-25: chat state %s alone', (state) => {
    const reading = message('type="chat"', `<${state} xmlns="http://jabber.org/protocol/chatstates"/>`);
    expect(eventOf(reading)).toMatchObject({ on: 'xmpp.chat-state', chatState: state, resource: 'desk' });
  });

  test('no chat state of that name', () => {
    expect(brief(message('', '<dancing xmlns="http://jabber.org/protocol/chatstates"/>'))).toBe('ignore: message without a body');
  });
});

test('a message of the bare JID has no resource', () => {
  const event = eventOf(read("<message from='ann@example.com' to='bob@example.com' id='m'><body>x</body></message>"));
  expect(event).toEqual({ on: 'xmpp.message', id: 'm', type: 'normal', message: { text: 'x' }, at: 1000, trace: 't1' });
});

describe('presence', () => {
  test('RFC 7702: joining a room is refused', () => {
    expect(brief(presence('', '<x xmlns="http://jabber.org/protocol/muc"/>'))).toBe('refuse cancel service-unavailable 405');
  });

  test('an unknown type is ignored', () => {
    expect(brief(presence('type="dancing"'))).toBe('ignore: presence of an unknown type');
  });

  test.each([
    ['priority out of range', '<priority>128</priority>', { priority: 0 }],
    ['lowest priority', '<priority> -128 </priority>', { priority: -128 }],
    ['priority that is no number', '<priority>high</priority>', { priority: 0 }],
    ['unknown show', '<show>dancing</show>', { priority: 0 }],
    ['idle that is no time (XEP-0319)', '<idle xmlns="urn:xmpp:idle:1" since="yesterday"/>', { priority: 0 }],
    ['idle at no possible time', '<idle xmlns="urn:xmpp:idle:1" since="2026-13-45T99:00:00Z"/>', { priority: 0 }],
    ['idle with fractions', '<idle xmlns="urn:xmpp:idle:1" since="2026-11-22T09:00:00.25Z"/>', { priority: 0, idleSince: '2026-11-22T09:00:00.250Z' }],
    ['general activity (XEP-0108)', '<activity xmlns="http://jabber.org/protocol/activity"><working/></activity>', { priority: 0, activity: 'working' }],
    ['no activity', '<activity xmlns="http://jabber.org/protocol/activity"/>', { priority: 0 }],
    ['odd activity', '<activity xmlns="http://jabber.org/protocol/activity"><a.b/></activity>', { priority: 0 }],
    ['empty status', '<status/>', { priority: 0 }],
    ['status is cut', `<status>${'x'.repeat(2000)}</status>`, { priority: 0, status: 'x'.repeat(1000) }],
    ['a cut leaves no half character (SEC-10)', `<status>${'x'.repeat(999)}😀</status>`, { priority: 0, status: 'x'.repeat(999) }],
  ])('%s', (_name, child, expected) => {
    expect(eventOf(presence('', child))['presence']).toEqual({ resource: 'desk', ...expected });
  });

  test("XEP-0115: the node of the capabilities tells the client's family, by our rows or the deployment's", () => {
    const told = (node: string, context: Partial<StanzaContext> = {}) =>
      eventOf(read(`<presence ${ADDRESSES}><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="${node}" ver="v"/></presence>`, context))['presence'];
    expect(told('http://jabber.cisco.com/caxl')).toMatchObject({ family: 'jabber' });
    expect(told('http://gajim.org')).not.toHaveProperty('family');
    expect(told('http://gajim.org', { tables: { clientFamilies: [{ capsNode: '*gajim*', family: 'cupc' }] } })).toMatchObject({ family: 'cupc' });
  });

  test('presence of a bare JID has the empty resource', () => {
    const reading = read("<presence from='ann@example.com' to='bob@example.com'/>");
    expect(eventOf(reading)['presence']).toEqual({ resource: '', priority: 0 });
  });
});

describe('stanza errors (RFC 6120 section 8.3)', () => {
  const error = (content: string) => eventOf(message('type="error"', content))['fault'];
  const ns = 'xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"';

  test.each([
    ['no error element', '', { type: 'cancel', condition: 'undefined-condition', sip: 400, blame: 'peer' }],
    ['unknown condition and type', `<error type="x"><new-one ${ns}/></error>`, { type: 'cancel', condition: 'undefined-condition', sip: 400, blame: 'peer' }],
    ['a condition of another namespace', '<error type="wait"><gone xmlns="urn:x"/></error>', { type: 'wait', condition: 'undefined-condition', sip: 400, blame: 'peer' }],
    ['ERR-1: the text is one line of 200 characters', `<error type="cancel"><item-not-found ${ns}/><text ${ns}>a\n\t${'b'.repeat(300)}</text></error>`, { type: 'cancel', condition: 'item-not-found', sip: 604, blame: 'peer', text: `a ${'b'.repeat(198)}` }],
    ['empty text', `<error type="cancel"><item-not-found ${ns}/><text ${ns}> </text></error>`, { type: 'cancel', condition: 'item-not-found', sip: 604, blame: 'peer' }],
  ])('%s', (_name, content, expected) => {
    expect(error(content)).toEqual(expected);
  });

  test('ERR-2: service-unavailable', () => {
    expect(error(`<error type="cancel"><service-unavailable ${ns}/></error>`)).not.toMatchObject({ sip: 503 });
  });
});

describe('addresses of stanzas', () => {
  test.each([
    ['from a server', "<message from='example.com' to='bob@example.com'><body>x</body></message>", 'ignore: the sender is no user'],
    ['from nobody', "<message to='bob@example.com'><body>x</body></message>", 'ignore: the sender is no user'],
    ['promise 1: from an address that SIP cannot have', "<message from='\u265a@example.com/x' to='bob@example.com'><body>x</body></message>", 'refuse modify jid-malformed 400'],
    ['promise 1: subscribing from an address that SIP cannot have', "<presence type='subscribe' from='\u265a@example.com' to='bob@example.com'/>", 'refuse modify jid-malformed 400'],
    ['promise 1, ADDR-4: from an escaped space at an edge', "<message from='\\20ann@example.com/x' to='bob@example.com'><body>x</body></message>", 'refuse modify jid-malformed 400'],
    ['promise 1, ADDR-4: to an escape that none was needed for', "<message from='ann@example.com/x' to='\\5cbob@example.com'><body>x</body></message>", 'refuse modify jid-malformed 400'],
    ['ADDR-5: to a malformed address', "<message from='ann@example.com' to='@example.com@'><body>x</body></message>", 'refuse modify jid-malformed 400'],
    ['to no address', "<message from='ann@example.com'><body>x</body></message>", 'refuse modify jid-malformed 400'],
    ['message to the gateway itself', "<message from='ann@example.com/x' to='gw.example.com'><body>x</body></message>", 'refuse cancel service-unavailable 405'],
    ['presence to the gateway itself', "<presence from='ann@example.com/x' to='gw.example.com'/>", 'ignore: presence for the gateway'],
    ['something else', "<stream from='ann@example.com' to='bob@example.com'/>", 'ignore: not a stanza'],
    ['an IQ', "<iq type='get' id='x'/>", 'iq get'],
    ['an IQ without a type', "<iq id='x'/>", 'refuse modify bad-request 400'],
  ])('%s', (_name, xml, expected) => {
    expect(brief(read(xml))).toBe(expected);
  });

  test('ADDR-9: bare JIDs are prepared, the resource stays as the server gave it', () => {
    const reading = read("<message from='ANN@Example.com/Ｄesk/2' to='Bob@EXAMPLE.com/x' type='chat'><body>x</body></message>");
    expect(reading).toMatchObject({ pair: { user: 'ann@example.com', contact: 'bob@example.com' } });
    expect(eventOf(reading)).toMatchObject({ resource: 'Ｄesk/2' });
  });
});

test('law: no stanza makes readStanza throw, whatever its names, attributes and children', () => {
  const name = fc.constantFrom('message', 'presence', 'iq', 'body', 'error', 'show', 'encrypted', 'x', 'c', 'idle', 'activity', 'composing');
  const namespace = fc.constantFrom(undefined, 'urn:xmpp:eme:0', 'urn:xmpp:idle:1', 'http://jabber.org/protocol/chatstates', 'urn:ietf:params:xml:ns:xmpp-stanzas');
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('error', 'subscribe', 'ann@example.com/x', 'bob@example.com', '@', '/'));
  const tree = fc.letrec((tie) => ({
    node: fc.record({
      name,
      namespace,
      attributes: fc.dictionary(fc.constantFrom('from', 'to', 'type', 'id', 'xml:lang', 'since', 'node'), value),
      children: fc.array(fc.oneof({ maxDepth: 3 }, value, tie('node')), { maxLength: 4 }),
    }),
  })).node;
  const build = (node: unknown): ReturnType<typeof element> => {
    const given = node as { name: string; namespace?: string; attributes: Record<string, string>; children: unknown[] };
    const children = given.children.map((child) => (typeof child === 'string' ? child : build(child)));
    return element(given.name, { xmlns: given.namespace, ...given.attributes }, ...children);
  };
  fc.assert(
    fc.property(tree, (node) => {
      const stanza = build(node);
      expect(['event', 'iq', 'refuse', 'ignore']).toContain(readStanza(stanza, CONTEXT).is);
      expect(parse(stanza.toString()).name).toBe(stanza.name);
    }),
    { numRuns: 500 },
  );
});
