import { LOOPBACK } from './ports';
import { SipMessage, tagOf, viaParameter } from './sip-message';
import type { Header } from './sip-message';
import type { Hop } from './sip-sockets';

/** Header fields by name; they replace the ones the peer would write, and an empty list leaves a field out. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

export interface Content {
  readonly headers?: Fields;
  readonly body?: string | Buffer;
}

/** A message from the fields the peer writes and the fields the test wants instead or besides. */
export function compose(startLine: string, written: readonly Header[], { headers = {}, body = '' }: Content): SipMessage {
  const given = Object.entries(headers);
  const replaced = new Set(given.map(([name]) => name.toLowerCase()));
  const kept = written.filter(([name]) => !replaced.has(name.toLowerCase()));
  const added = given.flatMap(([name, value]) => [value].flat().map((one): Header => [name, one]));
  return new SipMessage(startLine, [...kept, ...added], Buffer.from(body));
}

/** Key of a server transaction (RFC 3261 section 17.2.3, with the fields that serve peers without a branch). */
export const transactionOf = (request: SipMessage): string =>
  [request.method, viaParameter(request, 'branch'), request.callId, request.header('CSeq'), tagOf(request.header('From'))].join(' ');

/** ACK to a refusal: same branch as the INVITE (RFC 3261 section 17.1.1.3). */
export function refusalAck(invite: SipMessage, response: SipMessage): SipMessage {
  const headers: Header[] = [['Via', invite.header('Via')], ['Max-Forwards', '70']];
  headers.push(['From', invite.header('From')], ['To', response.header('To')], ['Call-ID', invite.callId]);
  headers.push(['CSeq', `${invite.cseq.number} ACK`], ...invite.all('Route').map((route): Header => ['Route', route]));
  return new SipMessage(`ACK ${invite.uri} SIP/2.0`, headers);
}

const RPORT = /;\s*rport(?=[;,\s]|$)/i;

/** The Via fields of an answer: the topmost filled in as asked (RFC 3581 section 4). */
export const viasBack = (request: SipMessage, { host = LOOPBACK, port }: Hop): Header[] =>
  request
    .all('Via')
    .map((value, index): Header => ['Via', index === 0 ? value.replace(RPORT, `;rport=${port};received=${host}`) : value]);
