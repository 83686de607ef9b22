import type { EventOf } from '../events';
import { andThen, hasPassed, ignore, to, type Facts, type InputOf, type Step } from '../machine';
import { answered } from '../dialog';
import { endsSubscription, isSuccess } from '../status';
import { ask, inquire, probe } from './ask';
import { toldTo } from './document';
import { overWatches, tell, tellAll } from './tell';
import { changeDueAt, commonOf, isGranted, NO_INWARD, overAt, type Active, type Blocked, type Denied, type Inward, type None, type Pending, type Watch } from './state';

type NotifyOutcome = InputOf<'outcome.notify'>;

/** The XMPP user lets himself be seen (PRES-23), now or again. */
export function granted(state: None | Pending | Denied, _event: unknown, facts: Facts): Step<Inward> {
  const active: Active = { ...commonOf(state), is: 'active', nick: undefined };
  return andThen(tellAll<Inward>(active, facts), (next) => (next.watches.length > 0 ? probe(next, facts) : to(next)));
}

/** Polite block (PRES-25, in place of PRES-24): what follows cannot be told from a user who is offline. */
export function refused(state: Pending | Active, _event: unknown, facts: Facts): Step<Inward> {
  const denied: Denied = { ...commonOf(state), is: 'denied' };
  return tellAll<Inward>(denied, facts);
}

/** The user decides behind a block: that counts when the block is lifted. */
export function grantedUnseen(state: Blocked): Step<Blocked> {
  return to({ ...state, hides: 'active' });
}

export function refusedUnseen(state: Blocked): Step<Blocked> {
  return state.hides === 'none' ? ignore(state, 'nothing was asked') : to({ ...state, hides: 'denied' });
}

/**
 * Who wants to see the contact may have changed his mind about being seen: he is asked once more, now or when the contact
 * watches again. Until he answers nothing changes for the watchers. (His server keeps no request that he has refused.)
 */
export function reconsidered(state: Denied): Step<Inward> {
  return state.watches.length === 0 ? to(NO_INWARD) : to({ ...state, asked: 'xmpp.subscribe' }, ask(state));
}

/** He was asked once more, and stays with it. (What his server is to approve is another question: that no crossed it.) */
export function refusedAgain(state: Denied): Step<Denied> {
  return state.asked !== 'xmpp.subscribe' ? ignore(state, 'nothing was asked') : to({ ...state, asked: undefined });
}

/** The XMPP user's state may have changed. */
export function changed(state: Active, _event: unknown, facts: Facts): Step<Active> {
  return tellAll(known(state), facts);
}

function known<S extends Inward>(state: S): S {
  return state.unknown === undefined ? state : { ...state, unknown: undefined };
}

/** The XMPP user's server is gone, and with it what was known of him (promise 4). */
export function xmppDown<S extends Inward>(state: S, _event: unknown, facts: Facts): Step<S> {
  if (state.watches.length === 0) return ignore(state, 'nobody watches');
  return tellAll({ ...state, unknown: true }, facts);
}

/**
 * The XMPP server is back, or stanzas of its may have got lost: what it knows is asked for again (XD-14). Where the contact
 * may no longer see the user it answers `unsubscribed` (RFC 6121 section 4.3.2).
 */
export function xmppUp<S extends Active | Blocked>(state: S): Step<S> {
  if (state.watches.length === 0 || !isGranted(state)) return to(known(state));
  return to(known(state), { do: 'xmpp.probe' });
}

/** The question may have got lost with the server; one that it has kept it keeps once (RFC 6121 section 3.1.3). */
export function xmppUpUndecided(state: Pending): Step<Pending> {
  if (state.watches.length === 0) return ignore(state, 'nobody watches');
  return to(known(state), inquire(state));
}

export function xmppUpRefused(state: Denied): Step<Denied> {
  return state.asked === undefined ? to(known(state)) : to(known(state), { ...ask(state), do: state.asked });
}

/** The route is back: those who could not be told are told now. */
export function routeUp<S extends Inward>(state: S, _event: EventOf<'route.up'>, facts: Facts): Step<S> {
  return retell(state, facts, (watch) => watch.retryAt !== undefined);
}

function retell<S extends Inward>(state: S, facts: Facts, which: (watch: Watch) => boolean): Step<S> {
  return overWatches(state, (watch) => (which(watch) ? tell(watch, toldTo(watch, state, facts), 'owed', facts) : to(watch)));
}

/**
 * Subscriptions that were not refreshed are over (PRES-28); what was held back is told, and what the server has not
 * confirmed; a NOTIFY that failed is tried again.
 */
export function due<S extends Inward>(state: S, _event: EventOf<'timer'>, facts: Facts): Step<S> {
  const over = overWatches(state, (watch) => {
    const said = toldTo(watch, state, facts);
    if (hasPassed(overAt(watch), facts)) return tell({ ...watch, ending: 'timeout', retryAt: undefined }, said, 'owed', facts);
    const waits = watch.told === undefined || watch.again !== undefined;
    return waits && !hasPassed(changeDueAt(watch), facts) ? to(watch) : tell(watch, said, 'changed', facts);
  });
  return andThen(over, (next) => retell(next, facts, (watch) => hasPassed(watch.retryAt, facts)));
}

/** What became of a NOTIFY; what has changed meanwhile is told now, the last state only. */
export function notified<S extends Inward>(state: S, input: NotifyOutcome, facts: Facts): Step<S> {
  return overWatches(state, (watch) => {
    if (watch.inflight !== input.outcome.key) return to(watch);
    const landed = { ...watch, inflight: undefined, dialog: answered(watch.dialog, input.effect.dialog, input.outcome.dialog) };
    const said = toldTo(landed, state, facts);
    return isSuccess(input.outcome) ? goOn(landed, said, facts) : failed(landed, said, input, facts);
  });
}

type Telling = ReturnType<typeof toldTo>;

function goOn(watch: Watch, said: Telling, facts: Facts): Step<Watch | undefined> {
  const fine = { ...watch, pause: undefined };
  if (watch.ending !== undefined) return tell(fine, said, 'owed', facts);
  return watch.again === undefined ? to(fine) : tell({ ...fine, again: undefined }, said, watch.again, facts);
}

/**
 * PRES-30: the watcher is gone, or its dialog; a refresh would be taken as new. `lost`: nobody knows, so it is told
 * again. Anything else is a trouble that may pass: tried again until the subscription is over.
 */
function failed(watch: Watch, said: Telling, { outcome }: NotifyOutcome, facts: Facts): Step<Watch | undefined> {
  if (outcome.result === 'lost') return tell({ ...watch, told: undefined, again: undefined }, said, 'owed', facts);
  if (endsSubscription(outcome) || outcome.status === 408) return to(undefined);
  if (watch.ending !== undefined) return to(undefined);
  const { retryMinSeconds, retryMaxSeconds } = facts.settings;
  const pause = watch.pause === undefined ? retryMinSeconds : Math.min(watch.pause * 2, retryMaxSeconds);
  const seconds = Math.max(pause, outcome.retryAfterSeconds ?? 0);
  return to({ ...watch, told: undefined, again: undefined, pause, retryAt: facts.at + seconds * 1000 });
}
