import type { EventOf } from '../events';
import { andThen, hasPassed, ignore, to, type Facts, type InputOf, type Step } from '../machine';
import { answered } from '../dialog';
import { endsSubscription, isSuccess } from '../status';
import { probe } from './subscribe';
import { overWatches, tell, tellAll, told } from './tell';
import { NO_INWARD, overAt, type Active, type Denied, type Inward, type None, type Pending, type Watch } from './state';

type NotifyOutcome = InputOf<'outcome.notify'>;

/** The XMPP user lets himself be seen (PRES-23), now or again. */
export function granted(state: None | Pending | Denied, _event: unknown, facts: Facts): Step<Inward> {
  const active: Active = { is: 'active', watches: state.watches };
  return andThen(tellAll<Inward>(active, facts), (next) => (next.watches.length > 0 ? probe(next, facts) : to(next)));
}

/** Polite block (PRES-25, in place of PRES-24): what follows cannot be told from a user who is offline. */
export function refused(state: Pending | Active, _event: unknown, facts: Facts): Step<Inward> {
  const denied: Denied = { is: 'denied', watches: state.watches };
  return tellAll<Inward>(denied, facts);
}

/**
 * Who wants to see the contact may have changed his mind about being seen: he is asked once more, now or when the contact
 * watches again. Until he answers nothing changes for the watchers. (His server keeps no request that he has refused.)
 */
export function reconsidered(state: Denied): Step<Inward> {
  return state.watches.length === 0 ? to(NO_INWARD) : to(state, { do: 'xmpp.subscribe' });
}

/** The XMPP user's state may have changed. */
export function changed(state: Active, _event: unknown, facts: Facts): Step<Active> {
  return tellAll(state, facts);
}

/** The XMPP user's server is gone, and with it what was known of him (promise 4). */
export function xmppDown(state: Active, _event: unknown, facts: Facts): Step<Active> {
  return tellAll({ ...state, probed: undefined }, facts);
}

/** The XMPP server is back: what it knows is asked for again (XD-14). */
export function xmppUp(state: Active): Step<Active> {
  if (state.watches.length === 0) return ignore(state, 'nobody watches');
  return to({ ...state, probed: true }, { do: 'xmpp.probe' });
}

/** The route is back: those who could not be told are told now. */
export function routeUp<S extends Inward>(state: S, _event: EventOf<'route.up'>, facts: Facts): Step<S> {
  return retell(state, facts, (watch) => watch.retryAt !== undefined);
}

function retell<S extends Inward>(state: S, facts: Facts, which: (watch: Watch) => boolean): Step<S> {
  const said = told(state, facts);
  return overWatches(state, (watch) => (which(watch) ? tell(watch, said, 'owed', facts) : to(watch)));
}

/** Subscriptions that were not refreshed are over (PRES-28); a NOTIFY that failed is tried again. */
export function due<S extends Inward>(state: S, _event: EventOf<'timer'>, facts: Facts): Step<S> {
  const said = told(state, facts);
  const over = overWatches(state, (watch) => {
    if (!hasPassed(overAt(watch), facts)) return to(watch);
    return tell({ ...watch, ending: 'timeout', retryAt: undefined }, said, 'owed', facts);
  });
  return andThen(over, (next) => retell(next, facts, (watch) => hasPassed(watch.retryAt, facts)));
}

/** What became of a NOTIFY; what has changed meanwhile is told now, the last state only. */
export function notified<S extends Inward>(state: S, input: NotifyOutcome, facts: Facts): Step<S> {
  const said = told(state, facts);
  return overWatches(state, (watch) => {
    if (watch.inflight !== input.outcome.key) return to(watch);
    const landed = { ...watch, inflight: undefined, dialog: answered(watch.dialog, input.effect.dialog, input.outcome.dialog) };
    return isSuccess(input.outcome) ? goOn(landed, said, facts) : failed(landed, said, input, facts);
  });
}

type Telling = ReturnType<typeof told>;

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
