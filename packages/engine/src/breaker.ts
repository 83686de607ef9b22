/**
 * Is a next hop to be used? One breaker for each, by what became of requests and of OPTIONS (DESIGN section 5). A first
 * failure is a doubt, not a verdict: the hop is asked at once, and meanwhile used only where there is no other. Times in
 * milliseconds since the epoch.
 */

/** It lives, as far as is known. */
export interface Closed {
  readonly is: 'closed';
}
/** It failed twice. Nothing is sent to it while there is another; it is asked now and then. */
export interface OpenBreaker {
  readonly is: 'open';
  /** When it failed. */
  readonly since: number;
}
/** It is being asked: one trial decides. */
export interface HalfOpen {
  readonly is: 'half-open';
  readonly since: number;
  /** It was found dead before: still told as such. */
  readonly wasOpen: boolean;
}
export type Breaker = Closed | OpenBreaker | HalfOpen;

export type BreakerEvent =
  /** The hop itself has answered something, whatever it was. */
  | { readonly on: 'answered'; readonly at: number }
  /** Not reached, or silent. */
  | { readonly on: 'failed'; readonly at: number }
  /** It is time for a trial. */
  | { readonly on: 'due'; readonly at: number }
  /** Another worker finds it dead. */
  | { readonly on: 'doubted'; readonly at: number }
  /** Another worker, which had found it dead, finds it living. */
  | { readonly on: 'vouched'; readonly at: number };

interface Cell<From> {
  /** The states that `run` may return; a test holds it to that. */
  readonly to: readonly Breaker['is'][];
  run(state: From, event: BreakerEvent): Breaker;
}
type Row<From> = { readonly [On in BreakerEvent['on']]?: Cell<From> };

export const CLOSED: Closed = { is: 'closed' };

const close: Cell<unknown> = { to: ['closed'], run: () => CLOSED };
const doubt: Cell<Closed> = { to: ['half-open'], run: (_state, { at }) => ({ is: 'half-open', since: at, wasOpen: false }) };
const ask: Cell<OpenBreaker> = { to: ['half-open'], run: (_state, { at }) => ({ is: 'half-open', since: at, wasOpen: true }) };

/** An absent cell changes nothing. What others say is a reason to ask, never a verdict (decision 042). */
export const BREAKER: { readonly [Is in Breaker['is']]: Row<Extract<Breaker, { readonly is: Is }>> } = {
  closed: { failed: doubt, doubted: doubt },
  'half-open': {
    answered: close,
    failed: { to: ['open'], run: (_state, { at }) => ({ is: 'open', since: at }) },
  },
  open: { answered: close, due: ask, vouched: ask },
};

/** The state after an event; the same object when nothing has changed. */
export function breakerAfter(state: Breaker, event: BreakerEvent): Breaker {
  const row = BREAKER[state.is] as Row<Breaker>;
  return row[event.on]?.run(state, event) ?? state;
}

/** Is the hop known to be dead? (A doubt is no knowledge.) */
export function isDown(state: Breaker): boolean {
  return state.is === 'open' || (state.is === 'half-open' && state.wasOpen);
}
