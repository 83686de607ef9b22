import xml from '@xmpp/xml';

import { SipChat } from './sip-chat';
import { SipPerson } from './sip-person';
import { DOMAIN, World } from './world';
import type { WorldOptions } from './world';
import type { XmppUser } from './xmpp-user';

/** Tests that one cast can serve: each takes one or two pairs. */
const PAIRS = 60;
export const accounts = Array.from({ length: PAIRS }, (_, index) => `ann${index + 1}`);

export interface Couple {
  /** On the XMPP server, signed in. */
  readonly ann: XmppUser;
  /** On the far SIP server. */
  readonly bob: SipPerson;
  /** Bob's end of their chat. */
  readonly chat: SipChat;
}

/** The people of a world: a fresh pair for each test, so that no test meets what another one has left. */
export class Cast {
  private used = 0;

  private constructor(
    readonly world: World,
    private readonly dialect: 'microsoft' | 'simple',
  ) {}

  /** @param others accounts besides those of the pairs */
  static async start(options: WorldOptions, others: readonly string[] = []): Promise<Cast> {
    return new Cast(await World.start({ ...options, users: [...accounts, ...others] }), options.dialect);
  }

  /** The addresses of a fresh pair, before anybody has signed in. */
  strangers(): { readonly user: string; readonly address: string; readonly bob: SipPerson } {
    const user = accounts[this.used] ?? 'too-many-pairs';
    this.used += 1;
    const bob = new SipPerson(this.world.peer, `bob${this.used}@${DOMAIN}`);
    return { user, address: `${user}@${DOMAIN}`, bob };
  }

  /** A fresh pair that knows nothing of each other; Ann is signed in. */
  async couple(): Promise<Couple> {
    const { user, address, bob } = this.strangers();
    const chat = new SipChat(this.dialect, bob, address);
    return { ann: await this.world.signIn(user), bob, chat };
  }

  stop(): Promise<void> {
    return this.world.stop();
  }
}

/** A contact's state as the user's client shows it. */
export interface Shown {
  readonly available: boolean;
  readonly show?: string;
  readonly status?: string;
}

const isFrom = (contact: string, from: unknown): boolean => String(from).split('/')[0] === contact;

/** The next state of a contact that reaches the user; with a status: the next one with this text (a server may probe at any time). */
export async function sees(user: XmppUser, { address }: SipPerson, text?: string): Promise<Shown> {
  const stanza = await user.take(`state of ${address}`, (each) => {
    const { from, type } = each.attrs;
    const isState = each.is('presence') && isFrom(address, from) && (type === undefined || type === 'unavailable');
    return isState && (text === undefined || each.getChildText('status') === text);
  });
  const show = stanza.getChildText('show');
  const status = stanza.getChildText('status');
  return { available: stanza.attrs['type'] === undefined, ...(show !== null && { show }), ...(status !== null && { status }) };
}

/** Presence and messages of a contact that reached the user and that nobody has looked at, by kind. */
export const unclaimedFrom = (user: XmppUser, { address }: SipPerson): readonly string[] =>
  user.stanzas.unclaimed.filter((stanza) => isFrom(address, stanza.attrs['from'])).map((stanza) => `${stanza.name} ${stanza.attrs['type'] ?? ''}`.trim());

export const asksFor = (user: XmppUser, { address }: Pick<SipPerson, 'address'>): Promise<void> => user.sendPresence({ to: address, type: 'subscribe' });
export const allows = (user: XmppUser, { address }: SipPerson): Promise<void> => user.sendPresence({ to: address, type: 'subscribed' });
export const refuses = (user: XmppUser, { address }: SipPerson): Promise<void> => user.sendPresence({ to: address, type: 'unsubscribed' });

/** How the contact stands in the user's roster. */
export async function rosterState(user: XmppUser, { address }: SipPerson): Promise<string | undefined> {
  const items = await user.roster();
  return items.find((item) => item.attrs['jid'] === address)?.attrs['subscription'];
}

export const shows = (user: XmppUser, show?: string, status?: string): Promise<void> =>
  user.sendPresence({}, ...(show === undefined ? [] : [xml('show', {}, show)]), ...(status === undefined ? [] : [xml('status', {}, status)]));
