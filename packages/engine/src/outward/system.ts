import type { EventOf } from '../events';
import { andThen, hasPassed, ignore, to, type Facts, type Step } from '../machine';
import { conceal, repeat, rest } from './show';
import { farewell, subscribe, unreachable, wait } from './subscribe';
import { check, goOn } from './wish';
import type { Checking, Ending, Idle, Outward, Subscribing, Up, Waiting, Watching } from './state';

/** The first NOTIFY has not come (PRES-13), or it is time to refresh. */
export function watchingDue(state: Watching, _event: unknown, facts: Facts): Step<Outward> {
  if (hasPassed(state.notifyBy, facts)) {
    return andThen(to<Outward>(state, farewell(state.dialog, facts)), () => wait(state, facts));
  }
  return hasPassed(state.refreshAt, facts) ? check(state, facts) : to<Outward>(state);
}

/** The XMPP server has not said whether the user is online. Meanwhile the first NOTIFY may be overdue. */
export function checkingDue(state: Checking, event: unknown, facts: Facts): Step<Outward> {
  if (!hasPassed(state.answerBy, facts)) return to<Outward>(state);
  return andThen(goOn(state, facts), (next) => (next.is === 'watching' ? watchingDue(next, event, facts) : to(next)));
}

export function endingDue(state: Ending, _event: unknown, facts: Facts): Step<Outward> {
  return to(hasPassed(state.until, facts) ? rest(state) : state);
}

export function waitingDue(state: Waiting, _event: unknown, facts: Facts): Step<Outward> {
  if (hasPassed(state.retryAt, facts)) return subscribe(state, facts);
  return hasPassed(state.concealAt, facts) ? conceal({ ...state, concealAt: undefined }) : to(state);
}

/**
 * What is out will fail by itself, and is then not waited for any more. The dialog is not ended: nothing reaches the far
 * side, and its NOTIFYs get 481 when it is back, which ends it there (RFC 6665 section 4.2.2).
 */
export function routeDown(state: Subscribing | Up, _event: unknown, facts: Facts): Step<Outward> {
  return unreachable(state, facts);
}

export function stillDown<S extends Idle | Waiting>(state: S): Step<S> {
  return conceal(state);
}

/** The peer may have been restarted, so the dialog is a new one. */
export function routeUp(state: Waiting, _event: unknown, facts: Facts): Step<Outward> {
  return subscribe({ ...state, pause: undefined }, facts);
}

/**
 * The same where the route was away for a moment only, or another one has taken its place: what is shown stays. A dialog that
 * was opened since the route went is as new as it can be.
 */
export function reachable(state: Up, { awaySince }: EventOf<'route.up'>, facts: Facts): Step<Outward> {
  return awaySince !== undefined && state.since >= awaySince ? to<Outward>(state) : watchAnew(state, facts);
}

function watchAnew(state: Up, facts: Facts): Step<Outward> {
  return state.wanted ? subscribe(state, facts) : to(rest(state));
}

/**
 * The connection that received the NOTIFYs is gone: from now on they get 481 and the far side ends the dialog by itself
 * (RFC 6665 section 4.2.2). A new one is opened at once; what is shown stays until it tells otherwise.
 */
export function ownerGone(state: Up, event: EventOf<'owner.gone'>, facts: Facts): Step<Outward> {
  if (state.dialog.owner !== event.owner) return ignore(state, 'no dialog of this connection');
  return watchAnew(state, facts);
}

/** The XMPP server has come back and may have forgotten what it was told (XD-14). */
export function xmppUp<S extends Idle | Subscribing | Up | Waiting>(state: S): Step<S> {
  return to(state, ...repeat(state));
}
