import { connect, type Socket } from 'node:net';
import { Parser, type Element } from '@xmpp/xml';
import type { Ledger } from './ledger';

const RECONNECT_MS = 200;
const SM = 'urn:xmpp:sm:3';

export interface XmppSenderOptions {
  readonly user: string;
  readonly domain: string;
  readonly port: number;
  readonly ledger: Ledger;
  /** Address of the server; default: 127.0.0.1. */
  readonly host?: string;
  readonly eyes?: Eyes;
}

/** What he sees besides texts. Contacts are bare addresses. */
export interface Eyes {
  presence(contact: string, state: Shown): void;
  /** Does the contact type? */
  typing(contact: string, composing: boolean): void;
  /** His stream is lost: he sees nobody until he is told again. */
  blind(): void;
}

export type Shown = 'available' | 'away' | 'dnd' | 'offline';

const CHAT_STATES = 'http://jabber.org/protocol/chatstates';

/**
 * An XMPP user who knows what his server has taken: XEP-0198 acknowledgements without resumption. What the server had not
 * acknowledged when the stream broke never left his hands, unless it shows up later. He comes back by himself.
 */
export class XmppSender {
  private socket: Socket | undefined;
  /** Ids of texts that the server has not acknowledged, oldest first. */
  private unacknowledged: string[] = [];
  private handled = 0;
  private acknowledged = 0;
  private ready = false;
  private stopped = false;
  private waiting: (() => void)[] = [];
  private state: Exclude<Shown, 'offline'> = 'available';

  constructor(private readonly options: XmppSenderOptions) {
    this.open();
  }

  /** Resolves when he is signed in. */
  online(): Promise<void> {
    return this.ready ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  get isOnline(): boolean {
    return this.ready;
  }

  /** Writes one text; false when he is not signed in. */
  say(to: string, id: string): boolean {
    return this.write(`<message to='${to}' type='chat' id='${id}'><body>${id}</body><active xmlns='${CHAT_STATES}'/></message>`, id);
  }

  /** Tells that he types, or that he has stopped. */
  types(to: string, composing: boolean): void {
    this.write(`<message to='${to}' type='chat'><${composing ? 'composing' : 'paused'} xmlns='${CHAT_STATES}'/></message>`);
  }

  /** Shows this state to all who may see him; also after he has come back. */
  shows(state: Exclude<Shown, 'offline'>): void {
    this.state = state;
    this.write(this.presence);
  }

  /** Wants to see a contact. */
  watches(contact: string): void {
    this.write(`<presence to='${contact}' type='subscribe'/>`);
  }

  stop(): void {
    this.stopped = true;
    this.socket?.end('</stream:stream>');
  }

  private open(): void {
    const { host = '127.0.0.1', port } = this.options;
    const socket = connect({ host, port, noDelay: true });
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('error', () => undefined); // told by `close`
    socket.on('connect', () => this.header());
    socket.on('close', () => this.lost());
    this.listen(socket);
  }

  private listen(socket: Socket): void {
    const parser = new Parser();
    parser.on('error', () => socket.destroy());
    parser.on('element', (element: Element) => this.take(element, socket));
    socket.removeAllListeners('data');
    socket.on('data', (text: string) => parser.write(text));
  }

  private header(): void {
    this.socket?.write(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${this.options.domain}' version='1.0'>`);
  }

  private lost(): void {
    this.ready = false;
    for (const id of this.unacknowledged) this.options.ledger.forget(id);
    this.unacknowledged = [];
    this.options.eyes?.blind();
    if (!this.stopped) setTimeout(() => this.open(), RECONNECT_MS);
  }

  private take(element: Element, socket: Socket): void {
    if (element.is('message')) return this.message(element);
    if (element.is('r')) return void socket.write(`<a xmlns='${SM}' h='${this.handled}'/>`);
    if (element.is('a')) return this.acknowledge(Number(element.attrs['h']));
    if (element.is('presence') || element.is('iq')) this.handled += 1;
    if (element.is('presence')) return this.see(element);
    if (element.name === 'stream:features') this.signIn(element, socket);
    else if (element.is('success')) {
      this.listen(socket);
      this.header();
    } else if (element.is('iq') && element.attrs['id'] === 'bind') socket.write(`<enable xmlns='${SM}'/>`);
    else if (element.is('enabled')) this.begin();
  }

  private signIn(features: Element, socket: Socket): void {
    const { user } = this.options;
    if (features.getChild('mechanisms') !== undefined) {
      const plain = Buffer.from(`\0${user}\0${user}`).toString('base64');
      socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`);
    } else socket.write(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>chaos</resource></bind></iq>`);
  }

  private begin(): void {
    this.handled = 0;
    this.acknowledged = 0;
    this.ready = true;
    this.write(`<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>`);
    this.write(this.presence);
    for (const wake of this.waiting.splice(0)) wake();
  }

  private acknowledge(total: number): void {
    this.unacknowledged.splice(0, total - this.acknowledged);
    this.acknowledged = total;
  }

  private message(element: Element): void {
    this.handled += 1;
    const { ledger } = this.options;
    const id = String(element.attrs['id'] ?? '');
    if (element.attrs['type'] === 'error') return ledger.returned(id);
    const body = element.getChildText('body');
    if (body !== null && body !== undefined) ledger.arrived(body);
    const contact = bareOf(element);
    if (body !== null || element.getChild('composing', CHAT_STATES) === undefined) this.options.eyes?.typing(contact, false);
    else this.options.eyes?.typing(contact, true);
  }

  /** A contact's state, or one who wants to see him: everybody may. */
  private see(element: Element): void {
    const contact = bareOf(element);
    const type = element.attrs['type'];
    if (type === 'subscribe') this.write(`<presence to='${contact}' type='subscribed'/>`);
    else if (type === undefined) this.options.eyes?.presence(contact, (element.getChildText('show') ?? 'available') as Shown);
    else if (type === 'unavailable') this.options.eyes?.presence(contact, 'offline');
  }

  private get presence(): string {
    return this.state === 'available' ? '<presence/>' : `<presence><show>${this.state}</show></presence>`;
  }

  /** Writes a stanza; all of them are acknowledged, only texts have an account. False when he is not signed in. */
  private write(stanza: string, id = ''): boolean {
    if (!this.ready || this.socket === undefined) return false;
    this.unacknowledged.push(id);
    this.socket.write(`${stanza}<r xmlns='${SM}'/>`);
    return true;
  }
}

const bareOf = (element: Element): string => String(element.attrs['from'] ?? '').split('/')[0] ?? '';
