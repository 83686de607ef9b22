import type { AccountEvent, ProbeEvent } from '../events';
import { andThen, ignore, to, type Facts, type Step } from '../machine';
import { conceal, repeat, rest } from './show';
import { end, refresh, subscribe } from './subscribe';
import { memoryOf } from './state';
import type { Checking, Ending, Idle, Memory, Outward, Refreshing, Subscribing, Up, Waiting, Watching } from './state';

/** How long the XMPP server may take to say whether a user is online, milliseconds. */
const ACCOUNT_ANSWER_MS = 10_000;

function asked<S extends Memory>(state: S): S {
  return { ...state, authorisation: state.authorisation === 'none' ? 'asked' : state.authorisation, wanted: true };
}

/** What was granted once is confirmed at once (RFC 6121 section 3.1.3). */
function confirm<S extends Memory>(state: S): Step<S> {
  return state.authorisation === 'granted' ? to(asked(state), { do: 'xmpp.subscribed' }, ...repeat(state)) : to(asked(state));
}

/** `subscribe` where no dialog is up (PRES-1). */
export function ask(state: Idle | Ending | Waiting, _event: unknown, facts: Facts): Step<Outward> {
  return andThen(confirm<Outward>(state), (next) => subscribe(next, facts));
}

/** `subscribe` while a dialog is up, or about to be. */
export function askAgain(state: Subscribing | Up): Step<Outward> {
  return confirm<Outward>(state);
}

/**
 * `probe` without a dialog: the user has come online (PRES-7). A server probes only where its user may see the contact, so
 * an unknown authorisation is asked for again: the store has been lost.
 */
export function probeUnwatched(state: Idle | Ending, _event: unknown, facts: Facts): Step<Outward> {
  return subscribe(asked(state), facts);
}

/** PRES-11: what is known is told to the resource that asks. */
export function probeWatched<S extends Subscribing | Up | Waiting>(state: S, event: ProbeEvent): Step<S> {
  return to(asked(state), ...(state.authorisation === 'granted' ? repeat(state, event.resource) : []));
}

export function userOnline(state: Idle | Ending, _event: unknown, facts: Facts): Step<Outward> {
  return state.authorisation === 'none' ? ignore(state, 'nothing is watched') : subscribe(state, facts);
}

export function userStillOnline<S extends Subscribing | Up | Waiting>(state: S): Step<S> {
  const wanted = state.authorisation !== 'none';
  return to(wanted === state.wanted ? state : { ...state, wanted });
}

/**
 * The user shows himself while the server is asked whether he is online: that is the answer. The server's own, given
 * before that and come through another connection, must not end the watch.
 */
export function probeChecked(state: Checking, event: ProbeEvent, facts: Facts): Step<Outward> {
  return andThen(probeWatched(state, event), (next) => goOn(next, facts));
}

export function onlineChecked(state: Checking, _event: unknown, facts: Facts): Step<Outward> {
  return andThen(userStillOnline(state), (next) => goOn(next, facts));
}

/** `unsubscribe` (PRES-10). The watch is ended here and now, whatever the other direction does (XD-2). */
function withdraw<S extends Memory>(state: S): Step<S> {
  const step = conceal(state);
  const none = { ...step.state, authorisation: 'none' as const, wanted: false, presence: undefined, shown: undefined };
  return to(none, ...step.effects, { do: 'xmpp.unsubscribed' });
}

export function withdrawUnwatched(state: Idle | Waiting): Step<Outward> {
  return andThen(withdraw<Outward>(state), (next) => to(rest(next)));
}

export function withdrawUp(state: Watching | Checking, _event: unknown, facts: Facts): Step<Outward> {
  return andThen(withdraw(state), (next) => end(next, facts));
}

/** A SUBSCRIBE is out: the dialog is ended when it has been answered. */
export function withdrawLater<S extends Subscribing | Refreshing | Ending>(state: S): Step<S> {
  return withdraw(state);
}

/**
 * Has the user gone offline? A question that is still open outlives that: nothing else would bring its answer. Where the
 * contact does not get all of the user's presence, only the server knows (PRES-9).
 */
export function userGone(state: Watching | Checking, _event: unknown, facts: Facts): Step<Outward> {
  if (facts.online === true || state.authorisation !== 'granted') return ignore(state, 'the user is not gone');
  if (facts.online === false) return end(state, facts);
  return state.is === 'watching' ? check(state, facts) : ignore(state, 'the server has been asked already');
}

export function userGoneLater<S extends Subscribing | Refreshing>(state: S, _event: unknown, facts: Facts): Step<S> {
  const gone = facts.online === false && state.authorisation === 'granted';
  return gone ? to({ ...state, wanted: false }) : ignore(state, 'the user is not gone');
}

export function userGoneUnwatched(state: Waiting, _event: unknown, facts: Facts): Step<Outward> {
  const gone = facts.online === false && state.authorisation === 'granted';
  return gone ? to(rest(state)) : ignore(state, 'the user is not gone');
}

/** The question may take half of the time that is left: the other half is for the refresh. */
export function check(state: Watching, facts: Facts): Step<Checking> {
  const left = state.expiresAt - facts.at;
  const patience = left > 0 ? Math.min(ACCOUNT_ANSWER_MS, Math.ceil(left / 2)) : ACCOUNT_ANSWER_MS;
  return to({ ...state, is: 'checking', answerBy: facts.at + patience }, { do: 'xmpp.account' });
}

/** PRES-8. When the server cannot be asked, the watch goes on. */
export function accountTold(state: Checking, event: AccountEvent, facts: Facts): Step<Outward> {
  if (event.local === false) return end({ ...state, authorisation: 'none' }, facts);
  if (event.online === false && state.authorisation === 'granted') return end(state, facts);
  return goOn(state, facts);
}

/** Refreshes if it is time for that; a dialog that has expired meanwhile gives way to a new one. */
export function goOn(state: Checking, facts: Facts): Step<Outward> {
  if (facts.at >= state.expiresAt) return subscribe(state, facts);
  if (facts.at >= state.refreshAt) return refresh(state, facts);
  const { dialog, since, expiresAt, refreshAt, notifyBy, refreshed } = state;
  return to({ is: 'watching', ...memoryOf(state), dialog, since, expiresAt, refreshAt, notifyBy, refreshed });
}
