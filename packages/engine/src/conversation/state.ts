import type { TextMessage } from '@isthmus/model';
import type { Dialog } from '../dialog';
import type { DeliveryReport } from '../effects';
import { earliest, type Facts } from '../machine';
import type { Seen } from './seen';

/** A message of the XMPP user that has had no outcome yet. */
export interface Held {
  readonly id: string;
  readonly resource?: string;
  readonly type: 'chat' | 'normal' | 'headline';
  readonly message: TextMessage;
  readonly trace: string;
  /** When it goes back to its sender unless it is on its way, milliseconds since the epoch. */
  readonly until?: number;
  /** Page mode: fixed when it is first sent, so that the far side can see a repetition. */
  readonly callId?: string;
  /** It has been sent once in vain; the next failure returns it to its sender. */
  readonly retried?: true;
  /** It may have arrived although nobody said so. */
  readonly repeated?: true;
  /** Not the user's but ours: a notice, or the report of an arrival. It never comes back (ERR-5). */
  readonly own?: true;
  /** The arrival to be reported (RFC 5438), in place of a text. */
  readonly report?: DeliveryReport;
  /** The user's client asks for a receipt (XEP-0184). */
  readonly receipt?: true;
  /** The Message-ID under which the far side reports the arrival, fixed when it is first sent. */
  readonly reportId?: string;
}

/** A text of the XMPP user whose arrival the far side will report. */
export interface Awaited {
  readonly reportId: string;
  readonly id: string;
  readonly resource?: string;
}

/** A text of the SIP user whose arrival he wants reported, by its stanza id. */
export interface Owed extends DeliveryReport {
  readonly id: string;
}

/** What is known in every state. */
export interface Memory {
  /** In the order of arrival; the head may be on its way. */
  readonly queue: readonly Held[];
  /** Key of the one request that is on its way (IM-6): the message at the head of the queue, or typing. */
  readonly inflight?: string | undefined;
  /** Texts of the far side that were taken lately. */
  readonly seen: Seen;
  /** When nobody has written for so long that the session ends, or what is remembered is forgotten. */
  readonly idleAt?: number | undefined;
  /** The XMPP user is shown that the SIP user is typing: until then, unless there is news. */
  readonly composing?: number | undefined;
  /** The XMPP user's client lacks chat states: it wrote without one (XEP-0085 section 5.1). */
  readonly mute?: true | undefined;
  /** The XMPP user's client knows chat states: it has sent one. */
  readonly chatStates?: true | undefined;
  /** The SIP user has written out of dialog, so he may be told of typing out of dialog (IM-26). */
  readonly paged?: true | undefined;
  /** Is the XMPP user typing, and what was the SIP side told of it? */
  readonly typing: boolean;
  readonly typingTold: boolean;
  /** The resource that types. */
  readonly typist?: string | undefined;
  /** The SIP side refuses to be told of typing (IM-26). */
  readonly typingRefused?: true | undefined;
  /** The thread of the user's last text in this session: the contact's texts in it belong to the same (IM-20, IM-22). */
  readonly thread?: string | undefined;
  /** When typing must be told again, or the far side takes it for over (RFC 3994 section 3.2). */
  readonly refreshAt?: number | undefined;
  /** Stanza ids of the texts that were handed to the XMPP side lately: an error may come back for them (IM-9). */
  readonly delivered?: readonly string[] | undefined;
  readonly awaited?: readonly Awaited[] | undefined;
  readonly owed?: readonly Owed[] | undefined;
}

/** No session, nothing on its way. */
export interface None extends Memory {
  readonly is: 'none';
}
/** Our INVITE is out; messages wait. */
export interface Inviting extends Memory {
  readonly is: 'inviting';
  readonly dialog: Dialog;
  /** A session that the far side opened meanwhile (glare, microsoft-observed A3). */
  readonly theirs?: Dialog | undefined;
  /** So many of the queued messages go out in the session, then it is ended. */
  readonly endsAfter?: number | undefined;
}
/** A session is up. */
export interface Open extends Memory {
  readonly is: 'open';
  /** The dialog that we send in. */
  readonly dialog: Dialog;
  /** A second one, after glare: kept for receiving until the far side ends it. */
  readonly theirs?: Dialog | undefined;
  /** When our INVITE was accepted, if it was ours that opened the session. */
  readonly acceptedAt?: number | undefined;
  /** So many of the queued messages still go out in this session, then it is ended. */
  readonly endsAfter?: number | undefined;
}
/** The session is over; its last requests are still out. Messages wait for the next session. */
export interface Closing extends Memory {
  readonly is: 'closing';
  /** The ended dialogs, in which requests of the far side may still arrive. */
  readonly dialogs: readonly Dialog[];
  /** Keys of our BYEs that are out. */
  readonly byes: readonly string[];
  /** The far side has ended it: its thread, of which the user is told `gone` if nothing waits in the end. */
  readonly gone?: string | undefined;
}
/** A request out of dialog is on its way. */
export interface Paging extends Memory {
  readonly is: 'paging';
}

export type Conversation = None | Inviting | Open | Closing | Paging;

export const NO_CONVERSATION: None = { is: 'none', queue: [], seen: [], typing: false, typingTold: false };

/** What stays known when a state is left. */
export function memoryOf(state: Memory): Memory {
  const { queue, inflight, seen, idleAt, composing, mute, chatStates, paged, typing, typingTold, typist, typingRefused, thread, refreshAt, delivered, awaited, owed } = state;
  return { queue, inflight, seen, idleAt, composing, mute, chatStates, paged, typing, typingTold, typist, typingRefused, thread, refreshAt, delivered, awaited, owed };
}

export function dialogsIn(state: Conversation): readonly Dialog[] {
  switch (state.is) {
    case 'inviting':
    case 'open':
      return state.theirs === undefined ? [state.dialog] : [state.dialog, state.theirs];
    case 'closing':
      return state.dialogs;
    default:
      return [];
  }
}

/** The state with each of its dialogs changed. */
export function mapDialogs<S extends Conversation>(state: S, change: (dialog: Dialog) => Dialog): S {
  const current: Conversation = state;
  switch (current.is) {
    case 'inviting':
    case 'open':
      return { ...state, dialog: change(current.dialog), theirs: current.theirs && change(current.theirs) };
    case 'closing':
      return { ...state, dialogs: current.dialogs.map(change) };
    default:
      return state;
  }
}

/**
 * The messages that nothing is being done for at the moment. The head may be on its way, in a MESSAGE or for the far
 * side's toast in an INVITE: it is left to the outcome of that request.
 */
export function waiting(state: Conversation): readonly Held[] {
  return state.inflight !== undefined || state.is === 'inviting' ? state.queue.slice(1) : state.queue;
}

/** When the conversation is idle, counted from now. */
export function idleFrom(facts: Facts): number {
  return facts.at + facts.settings.sessionIdleSeconds * 1000;
}

/** The earliest timer. Only where a session or a memory can end by itself does `idleAt` count. */
export function conversationDueAt(state: Conversation): number | undefined {
  const idles = state.is === 'none' || state.is === 'open';
  return earliest(idles ? state.idleAt : undefined, idles && state.typingTold ? state.refreshAt : undefined, state.composing, ...waiting(state).map(({ until }) => until));
}

/** Nothing to do and nothing worth remembering. */
export function isForgotten(state: Conversation): boolean {
  return state.is === 'none' && state.idleAt === undefined && state.composing === undefined;
}
