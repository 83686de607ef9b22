import type { EventOf } from '../events';
import { andThen, hasPassed, ignore, to, type Facts, type Step, type Table } from '../machine';
import * as outcome from './outcome';
import { clientLeft, serverLeft, tellTyping } from './absence';
import { cameBack } from './late-error';
import { receive, receiveRefused, receiveReport, receiveTyping, stopped } from './receive';
import { received } from './receipts';
import { expire, hold } from './queue';
import { end, pump, reach } from './send';
import * as session from './session';
import { NO_CONVERSATION, idleFrom, type Conversation, type Inviting, type None, type Open, type Paging } from './state';

type ChatStateEvent = EventOf<'xmpp.chat-state'>;
type MessageEvent = EventOf<'xmpp.message'>;
type OwnEvent = EventOf<'xmpp.error' | 'xmpp.receipt'>;

function sayNow(state: Open | Paging, event: MessageEvent, facts: Facts): Step<Conversation> {
  return andThen(hold(state, event, facts), (held) => pump(held, facts));
}

function sayFirst(state: None, event: MessageEvent, facts: Facts): Step<Conversation> {
  return andThen(hold(state, event, facts), (held) => reach(held, facts));
}

/** A chat state shows that the client knows them, whatever it wrote before. */
function noteTyping<S extends Conversation>(state: S, event: ChatStateEvent): S {
  return { ...state, mute: undefined, chatStates: true, typing: event.chatState === 'composing', typist: event.resource };
}

/** `gone` ends the session (IM-23), after the messages that were written before it. */
function noteChatState<S extends Inviting | Open>(state: S, event: ChatStateEvent): S {
  const noted = noteTyping(state, event);
  return event.chatState === 'gone' ? { ...noted, endsAfter: state.queue.length } : noted;
}

function typeLater(state: Inviting, event: ChatStateEvent): Step<Inviting> {
  return to(noteChatState(state, event));
}

function typeInSession(state: Open, event: ChatStateEvent, facts: Facts): Step<Conversation> {
  return pump(noteChatState(state, event), facts);
}

/** Out of dialog typing is told only in reply to an earlier message (IM-26). */
function typeOnPage(state: None | Paging, event: ChatStateEvent, facts: Facts): Step<Conversation> {
  if (state.paged === undefined && state.mute === undefined) return ignore(state, 'nobody to tell');
  if (state.paged === undefined) return to({ ...state, mute: undefined, chatStates: true });
  const paged = event.chatState === 'gone' ? undefined : state.paged;
  return pump({ ...noteTyping(state, event), paged, is: 'paging' }, facts);
}

/** Messages wait for too long; or the SIP user was shown typing, and nothing came after it. */
function timePassed<S extends Conversation>(state: S, _event: EventOf<'timer'>, facts: Facts): Step<S> {
  return andThen(expire(state, facts), (next) =>
    hasPassed(next.composing, facts) ? to({ ...next, composing: undefined }, ...stopped(next, facts)) : to(next),
  );
}

/** The user is still typing: the far side is told so again (IM-26). */
function retell<S extends None | Open>(state: S, facts: Facts): S {
  return state.typingTold && hasPassed(state.refreshAt, facts) ? { ...state, typingTold: false, refreshAt: undefined } : state;
}

function idleInSession(state: Open, event: EventOf<'timer'>, facts: Facts): Step<Conversation> {
  return andThen(timePassed(state, event, facts), (next) => {
    const told = retell(next, facts);
    if (!hasPassed(next.idleAt, facts)) return pump(told, facts);
    return next.inflight === undefined ? end(next, facts) : to({ ...told, idleAt: idleFrom(facts) });
  });
}

function forget(state: None, event: EventOf<'timer'>, facts: Facts): Step<Conversation> {
  return andThen(timePassed(state, event, facts), (next) => {
    const isIdle = hasPassed(next.idleAt, facts);
    if (isIdle && next.composing === undefined) return to(NO_CONVERSATION);
    const told = retell(next, facts);
    const kept = isIdle ? { ...told, idleAt: next.composing } : told;
    return told === next ? to(kept) : pump({ ...kept, is: 'paging' }, facts);
  });
}

/** Something of our own for the SIP user: what came of his text. */
function add<S extends Conversation>(state: S, event: OwnEvent, facts: Facts): Step<S> {
  return event.on === 'xmpp.error' ? cameBack(state, event, facts) : received(state, event, facts);
}

function addNow(state: Open | Paging, event: OwnEvent, facts: Facts): Step<Conversation> {
  const added = add(state, event, facts);
  return added.ignored === undefined ? andThen(added, (next) => pump(next, facts)) : added;
}

function addFirst(state: None, event: OwnEvent, facts: Facts): Step<Conversation> {
  const added = add(state, event, facts);
  if (added.ignored !== undefined) return added;
  return andThen(added, (next) => (next.queue.length === 0 ? tellTyping(next, facts) : reach(next, facts)));
}

