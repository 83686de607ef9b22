import { newDialog, type Dialog } from '../dialog';
import { to, type Draft, type Facts, type Step } from '../machine';
import { TIMER_N_MS } from '../status';
import { conceal, rest } from './show';
import { memoryOf } from './state';
import type { Ending, Memory, Outward, Refreshing, Subscribing, Up, Waiting, Watching } from './state';

/** The longest Retry-After and the longest expiry that are heeded: nothing is left alone for more than a day. */
const MAX_SECONDS = 86_400;
/** An expiry that is shorter cannot be kept up: it is opened anew at the pace of failures. */
const SHORTEST_SECONDS = 2;

function request(dialog: Dialog, expiresSeconds: number, key: string): Draft & { readonly key: string } {
  return { do: 'sip.subscribe', key, dialog, expiresSeconds };
}

/** Opens a new dialog. Whatever dialog there was is forgotten. */
export function subscribe(state: Memory, facts: Facts, expires = facts.settings.watchExpiresSeconds): Step<Subscribing> {
  const dialog = newDialog(facts.newId);
  const effect = request(dialog, expires, facts.newId());
  return to({ is: 'subscribing', ...memoryOf(state), wanted: true, dialog, key: effect.key, since: facts.at }, effect);
}

export function refresh(state: Up, facts: Facts, expires = facts.settings.watchExpiresSeconds): Step<Refreshing> {
  const { dialog, since, expiresAt } = state;
  const effect = request(dialog, expires, facts.newId());
  return to({ is: 'refreshing', ...memoryOf(state), dialog, since, expiresAt, key: effect.key }, effect);
}

/** Ends the dialog by Expires 0 (PRES-9, PRES-10). */
export function end(state: Up | Subscribing, facts: Facts): Step<Ending> {
  const effect = request(state.dialog, 0, facts.newId());
  return to({ ...rest(state), is: 'ending', dialog: state.dialog, key: effect.key }, effect);
}

/** Expires 0 in a dialog that failed, so that the stack and the far side forget it; nobody waits for the answer. */
export function farewell(dialog: Dialog, facts: Facts): Draft {
  return request(dialog, 0, facts.newId());
}

/** The state after an answer or a NOTIFY that says for how long the dialog lives. */
export function watch(state: Subscribing | Up, dialog: Dialog, seconds: number, facts: Facts): Watching {
  const { since } = state;
  const notifyBy = state.is === 'subscribing' && state.notified === undefined ? facts.at + TIMER_N_MS : undefined;
  const refreshed = state.is === 'refreshing' && state.notified === undefined ? true : undefined;
  return { is: 'watching', ...memoryOf(state), dialog, since, ...lifetime(seconds, facts), notifyBy, refreshed };
}

/**
 * When to refresh: at 85 to 90 % of the time, so that many watches do not refresh together; a minute ahead where that is
 * less, but not before half the time. Who grants next to nothing does not make us spin.
 */
export function lifetime(granted: number, facts: Facts): { readonly expiresAt: number; readonly refreshAt: number } {
  const seconds = Math.min(granted, MAX_SECONDS);
  const share = seconds * (0.85 + 0.05 * fraction(facts.newId()));
  const ahead = seconds < SHORTEST_SECONDS ? facts.settings.retryMinSeconds : Math.max(Math.min(share, seconds - 60), seconds / 2);
  return { expiresAt: facts.at + seconds * 1000, refreshAt: facts.at + Math.round(ahead * 1000) };
}

/** A number from 0 to 1 out of a random id: the engine has no chance of its own. */
function fraction(id: string): number {
  const tail = [...id.slice(-4)].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 1000, 0);
  return tail / 1000;
}

interface Pause {
  readonly retryAfterSeconds?: number | undefined;
  /** The far side ended the dialog by itself: nothing is shown for a moment (PRES-12). */
  readonly quietly?: boolean;
}

/** Tries again after a pause that doubles (PRES-5, PRES-12); the contact is shown offline until then (promise 4). */
export function wait(state: Memory, facts: Facts, { retryAfterSeconds = 0, quietly = false }: Pause = {}): Step<Waiting> {
  const pause = nextPause(state, facts);
  const seconds = Math.max(pause, Math.min(retryAfterSeconds, MAX_SECONDS));
  const waiting: Waiting = { is: 'waiting', ...memoryOf(state), pause, presence: undefined, retryAt: facts.at + seconds * 1000 };
  return quietly ? to({ ...waiting, concealAt: facts.at + TIMER_N_MS }) : conceal(waiting);
}

export function nextPause(state: Memory, { settings }: Facts): number {
  return state.pause === undefined ? settings.retryMinSeconds : Math.min(state.pause * 2, settings.retryMaxSeconds);
}

/** Has the dialog lived for less than the shortest pause between two attempts? */
export function isYoung(state: Subscribing | Up, { at, settings }: Facts): boolean {
  return at - state.since < settings.retryMinSeconds * 1000;
}

/**
 * The far side has ended the dialog and wants another one: at once, also where it was opened only just now (a peer that
 * restarts or moves its users). When that one does not last either a pause follows, so that nothing spins.
 */
export function again(state: Subscribing | Up, facts: Facts): Step<Outward> {
  const spinning = isYoung(state, facts) && state.restarted === true;
  return spinning ? wait(state, facts, { quietly: true }) : subscribe({ ...state, restarted: true }, facts);
}

/** No route to the contact: offline at once, and another attempt when the route is back, or after the longest pause. */
export function unreachable(state: Memory, facts: Facts): Step<Outward> {
  if (!state.wanted) return to(rest(state));
  const retryAt = facts.at + facts.settings.retryMaxSeconds * 1000;
  return conceal<Waiting>({ is: 'waiting', ...memoryOf(state), pause: undefined, presence: undefined, retryAt });
}

/** The far side answered 423: the longer time that it wants. Not twice in a row: one that always wants more would make us spin. */
export function longEnough(minExpiresSeconds: number | undefined, asked: number, { settings }: Facts): number | undefined {
  if (minExpiresSeconds === undefined || asked > settings.watchExpiresSeconds) return undefined;
  return minExpiresSeconds > asked && minExpiresSeconds <= MAX_SECONDS ? minExpiresSeconds : undefined;
}

