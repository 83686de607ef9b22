import type { EventOf } from '../events';
import { ignore, to, type Facts, type Step } from '../machine';
import { notTyping } from './absence';
import { enqueue } from './queue';
import type { Conversation, Memory } from './state';

/** Texts handed to the XMPP side that an error may still come back for; a later one is no longer told. */
const MAX_DELIVERED = 16;

const NOTICE = 'The message could not be delivered';

/** Remembers a text that was handed over, by its stanza id. */
export function noteDelivered({ delivered = [] }: Memory, id: string, facts: Facts): readonly string[] | undefined {
  return facts.settings.lateErrors === 'notice' ? [...delivered, id].slice(-MAX_DELIVERED) : undefined;
}

/**
 * A text of the SIP user that was answered 2xx comes back as an error (IM-9). He is told once, by a text in the name of
 * his contact; should that fail, nobody is told (ERR-5).
 */
export function cameBack<S extends Conversation>(state: S, event: EventOf<'xmpp.error'>, facts: Facts): Step<S> {
  const { id } = event;
  if (event.stanza !== 'message' || id === undefined || state.delivered?.includes(id) !== true) {
    // Whoever returns what he is sent is not there to say that he types no more.
    const silenced = event.stanza === 'message' && state.typing;
    return silenced ? to(notTyping(state)) : ignore(state, 'an error for nothing that was delivered lately');
  }
  const next = { ...notTyping(state), delivered: state.delivered.filter((each) => each !== id), owed: state.owed?.filter((each) => each.id !== id) };
  return to(enqueue(next, { message: { text: noticeOf(event, facts) } }, event.trace, facts));
}

/** The reason is for those who may see the user (ERR-3): to others it would tell whether he is there. */
function noticeOf({ fault }: EventOf<'xmpp.error'>, { entitled }: Facts): string {
  return entitled.contact ? `${NOTICE}: ${fault.text ?? fault.condition.replaceAll('-', ' ')}` : NOTICE;
}
