import type { EngineEvent } from '@isthmus/engine';
import type { Fault, Pair } from '@isthmus/model';
import type { Tables } from '@isthmus/rules';

/** What becomes of contents that SIP lacks (docs/message-fallbacks.md). */
export interface ContentSettings {
  /** Messages of type headline (IM-12); default `ignore`. */
  readonly headlines?: 'carry' | 'ignore';
  /** Encrypted messages (SEC-16); default `refuse`. `fallback`: the body that goes with one crosses. */
  readonly encrypted?: 'refuse' | 'fallback';
  /** Reactions (XEP-0444); default `text`. */
  readonly reactions?: 'text' | 'ignore';
  /** Text codes of SIP users become emoji, and emoji of XMPP users text codes; default `unchanged`. */
  readonly emoticons?: 'emoji' | 'unchanged';
}

/** What `readStanza` needs besides the stanza. */
export interface StanzaContext extends ContentSettings {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly trace: string;
  /** Names a message that came without an id. */
  newId(): string;
  /** The longest text that is carried, bytes of UTF-8 with CR LF for line ends, as SIP has it (SEC-11). */
  readonly maxTextBytes: number;
  /** Which clients belong to which family of the manual's tables. */
  readonly tables?: Tables;
}

/** What a stanza means. */
export type StanzaReading =
  | { readonly is: 'event'; readonly pair: Pair; readonly event: EngineEvent }
  /** For `answerIq`, or (result, error) for whoever has asked. */
  | { readonly is: 'iq'; readonly type: 'get' | 'set' | 'result' | 'error' }
  /** Goes back to the sender by `writeError`. */
  | { readonly is: 'refuse'; readonly fault: Fault }
  /** Nothing is to be done; `why` is for the log. */
  | { readonly is: 'ignore'; readonly why: string };

export function ignore(why: string): StanzaReading {
  return { is: 'ignore', why };
}

export function refuse(fault: Fault): StanzaReading {
  return { is: 'refuse', fault };
}
