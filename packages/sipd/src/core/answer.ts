/** Responses of RFC 3261 section 8.2.6: which headers of the request they repeat. */
import { createHash } from 'node:crypto';
import { withTag } from '../filling';
import { type HeaderField, Headers } from '../message/headers';
import { NO_BODY, type OwnStatus, REASONS, type SipResponse } from '../message/message';
import { serialise } from '../message/serialise';
import { fillTopVia, parseVia, topVia } from '../message/via';
import type { Flow } from '../transport/flow';

const ROUTED_METHODS: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'UPDATE']);
const DEFAULT_PORT = 5060;

/** A response to a request with these headers; all copied values byte for byte, the To with `toTag` if it has none. */
export function responseTo(
  request: Headers,
  method: string,
  status: number,
  reason: string,
  toTag: string | undefined,
  extra: readonly HeaderField[] = [],
  body: Buffer = NO_BODY,
): SipResponse {
  const fields: HeaderField[] = request.all('via');
  // Section 12.1.1: a response that makes a dialog repeats the Record-Route of the request.
  if (status > 100 && status < 300 && ROUTED_METHODS.has(method)) fields.push(...request.all('record-route'));
  for (const key of ['from', 'to', 'call-id', 'cseq']) {
    const field = request.fields.find((each) => each.key === key);
    if (field === undefined) continue;
    fields.push(key === 'to' && toTag !== undefined ? { ...field, value: withTag(field.value, toTag) } : field);
  }
  return { is: 'response', status, reason, headers: new Headers([...fields, ...extra]), body };
}

/** A To tag for answers without a transaction: the same for every copy of the request (section 8.2.7). */
function stableTag(headers: Headers): string {
  return createHash('sha1').update(`${headers.get('via') ?? ''} ${headers.get('call-id') ?? ''}`).digest('hex').slice(0, 16);
}

/** The flow for answers to a request whose topmost Via this is (section 18.2.2, RFC 3581). */
export function answerFlow(flow: Flow, via: { readonly rport: boolean; readonly port: number | undefined }): Flow {
  return via.rport ? flow : flow.answering(via.port ?? DEFAULT_PORT);
}

/**
 * Answers without keeping state. Nothing is sent when there is no usable Via, and never to an ACK.
 * @param filled whether the topmost Via has its `received` already
 */
export function answerStatelessly(
  headers: Headers,
  method: string,
  flow: Flow,
  status: OwnStatus,
  reason: string = REASONS[status],
  filled = false,
  extra: readonly HeaderField[] = [],
): void {
  const element = topVia(headers);
  const via = element === undefined ? undefined : parseVia(element);
  if (via === undefined || method === 'ACK') return;
  const complete = filled ? headers : fillTopVia(headers, via, flow.remote);
  const response = responseTo(complete, method, status, reason, stableTag(headers), extra);
  answerFlow(flow, via).send(serialise(response));
}
