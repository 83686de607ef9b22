import type { ChatState, Fault, Presence, SubscriptionSubstate, TextMessage, TuplePresence } from '@isthmus/model';
import type { Dialog } from './dialog';
import type { TextMedia, TransactionRef } from './events';

/**
 * What the engine wants done. An effect is part of the committed record until it is done, and carries its own key
 * (Call-ID, tags, stanza id are fixed in it), so that doing it twice is harmless or can be seen (DESIGN section 4).
 * Addresses are not repeated here: they are the pair's.
 */
interface Base {
  /** Unique within the pair for all time. */
  readonly key: string;
  readonly trace: string;
}

// --- requests to the SIP side: each is done when its `sip.outcome` event has been taken ------------------------------

/** Opens a text session (microsoft). `dialog` has our Call-ID and tag; the next hop is chosen when it is sent. */
export interface InviteEffect extends Base {
  readonly do: 'sip.invite';
  readonly dialog: Dialog;
  /** The text for the far side's toast (`ms-text-format`); the text itself follows as MESSAGE unless acknowledged. */
  readonly firstText?: string;
}
/** What the sender of a text is told of its arrival (RFC 5438). */
export interface DeliveryReport {
  /** The Message-ID of his text. */
  readonly messageId: string;
  /** When he sent it (RFC 3339). */
  readonly at: string;
}
/** A text, in the dialog where one is given, else as a page-mode request (RFC 3428). */
export interface SipMessageEffect extends Base {
  readonly do: 'sip.message';
  readonly dialog?: Dialog;
  /** Page mode: the Call-ID to use, so that a repetition can be seen. */
  readonly callId?: string;
  readonly message: TextMessage;
  /** The far side is asked to report the arrival under this Message-ID. */
  readonly reportId?: string;
  /** In place of a text: the far side's text has arrived. */
  readonly report?: DeliveryReport;
  /** Nobody knows whether this message has arrived before: seen in logs and metrics. */
  readonly repeated?: true;
}
/** Typing or not: INFO KeyboardActivity in the dialog, or an isComposing MESSAGE in page mode. */
export interface SipTypingEffect extends Base {
  readonly do: 'sip.typing';
  readonly dialog?: Dialog;
  readonly callId?: string;
  readonly composing: boolean;
}
export interface ByeEffect extends Base {
  readonly do: 'sip.bye';
  readonly dialog: Dialog;
}
/** Opens (no remote tag), refreshes or ends (expires 0) our watch on the SIP user. */
export interface SubscribeEffect extends Base {
  readonly do: 'sip.subscribe';
  readonly dialog: Dialog;
  readonly expiresSeconds: number;
}
/** Tells the SIP user the XMPP user's state in one watch. */
export interface NotifyEffect extends Base {
  readonly do: 'sip.notify';
  readonly dialog: Dialog;
  readonly substate: SubscriptionSubstate;
  readonly expiresSeconds?: number;
  readonly reason?: string;
  /** Absent: no body. */
  readonly presence?: Presence;
  /** The devices one by one, for watchers of PIDF with several tuples (RFC 8048 section 6.2); `presence` is what they come to. */
  readonly tuples?: readonly TuplePresence[];
  /** RFC 3339, UTC: of two documents of one watch the later has the greater (PRES-42). */
  readonly timestamp?: string;
  /** The form of the document: a media type that the watcher accepts. */
  readonly format?: string;
  /** The `id` of Event in the SUBSCRIBE. */
  readonly eventId?: string;
}

// --- to the SIP side, without an outcome ----------------------------------------------------------------------------

/** The answer to a request of the far side. */
export interface AnswerEffect extends Base {
  readonly do: 'sip.answer';
  readonly transaction: TransactionRef;
  /** The request's method: decides which headers the answer needs. */
  readonly method: string;
  readonly status: number;
  readonly reason?: string;
  /** Our tag for the To of a dialog-making answer. */
  readonly localTag?: string;
  /** SUBSCRIBE only. */
  readonly expiresSeconds?: number;
  readonly minExpiresSeconds?: number;
  /** INVITE 2xx only: answer with our text-session SDP. */
  readonly session?: true;
  /** The answer names the medium as the offer did (RFC 3264 section 6). */
  readonly media?: TextMedia;
}

