import type { Effect } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import type { Element } from '../xml/element';
import { writeBounce, writeChatState, writeMessage, writeReceipt } from './write-message';
import { writePresence, writeProbe, writeSubscription, type StanzaWriteContext } from './write-presence';

/** The effects that are one stanza. (`xmpp.account` is a question: see `writeAccountQuery`; `xmpp.approve` a request to the server.) */
export type StanzaEffect = Exclude<Extract<Effect, { readonly do: `xmpp.${string}` }>, { readonly do: 'xmpp.account' | 'xmpp.approve' }>;

/** The stanza of an effect, from the contact to the user. The context matters to presence only. */
export function writeStanza(effect: StanzaEffect, pair: Pair, context: StanzaWriteContext = { dialect: 'simple' }): Element {
  switch (effect.do) {
    case 'xmpp.subscribe':
    case 'xmpp.subscribed':
    case 'xmpp.unsubscribe':
    case 'xmpp.unsubscribed':
      return writeSubscription(effect, pair);
    case 'xmpp.presence':
      return writePresence(effect, pair, context);
    case 'xmpp.probe':
      return writeProbe(effect, pair);
    case 'xmpp.message':
      return writeMessage(effect, pair);
    case 'xmpp.receipt':
      return writeReceipt(effect, pair);
    case 'xmpp.chat-state':
      return writeChatState(effect, pair);
    case 'xmpp.bounce':
      return writeBounce(effect, pair);
  }
}
