import { randomBytes } from 'node:crypto';

import { DEFAULT_DEADLINE_MS, Mailbox } from './mailbox';
import { compose, refusalAck, transactionOf, viasBack } from './sip-compose';
import type { Content } from './sip-compose';
import { SipDialog } from './sip-dialog';
import { answerTo } from './sip-digest';
import type { Credentials } from './sip-digest';
import { SipMessage, tagOf } from './sip-message';
import type { Header } from './sip-message';
import { REASONS } from './sip-reasons';
import { SipSockets } from './sip-sockets';
import type { Flow, Hop, Transport } from './sip-sockets';
import { ClientTransactions } from './sip-transactions';

/** Requests remembered to recognise retransmissions (RFC 3261 section 17.2). */
const REMEMBERED_REQUESTS = 5_000;
const DIALOG_FORMING = ['INVITE', 'SUBSCRIBE'];
/** Requests that must have a Contact (RFC 3261 section 8.1.1.8, RFC 6665 section 8.1.2: without it some refuse a NOTIFY). */
const WITH_CONTACT = [...DIALOG_FORMING, 'NOTIFY'];

export interface RequestOptions extends Content {
  readonly from: string;
  readonly to: string;
  /** Request-URI; the URI of `to` when not given. */
  readonly uri?: string;
  readonly hop?: Hop;
  readonly deadlineMs?: number;
}

/** A request that came, the way back, and the tag that this peer puts into To. */
export interface Incoming {
  readonly message: SipMessage;
  readonly flow: Flow;
  readonly localTag: string;
}

/** A final answer with the request it belongs to. */
export interface Exchange {
  readonly request: SipMessage;
  readonly response: SipMessage;
}

export interface PeerOptions {
  /** Where requests go that name no hop of their own. */
  readonly nextHop?: Hop;
  /** Own address; default: 127.0.0.1. */
  readonly address?: string;
  /** Port to listen on, for a peer that comes back; without it a free one. */
  readonly port?: number;
  readonly name?: string;
  /** With them the challenges of a server are answered (401, 407). */
  readonly credentials?: Credentials;
}

export const token = (): string => randomBytes(8).toString('hex');

/** A scripted SIP peer on one address, UDP and TCP: the test says what it answers and what it asks. No rule of SIP stops it. */
export class SipPeer {
  nextHop: Hop | undefined;
  private readonly requests: Mailbox<Incoming>;
  private readonly known = new Map<string, Buffer | undefined>();
  private readonly asked = new ClientTransactions();
  private readonly served = new Map<string, (incoming: Incoming) => unknown>();
  private openSockets: SipSockets | undefined;

  private constructor(private readonly options: PeerOptions) {
    this.nextHop = options.nextHop;
    this.requests = new Mailbox(options.name ?? 'SIP peer', ({ message }) => message.startLine);
  }

  static async start(options: PeerOptions = {}): Promise<SipPeer> {
    const peer = new SipPeer(options);
    peer.openSockets = await SipSockets.open((bytes, flow) => peer.heard(SipMessage.parse(bytes), flow), options.port, options.address);
    return peer;
  }

  get port(): number {
    return this.sockets.port;
  }

  get address(): string {
    return `${this.sockets.address}:${this.port}`;
  }

  /** Requests that nobody has received, oldest first: what a test compares with "nothing else came". */
  get unclaimed(): readonly SipMessage[] {
    return this.requests.unclaimed.map(({ message }) => message);
  }

  contact(transport: Transport): string {
    return `<sip:${this.address};transport=${transport}>`;
  }

  /** Claims the oldest request of a method (and whatever else is wanted of it), waiting for it if need be. */
  receive(method: string, wanted: (message: SipMessage) => boolean = () => true, deadlineMs?: number): Promise<Incoming> {
    const matches = ({ message }: Incoming): boolean => message.method === method && wanted(message);
    return this.requests.take({ what: `${method} request`, wanted: matches, deadlineMs });
  }

  /** Requests of this method are handed to `answer` from now on, and reach no `receive`. */
  serve(method: string, answer: (incoming: Incoming) => unknown): void {
    this.served.set(method, answer);
  }

  /** Answers a request: Via, From, To with our tag, Call-ID, CSeq and what a dialog needs are filled in (RFC 3261 section 8.2.6). */
  async reply(incoming: Incoming, status: number, content: Content = {}): Promise<SipMessage> {
    const { message, flow, localTag } = incoming;
    const to = tagOf(message.header('To')) === undefined ? `${message.header('To')};tag=${localTag}` : message.header('To');
    const headers: Header[] = [...viasBack(message, flow), ['From', message.header('From')], ['To', to]];
    headers.push(['Call-ID', message.callId], ['CSeq', message.header('CSeq')]);
    if (DIALOG_FORMING.includes(message.method) && status > 100 && status < 300) {
      headers.push(...message.all('Record-Route').map((value): Header => ['Record-Route', value]));
      headers.push(['Contact', this.contact(flow.transport)]);
    }
    const response = compose(`SIP/2.0 ${status} ${REASONS[status] ?? 'Answer'}`, headers, content);
    const bytes = response.encode();
    if (status >= 200) this.known.set(transactionOf(message), bytes);
    await flow.send(bytes);
    return response;
  }

