import { OFFLINE, type Presence } from '@isthmus/model';
import { to, type Draft, type Step } from '../machine';
import { isSamePresence } from '../presence';
import { memoryOf, type Idle, type Memory, type Outward } from './state';

/** Tells the XMPP user the contact's state, if it is news. */
export function show<S extends Memory>(state: S, presence: Presence): Step<S> {
  if (isSamePresence(state.shown, presence)) return to(state);
  return to({ ...state, shown: presence }, { do: 'xmpp.presence', presence });
}

/** Nothing is known any more: a contact that was shown with any state is shown offline (promise 4). */
export function conceal<S extends Memory>(state: S): Step<S> {
  return state.shown === undefined ? to(state) : show(state, OFFLINE);
}

/** The contact is reached again in the same dialog: what it said last still holds. */
export function reveal<S extends Memory>(state: S): Step<S> {
  return state.presence === undefined || state.shown === undefined ? to(state) : show(state, state.presence);
}

/** Says again what was said, though it is no news: after a probe, or when the XMPP server has forgotten it. */
export function repeat(state: Memory, resource?: string): Draft[] {
  if (state.shown === undefined) return [];
  return [{ do: 'xmpp.presence', presence: state.shown, ...(resource !== undefined && { resource }) }];
}

/** Nothing is watched and nothing shown; what the XMPP user was granted stays. */
export function rest(state: Memory): Idle {
  return { is: 'idle', authorisation: state.authorisation, wanted: false };
}

/** The SIP side does not let the XMPP user see the contact, or has no such user: for good (PRES-4, XD-1). */
export function cancelled(state: Memory): Step<Outward> {
  const { effects } = conceal(memoryOf(state));
  return to({ ...rest(state), authorisation: 'none' }, ...effects, { do: 'xmpp.unsubscribed' });
}