// --- to the XMPP side -----------------------------------------------------------------------------------------------

/** A presence subscription stanza from the contact to the user. */
export interface XmppSubscriptionEffect extends Base {
  readonly do: 'xmpp.subscribe' | 'xmpp.subscribed' | 'xmpp.unsubscribe' | 'xmpp.unsubscribed';
  /** XEP-0172, in `subscribe` only. */
  readonly nick?: string;
}
/**
 * Policy grants the contact's wish: the XMPP server is to approve it in the user's name, so that his roster shows it as if
 * he had sent `subscribed`, which comes back as the event `xmpp.subscribed`. A server that cannot gets a plain `subscribe`.
 */
export interface XmppApproveEffect extends Base {
  readonly do: 'xmpp.approve';
  /** XEP-0172, for the plain `subscribe`. */
  readonly nick?: string;
}
/** The contact's state. To one resource where given (the answer to a probe), else to the bare JID. */
export interface XmppPresenceEffect extends Base {
  readonly do: 'xmpp.presence';
  readonly presence: Presence;
  readonly resource?: string;
}
/** The contact's server asks for the user's state (RFC 6121 section 4.3). */
export interface XmppProbeEffect extends Base {
  readonly do: 'xmpp.probe';
}
/** Asks the server whether the user has an account and is online; the answer comes as event `xmpp.account`. */
export interface XmppAccountEffect extends Base {
  readonly do: 'xmpp.account';
}
export interface XmppMessageEffect extends Base {
  readonly do: 'xmpp.message';
  readonly id: string;
  readonly message: TextMessage;
  /** The user's client lacks chat states: none rides along (XEP-0085 section 5.1). */
  readonly mute?: true;
  /** The user's client is asked for a receipt (XEP-0184). */
  readonly receipt?: true;
}
/** The user's text has arrived (XEP-0184). */
export interface XmppReceiptEffect extends Base {
  readonly do: 'xmpp.receipt';
  readonly id: string;
  /** The id of the user's message. */
  readonly received: string;
  /** The resource that wrote it. */
  readonly resource?: string;
}
export interface XmppChatStateEffect extends Base {
  readonly do: 'xmpp.chat-state';
  readonly id: string;
  readonly chatState: ChatState;
  /** The thread that `gone` ends (XEP-0085 section 5.7). */
  readonly thread?: string;
}
/** The user's message comes back to its sender as an error with the original id (IM-11). */
export interface XmppBounceEffect extends Base {
  readonly do: 'xmpp.bounce';
  readonly id: string;
  readonly resource?: string;
  readonly type: 'chat' | 'normal' | 'headline';
  readonly message: TextMessage;
  readonly fault: Fault;
}

export type RequestEffect =
  | InviteEffect
  | SipMessageEffect
  | SipTypingEffect
  | ByeEffect
  | SubscribeEffect
  | NotifyEffect;

export type Effect =
  | RequestEffect
  | AnswerEffect
  | XmppSubscriptionEffect
  | XmppApproveEffect
  | XmppPresenceEffect
  | XmppProbeEffect
  | XmppAccountEffect
  | XmppMessageEffect
  | XmppReceiptEffect
  | XmppChatStateEffect
  | XmppBounceEffect;

export type EffectName = Effect['do'];

const REQUESTS: ReadonlySet<EffectName> = new Set<EffectName>([
  'sip.invite',
  'sip.message',
  'sip.typing',
  'sip.bye',
  'sip.subscribe',
  'sip.notify',
]);

/** Is this effect done only when its outcome has been taken? (All others are done when they have been handed over.) */
export function isRequest(effect: Effect): effect is RequestEffect {
  return REQUESTS.has(effect.do);
}
