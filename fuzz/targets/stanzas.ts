import { Parser } from '@xmpp/xml';

import { answerIq, PRESENCE_FORMATS, readAccountAnswer, readCommand, readJid, readStanza, tellsLoss, writeCommandError, writeError, writePresenceDocument, writeRequest, writeStanza, partiesOf, type Element, type StanzaContext } from '../../packages/codec/src';
import { WRITE } from '../../packages/codec/test/support/contexts';
import type { EngineEvent } from '@isthmus/engine';
import { fault, type Pair } from '@isthmus/model';
import { isPlain, isTime, requestIsSafe, textIsClean, xmlIsSafe } from '../support/checks';
import { cases } from '../support/samples';
import type { Target } from '../support/target';

const CONTEXT: StanzaContext = { at: 1_800_000_000_000, trace: 't', newId: () => 'new', maxTextBytes: 100_000, headlines: 'carry', encrypted: 'fallback', emoticons: 'emoji' };

/** The stanzas of a stream, as the library's parser gives them; what is no XML would have ended the server's stream, not ours. */
function stanzasOf(xml: string): readonly Element[] {
  const parser = new Parser();
  const found: Element[] = [];
  let broken = false;
  parser.on('element', (stanza: Element) => found.push(stanza));
  parser.on('error', () => (broken = true));
  try {
    parser.write(`<stream:stream xmlns="jabber:component:accept" xmlns:stream="http://etherx.jabber.org/streams">`);
    for (let at = 0; at < xml.length && !broken; at += 1_000) parser.write(xml.slice(at, at + 1_000));
  } catch {
    // the library's parser goes on after an error, and throws: `GuardedComponent` takes care of that
  }
  return found;
}

function eventIsSafe(pair: Pair, event: EngineEvent): void {
  isPlain(event);
  const [user, contact] = [readJid(pair.user), readJid(pair.contact)];
  const parties = user.ok && contact.ok ? partiesOf(user.value, contact.value) : undefined;
  if (parties?.ok !== true) return;
  if (event.on === 'xmpp.message') {
    for (const dialect of ['microsoft', 'simple'] as const) {
      const effect = { do: 'sip.message', key: 'k', trace: 't', callId: 'c', message: event.message } as const;
      requestIsSafe(writeRequest(effect, parties.value, { ...WRITE, dialect, emoticons: 'emoji' }));
      const dialog = { callId: 'c', localTag: 'l', localCSeq: 0, remoteCSeq: 0, stackId: 'c;from-tag=l', server: '', owner: '' };
      requestIsSafe(writeRequest({ do: 'sip.invite', key: 'k', trace: 't', dialog, firstText: event.message.text }, parties.value, { ...WRITE, dialect }));
    }
    textIsClean(event.message.text, 'text');
    isTime(event.message.sent, 'sent');
    const { id, type, message, resource } = event;
    xmlIsSafe(writeStanza({ do: 'xmpp.bounce', key: 'k', trace: 't', id, type, message, fault: fault('network.timeout'), ...(resource !== undefined && { resource }) }, pair).toString());
  }
  if (event.on === 'xmpp.available') {
    const { status, idleSince } = event.presence;
    isTime(idleSince, 'idle since');
    const presence = { setting: 'away', ...(status !== undefined && { note: status }), ...(idleSince !== undefined && { idleSince }) } as const;
    for (const format of PRESENCE_FORMATS) xmlIsSafe(writePresenceDocument(format, presence, { entity: parties.value.user, tuples: [{ resource: event.presence.resource, presence, priority: 0 }] }).body);
  }
}

function stanzaHolds(stanza: Element): void {
  const reading = readStanza(stanza, CONTEXT);
  if (reading.is === 'event') eventIsSafe(reading.pair, reading.event);
  if (reading.is === 'refuse') xmlIsSafe(writeError(stanza, reading.fault)?.toString() ?? '<none/>');
  if (reading.is !== 'iq') return;
  const identity = { gateway: 'gw.example.com', name: 'isthmus', version: '1', displayName: 'Bob', commands: [{ node: 'n', name: 'N' }] };
  xmlIsSafe(answerIq(stanza, identity)?.toString() ?? '<none/>');
  const command = readCommand(stanza);
  if (typeof command === 'string') xmlIsSafe(writeCommandError(stanza, command)?.toString() ?? '<none/>');
  readAccountAnswer(stanza);
  tellsLoss(stanza, 'example.com');
}

const FORM =
  '<iq type="set" id="f" from="ann@example.com/d" to="gw.example.com"><command xmlns="http://jabber.org/protocol/commands" node="policy" sessionid="s" action="complete"><x xmlns="jabber:x:data" type="submit">' +
  '<field var="ask"><value>yes</value></field><field var="block" type="text-multi"><value>bob@example.com</value><value>*@example.org</value></field></x></command></iq>';
const RICH =
  '<message type="chat" id="m" from="ann@example.com/desk" to="bob@example.com" xml:lang="en"><subject>s</subject><body>hello &lt;Bob&gt;</body><body xml:lang="de">hallo</body><thread>t1</thread><active xmlns="http://jabber.org/protocol/chatstates"/>' +
  '<request xmlns="urn:xmpp:receipts"/><replace id="o" xmlns="urn:xmpp:message-correct:0"/><x xmlns="jabber:x:oob"><url>https://example.com/a.png</url></x><delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/><nick xmlns="http://jabber.org/protocol/nick">Ann</nick>' +
  '<html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml"><p>hello</p></body></html></message>';
const PRESENCE =
  '<presence from="ann@example.com/desk" to="bob@example.com" xml:lang="en"><show>dnd</show><status>in a talk</status><priority>5</priority><idle xmlns="urn:xmpp:idle:1" since="2026-01-01T00:00:00+01:00"/>' +
  '<activity xmlns="http://jabber.org/protocol/activity"><talking><on_the_phone/></talking></activity><c xmlns="http://jabber.org/protocol/caps" node="http://psi-im.org" ver="x" hash="sha-1"/></presence>';
const REACTIONS = '<message type="chat" id="m" from="ann@example.com/desk" to="bob@example.com"><reactions id="o" xmlns="urn:xmpp:reactions:0"><reaction>\u{1f44d}</reaction></reactions><fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reactions:0"/><body>&gt; x</body></message>';
const IQS = ['http://jabber.org/protocol/disco#info', 'http://jabber.org/protocol/disco#items', 'jabber:iq:version'].map((namespace) => `<iq type="get" id="q" from="ann@example.com/d" to="bob@example.com/sip"><query xmlns="${namespace}" node="n"/></iq>`);

/** Stanzas: read, and written on as SIP, as an error, as an answer. */
export const stanza: Target = {
  name: 'stanza',
  samples: [RICH, PRESENCE, REACTIONS, FORM, ...IQS, ...cases('stanza/read', '.xml')],
  runs: 16_000,
  largest: 100_000,
  check: (input) => stanzasOf(input).forEach(stanzaHolds),
};
