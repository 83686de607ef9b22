import { fault, type ChatState, type TextMessage } from '@isthmus/model';
import { answer, refuse } from '../answer';
import { heard, isIn, type DialogRef } from '../dialog';
import type { EventOf } from '../events';
import { ignore, to, type Draft, type Facts, type Step } from '../machine';
import { noteDelivered } from './late-error';
import { isFull } from './queue';
import { owing, reported } from './receipts';
import { hasSeen, noteSeen } from './seen';
import { dialogsIn, idleFrom, mapDialogs, type Conversation, type Memory } from './state';

/** RFC 3994 section 3.3: without `refresh`, typing is over after so long. */
const COMPOSING_SECONDS = 120;
/** The longest `refresh` of the far side that is believed. */
const MAX_REFRESH_SECONDS = 3600;

/**
 * May the request be taken? Out of dialog always; in a dialog when its Call-ID is known, because in glare a real client
 * sends its text with the Call-ID of one dialog and the tags of another (microsoft-observed A3).
 */
function isKnown(state: Conversation, ref: DialogRef): boolean {
  return ref.localTag === undefined || dialogsIn(state).some(({ callId }) => callId === ref.callId);
}

/** Is this a request out of dialog (page mode)? */
function isPaged(state: Conversation, ref: DialogRef): boolean {
  return ref.localTag === undefined && !dialogsIn(state).some(({ callId }) => callId === ref.callId);
}

function noteHeard<S extends Conversation>(state: S, ref: DialogRef): S {
  return mapDialogs(state, (dialog) => (ref.localTag !== undefined && isIn(dialog, ref) ? heard(dialog, ref) : dialog));
}

/** A text of the SIP user: handed to the XMPP server first, answered 200 then, so that 200 means delivered (promise 1). */
export function receive<S extends Conversation>(state: S, event: EventOf<'sip.message'>, facts: Facts): Step<S> {
  const { ref, message } = event;
  const paged = isPaged(state, ref);
  const ok = answer(event, paged ? (facts.pageStatus ?? 200) : 200);
  // Also when its session is over by now: the text has been taken.
  if (hasSeen(state.seen, ref)) return to(state, ok);
  if (!isKnown(state, ref)) return ignore(state, 'no such session');
  if (isFull(facts.undelivered.map((effect) => effect.message), message, facts)) return to(state, refuse(event, fault('queue.full')));
  const id = facts.newId();
  const owed = owing(state, event, id, facts);
  const next = {
    ...noteHeard(state, ref),
    seen: noteSeen(state.seen, ref),
    delivered: noteDelivered(state, id, facts),
    owed: owed ?? state.owed,
    paged: paged ? (true as const) : state.paged,
    composing: undefined,
    idleAt: idleFrom(facts),
  };
  const wishes = { ...(state.mute !== undefined && { mute: state.mute }), ...(owed !== undefined && { receipt: true as const }) };
  return to(next, { do: 'xmpp.message', id, message: threaded(state, event), ...wishes }, ok);
}

/** Call-ID and thread name the same session (IM-3): in it the user's own name for it counts. */
function threaded({ thread }: Conversation, { ref, message }: EventOf<'sip.message'>): TextMessage {
  return thread === undefined || ref.localTag === undefined ? message : { ...message, thread };
}

/** Typing of the SIP user (IM-25, IM-26). Told when it begins and when it ends, not when it is refreshed (S04). */
export function receiveTyping<S extends Conversation>(state: S, event: EventOf<'sip.typing'>, facts: Facts): Step<S> {
  if (!isKnown(state, event.ref)) return ignore(state, 'no such session');
  const next = noteHeard(state, event.ref);
  if (state.mute !== undefined) return to(next, answer(event, 200));
  if (!event.composing) return to({ ...next, composing: undefined }, ...stopped(state, facts), answer(event, 200));
  const composing = facts.at + typingSeconds(event, facts) * 1000;
  const told: Draft[] = state.composing === undefined ? [chatState('composing', facts)] : [];
  return to({ ...next, composing }, ...told, answer(event, 200));
}

/** Content that cannot be carried. In a session that is over the answer is 481: on another one a client would keep it (microsoft-observed B). */
export function receiveRefused<S extends Conversation>(state: S, event: EventOf<'sip.refused'>): Step<S> {
  return isKnown(state, event.ref) ? to(state, refuse(event, event.fault)) : ignore(state, 'no such session');
}

/** A report in a session that is over gets 481, as any other request there. */
export function receiveReport<S extends Conversation>(state: S, event: EventOf<'sip.report'>, facts: Facts): Step<S> {
  if (!isKnown(state, event.ref)) return ignore(state, 'no such session');
  return reported(noteHeard(state, event.ref), event, facts);
}

function typingSeconds(event: EventOf<'sip.typing'>, facts: Facts): number {
  if (event.refreshSeconds !== undefined) return Math.min(event.refreshSeconds, MAX_REFRESH_SECONDS);
  return facts.dialect === 'simple' ? COMPOSING_SECONDS : facts.settings.typingTimeoutSeconds;
}

function chatState(state: ChatState, facts: Facts): Draft & { readonly do: 'xmpp.chat-state' } {
  return { do: 'xmpp.chat-state', id: facts.newId(), chatState: state };
}

/**
 * Tells that typing is over, if it was told to have begun: `active` by RFC 7573 Table 3; `paused` for Microsoft's, whose
 * clients say `idle` only in a pause (microsoft-observed B).
 */
export function stopped(state: Memory, facts: Facts): Draft[] {
  if (state.composing === undefined || state.mute !== undefined) return [];
  return [chatState(facts.dialect === 'microsoft' ? 'paused' : 'active', facts)];
}

/** The far side has ended the session (IM-23, RFC 7573 section 6.1, decision 035): `gone`, with the thread that is over. */
export function gone(thread: string, facts: Facts): Draft {
  return { ...chatState('gone', facts), thread };
}
