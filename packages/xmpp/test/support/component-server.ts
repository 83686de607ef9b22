import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Mailbox } from '../../../../scenarios/support/mailbox';
import { freePort } from '../../../../scenarios/support/ports';

const STREAM_ID = 'stream-1';
const PARTITION = 'urn:isthmus:partition:0';

/** What the server does, as a test wants it; may be changed between connections. */
export interface Behaviour {
  secret: string;
  /** A stream error in place of the handshake's answer, e.g. `conflict`. */
  streamError?: string | undefined;
  /**
   * What happens to a stanza in the user domain's own name. `open`: it is let through and nothing comes back; `answered`:
   * it is let through and the answer comes back here; `strict`: no plug-in, XEP-0114's own check.
   */
  guard: 'closed' | 'open' | 'answered' | 'strict';
  /** Does the plug-in answer its IQs? */
  plugin: boolean;
  /** Does it keep what is not reported (docs/partition-protocol.md)? Numbers are the test's to write. */
  acknowledges?: boolean | undefined;
  /** What its answer to an announcement says of stanzas given to others. */
  moved?: number | undefined;
  /** Leave reports without an answer. */
  keepsReports?: boolean | undefined;
  /** Answer reports with an error. */
  refusesReports?: boolean | undefined;
  /** Ignore pings: a server that is connected and dead. */
  silent?: boolean | undefined;
  /** Written in the same segment as the answer to the handshake. */
  afterHandshake?: string | undefined;
}

/** One connection of the component, seen from the server. */
export class ServerConnection {
  readonly stanzas = new Mailbox<Element>('the component', (stanza) => stanza.toString());
  readonly closed: Promise<void>;
  private handshaken = false;

  constructor(
    readonly socket: Socket,
    private readonly behaviour: Behaviour,
    private readonly userDomain: string,
  ) {
    const parser = new xml.Parser();
    parser.on('start', () => this.write(`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='${STREAM_ID}' from='x'>`));
    parser.on('element', (element: Element) => this.take(element));
    parser.on('end', () => socket.end('</stream:stream>'));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => parser.write(text));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  private take(element: Element): void {
    if (!this.handshaken) {
      this.shakeHands(element);
      return;
    }
    this.stanzas.put(element);
    if (element.attrs['from'] === this.userDomain) this.guard(element);
    else if (element.name === 'iq') this.answer(element);
  }

  private shakeHands(element: Element): void {
    const digest = createHash('sha1').update(`${STREAM_ID}${this.behaviour.secret}`, 'utf8').digest('hex');
    const refusal = element.text() === digest ? this.behaviour.streamError : 'not-authorized';
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    this.handshaken = true;
    this.write(`<handshake/>${this.behaviour.afterHandshake ?? ''}`);
  }

  private fail(condition: string): void {
    const error = `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`;
    this.socket.end(error);
  }

  private guard(stanza: Element): void {
    if (this.behaviour.guard === 'strict') this.fail('invalid-from');
    if (this.behaviour.guard === 'answered') this.reply(stanza, 'result', undefined);
    if (this.behaviour.guard === 'closed') this.reply(stanza, 'error', stanzaError('auth', 'forbidden'));
  }

  private answer(iq: Element): void {
    const [child] = iq.getChildElements();
    if (child === undefined || this.behaviour.silent) return;
    if (child.attrs['xmlns'] !== PARTITION || !this.behaviour.plugin) {
      this.reply(iq, 'error', stanzaError('cancel', 'service-unavailable'));
      return;
    }
    const { jid } = child.attrs;
    if (child.name === 'handled' && this.behaviour.keepsReports) return;
    if (child.name === 'handled' && this.behaviour.refusesReports) return this.reply(iq, 'error', stanzaError('wait', 'internal-server-error'));
    if (child.name === 'worker' && this.behaviour.acknowledges) {
      const { moved } = this.behaviour;
      return this.reply(iq, 'result', xml('worker', { xmlns: PARTITION, acknowledge: 'true', ...(moved !== undefined && { moved: String(moved) }) }));
    }
    this.reply(iq, 'result', child.name === 'account' ? xml('account', { xmlns: PARTITION, jid, local: 'false', online: 'false' }) : undefined);
  }

  private reply(iq: Element, type: 'result' | 'error', child: Element | undefined): void {
    const { id, from, to } = iq.attrs;
    this.write(xml('iq', { type, id, from: to, to: from }, ...(child === undefined ? [] : [child])).toString());
  }
}

export function stanzaError(type: string, condition: string): Element {
  return xml('error', { type }, xml(condition, { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' }));
}

/** A small XEP-0114 server with the partition plug-in's side of the conversation. */
export class ComponentServer {
  readonly connections = new Mailbox<ServerConnection>('the component server', () => 'connection');
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly behaviour: Behaviour,
  ) {}

  static async start(behaviour: Behaviour, userDomain: string, wished?: number): Promise<ComponentServer> {
    const port = wished ?? (await freePort()); // nobody else takes it while this server is away
    const server = createServer();
    const started = new ComponentServer(server, behaviour);
    server.on('connection', (socket) => {
      started.sockets.add(socket);
      socket.on('close', () => started.sockets.delete(socket));
      started.connections.put(new ServerConnection(socket, behaviour, userDomain));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Claims the next connection. */
  connection(): Promise<ServerConnection> {
    return this.connections.take({ what: 'connection', wanted: () => true });
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
