import type { ChatState, Fault, Presence, ResourcePresence, SubscriptionSubstate, TextMessage } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import type { Dialog, DialogRef } from './dialog';

/**
 * What can happen to a pair. `at` is the time in milliseconds since the epoch: the engine has no clock.
 * `trace` names the request or stanza in the logs on its whole way (promise 8).
 */
interface Base {
  readonly at: number;
  readonly trace: string;
}

/** Names a SIP server transaction that waits for our answer: which drachtio server, which transaction. */
export interface TransactionRef {
  readonly server: string;
  readonly id: string;
}

// --- from the XMPP side: the user's presence subscription and state (RFC 6121 sections 3 and 4) ---------------------

/** The XMPP user asks to see the contact, withdraws that, grants or refuses the contact's wish to see him. */
export interface SubscriptionEvent extends Base {
  readonly on: 'xmpp.subscribe' | 'xmpp.unsubscribe' | 'xmpp.subscribed' | 'xmpp.unsubscribed';
}
/** The user's server asks for the contact's state: the user has come online (RFC 6121 section 4.3). */
export interface ProbeEvent extends Base {
  readonly on: 'xmpp.probe';
  /** The resource that asks; absent: the bare JID. */
  readonly resource?: string;
}
export interface AvailableEvent extends Base {
  readonly on: 'xmpp.available';
  readonly presence: ResourcePresence;
}
export interface UnavailableEvent extends Base {
  readonly on: 'xmpp.unavailable';
  /** Absent: all resources are gone. */
  readonly resource?: string;
}
/** The user's server tells what he does (XEP-0108 by XEP-0163): it goes for all of his resources. */
export interface ActivityEvent extends Base {
  readonly on: 'xmpp.activity';
  /** General and specific, e.g. `talking/on_the_phone`; absent: nothing in particular any more. */
  readonly activity?: string;
}
/** The answer to the effect `xmpp.account`: does the user have an account, and is any resource of it online. */
export interface AccountEvent extends Base {
  readonly on: 'xmpp.account';
  /** Undefined: the server could not be asked. */
  readonly local?: boolean;
  readonly online?: boolean;
}

// --- from the XMPP side: messages ----------------------------------------------------------------------------------

export interface XmppMessageEvent extends Base {
  readonly on: 'xmpp.message';
  /** The stanza's id, or one that was made for it. */
  readonly id: string;
  /** The sending resource: errors go back to it. */
  readonly resource?: string;
  readonly type: 'chat' | 'normal' | 'headline';
  readonly message: TextMessage;
  /** A chat state that rode in the same stanza. */
  readonly chatState?: ChatState;
  /** The client asks for a receipt (XEP-0184). */
  readonly receipt?: true;
}
/** The user's client confirms that it has a text of the contact (XEP-0184). */
export interface XmppReceiptEvent extends Base {
  readonly on: 'xmpp.receipt';
  /** The id of the stanza that is confirmed. */
  readonly received: string;
}
export interface XmppChatStateEvent extends Base {
  readonly on: 'xmpp.chat-state';
  readonly chatState: ChatState;
  readonly resource?: string;
}
/** A stanza of ours came back as an error (RFC 6120 section 8.3). Never answered (ERR-5). */
export interface XmppErrorEvent extends Base {
  readonly on: 'xmpp.error';
  readonly stanza: 'message' | 'presence';
  readonly id?: string;
  readonly fault: Fault;
}

// --- from the SIP side: requests -----------------------------------------------------------------------------------

/** How a session description names a text session: LCS 2005 in its own older way (microsoft-dialect section 2.1). */
export type TextMedia = 'message' | 'x-ms-message';

interface RequestBase extends Base {
  readonly transaction: TransactionRef;
  readonly ref: DialogRef;
  /** The request's method where the event's name does not give it: typing may come in INFO or in MESSAGE. */
  readonly method?: string;
}
export interface InviteEvent extends RequestBase {
  readonly on: 'sip.invite';
  /** The dialog that a 2xx would make. Our tag has been chosen (DR-10). */
  readonly dialog: Dialog;
  readonly media?: TextMedia;
  /** Set when the offer cannot be taken (no text session, group chat, conference, sips): answered with it. */
  readonly refusal?: Fault;
}
/** A re-INVITE: INVITE with a To tag in a dialog that the server knows. */
export interface ReinviteEvent extends RequestBase {
  readonly on: 'sip.reinvite';
  /** The far side's Contact URI from now on (RFC 3261 section 12.2.2). */
  readonly remoteTarget?: string;
  /** Absent: it offers nothing, and the session stays as it is. */
  readonly media?: TextMedia;
  /** Set when it wants another medium: answered with it, and the session goes on as it was (RFC 3261 section 14.2). */
  readonly refusal?: Fault;
}
export interface AckEvent extends Base {
  readonly on: 'sip.ack';
  readonly ref: DialogRef;
}
export interface CancelEvent extends Base {
  readonly on: 'sip.cancel';
  readonly ref: DialogRef;
}
export interface ByeEvent extends RequestBase {
  readonly on: 'sip.bye';
}
export interface SipMessageEvent extends RequestBase {
  readonly on: 'sip.message';
  readonly message: TextMessage;
  /** The sender asks for a report of its arrival (RFC 5438); `at`: when he sent it, if he says so. */
  readonly report?: { readonly messageId: string; readonly at?: string };
}
/** What became of a text of ours (RFC 5438): delivered, or not. */
export interface SipReportEvent extends RequestBase {
  readonly on: 'sip.report';
  readonly messageId: string;
  readonly delivered: boolean;
}
/** Typing: INFO with KeyboardActivity, or an isComposing document (RFC 3994) in MESSAGE or INFO. */
export interface SipTypingEvent extends RequestBase {
  readonly on: 'sip.typing';
  readonly composing: boolean;
  /** RFC 3994 `refresh`, seconds. */
  readonly refreshSeconds?: number;
}
/** A request in the pair's name that cannot be carried: answered with the fault, or with 481 in a session that is over. */
export interface SipRefusedEvent extends RequestBase {
  readonly on: 'sip.refused';
  readonly fault: Fault;
}
export interface SubscribeEvent extends RequestBase {
  readonly on: 'sip.subscribe';
  /** The dialog that a 2xx would make or has made. */
  readonly dialog: Dialog;
  /** Seconds asked for; absent = no Expires header. 0 = end, or a fetch when no dialog exists (RFC 6665 section 4.4.3). */
  readonly expires?: number;
  /** The `id` of Event, which our NOTIFYs must repeat (RFC 6665 section 8.2.1). */
  readonly eventId?: string;
  /** Media types of Accept, lower case, in order. Empty = no header. */
  readonly accept: readonly string[];
  readonly displayName?: string;
  /**
   * What policy says about this contact now; also in a refresh, where it may have changed. Absent: it could not be looked
   * up, so what it said last holds (`ask` at first).
   */
  readonly policy?: Verdict;
}
export interface NotifyEvent extends RequestBase {
  readonly on: 'sip.notify';
  readonly substate: SubscriptionSubstate;
  /** RFC 6665 section 4.1.3, lower case. */
  readonly reason?: string;
  readonly expiresSeconds?: number;
  readonly retryAfterSeconds?: number;
  /** Absent: the NOTIFY carried no document. */
  readonly presence?: Presence;
  /** The document could not be read: the last state is kept. */
  readonly unreadable?: Fault;
}

