/** What comes from the network: reading, and responses. Requests go on to `Requests`. */
import { dialogIdOf } from '../dialog';
import { tagIn } from '../message/address';
import { parseCSeq } from '../message/essentials';
import type { Headers } from '../message/headers';
import { NO_BODY, REASONS, type SipRequest, type SipResponse } from '../message/message';
import { parseMessage } from '../message/parse';
import { parseVia, topVia } from '../message/via';
import { BODY_BYTES, hasLongLine, LINE_BYTES } from '../switches';
import type { Flow, Rejection } from '../transport/flow';
import { answerStatelessly } from './answer';
import { endForked } from './forked';
import type { Requests } from './requests';
import type { Sender } from './sender';
import type { Core } from './state';

type SizeStatus = 400 | 413 | 414 | 513;

/** The side of the server that listens to the network. */
export class Inbound {
  constructor(
    private readonly core: Core,
    private readonly requests: Requests,
    private readonly sender: Sender,
  ) {}

  /** A whole message. Anything malformed is answered if it can be (400; 505: another version), and dropped otherwise. */
  message(head: string, body: Buffer, flow: Flow): void {
    const message = parseMessage(head, body);
    if (message.is === 'malformed') {
      if (message.method !== undefined) answerStatelessly(message.headers, message.method, flow, message.status, message.reason);
      return;
    }
    const long = this.core.state.settings.switches.longLine && (hasLongLine(Buffer.from(head, 'latin1')) || hasLongLine(body));
    if (message.is === 'request') {
      const status = long ? 400 : this.sizeStatus(message);
      if (status === undefined) this.requests.request(message, flow);
      else this.refuse(message.headers, message.method, status, REASONS[status], flow);
    } else if (!long) {
      this.response(message, flow);
    }
  }

  /** A message that the transport could not take in. */
  rejected(head: string, status: Rejection, reason: string, flow: Flow): void {
    const message = parseMessage(head, NO_BODY);
    if (message.is === 'response' || message.method === undefined) return;
    this.refuse(message.headers, message.method, status, reason, flow);
  }

  private refuse(headers: Headers, method: string, status: SizeStatus | Rejection, reason: string, flow: Flow): void {
    if (status !== 400) this.core.state.settings.observer.limit('size');
    answerStatelessly(headers, method, flow, status, reason);
  }

  /** Too much of something, or the switch `bodyMax`. */
  private sizeStatus({ uri, headers, body }: SipRequest): SizeStatus | undefined {
    const { limits, switches } = this.core.state.settings;
    if (uri.length > limits.firstLineBytes) return 414;
    if (headers.fields.length > limits.headerFields) return 513;
    if (!switches.bodyMax) return undefined;
    if (body.length > BODY_BYTES) return 413;
    return headers.fields.some(({ value }) => value.length > LINE_BYTES) ? 400 : undefined;
  }

  private response(response: SipResponse, flow: Flow): void {
    const element = topVia(response.headers);
    const branch = element === undefined ? undefined : parseVia(element)?.branch;
    const cseq = parseCSeq(response.headers.get('cseq') ?? '');
    if (branch === undefined || cseq === undefined) return;
    const transaction = this.core.state.clientByKey.get(`${branch} ${cseq.method}`);
    if (transaction !== undefined) transaction.receive(response, flow);
    else if (cseq.method === 'INVITE' && response.status >= 200 && response.status < 300) this.strayOk(response, cseq.number, flow);
  }

  /** RFC 3261 section 13.2.2.4: a 2xx that comes again is answered by the same ACK; one of another branch is ended. */
  private strayOk(response: SipResponse, cseq: number, flow: Flow): void {
    const { headers } = response;
    const callId = headers.get('call-id') ?? '';
    const localTag = tagIn(headers.get('from'));
    const remoteTag = tagIn(headers.get('to'));
    const { state } = this.core;
    const dialog = state.dialogs.get(dialogIdOf(callId, localTag)) ?? state.dialogs.get(dialogIdOf(callId, remoteTag));
    if (dialog?.localTag !== localTag || dialog.inviteCSeq !== cseq) return;
    if (dialog.remoteTag === remoteTag) dialog.lastAck?.();
    else if (!dialog.uas && remoteTag !== '' && !state.full) endForked(dialog, response, flow, this.sender);
  }
}
