import type { XmppBounceEffect, XmppChatStateEffect, XmppMessageEffect, XmppReceiptEffect } from '@isthmus/engine';
import type { Pair, TextMessage } from '@isthmus/model';
import { element, type Element } from '../xml/element';
import { writeHops } from './hops';
import { NS } from './namespaces';
import { errorElement } from './write-error';

/** To the bare JID, so that the server makes carbon copies and keeps an archive (XEP-0280, XEP-0313). */
export function writeMessage(effect: XmppMessageEffect, pair: Pair): Element {
  return element(
    'message',
    { type: 'chat', id: effect.id, from: pair.contact, to: pair.user, 'xml:lang': effect.message.language },
    ...content(effect.message),
    delay(effect.message, pair),
    writeHops(effect.message),
    effect.mute === undefined ? element('active', { xmlns: NS.chatStates }) : undefined,
    effect.receipt === undefined ? undefined : element('request', { xmlns: NS.receipts }),
  );
}

/** To the resource that asked for it (XEP-0184 section 5.3); never with a request of its own. */
export function writeReceipt(effect: XmppReceiptEffect, pair: Pair): Element {
  const to = addressOf(effect, pair);
  return element('message', { type: 'chat', id: effect.id, from: pair.contact, to }, element('received', { xmlns: NS.receipts, id: effect.received }));
}

/** A chat state alone is not kept anywhere (IM-27). */
export function writeChatState(effect: XmppChatStateEffect, pair: Pair): Element {
  return element(
    'message',
    { type: 'chat', id: effect.id, from: pair.contact, to: pair.user },
    effect.thread === undefined ? undefined : element('thread', {}, effect.thread),
    element(effect.chatState, { xmlns: NS.chatStates }),
    element('no-store', { xmlns: NS.hints }),
  );
}

/** The user's own message as an error: original id and body, to the resource that sent it (IM-11). */
export function writeBounce(effect: XmppBounceEffect, pair: Pair): Element {
  return element(
    'message',
    { type: 'error', id: effect.id, from: pair.contact, to: addressOf(effect, pair), 'xml:lang': effect.message.language },
    ...content(effect.message),
    errorElement(effect.fault),
  );
}

function addressOf({ resource }: { readonly resource?: string }, pair: Pair): string {
  return resource === undefined ? pair.user : `${pair.user}/${resource}`;
}

function content(message: TextMessage): readonly (Element | undefined)[] {
  const { subject, text, thread } = message;
  return [
    subject === undefined ? undefined : element('subject', {}, subject),
    element('body', {}, text),
    thread === undefined ? undefined : element('thread', {}, thread),
  ];
}

/** XEP-0203: the text was written when it says, not now. */
function delay({ sent }: TextMessage, pair: Pair): Element | undefined {
  return sent === undefined ? undefined : element('delay', { xmlns: NS.delay, from: pair.contact, stamp: sent });
}
