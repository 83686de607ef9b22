import { createHash, randomUUID } from 'node:crypto';

import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Mailbox } from '../../../scenarios/support/mailbox';
import { LOOPBACK } from '../../../scenarios/support/ports';
import { XmlStream } from '../../../scenarios/support/xml-stream';
import type { PartitionedServer } from '../../../scenarios/support/xmpp-server';

/** What a component must know of a server. */
type ComponentPlace = Pick<PartitionedServer, 'domain' | 'component' | 'secret' | 'componentPort' | 'otherComponentPort'>;

export const PARTITION_NS = 'urn:isthmus:partition:0';
/** Longer than any test: the answering of pings ends with the stream, not with a deadline. */
const NEVER_MS = 3_600_000;

export interface ConnectOptions {
  /** Stream header's `to`; the server's component if not given. */
  readonly component?: string;
  readonly secret?: string;
  /** Told to the plug-in after the handshake; without it the connection stays unnamed. */
  readonly worker?: string;
  /** Asks for numbers, and reports when the test says so. */
  readonly acknowledge?: boolean;
  /** Says at once that it is not ready. */
  readonly ready?: false;
  /** Default true. */
  readonly answersPings?: boolean;
  /** Attribute `to` of the handshake element, which nobody should send. */
  readonly handshakeTo?: string;
}

const header = (component: string): string =>
  `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${component}'>`;

const isPing = (element: Element): boolean => element.is('iq') && element.getChild('ping', PARTITION_NS) !== undefined;

interface RawComponentStream {
  readonly stream: XmlStream;
  /** Sends the handshake, without waiting for the answer. */
  authenticate(): void;
}

/** Opens a component stream, which has not authenticated. */
export async function openRawComponentStream(server: ComponentPlace, options: ConnectOptions = {}): Promise<RawComponentStream> {
  const component = options.component ?? server.component;
  const port = component === server.component ? server.componentPort : server.otherComponentPort;
  const stream = new XmlStream(options.worker ?? component, { host: LOOPBACK, port }, header(component));
  const { id } = (await stream.opened).attrs;
  const authenticate = (): void => {
    const digest = createHash('sha1').update(`${String(id)}${options.secret ?? server.secret}`).digest('hex');
    stream.send(xml('handshake', options.handshakeTo === undefined ? {} : { to: options.handshakeTo }, digest));
  };
  return { stream, authenticate };
}

/** Opens a component stream and sends the handshake, without waiting for the answer. */
export async function openComponentStream(server: ComponentPlace, options: ConnectOptions = {}): Promise<XmlStream> {
  const { stream, authenticate } = await openRawComponentStream(server, options);
  authenticate();
  return stream;
}

/** One connection of the gateway: a component stream that answers the plug-in's pings and may send anything. */
export class Worker {
  /** Pings of the plug-in that were answered. */
  private readonly pings = new Mailbox<Element>('answered pings', String);

  private constructor(
    private readonly server: ComponentPlace,
    readonly stream: XmlStream,
    /** What the plug-in was told; empty for an unnamed connection. */
    readonly name: string,
  ) {}

  static async connect(server: ComponentPlace, options: ConnectOptions = {}): Promise<Worker> {
    const stream = await openComponentStream(server, options);
    await stream.take('answer to the handshake', (element) => element.is('handshake'));
    const worker = new Worker(server, stream, options.worker ?? '');
    if (options.answersPings !== false) void worker.answerPings();
    if (options.worker !== undefined) await worker.announce(options);
    return worker;
  }

  /** Tells the plug-in the worker's name and what else it says of itself; resolves with what the plug-in answers to that. */
  async announce({ acknowledge, ready }: Pick<ConnectOptions, 'acknowledge' | 'ready'> = {}): Promise<Element | undefined> {
    const attrs = { name: this.name, ...(acknowledge && { acknowledge: 'true' }), ...(ready === false && { ready: 'false' }) };
    const answer = await this.tell('set', xml('worker', { xmlns: PARTITION_NS, ...attrs }));
    return answer.getChild('worker', PARTITION_NS);
  }

  /** Reports this stanza, and all before it, as handled. */
  report(stanza: Element): Promise<Element> {
    return this.tell('set', xml('handled', { xmlns: PARTITION_NS, upto: String(numberOf(stanza)) }));
  }