  /** Accepts a request that forms a dialog, and gives the dialog as this side sees it. */
  async accept(incoming: Incoming, content: Content = {}, status = 200): Promise<SipDialog> {
    const response = await this.reply(incoming, status, content);
    return SipDialog.asServer(this, incoming, response);
  }

  /** Sends a request outside any dialog and waits for the final answer; an INVITE that is refused is acknowledged. */
  async request(method: string, options: RequestOptions): Promise<Exchange> {
    const headers: Header[] = [
      ['From', `<${options.from}>;tag=${token()}`],
      ['To', `<${options.to}>`],
      ['Call-ID', token()],
      ['CSeq', `1 ${method}`],
    ];
    return this.exchange(`${method} ${options.uri ?? options.to} SIP/2.0`, headers, options);
  }

  /** Sends a request that forms a dialog; fails unless the answer is 2xx. An INVITE's dialog still wants its `ack`. */
  async open(method: string, options: RequestOptions): Promise<SipDialog> {
    const exchange = await this.request(method, options);
    if (exchange.response.status >= 300) throw new Error(`${method}: ${exchange.response.startLine}`);
    return this.dialogOf(exchange, options.hop);
  }

  /** The dialog that an accepted request of this peer has made. */
  dialogOf(exchange: Exchange, hop?: Hop): SipDialog {
    return SipDialog.asClient(this, exchange, this.hopFor(hop));
  }

  /** Completes a request (Via, Max-Forwards, Contact), sends it, and waits for the final answer. */
  async exchange(startLine: string, dialogHeaders: readonly Header[], options: Omit<RequestOptions, 'from' | 'to'>): Promise<Exchange> {
    const hop = this.hopFor(options.hop);
    const flow = await this.sockets.flow(hop);
    const request = this.complete(startLine, dialogHeaders, hop, options);
    const response = await this.asked.final(request, flow, options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    if (request.method === 'INVITE' && response.status >= 300) await flow.send(refusalAck(request, response).encode());
    const { credentials } = this.options;
    const answer = credentials === undefined ? undefined : answerTo({ request, response }, credentials);
    if (answer === undefined) return { request, response };
    const again: Header = ['CSeq', `${request.cseq.number + 1} ${request.method}`];
    const headers = dialogHeaders.map((header): Header => (header[0] === 'CSeq' ? again : header));
    return this.exchange(startLine, headers, { ...options, headers: { ...options.headers, [answer[0]]: answer[1] } });
  }

  /** Sends what has no answer (ACK). */
  async send(startLine: string, dialogHeaders: readonly Header[], hop: Hop, content: Content = {}): Promise<void> {
    const flow = await this.sockets.flow(hop);
    await flow.send(this.complete(startLine, dialogHeaders, hop, content).encode());
  }

  /** Sends any bytes at all. */
  async sendBytes(bytes: Buffer, hop?: Hop): Promise<void> {
    const flow = await this.sockets.flow(this.hopFor(hop));
    await flow.send(bytes);
  }

  /** Cuts the TCP connections and goes on listening. */
  cut(): void {
    this.sockets.cut();
  }

  async stop(): Promise<void> {
    await this.sockets.close();
    const stopped = new Error('the test stopped this peer');
    this.requests.close(stopped);
    this.asked.stop(stopped);
  }

  private get sockets(): SipSockets {
    if (this.openSockets === undefined) throw new Error('the peer has not started');
    return this.openSockets;
  }

  private hopFor(hop: Hop | undefined): Hop {
    const chosen = hop ?? this.nextHop;
    if (chosen === undefined) throw new Error('neither the request nor the peer has a next hop');
    return chosen;
  }

  private heard(message: SipMessage, flow: Flow): void {
    if (!message.isRequest) {
      this.asked.heard(message);
      return;
    }
    const transaction = transactionOf(message);
    if (this.known.has(transaction)) {
      const answer = this.known.get(transaction);
      if (answer !== undefined) flow.send(answer).catch(() => undefined); // gone meanwhile: it will ask again
      return;
    }
    this.remember(transaction);
    const incoming: Incoming = { message, flow, localTag: tagOf(message.header('To')) ?? token() };
    const answer = this.served.get(message.method);
    if (answer === undefined) this.requests.put(incoming);
    else answer(incoming);
  }

  private remember(transaction: string): void {
    this.known.set(transaction, undefined);
    const [oldest] = this.known.keys();
    if (this.known.size > REMEMBERED_REQUESTS && oldest !== undefined) this.known.delete(oldest);
  }

  private complete(startLine: string, dialogHeaders: readonly Header[], hop: Hop, content: Content): SipMessage {
    const via: Header = ['Via', `SIP/2.0/${hop.transport.toUpperCase()} ${this.address};branch=z9hG4bK${token()};rport`];
    const method = startLine.split(' ')[0] ?? '';
    const contact: Header[] = WITH_CONTACT.includes(method) ? [['Contact', this.contact(hop.transport)]] : [];
    return compose(startLine, [via, ['Max-Forwards', '70'], ...dialogHeaders, ...contact], content);
  }
}
