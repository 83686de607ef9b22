import type { AnswerEffect } from '@isthmus/engine';
import { mediaOf, writeTextSession } from '../body/session-description';
import { ALLOW, EVENT_PACKAGE, headersOfStatus } from './offer';
import { safeAnswer, type LooseHeaders } from './safe';
import type { SipAnswerOut } from './wire';
import type { SipParties, SipWriteContext } from './writing';

/** Our answer to a request. SUBSCRIBE gets 200 where it succeeds, never 202: on 202 real clients build no dialog (observed A1). */
export function writeAnswer(effect: AnswerEffect, parties: SipParties, context: SipWriteContext): SipAnswerOut {
  const { transaction, status, reason, session, media = mediaOf(context.variant) } = effect;
  return safeAnswer({
    transaction,
    status,
    ...(reason !== undefined && { reason }),
    headers: { ...toHeader(effect, parties), ...headersOf(effect, context), ...headersOfStatus(status) },
    ...(session === true && { body: writeTextSession(context.session, media) }),
  });
}

/** The server takes from it the tag, which must be the last of its line (DR-10). */
function toHeader(effect: AnswerEffect, parties: SipParties): LooseHeaders {
  return effect.localTag === undefined ? {} : { To: `<${parties.user}>;tag=${effect.localTag}` };
}

function headersOf(effect: AnswerEffect, context: SipWriteContext): LooseHeaders {
  const { method, status } = effect;
  const contact = `<${context.contactUri}>`;
  if (status === 423) return { 'Min-Expires': numberOf(effect.minExpiresSeconds) };
  if (status >= 300) return {};
  if (method === 'SUBSCRIBE') return { Contact: contact, Event: EVENT_PACKAGE, Expires: numberOf(effect.expiresSeconds) };
  if (method !== 'INVITE') return {};
  const type = effect.session === true ? 'application/sdp' : undefined;
  return { Contact: contact, Allow: ALLOW, 'Content-Type': type };
}

function numberOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : String(seconds);
}