  send(stanza: Element): void {
    this.stream.send(stanza);
  }

  sendChat(from: string, to: string, body: string, attrs: Readonly<Record<string, string>> = {}): void {
    this.send(xml('message', { from, to, type: 'chat', ...attrs }, xml('body', {}, body)));
  }

  /** Sends an IQ and waits for its answer, result or error. */
  ask(type: 'get' | 'set', from: string, to: string, child: Element, id: string = randomUUID()): Promise<Element> {
    this.send(xml('iq', { type, from, to, id }, child));
    return this.takeAnswer(id);
  }

  /** Asks the user domain as the component. */
  tell(type: 'get' | 'set', child: Element): Promise<Element> {
    return this.ask(type, this.server.component, this.server.domain, child);
  }

  takeAnswer(id: string): Promise<Element> {
    return this.take(`answer to iq ${id}`, ({ attrs }) => attrs['id'] === id && ['result', 'error'].includes(String(attrs['type'])));
  }

  take(what: string, wanted: (stanza: Element) => boolean, deadlineMs?: number): Promise<Element> {
    return this.stream.take(what, wanted, deadlineMs);
  }

  takeMessage(body: string): Promise<Element> {
    return this.take(`message "${body}"`, (stanza) => stanza.is('message') && stanza.getChildText('body') === body);
  }

  /** @param type absent for available */
  takePresence(from: string, to: string, type?: string): Promise<Element> {
    const wanted = ({ name, attrs }: Element): boolean =>
      name === 'presence' && attrs['from'] === from && attrs['to'] === to && attrs['type'] === type;
    return this.take(`presence ${type ?? 'available'} from ${from} to ${to}`, wanted);
  }

  /** Claims the next ping of the plug-in; its answer is on the way. */
  takePing(wanted: (ping: Element) => boolean = () => true): Promise<Element> {
    return this.pings.take({ what: 'ping', wanted });
  }

  /** Bodies of the messages that have arrived and were not claimed. */
  get unclaimedBodies(): string[] {
    return this.stream.elements.unclaimed.flatMap((stanza) => stanza.getChildText('body') ?? []);
  }

  /** Waits until the server has handled everything this connection has sent: it answers in order. */
  async settle(): Promise<void> {
    await this.tell('get', xml('account', { xmlns: PARTITION_NS, jid: `anyone@${this.server.domain}` }));
  }

  /** Answers a question by an empty result. */
  answer({ attrs }: Element): void {
    this.send(xml('iq', { type: 'result', id: attrs['id'], from: attrs['to'], to: attrs['from'] }));
  }

  private async answerPings(): Promise<void> {
    try {
      for (;;) {
        const ping = await this.take('ping', isPing, NEVER_MS);
        this.answer(ping);
        this.pings.put(ping);
      }
    } catch {
      // The stream has ended, and with it the pings.
    }
  }
}

/** The number that the plug-in has given a stanza, or undefined; only the last child counts. */
export function numberOf(stanza: Element): number | undefined {
  const last = stanza.getChildElements().at(-1);
  return last?.is('number', PARTITION_NS) === true ? Number(last.attrs['n']) : undefined;
}

/** The condition of a stanza error (RFC 6120 section 8.3.2) with its type, e.g. `auth forbidden`. */
export function stanzaError(stanza: Element): string {
  const error = stanza.getChild('error');
  const condition = error?.getChildElements().find(({ name }) => name !== 'text');
  return `${String(error?.attrs['type'])} ${String(condition?.name)}`;
}

/** The worker of a pair as the README defines it: highest SHA-1 over name and the two bare JIDs, sorted bytewise. */
export function workerOfPair(names: readonly string[], one: string, other: string): string {
  const pair = [one, other].map((jid) => Buffer.from(jid, 'utf8')).sort(Buffer.compare).map(String);
  const score = (name: string): string => createHash('sha1').update([name, ...pair].join('\0')).digest('hex');
  const [best] = [...names].sort((a, b) => (score(a) < score(b) ? 1 : -1));
  if (best === undefined) throw new Error('no workers');
  return best;
}
