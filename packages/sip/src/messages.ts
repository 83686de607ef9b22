import type { SipAnswerOut, SipHeaders, SipRequestIn, SipRequestOut, SipResult } from '@isthmus/codec';
import type { Transport } from '@isthmus/model';

import type { DrachtioMessage, DrachtioRequest, DrachtioResponse, ReplyParts, RequestOptions } from './drachtio';
import { oneLine, readHeaders, tagOf, writeAnswerHeaders, writeHeaders } from './headers';
import { NotWrittenError } from './write-gate';

/** The connection a message came by. */
export interface Via {
  readonly server: string;
  /** Owner name of the connection. */
  readonly owner: string;
}

/** Transaction id of a request that the server made itself: a BYE it has sent (drachtio.md section 2.4). Needs no answer. */
export const UNSOLICITED = 'unsolicited';

function transportOf(protocol: string): Transport {
  return protocol === 'tcp' || protocol === 'tls' ? protocol : 'udp';
}

export function readRequest(request: DrachtioRequest, via: Via): SipRequestIn {
  const { peerNames } = request;
  return {
    method: request.method.toUpperCase(),
    uri: request.uri,
    headers: readHeaders(request.msg.headers),
    body: request.msg.body ?? '',
    source: {
      address: request.source_address,
      port: request.source_port,
      transport: transportOf(request.protocol),
      ...(peerNames !== undefined && { tlsNames: peerNames }),
    },
    transaction: { server: via.server, id: request.stackTxnId },
    owner: via.owner,
    ...(request.stackDialogId ? { stackId: request.stackDialogId } : {}),
  };
}

/** The CANCEL of an INVITE; the server has answered both already (MIM-19). Its transaction is the INVITE's. */
export function readCancel(cancel: DrachtioMessage & { readonly uri: string }, invite: DrachtioRequest, via: Via): SipRequestIn {
  const { uri, headers, body } = { ...readRequest(invite, via), uri: cancel.uri, headers: readHeaders(cancel.headers), body: '' };
  return { ...readRequest(invite, via), method: 'CANCEL', uri, headers, body };
}

/** Headers that any answer has; the server's own answers have no others. */
const BARE = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'content-length']);

/**
 * DR-28: did the server make the answer itself? Then it came from nowhere. Where the server names the place that the request was for,
 * the answer has no tag in To but that of the request, as no answer of a far end has (RFC 3261 section 8.2.6.2).
 */
function isSynthetic({ status, source_address: source }: DrachtioResponse, headers: SipHeaders, sent: SipHeaders): boolean {
  if (status !== 408 && status !== 503) return false;
  const tag = tagOf(headers['to']);
  if (source !== '' && tag !== undefined && tag !== tagOf(sent['to'])) return false;
  return Object.keys(headers).every((name) => BARE.has(name));
}

export function readResponse(response: DrachtioResponse, request: DrachtioRequest, via: Via): SipResult {
  const headers = readHeaders(response.msg.headers);
  const sent = readHeaders(request.msg.headers);
  return {
    is: 'answered',
    status: response.status,
    reason: response.reason ?? '',
    headers,
    body: response.msg.body ?? '',
    synthetic: isSynthetic(response, headers, sent),
    sent,
    ...via,
    ...(response.stackDialogId ? { stackId: response.stackDialogId } : {}),
  };
}

/** Anything that would end the first line of a client message, or a field of it. */
const NOT_IN_FIELD = /[\0-\x20\x7f|]/;
const METHOD = /^[A-Z]+$/;

/** @throws NotWrittenError when a part cannot go onto the wire */
export function writeRequest(out: SipRequestOut): RequestOptions {
  if (!METHOD.test(out.method)) throw new NotWrittenError(`${JSON.stringify(out.method)} is no method`);
  if (/[\0-\x20\x7f]/.test(out.uri)) throw new NotWrittenError('the Request-URI holds a blank or a control character');
  for (const field of ['proxy', 'stackId'] as const) {
    if (NOT_IN_FIELD.test(out[field] ?? '')) throw new NotWrittenError(`${field} holds a blank, a control character or "|"`);
  }
  const written = writeHeaders(out.headers);
  if ('bad' in written) throw new NotWrittenError(`${JSON.stringify(written.bad)} is no header name`);
  return {
    method: out.method,
    headers: written.headers,
    ...(out.body === undefined ? {} : { body: out.body }),
    ...(out.proxy === undefined ? {} : { proxy: out.proxy }),
    ...(out.stackId === undefined ? {} : { stackDialogId: out.stackId }),
  };
}

/** @throws NotWrittenError when a part cannot go onto the wire */
export function writeAnswer(out: SipAnswerOut): ReplyParts & { readonly reason?: string } {
  const written = writeAnswerHeaders(out.headers);
  if ('bad' in written) throw new NotWrittenError(`${JSON.stringify(written.bad)} is no header name`);
  const { to, ...headers } = written.headers;
  const tag = tagOf(to);
  return {
    // The library takes everything behind `tag=` as the tag (DR-10), and only the tag of a To.
    headers: tag === undefined ? headers : { ...headers, to: `;tag=${tag}` },
    ...(out.body === undefined ? {} : { body: out.body }),
    ...(out.reason === undefined ? {} : { reason: oneLine(out.reason) }),
  };
}
