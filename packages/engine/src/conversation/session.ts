import { answer, crowded, refuse } from '../answer';
import { heard, isIn, type Dialog } from '../dialog';
import type { EventOf, InviteEvent } from '../events';
import { ignore, to, type Draft, type Facts, type Step } from '../machine';
import { gone, stopped } from './receive';
import { bye, end, pump, reach } from './send';
import { idleFrom, mapDialogs, memoryOf, type Closing, type Conversation, type Inviting, type None, type Open, type Paging } from './state';

/** The far side's INVITE is accepted by the gateway itself, at once (IM-21, microsoft-observed A3). */
function accept(event: InviteEvent): Draft {
  return withSession(event, event.dialog);
}

function withSession(event: EventOf<'sip.invite' | 'sip.reinvite'>, { localTag }: Dialog): Draft {
  return answer(event, 200, { session: true, localTag, ...(event.media !== undefined && { media: event.media }) });
}

/** The answer to an INVITE that cannot be taken; undefined: it can. */
function refusalOf(event: InviteEvent, facts: Facts): Draft | undefined {
  return event.refusal === undefined ? crowded(event, facts) : refuse(event, event.refusal);
}

/**
 * BYE for dialogs that a newer one replaces. Not where both have one id in the SIP server: it would end the new one.
 */
function replace(event: InviteEvent, facts: Facts, ...dialogs: readonly (Dialog | undefined)[]): Draft[] {
  return dialogs
    .filter((dialog) => dialog !== undefined)
    .filter((dialog) => dialog.stackId !== event.dialog.stackId)
    .map((dialog) => bye(dialog, facts.newId()));
}

export function invited(state: None | Closing | Paging, event: InviteEvent, facts: Facts): Step<Conversation> {
  const refusal = refusalOf(event, facts);
  if (refusal !== undefined) return to(state, refusal);
  const open: Open = { ...memoryOf(state), is: 'open', dialog: event.dialog, thread: undefined, idleAt: idleFrom(facts) };
  const step = pump(open, facts);
  return { ...step, effects: [accept(event), ...step.effects] };
}

/** Glare: theirs is accepted and kept; which of the two is used is decided by the answer to ours (microsoft-observed A3). */
export function invitedInGlare(state: Inviting, event: InviteEvent, facts: Facts): Step<Conversation> {
  const refusal = refusalOf(event, facts);
  if (refusal !== undefined) return to(state, refusal);
  return to({ ...state, theirs: event.dialog }, accept(event), ...replace(event, facts, state.theirs));
}

/** So long after the answer to ours an INVITE of the far side may still have been written before it (glare). */
const CROSSING_MS = 2_000;

/** Answer and INVITE come by different connections, or workers: nothing keeps them in order. */
function hasCrossed(state: Open, facts: Facts): boolean {
  return state.acceptedAt !== undefined && facts.at < state.acceptedAt + CROSSING_MS;
}

/**
 * A second INVITE of the same peer replaces its session (microsoft-observed A2), unless it has crossed the answer to ours:
 * then both are kept as in any glare, and should ours be dead after all, the next message finds out.
 */
export function invitedAgain(state: Open, event: InviteEvent, facts: Facts): Step<Conversation> {
  const refusal = refusalOf(event, facts);
  if (refusal !== undefined) return to(state, refusal);
  if (hasCrossed(state, facts)) return to({ ...state, theirs: event.dialog }, accept(event), ...replace(event, facts, state.theirs));
  const open: Open = { ...memoryOf(state), is: 'open', dialog: event.dialog, thread: undefined, idleAt: idleFrom(facts), typingTold: false };
  const step = pump(open, facts);
  return { ...step, effects: [accept(event), ...replace(event, facts, state.dialog, state.theirs), ...step.effects] };
}

/** Nothing of the session changes but the far side's address (RFC 3261 section 12.2.2); no other medium is taken. */
export function reinvited<S extends Open | Inviting>(state: S, event: EventOf<'sip.reinvite'>): Step<S> {
  const { ref, refusal, remoteTarget } = event;
  const dialog = [state.dialog, state.theirs].find((one) => one !== undefined && isIn(one, ref));
  if (dialog === undefined) return ignore(state, 'no such session');
  if (refusal !== undefined) return to(state, refuse(event, refusal));
  const target = remoteTarget === undefined ? {} : { remoteTarget };
  const next = mapDialogs(state, (one) => (isIn(one, ref) ? { ...heard(one, ref), ...target } : one));
  return to(next, withSession(event, dialog));
}

/** The far side ends its session. A message that is on its way may still be answered: that is waited for. */
export function endedByThem(state: Open, event: EventOf<'sip.bye'>, facts: Facts): Step<Conversation> {
  const ok = answer(event, 200);
  if (state.theirs !== undefined && isIn(state.theirs, event.ref)) return to({ ...state, theirs: undefined }, ok);
  if (!isIn(state.dialog, event.ref)) return ignore(state, 'no such session');
  const thread = goneThread(state);
  const over = state.theirs === undefined && state.inflight === undefined;
  const news = over && thread !== undefined ? [gone(thread, facts)] : stopped(state, facts);
  const quiet = { ...state, composing: undefined, typing: false, typingTold: false };
  const step = withoutDialog(quiet, thread, facts);
  return { ...step, effects: [ok, ...news, ...step.effects] };
}

/** A client that has shown that it knows chat states is told of the end of this thread. */
function goneThread({ chatStates, thread, dialog }: Open): string | undefined {
  return chatStates === undefined ? undefined : (thread ?? dialog.callId);
}

function withoutDialog(state: Open, thread: string | undefined, facts: Facts): Step<Conversation> {
  if (state.theirs !== undefined) return pump({ ...state, dialog: state.theirs, theirs: undefined }, facts);
  if (state.inflight !== undefined) return to({ ...memoryOf(state), is: 'closing', dialogs: [], byes: [], gone: thread });
  return reach(state, facts);
}

export function endedInGlare(state: Inviting, event: EventOf<'sip.bye'>): Step<Conversation> {
  const ok = answer(event, 200);
  if (state.theirs !== undefined && isIn(state.theirs, event.ref)) return to({ ...state, theirs: undefined }, ok);
  // Ours was accepted and ended before its answer reached us: the first message will find out.
  return isIn(state.dialog, event.ref) ? to(state, ok) : ignore(state, 'no such session');
}

/** Their BYE crosses ours. */
export function endedByBoth(state: Closing, event: EventOf<'sip.bye'>): Step<Conversation> {
  const known = state.dialogs.some((dialog) => isIn(dialog, event.ref));
  return known ? to(state, answer(event, 200)) : ignore(state, 'no such session');
}

/** Whoever received the far side's requests in the session is gone: end it, so that the next message opens a new one. */
export function ownerGone(state: Open, event: EventOf<'owner.gone'>, facts: Facts): Step<Conversation> {
  if (state.dialog.owner === event.owner) {
    return state.inflight === undefined ? end(state, facts) : to({ ...state, endsAfter: 0 });
  }
  return ownerOfTheirsGone(state, event, facts);
}

export function ownerOfTheirsGone<S extends Open | Inviting>(state: S, event: EventOf<'owner.gone'>, facts: Facts): Step<S> {
  if (state.theirs?.owner !== event.owner) return ignore(state, 'no dialog of this connection');
  return to({ ...state, theirs: undefined }, bye(state.theirs, facts.newId()));
}
