/** Messages that a client transaction makes of its request. */
import { randomBytes } from 'node:crypto';
import { newTag } from '../filling';
import { hostText, parseNameAddr, tagOf } from '../message/address';
import { headerField, type HeaderField, Headers } from '../message/headers';
import { NO_BODY, type OwnStatus, type SipRequest, type SipResponse } from '../message/message';
import { MAGIC_COOKIE } from '../message/via';
import type { Protocol } from '../options';
import type { Endpoint } from '../transport/flow';

/** Headers that an ACK or CANCEL copies from its INVITE (RFC 3261 sections 9.1 and 17.1.1.3). */
const DERIVED: ReadonlySet<string> = new Set(['from', 'call-id', 'route', 'max-forwards']);
const ANSWERED: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq']);

export function newBranch(): string {
  return MAGIC_COOKIE + randomBytes(9).toString('hex');
}

/** The request with our Via on top; `rport` is asked for on UDP only (RFC 3581). */
export function withVia(request: SipRequest, protocol: Protocol, local: Endpoint, branch: string): SipRequest {
  const rport = protocol === 'udp' ? ';rport' : '';
  const via = `SIP/2.0/${protocol.toUpperCase()} ${hostText(local.address)}:${local.port};branch=${branch}${rport}`;
  return { ...request, headers: new Headers([headerField('via', via), ...request.headers.fields]) };
}

/** An ACK for an error answer, or a CANCEL, made from an INVITE. */
export function derived(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string): SipRequest {
  const copied = invite.headers.fields.filter((field) => DERIVED.has(field.key));
  const cseq = Number.parseInt(invite.headers.get('cseq') ?? '1', 10);
  const fields = [...copied, headerField('to', to), headerField('cseq', `${cseq} ${method}`)];
  return { is: 'request', method, uri: invite.uri, headers: new Headers(fields), body: NO_BODY };
}

function tagged(to: HeaderField): HeaderField {
  const address = parseNameAddr(to.value);
  return address === undefined || tagOf(address) !== undefined ? to : headerField('to', `${to.value};tag=${newTag()}`);
}

/** An answer in place of the far end's: nothing foreign in it but a To tag that stands for none (drachtio.md DR-28). */
export function synthetic(sent: SipRequest, status: OwnStatus, reason: string): SipResponse {
  const fields = sent.headers.fields.filter((field) => ANSWERED.has(field.key)).map((field) => (field.key === 'to' ? tagged(field) : field));
  return { is: 'response', status, reason, headers: new Headers(fields), body: NO_BODY };
}