// --- from the SIP side: what became of our own requests -------------------------------------------------------------

/** The final outcome of a request of ours. Exactly one comes for each effect that sends a request. */
export interface SipOutcomeEvent extends Base {
  readonly on: 'sip.outcome';
  /** The effect's key. */
  readonly key: string;
  readonly method: 'INVITE' | 'MESSAGE' | 'INFO' | 'BYE' | 'SUBSCRIBE' | 'NOTIFY';
  /**
   * `answered`: the far side (or the server in its place) gave a final status. `unreachable`: no next hop could be
   * reached. `timeout`: our own deadline passed. `lost`: the worker that sent it died; nobody knows what became of it.
   */
  readonly result: 'answered' | 'unreachable' | 'timeout' | 'lost';
  /** 200 to 699; for the results without an answer the status that says the same (503, 408). */
  readonly status: number;
  /** `timeout`: not the far side was silent, but our link to the server broke while we waited. */
  readonly broken?: true;
  /** The failure in the words of the sender's side; absent for 2xx. */
  readonly fault?: Fault;
  /** The dialog as the answer leaves it: tags, target, CSeq, server. Absent when the request made or used none. */
  readonly dialog?: Dialog;
  /** INVITE: the 2xx says that the text in `ms-text-format` was taken; it must not be sent again as MESSAGE. */
  readonly firstTextTaken?: true;
  /** Granted Expires, seconds (SUBSCRIBE). */
  readonly expiresSeconds?: number;
  readonly minExpiresSeconds?: number;
  readonly retryAfterSeconds?: number;
}

// --- from the system ------------------------------------------------------------------------------------------------

/** The pair's due time has come. Each machine looks whether one of its own timers has passed. */
export interface TimerEvent extends Base {
  readonly on: 'timer';
}
/** The connections named no longer exist: requests of the far side in dialogs owned by them get 481 from now on. */
export interface OwnerGoneEvent extends Base {
  readonly on: 'owner.gone';
  readonly owner: string;
}
/** The SIP side of this contact can no longer be reached. */
export interface RouteDownEvent extends Base {
  readonly on: 'route.down';
}
/** It can be reached again, or by another way. */
export interface RouteUpEvent extends Base {
  readonly on: 'route.up';
  /** When it was found away, as far as that is known: dialogs that were opened later are with the server that has come back. */
  readonly awaySince?: number | undefined;
}
/**
 * The lists that decide about this contact may have changed, or the user has decided about it by command. Running watches
 * follow at once.
 */
export interface PolicyEvent extends Base {
  readonly on: 'policy';
  /** What policy says now. */
  readonly verdict: Verdict;
  /**
   * `granted`: his server is asked to approve in his name; its `subscribed` then opens the watches. `revoked`: he has
   * refused, now or after all, and the contact leaves his roster as a watcher. `forgotten`: he has not decided; he is asked
   * again: at once if he had refused, and when the contact subscribes or refreshes next if he had granted.
   */
  readonly decision?: 'granted' | 'revoked' | 'forgotten';
}
/** The XMPP server has gone away for longer than its grace, or is back. */
export interface XmppLinkEvent extends Base {
  readonly on: 'xmpp.down' | 'xmpp.up';
}

export type EngineEvent =
  | SubscriptionEvent
  | ProbeEvent
  | AvailableEvent
  | UnavailableEvent
  | ActivityEvent
  | AccountEvent
  | XmppMessageEvent
  | XmppReceiptEvent
  | XmppChatStateEvent
  | XmppErrorEvent
  | InviteEvent
  | ReinviteEvent
  | AckEvent
  | CancelEvent
  | ByeEvent
  | SipMessageEvent
  | SipReportEvent
  | SipTypingEvent
  | SipRefusedEvent
  | SubscribeEvent
  | NotifyEvent
  | SipOutcomeEvent
  | TimerEvent
  | OwnerGoneEvent
  | RouteDownEvent
  | RouteUpEvent
  | PolicyEvent
  | XmppLinkEvent;

export type EventName = EngineEvent['on'];
export type EventOf<N extends EventName> = Extract<EngineEvent, { readonly on: N }>;
