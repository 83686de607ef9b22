import type { EventOf } from '../events';
import { ignore, to, type Facts, type Step } from '../machine';
import { forgetLast } from './seen';
import { pump } from './send';
import type { Conversation, Memory, Owed } from './state';

/** The XMPP user, a client of his or his server has gone: that he types no more will be said by nobody. */

/** News of typing, where there is a way to tell it. */
export function tellTyping(state: Conversation, facts: Facts): Step<Conversation> {
  switch (state.is) {
    case 'none':
      return state.typing === state.typingTold ? to(state) : pump({ ...state, is: 'paging' }, facts);
    case 'open':
    case 'paging':
      return pump(state, facts);
    default:
      return to(state);
  }
}

export function notTyping<S extends Memory>(state: S): S {
  return { ...state, typing: false, typist: undefined };
}

/** The client that typed has gone, or the last one. */
export function clientLeft(state: Conversation, { resource }: EventOf<'xmpp.unavailable'>, facts: Facts): Step<Conversation> {
  if (!state.typing) return ignore(state, 'nobody types');
  const gone = facts.online === false || (resource !== undefined && resource === state.typist);
  return gone ? tellTyping(notTyping(state), facts) : ignore(state, 'another client types');
}

/**
 * The server has gone. The texts that `giveTextsBack` gives back have not been taken: should one come again, it is a new
 * one. They are the last that were noted, since texts are noted and handed over in order.
 */
export function serverLeft(state: Conversation, _event: EventOf<'xmpp.down'>, facts: Facts): Step<Conversation> {
  const given = new Set(facts.undelivered.map(({ id }) => id));
  if (given.size === 0) return state.typing ? tellTyping(notTyping(state), facts) : ignore(state, 'nothing waits for it');
  const next = {
    ...notTyping(state),
    seen: forgetLast(state.seen, given.size),
    delivered: state.delivered?.filter((id) => !given.has(id)),
    owed: state.owed?.filter(({ id }: Owed) => !given.has(id)),
  };
  return tellTyping(next, facts);
}