/** What the far side sends is taken in the same way in every state. */
function receiving<Is extends Conversation['is']>(is: Is) {
  return {
    'sip.message': { to: [is], run: receive },
    'sip.typing': { to: [is], run: receiveTyping },
    'sip.report': { to: [is], run: receiveReport },
    'sip.refused': { to: [is], run: receiveRefused },
  } as const;
}

export const CONVERSATION: Table<Conversation> = {
  none: {
    ...receiving('none'),
    'xmpp.unavailable': { to: ['paging', 'none'], run: clientLeft },
    'xmpp.down': { to: ['paging', 'none'], run: serverLeft },
    'xmpp.error': { to: ['inviting', 'paging', 'none'], run: addFirst },
    'xmpp.receipt': { to: ['inviting', 'paging', 'none'], run: addFirst },
    'xmpp.message': { to: ['inviting', 'paging'], run: sayFirst },
    'xmpp.chat-state': { to: ['paging', 'none'], run: typeOnPage },
    'sip.invite': { to: ['open', 'none'], run: session.invited },
    timer: { to: ['none', 'paging'], run: forget },
  },
  inviting: {
    ...receiving('inviting'),
    'xmpp.unavailable': { to: ['inviting'], run: clientLeft },
    'xmpp.down': { to: ['inviting'], run: serverLeft },
    'xmpp.error': { to: ['inviting'], run: add },
    'xmpp.receipt': { to: ['inviting'], run: add },
    'xmpp.message': { to: ['inviting'], run: hold },
    'xmpp.chat-state': { to: ['inviting'], run: typeLater },
    'sip.invite': { to: ['inviting'], run: session.invitedInGlare },
    'sip.reinvite': { to: ['inviting'], run: session.reinvited },
    'sip.bye': { to: ['inviting'], run: session.endedInGlare },
    'outcome.invite': { to: ['open', 'closing', 'inviting', 'paging', 'none'], run: outcome.inviteDone },
    'owner.gone': { to: ['inviting'], run: session.ownerOfTheirsGone },
    timer: { to: ['inviting'], run: timePassed },
  },
  open: {
    ...receiving('open'),
    'xmpp.unavailable': { to: ['open'], run: clientLeft },
    'xmpp.down': { to: ['open'], run: serverLeft },
    'xmpp.error': { to: ['open'], run: addNow },
    'xmpp.receipt': { to: ['open'], run: addNow },
    'xmpp.message': { to: ['open'], run: sayNow },
    'xmpp.chat-state': { to: ['open', 'closing'], run: typeInSession },
    'sip.invite': { to: ['open'], run: session.invitedAgain },
    'sip.reinvite': { to: ['open'], run: session.reinvited },
    'sip.bye': { to: ['open', 'closing', 'none'], run: session.endedByThem },
    'outcome.message': { to: ['open', 'closing', 'inviting', 'paging', 'none'], run: outcome.messageDoneInSession },
    'outcome.typing': { to: ['open', 'closing', 'inviting', 'paging', 'none'], run: outcome.typingDoneInSession },
    'owner.gone': { to: ['open', 'closing'], run: session.ownerGone },
    timer: { to: ['open', 'closing'], run: idleInSession },
  },
  closing: {
    ...receiving('closing'),
    'xmpp.unavailable': { to: ['closing'], run: clientLeft },
    'xmpp.down': { to: ['closing'], run: serverLeft },
    'xmpp.error': { to: ['closing'], run: add },
    'xmpp.receipt': { to: ['closing'], run: add },
    'xmpp.message': { to: ['closing'], run: hold },
    'sip.invite': { to: ['open', 'closing'], run: session.invited },
    'sip.bye': { to: ['closing'], run: session.endedByBoth },
    'outcome.message': { to: ['inviting', 'paging', 'none'], run: outcome.messageDoneAfterSession },
    'outcome.typing': { to: ['inviting', 'paging', 'none'], run: outcome.typingDoneAfterSession },
    'outcome.bye': { to: ['closing', 'inviting', 'paging', 'none'], run: outcome.byeDone },
    timer: { to: ['closing'], run: timePassed },
  },
  paging: {
    ...receiving('paging'),
    'xmpp.unavailable': { to: ['paging'], run: clientLeft },
    'xmpp.down': { to: ['paging'], run: serverLeft },
    'xmpp.error': { to: ['paging'], run: addNow },
    'xmpp.receipt': { to: ['paging'], run: addNow },
    'xmpp.message': { to: ['paging'], run: sayNow },
    'xmpp.chat-state': { to: ['paging'], run: typeOnPage },
    'sip.invite': { to: ['open', 'paging'], run: session.invited },
    'outcome.message': { to: ['paging', 'inviting', 'none'], run: outcome.messageDoneOnPage },
    'outcome.typing': { to: ['paging', 'inviting', 'none'], run: outcome.typingDoneOnPage },
    timer: { to: ['paging'], run: timePassed },
  },
};
