import { answered } from '../dialog';
import type { SipOutcomeEvent } from '../events';
import { andThen, to, type Facts, type InputOf, type Step } from '../machine';
import { endsSubscription, isSuccess, TIMER_N_MS } from '../status';
import { cancelled, conceal, rest, reveal } from './show';
import { again, end, longEnough, nextPause, refresh, subscribe, wait, watch } from './subscribe';
import { memoryOf, type Ending, type Outward, type Refreshing, type Subscribing, type Watching } from './state';

type SubscribeOutcome = InputOf<'outcome.subscribe'>;

/** The SIP side refuses for good (PRES-4). */
const REFUSED: ReadonlySet<number> = new Set([403, 489, 603]);
/** It has no such user; 482: it gave the request back to us (SEC-8). */
const NO_USER: ReadonlySet<number> = new Set([404, 410, 482, 604]);

/** Is this about a dialog that has been left meanwhile? Then nothing follows from it. */
function isOld(state: { readonly key?: string | undefined }, { outcome }: SubscribeOutcome): boolean {
  return state.key !== outcome.key;
}

export function opened(state: Subscribing, input: SubscribeOutcome, facts: Facts): Step<Outward> {
  if (isOld(state, input)) return to(state);
  const { outcome, effect } = input;
  if (outcome.result === 'lost') return retry(state, facts);
  if (!isSuccess(outcome)) return failed(state, input, facts);
  const dialog = answered(state.dialog, effect.dialog, outcome.dialog);
  // The NOTIFY that came before the answer counts if it was of the branch that has answered (PRES-13).
  const notified = dialog.remoteTag === state.dialog.remoteTag ? state.notified : undefined;
  const open = { ...state, dialog, notified };
  if (!state.wanted) return end(open, facts);
  return to(watch(open, open.dialog, outcome.expiresSeconds ?? effect.expiresSeconds, facts));
}

/** Nobody knows what became of the request (its worker died): a new dialog at once; the lost one ends by itself. */
function retry(state: Subscribing | Refreshing, facts: Facts): Step<Outward> {
  return state.wanted ? subscribe(state, facts) : to(rest(state));
}

export function refreshed(state: Refreshing, input: SubscribeOutcome, facts: Facts): Step<Outward> {
  if (isOld(state, input)) return to(state);
  const { outcome, effect } = input;
  if (outcome.result === 'lost') return retry(state, facts);
  const open = { ...state, dialog: answered(state.dialog, effect.dialog, outcome.dialog) };
  if (!isSuccess(outcome)) return isOver(outcome) ? failed(open, input, facts) : survived(open, input, facts);
  if (!state.wanted) return end(open, facts);
  return andThen<Watching, Outward>(to(watch(open, open.dialog, outcome.expiresSeconds ?? effect.expiresSeconds, facts)), reveal);
}

/** Answers after which the watch does not simply go on. */
function isOver(outcome: SipOutcomeEvent): boolean {
  const { status } = outcome;
  return endsSubscription(outcome) || REFUSED.has(status) || NO_USER.has(status) || status === 423;
}

/**
 * The dialog could not be opened, or is over. A user who was there and is not found is shown offline, no more: that is
 * what happens while users are moved from one server to the other, and nobody's contact list may break by it.
 */
function failed(state: Subscribing | Refreshing, { outcome, effect }: SubscribeOutcome, facts: Facts): Step<Outward> {
  const { status, minExpiresSeconds, retryAfterSeconds } = outcome;
  if (!state.wanted) return to(rest(state));
  if (REFUSED.has(status)) return cancelled(state);
  if (NO_USER.has(status) && state.authorisation === 'asked') return cancelled(state);
  const expires = status === 423 ? longEnough(minExpiresSeconds, effect.expiresSeconds, facts) : undefined;
  if (expires !== undefined) return state.is === 'refreshing' ? refresh(state, facts, expires) : subscribe(state, facts, expires);
  if (status !== 481) return wait(state, facts, { retryAfterSeconds });
  // To a request outside of any dialog it makes no sense: not at once, or nothing would end it.
  return state.is === 'refreshing' ? again(state, facts) : wait(state, facts, { quietly: true });
}

/** Any other failure of a refresh leaves the dialog valid until it expires (PRES-6); it is tried again before that. */
function survived(state: Refreshing, { outcome }: SubscribeOutcome, facts: Facts): Step<Outward> {
  const { dialog, since, expiresAt } = state;
  if (!state.wanted) return end(state, facts);
  if (facts.at >= expiresAt) return wait(state, facts, outcome);
  const pause = nextPause(state, facts);
  const refreshAt = Math.min(facts.at + Math.max(pause, outcome.retryAfterSeconds ?? 0) * 1000, expiresAt);
  const watching: Watching = { is: 'watching', ...memoryOf(state), pause, dialog, since, expiresAt, refreshAt };
  return outcome.result === 'answered' ? to(watching) : conceal(watching);
}

/** After the 200 the far side still sends its last NOTIFY. */
export function ended(state: Ending, input: SubscribeOutcome, facts: Facts): Step<Outward> {
  if (isOld(state, input)) return to(state);
  return isSuccess(input.outcome) ? to({ ...state, key: undefined, until: facts.at + TIMER_N_MS }) : to(rest(state));
}
