import { fault, type Fault, type Presence } from '@isthmus/model';
import { readPresenceDocument } from '../presence';
import { readEventId, readEventPackage, readList, readSeconds, readSubscriptionState } from './fields';
import { EVENT_PACKAGE } from './offer';
import type { Envelope } from './read-envelope';
import { dialogOf } from './read-invite';
import { refuseRequest, type RequestReading, type SipReadContext } from './reading';
import type { SipRequestIn } from './wire';

/** SUBSCRIBE (RFC 6665 section 4.2.1). Its body is not looked at (trap T1). */
export function readSubscribe(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  if (readEventPackage(request.headers['event']) !== EVENT_PACKAGE) return refuseRequest(request, fault('event.unsupported'));
  const expiresHeader = request.headers['expires'];
  const expires = readSeconds(expiresHeader);
  if (expiresHeader !== undefined && expires === undefined) {
    return refuseRequest(request, fault('body.malformed', 'Expires is not valid'));
  }
  const { sipUser, xmppUser, ref } = envelope;
  const { displayName } = sipUser;
  const eventId = readEventId(request.headers['event']);
  const event = {
    on: 'sip.subscribe' as const,
    ref,
    dialog: dialogOf(request, envelope, context),
    accept: readList(request.headers['accept']).map((type) => type.toLowerCase()),
    transaction: request.transaction,
    at: context.at,
    trace: context.trace,
    ...(eventId !== undefined && { eventId }),
    ...(expires !== undefined && { expires }),
    ...(displayName !== undefined && { displayName }),
  };
  return { is: 'event', sipUser, xmppUser, event };
}

/** NOTIFY (RFC 6665 section 4.1.3). A document that cannot be read does not make the state of the subscription unreadable. */
export function readNotify(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  if (readEventPackage(request.headers['event']) !== EVENT_PACKAGE) return refuseRequest(request, fault('event.unsupported'));
  const state = readSubscriptionState(request.headers['subscription-state']);
  if (state === undefined) {
    return refuseRequest(request, fault('body.malformed', 'Subscription-State is missing or not valid'));
  }
  const { sipUser, xmppUser, ref } = envelope;
  const { transaction } = request;
  const base = { at: context.at, trace: context.trace, transaction, ref };
  return { is: 'event', sipUser, xmppUser, event: { on: 'sip.notify', ...state, ...readDocument(request), ...base } };
}

function readDocument(request: SipRequestIn): { readonly presence?: Presence; readonly unreadable?: Fault } {
  if (request.body.trim() === '') return {};
  const read = readPresenceDocument(request.headers['content-type'] ?? '', request.body);
  if (!read.ok) return { unreadable: read.fault };
  return read.value === undefined ? {} : { presence: read.value };
}
