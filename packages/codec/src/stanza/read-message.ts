import type { EngineEvent } from '@isthmus/engine';
import { CHAT_STATES, fault, type ChatState, type Pair } from '@isthmus/model';
import { textToWire } from '../body/lines';
import { attributeOf, type Element } from '../xml/element';
import { readActivityNews } from './activity';
import { readContent } from './message-content';
import { NS } from './namespaces';
import { readErrorFault } from './read-error';
import { ignore, refuse, type StanzaContext, type StanzaReading } from './reading';

/** A longer id is not used, characters. */
const MAX_ID = 1000;

/** Messages of all types (RFC 6121 section 5.2). `resource`: that of the sender. */
export function readMessage(stanza: Element, pair: Pair, resource: string | undefined, context: StanzaContext): StanzaReading {
  const base = { at: context.at, trace: context.trace };
  const type = attributeOf(stanza, 'type');
  if (type === 'error') return event(pair, { on: 'xmpp.error', stanza: 'message', ...readErrorFault(stanza), ...base });
  if (type === 'groupchat') return refuse(fault('groupchat.unsupported'));
  if (isCarbonCopy(stanza)) return ignore('carbon copy');
  const news = type === 'headline' && resource === undefined ? readActivityNews(stanza) : undefined;
  if (news !== undefined) return event(pair, { on: 'xmpp.activity', ...news, ...base });
  if (type === 'headline' && context.headlines !== 'carry') return ignore('headline');
  const content = readContent(stanza, context);
  if (content.is === 'refuse') return refuse(content.fault);
  if (content.is === 'ignore') return ignore(content.why);
  const chatState = readChatState(stanza);
  const from = resource === undefined ? {} : { resource };
  if (content.is === 'none') return readWithoutText(stanza, pair, { ...base, ...from }, chatState);
  const { message } = content;
  if (Buffer.byteLength(textToWire(message.text)) > context.maxTextBytes) return refuse(fault('body.too-large'));
  const id = readId(stanza) ?? context.newId();
  const kind = type === 'chat' || type === 'headline' ? type : 'normal';
  const wishes = { ...(chatState !== undefined && { chatState }), ...(asksForReceipt(stanza) && { receipt: true as const }) };
  return event(pair, { on: 'xmpp.message', id, type: kind, message, ...from, ...wishes, ...base });
}

function event(pair: Pair, content: EngineEvent): StanzaReading {
  return { is: 'event', pair, event: content };
}

/** A receipt, a chat state, or something that is not for us (ERR-5). */
function readWithoutText(
  stanza: Element,
  pair: Pair,
  base: { readonly at: number; readonly trace: string; readonly resource?: string },
  chatState: ChatState | undefined,
): StanzaReading {
  const received = readReceived(stanza);
  if (received !== undefined) return event(pair, { on: 'xmpp.receipt', received, at: base.at, trace: base.trace });
  if (chatState === undefined || attributeOf(stanza, 'type') === 'headline') return ignore('message without a body');
  return event(pair, { on: 'xmpp.chat-state', chatState, ...base });
}

/** XEP-0280. `private` of the same namespace is a plain message that must not be copied. */
function isCarbonCopy(stanza: Element): boolean {
  return stanza.getChild('received', NS.carbons) !== undefined || stanza.getChild('sent', NS.carbons) !== undefined;
}

function readChatState(stanza: Element): ChatState | undefined {
  return CHAT_STATES.find((state) => stanza.getChild(state, NS.chatStates) !== undefined);
}

/** XEP-0184 section 5: only for a message whose id can be named; not in a receipt, and not for what was stored (section 8). */
function asksForReceipt(stanza: Element): boolean {
  const asks = stanza.getChild('request', NS.receipts) !== undefined && readId(stanza) !== undefined;
  return asks && stanza.getChild('received', NS.receipts) === undefined && stanza.getChild('delay', NS.delay) === undefined;
}

/** The id of the stanza that is confirmed. */
function readReceived(stanza: Element): string | undefined {
  const received = stanza.getChild('received', NS.receipts);
  const id = (received === undefined ? undefined : attributeOf(received, 'id')) ?? '';
  return id !== '' && id.length <= MAX_ID ? id : undefined;
}

function readId(stanza: Element): string | undefined {
  const id = attributeOf(stanza, 'id') ?? '';
  return id !== '' && id.length <= MAX_ID ? id : undefined;
}
