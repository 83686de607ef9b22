import type { EngineEvent } from '@isthmus/engine';
import { CHAT_STATES, fault, type ChatState, type Pair, type TextMessage } from '@isthmus/model';
import { textToWire } from '../body/lines';
import { attributeOf, type Element } from '../xml/element';
import { cleanXmlText } from '../xml/text';
import { hasChildOf, ownText } from './children';
import { NS } from './namespaces';
import { readErrorFault } from './read-error';
import { ignore, refuse, type StanzaContext, type StanzaReading } from './reading';

/** Bounds of what is kept of a message besides its text, characters. A longer subject is cut, a longer thread or id is not used. */
const MAX_SUBJECT = 1000;
const MAX_THREAD = 1000;
const MAX_ID = 1000;

const ENCRYPTED: readonly string[] = [NS.encryption, NS.omemoLegacy, NS.omemo, NS.openpgp, NS.openpgpLegacy];

/** Messages of all types (RFC 6121 section 5.2). `resource`: that of the sender. */
export function readMessage(stanza: Element, pair: Pair, resource: string | undefined, context: StanzaContext): StanzaReading {
  const base = { at: context.at, trace: context.trace };
  const type = attributeOf(stanza, 'type');
  if (type === 'error') return event(pair, { on: 'xmpp.error', stanza: 'message', ...readErrorFault(stanza), ...base });
  if (type === 'groupchat') return refuse(fault('groupchat.unsupported'));
  if (isCarbonCopy(stanza)) return ignore('carbon copy');
  if (type === 'headline' && context.headlines !== 'carry') return ignore('headline');
  const message = readText(stanza);
  const chatState = readChatState(stanza);
  const from = resource === undefined ? {} : { resource };
  const typing = chatState === undefined ? {} : { chatState };
  if (message === undefined) return readWithoutBody(stanza, pair, { ...base, ...from }, chatState);
  if (Buffer.byteLength(textToWire(message.text)) > context.maxTextBytes) return refuse(fault('body.too-large'));
  const id = readId(stanza) ?? context.newId();
  const kind = type === 'chat' || type === 'headline' ? type : 'normal';
  return event(pair, { on: 'xmpp.message', id, type: kind, message, ...from, ...typing, ...base });
}

function event(pair: Pair, content: EngineEvent): StanzaReading {
  return { is: 'event', pair, event: content };
}

/** Encrypted without a fallback, an invitation, a chat state, or something that is not for us (ERR-5). */
function readWithoutBody(
  stanza: Element,
  pair: Pair,
  base: { readonly at: number; readonly trace: string; readonly resource?: string },
  chatState: ChatState | undefined,
): StanzaReading {
  if (isKeyTransport(stanza)) return ignore('key exchange');
  // SEC-16: the sender must not think that ciphertext has crossed.
  if (ENCRYPTED.some((namespace) => hasChildOf(stanza, namespace))) return refuse(fault('body.encrypted'));
  if (hasChildOf(stanza, NS.mucUser) || hasChildOf(stanza, NS.conference)) return refuse(fault('groupchat.unsupported'));
  if (chatState !== undefined && attributeOf(stanza, 'type') !== 'headline') {
    return event(pair, { on: 'xmpp.chat-state', chatState, ...base });
  }
  return ignore('message without a body');
}

/** XEP-0280. `private` of the same namespace is a plain message that must not be copied. */
function isCarbonCopy(stanza: Element): boolean {
  return stanza.getChild('received', NS.carbons) !== undefined || stanza.getChild('sent', NS.carbons) !== undefined;
}

/** OMEMO elements without a payload carry keys only, no text (XEP-0384). */
function isKeyTransport(stanza: Element): boolean {
  const encrypted = stanza.getChild('encrypted', NS.omemoLegacy) ?? stanza.getChild('encrypted', NS.omemo);
  return encrypted !== undefined && encrypted.getChild('payload') === undefined;
}

function readText(stanza: Element): TextMessage | undefined {
  const body = ownText(stanza, 'body');
  if (body === undefined) return undefined;
  const text = cleanXmlText(body.text);
  const subject = cleanXmlText((ownText(stanza, 'subject')?.text ?? '').slice(0, MAX_SUBJECT));
  const thread = cleanXmlText(ownText(stanza, 'thread')?.text ?? '');
  return {
    text,
    ...(subject !== '' && { subject }),
    ...(body.language !== undefined && { language: body.language }),
    ...(thread !== '' && thread.length <= MAX_THREAD && { thread }),
  };
}

function readChatState(stanza: Element): ChatState | undefined {
  return CHAT_STATES.find((state) => stanza.getChild(state, NS.chatStates) !== undefined);
}

function readId(stanza: Element): string | undefined {
  const id = attributeOf(stanza, 'id') ?? '';
  return id !== '' && id.length <= MAX_ID ? id : undefined;
}
