import { to, type Draft, type Facts, type Step } from '../machine';
import type { Inward, Pending } from './state';

/** Asks whom policy says about a contact that nothing is known about: the user, or his server in his name. */
export function inquire(state: Pending): Draft {
  return state.verdict === 'allow' || state.verdict === 'auto' ? approve(state) : ask(state);
}

/** Asks the XMPP user (PRES-22). His server keeps the request while he is away, and keeps it once. */
export function ask({ nick }: Inward): Draft {
  return { do: 'xmpp.subscribe', ...(nick !== undefined && { nick }) };
}

/** The server is to write the grant into the user's roster; its `subscribed` opens the watches. */
export function approve({ nick }: Inward): Draft {
  return { do: 'xmpp.approve', ...(nick !== undefined && { nick }) };
}

/** Asks the XMPP user's server for his state, where it may be known and is not. Silence means offline (XD-4). */
export function probe(state: Inward, facts: Facts): Step<Inward> {
  if (state.is !== 'active' || !facts.doubtful) return to(state);
  return to(state, { do: 'xmpp.probe' });
}
