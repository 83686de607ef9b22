import { fault, type Fault } from '@isthmus/model';
import type { AnswerEffect } from './effects';
import type { EngineEvent } from './events';
import type { Draft } from './machine';

/** A request of the far side: it waits for exactly one answer. */
export type SipRequestEvent = Extract<EngineEvent, { readonly transaction: unknown }>;

type Details = Pick<AnswerEffect, 'reason' | 'localTag' | 'expiresSeconds' | 'minExpiresSeconds' | 'session'>;

const METHODS: Readonly<Record<SipRequestEvent['on'], string>> = {
  'sip.invite': 'INVITE',
  'sip.reinvite': 'INVITE',
  'sip.bye': 'BYE',
  'sip.message': 'MESSAGE',
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

/**
 * The answer to a request that no table has a use for: 481 where it claims a dialog (RFC 3261 section 12.2.2, RFC 6665
 * section 4.1.3), so that a client opens a new one (microsoft-observed B); 200 where it harms nobody.
 */
export function defaultAnswer(event: SipRequestEvent): Draft {
  const claimsDialog = event.ref.localTag !== undefined || event.on === 'sip.bye' || event.on === 'sip.notify';
  return claimsDialog ? refuse(event, fault('session.unknown')) : answer(event, 200);
}
