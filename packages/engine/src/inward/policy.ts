import type { Verdict } from '@isthmus/rules';
import type { PolicyEvent, SubscribeEvent } from '../events';
import { andThen, to, type Draft, type Facts, type Step } from '../machine';
import { approve, inquire, probe } from './ask';
import { commonOf, isGranted, NO_INWARD, type Blocked, type Denied, type Inward, type None, type Pending } from './state';
import { tellAll } from './tell';

/** A display name is kept with the pair: longer ones are cut (characters). */
const MAX_NICK = 128;

/** The contact wants to watch, or goes on. Policy comes first; then he is asked who has not been asked. */
export function wished(state: Inward, event: SubscribeEvent): Step<Inward> {
  const governed = govern(named(state, event), verdictIn(event, state));
  if (governed.state.is !== 'none' && !isForgotten(governed.state)) return governed;
  const pending: Pending = { ...commonOf(governed.state), is: 'pending' };
  return to(pending, inquire(pending));
}

/** The contact leaves, or takes one look: nobody is asked who has not been asked before. */
export function judged(state: Inward, event: SubscribeEvent): Step<Inward> {
  return state.is === 'none' ? to(state) : govern(state, verdictIn(event, state));
}

/** The lists have changed, or the user has decided by command: running watches follow at once. */
export function policyChanged(state: Exclude<Inward, None>, event: PolicyEvent, facts: Facts): Step<Inward> {
  const decided = event.decision === undefined ? to<Inward>(state) : DECISIONS[event.decision](state, event.verdict);
  const governed = andThen(decided, (next) => govern(next, event.verdict));
  const told = andThen(governed, (next) => tellAll(next, facts));
  return state.is === 'blocked' ? andThen(told, (next) => probe(next, facts)) : told;
}

type Decision = (state: Inward, verdict: Verdict) => Step<Inward>;

/** Each leaves the verdict in the state, so that what the lists say does not count as news after the decision. */
const DECISIONS: Readonly<Record<NonNullable<PolicyEvent['decision']>, Decision>> = {
  granted,
  revoked,
  forgotten,
};

/** He is shown only when his server has written it down. */
function granted(state: Inward, verdict: Verdict): Step<Inward> {
  if (isGranted(state)) return to(state);
  if (state.is === 'blocked') return to({ ...state, hides: 'pending', verdict }, approve(state));
  return state.is === 'denied' ? opened({ ...state, verdict }) : to({ ...state, verdict }, approve(state));
}

function opened(state: Denied): Step<Denied> {
  return to({ ...state, asked: 'xmpp.approve' }, approve(state));
}

/** `unsubscribe` takes the contact out of the user's roster, with a request that he has not answered (RFC 6121 section 3.3.3). */
function revoked(state: Inward, verdict: Verdict): Step<Inward> {
  const held = state.is === 'pending' || (state.is === 'blocked' && state.hides === 'pending') || isGranted(state);
  const drafts: Draft[] = held ? [{ do: 'xmpp.unsubscribe' }] : [];
  if (state.is === 'blocked') return to({ ...state, hides: 'denied', verdict }, ...drafts);
  return to({ ...commonOf(state), is: 'denied', verdict }, ...drafts);
}

/**
 * Where something was granted the next SUBSCRIBE asks, and not we at once: clients are known to answer `unsubscribe` by
 * `unsubscribed`, which would be taken for the answer to the new question.
 */
function forgotten(state: Inward, verdict: Verdict): Step<Inward> {
  const drafts: Draft[] = isGranted(state) ? [{ do: 'xmpp.unsubscribe' }] : [];
  if (state.is === 'blocked') return to({ ...state, hides: 'none', verdict }, ...drafts);
  if (state.watches.length === 0) return to(NO_INWARD, ...drafts);
  if (state.is === 'active') return to({ ...commonOf(state), is: 'denied', forgotten: true, verdict }, ...drafts);
  const pending: Pending = { ...commonOf(state), is: 'pending', verdict };
  return to(pending, inquire(pending));
}

/**
 * Takes what policy says now: the state that follows, and who is asked. Of the user's lists and his own word the later one
 * holds: an entry of the allow list opens what he denied before, and what he denies after it stays denied.
 */
function govern(state: Inward, verdict: Verdict): Step<Inward> {
  const after = verdict === 'block' ? block(state) : lift(state);
  if ((state.verdict ?? 'ask') === verdict) return to(after);
  return inquiring({ ...after, verdict });
}

/** A new verdict may change whom we ask. Pending: somebody else's word was waited for until now, or was hidden by a block. */
function inquiring(state: Inward): Step<Inward> {
  if (state.is === 'pending') return to(state, inquire(state));
  return state.is === 'denied' && !isForgotten(state) && state.verdict === 'allow' ? opened(state) : to(state);
}

function block(state: Inward): Blocked {
  if (state.is === 'blocked') return state;
  return { ...commonOf(state), is: 'blocked', hides: isForgotten(state) ? 'none' : state.is };
}

/** What it is without the block. A user who was not asked because of it is asked if somebody watches. */
function lift(state: Inward): Exclude<Inward, Blocked> {
  if (state.is !== 'blocked') return state;
  if (state.hides !== 'none') return { ...commonOf(state), is: state.hides };
  return state.watches.length === 0 ? NO_INWARD : { ...commonOf(state), is: 'pending' };
}

/** Absent: it could not be looked up, so what was said last holds. */
function verdictIn({ policy }: SubscribeEvent, { verdict }: Inward): Verdict {
  return policy ?? verdict ?? 'ask';
}

function isForgotten(state: Inward): boolean {
  return state.is === 'denied' && state.forgotten === true;
}

/** How the contact calls himself is of use until he may see the user. */
function named(state: Inward, { displayName }: SubscribeEvent): Inward {
  if (displayName === undefined || state.is === 'active') return state;
  const nick = [...displayName].slice(0, MAX_NICK).join('');
  return nick === state.nick ? state : { ...state, nick };
}
