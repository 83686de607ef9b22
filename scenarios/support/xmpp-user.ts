import { randomUUID } from 'node:crypto';

import { client, xml } from '@xmpp/client';
import type { Client } from '@xmpp/client';
import type { Element } from '@xmpp/xml';

import { Mailbox } from './mailbox';
import { LOOPBACK } from './ports';

export interface XmppUserOptions {
  /** Local part of the address. */
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  readonly port: number;
  /** Address of the server; default: 127.0.0.1. */
  readonly host?: string;
  readonly resource?: string;
}

/**
 * A user of the XMPP server with a real client library. Stanzas wait in a mailbox until the test asks for them. An IQ get
 * or set of somebody else is kept too, and the library answers it by service-unavailable.
 */
export class XmppUser {
  /** Messages, presences and IQs of others; answers to own requests go to `request`. */
  readonly stanzas: Mailbox<Element>;
  private readonly asked = new Set<string>();

  private constructor(
    private readonly client: Client,
    readonly jid: string,
  ) {
    this.stanzas = new Mailbox(jid, String);
    const keep = (stanza: Element): void => {
      if (!this.asked.delete(String(stanza.attrs['id']))) this.stanzas.put(stanza);
    };
    client.once('online', () => client.on('stanza', keep));
  }

  /** Logs in; says nothing yet. Rejects when the server refuses. */
  static async connect(options: XmppUserOptions): Promise<XmppUser> {
    const { user, password, domain, port, host = LOOPBACK } = options;
    const resource = options.resource ?? 'test';
    const entity = client({ service: `xmpp://${host}:${port}`, domain, resource, username: user, password });
    const xmppUser = new XmppUser(entity, `${user}@${domain}/${resource}`);
    entity.reconnect.stop();
    entity.on('error', () => undefined); // `start` rejects, and a lost stream fails the waits
    entity.prependListener('element', forgetScram);
    entity.on('connect', () => entity.socket?.setEncoding('utf8'));
    entity.on('offline', () => xmppUser.stanzas.close(new Error('the client is offline')));
    entity.on('disconnect', () => xmppUser.stanzas.close(new Error('the stream is lost')));
    await entity.start();
    return xmppUser;
  }

  get bareJid(): string {
    return this.jid.split('/')[0] ?? this.jid;
  }

  async send(stanza: Element): Promise<void> {
    await this.client.send(stanza);
  }

  /** Sends presence: available, unless the attributes say otherwise. */
  async sendPresence(attrs: Readonly<Record<string, string>> = {}, ...children: Element[]): Promise<void> {
    await this.send(xml('presence', attrs, ...children));
  }

  async sendChat(to: string, body: string, id?: string): Promise<void> {
    await this.send(xml('message', { to, type: 'chat', ...(id === undefined ? {} : { id }) }, xml('body', {}, body)));
  }

  /** Sends an IQ get or set; resolves to the result, rejects with the stanza error. */
  request(stanza: Element): Promise<Element> {
    const id = randomUUID();
    stanza.attrs['id'] = id;
    this.asked.add(id);
    return this.client.iqCaller.request(stanza);
  }

  /** Asks for the roster (RFC 6121 section 2.2): only a resource that has done so is told of subscriptions. */
  async roster(): Promise<readonly Element[]> {
    const answer = await this.request(xml('iq', { type: 'get' }, xml('query', { xmlns: 'jabber:iq:roster' })));
    return answer.getChild('query')?.getChildElements() ?? [];
  }

  /** Claims the first stanza that matches, waiting for it if need be. */
  take(what: string, wanted: (stanza: Element) => boolean, deadlineMs?: number): Promise<Element> {
    return this.stanzas.take({ what, wanted, deadlineMs });
  }

  takeMessage(body: string, deadlineMs?: number): Promise<Element> {
    return this.take(`message "${body}"`, (stanza) => stanza.is('message') && stanza.getChildText('body') === body, deadlineMs);
  }

  /** @param type absent for available */
  takePresence(fromBareJid: string, type?: string, deadlineMs?: number): Promise<Element> {
    const wanted = (stanza: Element): boolean =>
      stanza.is('presence') && String(stanza.attrs['from']).split('/')[0] === fromBareJid && stanza.attrs['type'] === type;
    return this.take(`presence ${type ?? 'available'} from ${fromBareJid}`, wanted, deadlineMs);
  }

  async stop(): Promise<void> {
    await this.client.stop();
  }
}

/** Of the server's offers: the library (0.13) does not wait for its own SCRAM since sasl-scram-sha-1 1.4 computes it asynchronously. */
function forgetScram(element: Element): void {
  const mechanisms = element.getChild('mechanisms');
  if (mechanisms !== undefined) mechanisms.children = mechanisms.children.filter((each) => typeof each === 'string' || !each.text().startsWith('SCRAM-'));
}
