import type { SipAnswerOut, SipHeaders, SipRequestIn, SipRequestOut, SipResult } from '@isthmus/codec';
import type { Transport } from '@isthmus/model';

import { oneLine, tagOf, writeAnswerHeaders, writeHeaders } from './headers';
import { phraseOf } from './reasons';
import { writeSip, type RequestText, type ResponseText } from './sip-text';
import { NotWrittenError } from './write-gate';

/** The connection a message came by. */
export interface Via {
  readonly server: string;
  /** Owner name of the connection. */
  readonly owner: string;
}

/** Transaction id of a request that the server made itself: a BYE it has sent (drachtio.md section 2.4). Needs no answer. */
export const UNSOLICITED = 'unsolicited';

/** RFC 3261 section 19.1.2. */
const DEFAULT_PORT = 5060;

function transportOf(protocol: string): Transport {
  return protocol === 'tcp' || protocol === 'tls' ? protocol : 'udp';
}

/** A request as the server hands it over. `fields`: of the first line (drachtio.md section 2.4). */
export function readRequest(text: RequestText, fields: readonly string[], via: Via): SipRequestIn {
  const [, , , , protocol = '', address = '', port = '', , id = '', stackId = ''] = fields;
  return {
    method: text.method.toUpperCase(),
    uri: text.uri,
    headers: text.headers,
    body: text.body,
    source: { address, port: Number(port) || DEFAULT_PORT, transport: transportOf(protocol) },
    transaction: { server: via.server, id },
    owner: via.owner,
    ...(stackId !== '' && { stackId }),
  };
}

/** Headers that any answer has; the server's own answers have no others. */
const BARE = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'content-length']);

/** DR-28: did the server make the answer itself? In a dialog its To has the tag of the request. */
function isSynthetic(status: number, headers: SipHeaders, sent: SipHeaders): boolean {
  if (status !== 408 && status !== 503) return false;
  const tag = tagOf(headers['to']);
  if (tag !== undefined && tag !== tagOf(sent['to'])) return false;
  return Object.keys(headers).every((name) => BARE.has(name));
}

/** `sent`: the headers of the request as it was really sent. */
export function readResponse(response: ResponseText, sent: SipHeaders, stackId: string | undefined, via: Via): SipResult {
  const { status, reason, headers, body } = response;
  return {
    is: 'answered',
    status,
    reason,
    headers,
    body,
    synthetic: isSynthetic(status, headers, sent),
    sent,
    ...via,
    ...(stackId && { stackId }),
  };
}

/** Anything that would end the first line of a client message, or a field of it. */
const NOT_IN_FIELD = /[\0-\x20\x7f|]/;
const METHOD = /^[A-Z]+$/;

/**
 * The client message that sends a request: by dialog id, or out of dialog (drachtio.md section 2.2).
 * @throws NotWrittenError when a part cannot go onto the wire
 */
export function writeRequest(out: SipRequestOut): string {
  const { method, uri, proxy, stackId = '' } = out;
  if (!METHOD.test(method)) throw new NotWrittenError(`${JSON.stringify(method)} is no method`);
  if (/[\0-\x20\x7f]/.test(uri)) throw new NotWrittenError('the Request-URI holds a blank or a control character');
  for (const field of ['proxy', 'stackId'] as const) {
    if (NOT_IN_FIELD.test(out[field] ?? '')) throw new NotWrittenError(`${field} holds a blank, a control character or "|"`);
  }
  const nextHop = proxy === undefined ? '' : `|${proxy}`;
  return `sip||${stackId}${nextHop}\r\n${writeSip(`${method} ${uri} SIP/2.0`, checked(writeHeaders(out.headers)), out.body)}`;
}

/** In a dialog the server puts the remote target in its place (DR-6). */
const PLACEHOLDER = 'sip:placeholder';
const NO_HEADERS: SipHeaders = {};

/** ACK of a 2xx, or the BYE that ends what it began, in the dialog of this id. */
export function writeInDialog(method: 'ACK' | 'BYE', stackId: string): string {
  return `sip||${stackId}\r\n${writeSip(`${method} ${PLACEHOLDER} SIP/2.0`, NO_HEADERS)}`;
}

/** The CANCEL of an INVITE of ours, by the transaction of the INVITE. */
export function writeCancel(transactionId: string, uri: string): string {
  return `sip|${transactionId}|\r\n${writeSip(`CANCEL ${uri} SIP/2.0`, NO_HEADERS)}`;
}

/**
 * The client message that answers a request. `request`: its headers, if they are at hand.
 * @throws NotWrittenError when a part cannot go onto the wire
 */
export function writeAnswer(out: SipAnswerOut, request: SipHeaders | undefined): string {
  const reason = out.reason === undefined ? phraseOf(out.status) : oneLine(out.reason);
  if (NOT_IN_FIELD.test(out.transaction.id)) throw new NotWrittenError('the transaction holds a blank, a control character or "|"');
  const headers = checked(writeAnswerHeaders(out.headers, request));
  return `sip|${out.transaction.id}|\r\n${writeSip(`SIP/2.0 ${out.status} ${reason}`, headers, out.body)}`;
}

function checked(written: ReturnType<typeof writeHeaders>): SipHeaders {
  if ('bad' in written) throw new NotWrittenError(`${JSON.stringify(written.bad)} is no header name`);
  return written.headers;
}
