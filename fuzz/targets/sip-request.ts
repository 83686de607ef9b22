import { pairKey, pairOf, type BareJid } from '@isthmus/model';

import { readJid, readRequest, sipToJid, writeAnswer, writeJid, writeRequest, writeStanza, type RequestReading, type SipReadContext, type SipRequestIn } from '../../packages/codec/src';
import { PARTIES, READ, WRITE } from '../../packages/codec/test/support/contexts';
import { Srf, type DrachtioRequest } from '../../packages/sip/src/drachtio';
import { readRequest as fromLibrary } from '../../packages/sip/src/messages';
import { hideMultipart, isReadable } from '../../packages/sip/src/wire-guard';
import { parseMessage } from '../../packages/sipd/src/message/parse';
import { serialise } from '../../packages/sipd/src/message/serialise';
import { answerIsSafe, isOneLine, isPlain, must, requestIsSafe, same, textIsClean, xmlIsSafe } from '../support/checks';
import { SIP_BYTES } from '../support/samples';
import type { Target } from '../support/target';

const PAIR = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };
const CONTEXT: SipReadContext = { ...READ, emoticons: 'emoji', telephoneDomain: 'example.com' };

/** The way of a request: sipd, the wire to the worker, the guard, the library, the link. */
export function arriving(bytes: string): SipRequestIn | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  const message = parseMessage(end < 0 ? bytes : bytes.slice(0, end), Buffer.from(end < 0 ? '' : bytes.slice(end + 4), 'latin1'));
  if (message.is !== 'request') return undefined;
  const text = `id|sip\r\n${serialise(message).toString('utf8')}`;
  if (!isReadable(text)) return undefined;
  const parsed = new Srf.SipMessage(hideMultipart(text).slice('id|sip\r\n'.length) as never) as unknown as { method: string; uri: string; headers: Record<string, string>; body?: string };
  const request = { method: parsed.method, uri: parsed.uri, msg: parsed, source_address: '192.0.2.1', source_port: 5060, protocol: 'tcp', stackTxnId: 't1' };
  return fromLibrary(request as unknown as DrachtioRequest, { server: 'd1', owner: 'w1/d1/1' });
}

function eventIsSafe(reading: Extract<RequestReading, { is: 'event' }>): void {
  const { event, sipUser, xmppUser } = reading;
  isPlain(reading);
  for (const jid of [sipUser.jid, xmppUser]) {
    const again = readJid(writeJid(jid));
    must(again.ok, 'a JID that cannot be read again', jid);
    if (again.ok) same(again.value, jid, 'a JID');
  }
  same(pairOf(pairKey({ user: xmppUser.bare, contact: sipUser.jid.bare })), { user: xmppUser.bare, contact: sipUser.jid.bare }, 'the key of the pair');
  const uri = sipToJid(sipUser.uri);
  must(uri.ok && uri.value.jid.bare === sipUser.jid.bare, "a SIP user's URI names somebody else", [sipUser.uri, sipUser.jid.bare]);
  isOneLine(sipUser.displayName, 'display name');
  textIsClean(sipUser.displayName, 'display name');
  requestIsSafe(writeRequest({ key: 'k', trace: 't', do: 'sip.message', callId: 'c', message: { text: 'x' } }, { ...PARTIES, contact: sipUser.uri }, WRITE));
  xmlIsSafe(writeStanza({ key: 'k', trace: 't', do: 'xmpp.subscribe', ...(sipUser.displayName !== undefined && { nick: sipUser.displayName }) }, PAIR).toString());
  if (event.on === 'sip.message') {
    textIsClean(event.message.text, 'text');
    must(!/\r/.test(event.message.text), 'a carriage return in a text', event.message.text);
    isOneLine(event.message.subject, 'subject');
    xmlIsSafe(writeStanza({ key: 'k', trace: 't', do: 'xmpp.message', id: 'i', message: event.message }, PAIR).toString());
    if (event.report !== undefined) requestIsSafe(writeRequest({ key: 'k', trace: 't', do: 'sip.message', callId: 'c', message: event.message, report: { at: 'now', ...event.report } }, PARTIES, WRITE));
  }
  if (event.on === 'sip.notify' && event.presence !== undefined) xmlIsSafe(writeStanza({ key: 'k', trace: 't', do: 'xmpp.presence', presence: event.presence }, PAIR).toString());
  if ('dialog' in event && event.dialog !== undefined) {
    for (const handMade of [{}, { handMade: true as const }]) requestIsSafe(writeRequest({ key: 'k', trace: 't', do: 'sip.bye', dialog: { ...event.dialog, ...handMade } }, PARTIES, WRITE));
  }
  if ('transaction' in event) answerIsSafe(writeAnswer({ key: 'k', trace: 't', do: 'sip.answer', transaction: event.transaction, method: 'INVITE', status: 200, localTag: 'l', session: true }, PARTIES, WRITE));
}

/** A request on its whole way from the socket to the event. */
export const sipRequest: Target = {
  name: 'sip-request',
  samples: SIP_BYTES,
  runs: 22_000,
  check: (input) => {
    const request = arriving(input);
    if (request === undefined) return;
    const reading = readRequest(request, CONTEXT);
    if (reading.is === 'event') eventIsSafe(reading);
    if (reading.is === 'answer' || reading.is === 'refuse') answerIsSafe(reading.answer);
  },
};
