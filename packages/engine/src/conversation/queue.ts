import { fault, type Condition, type Fault, type TextMessage } from '@isthmus/model';
import type { EventOf } from '../events';
import { hasPassed, to, type Draft, type Facts, type Step } from '../machine';
import { idleFrom, waiting, type Conversation, type Held, type Memory } from './state';

/** What tells a stranger whether the contact is there, or whether there is such a contact (ERR-3). */
const CONCEALED: ReadonlySet<Condition> = new Set<Condition>(['item-not-found', 'recipient-unavailable']);

/** A request of ours went round (482): neither side has such a user, so there is nobody whose presence could be told (SEC-8). */
const isNowhere = ({ sip }: Fault): boolean => sip === 482;

/** A message back to its sender as an error with its id (IM-11). What is not his is dropped. */
export function giveBack(held: Held, why: Fault, facts: Facts): Draft[] {
  const { id, resource, type, message, trace } = held;
  if (held.own !== undefined) return [];
  const told = CONCEALED.has(why.condition) && !isNowhere(why) && !facts.entitled.user ? fault('recipient.concealed') : why;
  return [{ do: 'xmpp.bounce', id, type, message, fault: told, trace, ...(resource !== undefined && { resource }) }];
}

/** Puts a message of the XMPP user into the queue, or returns it at once when the queue is full. */
export function hold<S extends Conversation>(state: S, event: EventOf<'xmpp.message'>, facts: Facts): Step<S> {
  const { id, resource, type, message, trace, chatState, receipt } = event;
  const wishes = { ...(resource !== undefined && { resource }), ...(receipt !== undefined && { receipt }) };
  const held: Held = { id, type, message, trace, until: deadline(facts), ...wishes };
  const thread = message.thread ?? state.thread;
  const knows = chatState === undefined ? state.chatStates : (true as const);
  const mute = isMute(state, event);
  const client = { mute, chatStates: mute === undefined ? knows : undefined, typing: chatState === 'composing', typist: resource };
  const noted = { ...state, ...client, thread, idleAt: idleFrom(facts) };
  if (isFull(textsOf(state), message, facts)) return to(noted, ...giveBack(held, fault('queue.full'), facts));
  return to({ ...noted, queue: [...state.queue, held] });
}

/** Something of our own for the SIP user, in the order of the messages; left out when the queue is full. */
export function enqueue<S extends Conversation>(state: S, own: Pick<Held, 'message' | 'report'>, trace: string, facts: Facts): S {
  if (isFull(textsOf(state), own.message, facts)) return state;
  const held: Held = { ...own, id: facts.newId(), type: 'chat', trace, until: deadline(facts), own: true };
  return { ...state, queue: [...state.queue, held] };
}

function deadline(facts: Facts): number {
  return facts.at + facts.settings.deliverWithinSeconds * 1000;
}

function textsOf({ queue }: Memory): readonly TextMessage[] {
  return queue.map(({ message }) => message);
}

/** Is there no room for one more (promise 6)? A single message always fits: its size has a limit of its own. */
export function isFull(queued: readonly TextMessage[], next: TextMessage, { settings }: Facts): boolean {
  if (queued.length === 0) return false;
  if (queued.length >= settings.maxQueuedMessages) return true;
  return [...queued, next].reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) > settings.maxQueuedBytes;
}

/** A chat message without a chat state is from a client that lacks them (XEP-0085 section 5.1); other types say nothing. */
function isMute(state: Memory, { type, chatState }: EventOf<'xmpp.message'>): true | undefined {
  if (chatState !== undefined) return undefined;
  return type === 'chat' ? true : state.mute;
}

/** Returns the messages whose time is over (promise 1: nothing waits for ever). That which is on its way has an outcome of its own. */
export function expire<S extends Conversation>(state: S, facts: Facts): Step<S> {
  const late = new Set(waiting(state).filter(({ until }) => hasPassed(until, facts)));
  if (late.size === 0) return to(state);
  const remain = (queue: readonly Held[]): readonly Held[] => queue.filter((held) => !late.has(held));
  const next = { ...state, queue: remain(state.queue) };
  const current: Conversation = state;
  const endsAfter = 'endsAfter' in current && current.endsAfter !== undefined ? { endsAfter: remain(state.queue.slice(0, current.endsAfter)).length } : {};
  return to({ ...next, ...endsAfter }, ...[...late].flatMap((held) => giveBack(held, fault('message.late'), facts)));
}
