import { answer } from '../answer';
import type { EventOf, SipMessageEvent } from '../events';
import { ignore, to, type Draft, type Facts, type Step } from '../machine';
import { enqueue } from './queue';
import type { Awaited, Conversation, Held, Memory, Owed } from './state';

/** Delivery receipts (XEP-0184) of the XMPP side and delivery reports (RFC 5438) of the SIP side. */

/** Texts whose confirmation is remembered, either way; an older one is never confirmed. */
const MAX_CONFIRMATIONS = 16;

function receipt({ id, resource }: Pick<Held, 'id' | 'resource'>, trace: string, facts: Facts): Draft[] {
  // SEC-6, XEP-0184 section 8: that the contact's device has answered says that he is online.
  if (!facts.entitled.user) return [];
  return [{ do: 'xmpp.receipt', id: facts.newId(), received: id, trace, ...(resource !== undefined && { resource }) }];
}

/** Confirms a text that the far side has answered `status`, where that says that a device of the contact has it. */
export function confirmed(head: Held, status: number, facts: Facts): Draft[] {
  // 202: somebody will try to deliver it (RFC 3428 section 7).
  const counts = facts.receipts === 'answer' && status === 200;
  return head.receipt !== undefined && counts ? receipt(head, head.trace, facts) : [];
}

/** Under which Message-ID the far side is asked to report the arrival of a text; undefined: it is not asked. */
export function reportIdOf(head: Held, facts: Facts): string | undefined {
  if (head.receipt === undefined || facts.receipts !== 'report') return undefined;
  return head.reportId ?? facts.newId();
}

export function awaiting({ awaited = [] }: Memory, { id, resource }: Held, reportId: string): readonly Awaited[] {
  const next: Awaited = { reportId, id, ...(resource !== undefined && { resource }) };
  return [...awaited.filter((each) => each.reportId !== reportId), next].slice(-MAX_CONFIRMATIONS);
}

/** A text that has come back to its sender is not confirmed any more (promise 1: one outcome). */
export function notAwaiting<S extends Memory>(state: S, reportId: string | undefined): S {
  return reportId === undefined ? state : { ...state, awaited: state.awaited?.filter((each) => each.reportId !== reportId) };
}

/** The far side reports what became of a text of ours. */
export function reported<S extends Conversation>(state: S, event: EventOf<'sip.report'>, facts: Facts): Step<S> {
  const found = state.awaited?.find(({ reportId }) => reportId === event.messageId);
  if (found === undefined) return to(state, answer(event, 200));
  const next = { ...state, awaited: state.awaited?.filter((each) => each !== found) };
  return to(next, ...(event.delivered ? receipt(found, event.trace, facts) : []), answer(event, 200));
}

/** Is this text of the SIP user to be confirmed? Its stanza then asks for a receipt. */
export function owing({ owed = [] }: Memory, event: SipMessageEvent, id: string, facts: Facts): readonly Owed[] | undefined {
  if (event.report === undefined || facts.receipts !== 'report') return undefined;
  const { messageId, at = new Date(facts.at).toISOString() } = event.report;
  return [...owed, { id, messageId, at }].slice(-MAX_CONFIRMATIONS);
}

/** The XMPP user's client has received a text of the SIP user: he is told, once, if he may see the user (SEC-6). */
export function received<S extends Conversation>(state: S, event: EventOf<'xmpp.receipt'>, facts: Facts): Step<S> {
  const found = state.owed?.find(({ id }) => id === event.received);
  if (found === undefined) return ignore(state, 'a receipt that nobody has asked for');
  const next = { ...state, owed: state.owed?.filter((each) => each !== found) };
  if (!facts.entitled.contact) return to(next);
  const { messageId, at } = found;
  return to(enqueue(next, { message: { text: '' }, report: { messageId, at } }, event.trace, facts));
}
