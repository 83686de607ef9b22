/** A one-to-one text message, free of either side's syntax. */
export interface TextMessage {
  readonly text: string;
  readonly subject?: string;
  /** BCP 47 tag (xml:lang, Content-Language). */
  readonly language?: string;
  /** RFC 6121 section 5.2.5; kept in the store, never copied into a header unchecked (SEC-9). */
  readonly thread?: string;
  /** When it was written, if it has been held back since (XEP-0203, Date of RFC 3261 section 20.17). RFC 3339, UTC. */
  readonly sent?: string;
  /**
   * How many more SIP hops it may take (Max-Forwards, RFC 3261 section 8.1.1.6): counted on through XMPP, so that a message
   * which goes round between gateways ends (SEC-8). Absent: nothing is known of a way behind it.
   */
  readonly hops?: number;
}

/** XEP-0085 section 2. */
export const CHAT_STATES = ['active', 'composing', 'paused', 'inactive', 'gone'] as const;
export type ChatState = (typeof CHAT_STATES)[number];
