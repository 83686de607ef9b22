import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import type { XmppUser } from './xmpp-user';

const CHAT_STATES = 'http://jabber.org/protocol/chatstates';
const ACTIVITY = 'http://jabber.org/protocol/activity';
const PUBSUB = 'http://jabber.org/protocol/pubsub';

/** What a presence shows (RFC 6121 section 4.7.2.1): `offline` is type unavailable, `available` is one without `show`. */
export type Shown = 'available' | 'chat' | 'away' | 'xa' | 'dnd' | 'offline';

/** XEP-0085. */
export type ChatState = 'active' | 'composing' | 'paused' | 'inactive' | 'gone';

/** Sets the user's own state. */
export function shows(user: XmppUser, state: Shown): Promise<void> {
  if (state === 'offline') return user.sendPresence({ type: 'unavailable' });
  return state === 'available' ? user.sendPresence() : user.sendPresence({}, xml('show', {}, state));
}

/** The user's client publishes what she does (XEP-0108 example 1); without names: nothing any more. */
export function does(user: XmppUser, general?: string, specific?: string): Promise<Element> {
  const activity = general === undefined ? [] : [xml(general, {}, ...(specific === undefined ? [] : [xml(specific, {})]))];
  const item = xml('item', { id: 'current' }, xml('activity', { xmlns: ACTIVITY }, ...activity));
  return user.request(xml('iq', { type: 'set' }, xml('pubsub', { xmlns: PUBSUB }, xml('publish', { node: ACTIVITY }, item))));
}

/** The client takes back what it has published (XEP-0060 section 7.2). */
export function takesBack(user: XmppUser): Promise<Element> {
  const retract = xml('retract', { node: ACTIVITY, notify: 'true' }, xml('item', { id: 'current' }));
  return user.request(xml('iq', { type: 'set' }, xml('pubsub', { xmlns: PUBSUB }, retract)));
}

/** The user asks to see a contact. */
export const adds = (user: XmppUser, contact: string): Promise<void> => user.sendPresence({ to: contact, type: 'subscribe' });

/** The user is asked by a contact who wants to see him, and answers. */
export async function isAskedBy(user: XmppUser, contact: string, answer: 'subscribed' | 'unsubscribed'): Promise<void> {
  await user.takePresence(contact, 'subscribe');
  await user.sendPresence({ to: contact, type: answer });
}

/** The next state in which the user is shown a contact. */
export async function sees(user: XmppUser, contact: string, deadlineMs?: number): Promise<string> {
  const wanted = (stanza: Element): boolean =>
    stanza.is('presence') && bareJid(stanza.attrs['from']) === contact && shownBy(stanza) !== undefined;
  return shownBy(await user.take(`state of ${contact}`, wanted, deadlineMs)) ?? '';
}

/** What the server's roster says of a contact: none, to, from, both. Undefined: it is no contact. */
export async function subscriptionOf(user: XmppUser, contact: string): Promise<string | undefined> {
  const items = await user.roster();
  return items.find((item) => item.attrs['jid'] === contact)?.attrs['subscription'];
}

export function tellsChatState(user: XmppUser, to: string, state: ChatState): Promise<void> {
  return user.send(xml('message', { to, type: 'chat' }, xml(state, { xmlns: CHAT_STATES })));
}

/** Waits for a chat state that comes alone, without a text. */
export function isToldChatState(user: XmppUser, contact: string, state: ChatState): Promise<Element> {
  const wanted = (stanza: Element): boolean =>
    stanza.is('message') && bareJid(stanza.attrs['from']) === contact && !stanza.getChild('body') && stanza.getChild(state, CHAT_STATES) !== undefined;
  return user.take(`chat state ${state} of ${contact}`, wanted);
}

/** The texts of the contact in the order they came, as many as are asked for. */
export async function readsTexts(user: XmppUser, contact: string, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const wanted = (stanza: Element): boolean =>
      stanza.is('message') && stanza.attrs['type'] !== 'error' && bareJid(stanza.attrs['from']) === contact && Boolean(stanza.getChild('body'));
    const message = await user.take(`text ${texts.length + 1} of ${contact}`, wanted);
    texts.push(message.getChildText('body') ?? '');
  }
  return texts;
}

/** A text with the XEP-0085 state that clients with chat states put beside it. */
export function writes(user: XmppUser, to: string, text: string, id?: string): Promise<void> {
  const attributes = { to, type: 'chat', ...(id !== undefined && { id }) };
  return user.send(xml('message', attributes, xml('body', {}, text), xml('active', { xmlns: CHAT_STATES })));
}

/** Waits for the error that answers the message of that id; gives its condition (RFC 6120 section 8.3.3). */
export async function errorFor(user: XmppUser, id: string, deadlineMs?: number): Promise<string | undefined> {
  const wanted = (stanza: Element): boolean => stanza.is('message') && stanza.attrs['type'] === 'error' && stanza.attrs['id'] === id;
  const error = (await user.take(`error for ${id}`, wanted, deadlineMs)).getChild('error');
  return error?.getChildElements()[0]?.name;
}

function shownBy(presence: Element): string | undefined {
  const type = presence.attrs['type'];
  if (type === 'unavailable') return 'offline';
  return type === undefined ? (presence.getChildText('show') ?? 'available') : undefined;
}

const bareJid = (jid: unknown): string => String(jid).split('/')[0] ?? '';
