import { fault, type Fault } from '@isthmus/model';
import { faultFromSip } from '@isthmus/rules';
import { mediaOf, writeTextSession } from '../body/session-description';
import { ACCEPTED_TYPES } from '../body/text';
import { readList, readMaxForwards } from './fields';
import { ALLOW, EVENT_PACKAGE, METHODS, type Method } from './offer';
import { readEnvelope, type Envelope } from './read-envelope';
import { readInvite } from './read-invite';
import { readInfo, readMessageRequest } from './read-message-request';
import { readNotify, readSubscribe } from './read-subscription';
import { answerRequest, refuseRequest, type RequestReading, type SipReadContext } from './reading';
import type { SipRequestIn } from './wire';

type Reader = (request: SipRequestIn, envelope: Envelope, context: SipReadContext) => RequestReading;

const READERS: Readonly<Record<Exclude<Method, 'OPTIONS'>, Reader>> = {
  INVITE: readInvite,
  ACK: (_request, envelope, context) => inDialog('sip.ack', envelope, context),
  CANCEL: (_request, envelope, context) => inDialog('sip.cancel', envelope, context),
  BYE: readBye,
  MESSAGE: readMessageRequest,
  INFO: readInfo,
  SUBSCRIBE: readSubscribe,
  NOTIFY: readNotify,
};

/** Their answer is not ours to give: ACK has none, that of CANCEL has been sent by the server (drachtio.md section 4.1). */
const UNANSWERED: ReadonlySet<string> = new Set(['ACK', 'CANCEL']);

/** Microsoft's NOTIFY without an answer (trap T9). We never ask for it (DR-20). */
const NEVER_ANSWERED = 'BENOTIFY';

/**
 * What a request of the SIP side means. Never throws, whatever the request holds. Whether the sender may send it at all,
 * by his network address and his domain, is not decided here (SEC-3).
 */
export function readRequest(request: SipRequestIn, context: SipReadContext): RequestReading {
  if (request.method === NEVER_ANSWERED) return { is: 'ignore', why: 'BENOTIFY is not offered and never answered' };
  const method = METHODS.find((each) => each === request.method);
  if (method === undefined) return refuseRequest(request, fault('request.unsupported', `${request.method} is not offered`));
  if (method === 'OPTIONS') return answerOptions(request, context);
  const answered = !UNANSWERED.has(method);
  if (answered && isExhausted(request)) return refuseRequest(request, fault('hops.exhausted'));
  const required = answered ? readList(request.headers['require']) : [];
  if (required.length > 0) return refuseRequest(request, extensionFault(), { Unsupported: required.join(', ') });
  const envelope = readEnvelope(request, context);
  if (envelope.ok) return READERS[method](request, envelope.value, context);
  if (answered) return refuseRequest(request, envelope.fault);
  return { is: 'ignore', why: envelope.fault.text ?? envelope.fault.condition };
}

/** We support no extension at all: any option tag in Require is one too many. Proxy-Require is for proxies (trap T1). */
function extensionFault(): Fault {
  return { ...faultFromSip(420), text: 'Bad Extension' };
}

/** SEC-8. A missing or senseless value counts as enough. */
function isExhausted(request: SipRequestIn): boolean {
  return readMaxForwards(request.headers['max-forwards']) === 0;
}

/**
 * RFC 3261 section 11.2, the same for every address. There is no Supported, since there is no extension to name. The body is
 * what a Microsoft client answers with (microsoft-dialect.md section 2.7).
 */
function answerOptions(request: SipRequestIn, context: SipReadContext): RequestReading {
  const accepts = { Accept: `application/sdp, ${ACCEPTED_TYPES}`, 'Accept-Encoding': 'identity', 'Accept-Language': '*' };
  const headers = { Allow: ALLOW, ...accepts, 'Allow-Events': EVENT_PACKAGE };
  const session = writeTextSession(context.session, mediaOf(context.variant));
  return answerRequest(request, { ...headers, 'Content-Type': 'application/sdp' }, session);
}

function inDialog(on: 'sip.ack' | 'sip.cancel', envelope: Envelope, context: SipReadContext): RequestReading {
  const { sipUser, xmppUser, ref } = envelope;
  return { is: 'event', sipUser, xmppUser, event: { on, ref, at: context.at, trace: context.trace } };
}

function readBye(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  const { sipUser, xmppUser, ref } = envelope;
  const { transaction } = request;
  return { is: 'event', sipUser, xmppUser, event: { on: 'sip.bye', ref, transaction, at: context.at, trace: context.trace } };
}
