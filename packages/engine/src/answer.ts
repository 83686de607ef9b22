import { fault, type Fault } from '@isthmus/model';
import type { AnswerEffect } from './effects';
import type { EngineEvent } from './events';
import type { Draft, Facts } from './machine';

/** A request of the far side: it waits for exactly one answer. */
export type SipRequestEvent = Extract<EngineEvent, { readonly transaction: unknown }>;

type Details = Pick<AnswerEffect, 'reason' | 'localTag' | 'expiresSeconds' | 'minExpiresSeconds' | 'session' | 'media'>;

const METHODS: Readonly<Record<SipRequestEvent['on'], string>> = {
  'sip.invite': 'INVITE',
  'sip.reinvite': 'INVITE',
  'sip.bye': 'BYE',
  'sip.message': 'MESSAGE',
  'sip.report': 'MESSAGE',
  'sip.typing': 'INFO',
  'sip.refused': 'MESSAGE',
  'sip.subscribe': 'SUBSCRIBE',
  'sip.notify': 'NOTIFY',
};

export function isSipRequest(event: EngineEvent): event is SipRequestEvent {
  return 'transaction' in event;
}

export function answer(event: SipRequestEvent, status: number, details: Details = {}): Draft {
  const method = event.method ?? METHODS[event.on];
  return { do: 'sip.answer', transaction: event.transaction, method, status, ...details };
}

export function refuse(event: SipRequestEvent, why: Fault): Draft {
  return answer(event, why.sip, why.text === undefined ? {} : { reason: why.text });
}

/** So many requests of ours to one SIP user may be without an outcome; a calm pair has no more than one in each dialog. */
const MAX_OUTSTANDING = 64;

/**
 * The refusal of a request that would open one more dialog with a SIP user who leaves our requests unanswered (promise 6,
 * SEC-5): each dialog costs a request of ours, and all of them wait in the record. Undefined: there is room.
 */
export function crowded(event: SipRequestEvent, { outstanding }: Facts): Draft | undefined {
  if (outstanding < MAX_OUTSTANDING) return undefined;
  return refuse(event, fault('queue.full', 'Too many requests to this user are open'));
}

/**
 * The answer to a request that no table has a use for: 481 where it claims a dialog (RFC 3261 section 12.2.2, RFC 6665
 * section 4.1.3), so that a client opens a new one (microsoft-observed B); 200 where it harms nobody.
 */
export function defaultAnswer(event: SipRequestEvent): Draft {
  const claimsDialog = event.ref.localTag !== undefined || event.on === 'sip.bye' || event.on === 'sip.notify';
  return claimsDialog ? refuse(event, fault('session.unknown')) : answer(event, 200);
}
