import { OFFLINE, type Presence } from '@isthmus/model';
import { answer } from '../answer';
import { heard, isIn, isStale } from '../dialog';
import type { NotifyEvent } from '../events';
import { andThen, ignore, to, type Facts, type Step } from '../machine';
import { cancelled, conceal, rest, show } from './show';
import { again, isYoung, lifetime, wait } from './subscribe';
import type { Ending, Live, Outward, Subscribing, Up } from './state';

/** A NOTIFY in the dialog. It may come before the answer to the SUBSCRIBE (PRES-13); one without dialog gets 481 (SEC-12). */
export function notified(state: Live, event: NotifyEvent, facts: Facts): Step<Outward> {
  if (event.ref.localTag === undefined || !isIn(state.dialog, event.ref)) return ignore(state, 'no such subscription');
  const ok = answer(event, 200);
  if (isStale(state.dialog, event.ref)) return to(state, ok);
  const dialog = heard(state.dialog, event.ref);
  const step = state.is === 'ending' ? lastWord({ ...state, dialog }, event) : news({ ...state, dialog }, event, facts);
  return { ...step, effects: [ok, ...step.effects] };
}

function lastWord(state: Ending, event: NotifyEvent): Step<Outward> {
  return to(event.substate === 'terminated' ? rest(state) : state);
}

function news(state: Subscribing | Up, event: NotifyEvent, facts: Facts): Step<Outward> {
  if (event.substate === 'terminated') return terminated(state, event, facts);
  const alive = expiring(noteFirst(state, facts), event, facts);
  if (event.substate === 'pending') return conceal(alive);
  const last = keepsTheLast(state, event, facts) ? state.presence : undefined;
  return active(alive, event.presence ?? last ?? OFFLINE, facts);
}

/**
 * Without a document the last one holds (PRES-14) where nothing else can be meant. A standard server that says nothing
 * without having been asked has nothing to say any more: what was published has expired (decision 020).
 */
function keepsTheLast(state: Subscribing | Up, { unreadable }: NotifyEvent, { dialect }: Facts): boolean {
  if (unreadable !== undefined || dialect === 'microsoft') return true;
  return state.is === 'refreshing' || (state.is !== 'subscribing' && state.refreshed === true);
}

/** The subscription works: the next failure is a first one, unless dialogs have been dying young. */
function noteFirst<S extends Subscribing | Up>(state: S, facts: Facts): S {
  const current: Subscribing | Up = state;
  const doubtful = state.restarted === true && isYoung(state, facts);
  const calm = doubtful ? state : { ...state, pause: undefined, restarted: undefined };
  switch (current.is) {
    case 'subscribing':
    case 'refreshing':
      return { ...calm, notified: true };
    default:
      return { ...calm, notifyBy: undefined, refreshed: undefined };
  }
}

/** The notifier may shorten the time at any moment (RFC 6665 section 4.1.3). */
function expiring<S extends Subscribing | Up>(state: S, { expiresSeconds }: NotifyEvent, facts: Facts): S {
  const current: Subscribing | Up = state;
  if (expiresSeconds === undefined || current.is === 'subscribing') return state;
  const { expiresAt, refreshAt } = lifetime(expiresSeconds, facts);
  if (expiresAt >= current.expiresAt) return state;
  // Each NOTIFY tells the time that is left, rounded down: none of them may put the refresh off.
  return current.is === 'refreshing' ? { ...state, expiresAt } : { ...state, expiresAt, refreshAt: Math.min(refreshAt, current.refreshAt) };
}

/** The first `active` grants what was asked (PRES-3). */
function active<S extends Subscribing | Up>(state: S, presence: Presence, { approval = 'answer' }: Facts): Step<S> {
  if (state.authorisation === 'none') return to(state);
  // Where a refusal looks like an absence, only another state tells that it is none (decision 021).
  if (state.authorisation === 'asked' && approval === 'state' && presence.setting === 'offline') return to(state);
  const granted = { ...state, authorisation: 'granted' as const, presence };
  if (state.authorisation === 'granted') return show(granted, presence);
  return andThen(to(granted, { do: 'xmpp.subscribed' }), (next) => show(next, presence));
}

/** PRES-12, by reason. */
function terminated(state: Subscribing | Up, event: NotifyEvent, facts: Facts): Step<Outward> {
  if (!state.wanted) return to(rest(state));
  const { reason, retryAfterSeconds } = event;
  const pause = { retryAfterSeconds, quietly: true };
  switch (reason) {
    case 'deactivated':
    case 'timeout':
      return again(state, facts);
    case 'rejected':
      return cancelled(state);
    case 'noresource':
      return state.authorisation === 'granted' ? andThen(conceal<Outward>(state), () => to(rest(state))) : cancelled(state);
    case 'invariant':
      return state.authorisation === 'granted' ? invariant(state, event) : wait(state, facts, pause);
    default:
      return wait(state, facts, pause);
  }
}

/** The contact's state will not change any more: it stays shown without a dialog. */
function invariant(state: Subscribing | Up, { presence }: NotifyEvent): Step<Outward> {
  const last = presence ?? state.presence;
  const idle = { ...rest(state), presence: last, shown: state.shown };
  return last === undefined ? to(idle) : show(idle, last);
}
