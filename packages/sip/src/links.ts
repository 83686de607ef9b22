import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { SipAnswerOut, SipRequestIn, SipRequestOut, SipResult } from '@isthmus/codec';

import type { OnProvisional } from './client-transaction';
import { Deadlines } from './deadlines';
import { checkServers, readSettings } from './options';
import type { Settings, SipLinksOptions, SipServer } from './options';
import { ServerLink } from './server-link';
import type { AnswerResult } from './server-link';

export type SipRequestHandler = (request: SipRequestIn) => void | Promise<void>;

/** `owner` names the connection: dialogs that it owned are no longer delivered to anybody once it is down. */
export type SipLinkChange =
  | { readonly is: 'up'; readonly server: string; readonly owner: string }
  | { readonly is: 'down'; readonly server: string; readonly owner: string; readonly why: string };

export interface SipServerState {
  readonly name: string;
  readonly up: boolean;
  /** Where it takes SIP, e.g. `tcp/192.0.2.1:5060`; empty while it is not connected. */
  readonly addresses: readonly string[];
  /** Why it is not up, once an attempt has failed. */
  readonly why?: string;
  /** Requests of ours that wait for an answer. */
  readonly inFlight: number;
  /** Requests of the far side that wait for ours. */
  readonly open: number;
  /** How many the handler has left without an answer so far; they got 500. */
  readonly unanswered: number;
  /** How many found no room so far; they got 503. */
  readonly refused: number;
}

/** A worker's links to all drachtio servers. */
export class SipLinks {
  private readonly settings: Settings;
  private readonly newLink: (server: SipServer) => ServerLink;
  private links: readonly ServerLink[];
  /** Links that are being ended because their server is no longer in the configuration. */
  private readonly leaving = new Map<ServerLink, Promise<void>>();
  private started = false;
  private ready = true;
  private readonly listeners: ((change: SipLinkChange) => void)[] = [];
  private handler: SipRequestHandler | undefined;
  private next = 0;
  private stopped: Promise<void> | undefined;

  constructor(options: SipLinksOptions) {
    this.settings = readSettings(options);
    const deadlines = new Deadlines();
    const incarnation = randomBytes(6).toString('hex');
    let generation = 0;
    this.newLink = (server) => {
      generation += 1;
      return new ServerLink(server, this.settings, deadlines, `${incarnation}${generation === 1 ? '' : `.${generation}`}`, {
        onUp: (owner) => this.tell({ is: 'up', server: server.name, owner }),
        onDown: (owner, why) => this.tell({ is: 'down', server: server.name, owner, why }),
        onRequest: (request) => this.handle(request),
      });
    };
    this.links = this.settings.servers.map(this.newLink);
  }

  /** Sets the one handler of requests of the far side, ACK and CANCEL included. Each other one must be answered. */
  onRequest(handler: SipRequestHandler): void {
    this.handler = handler;
  }

  /** Tells every change to come. What a listener throws is logged, and the others and the link go on. */
  onChange(listener: (change: SipLinkChange) => void): void {
    this.listeners.push(listener);
  }

  /** Starts to connect, and to keep connecting; `onChange` tells the rest. */
  start(): void {
    this.started = true;
    for (const link of this.links) link.start();
  }

  /**
   * Other servers: new ones are connected to, those that are gone are left as by `stop`, and one whose place, secret or TLS has changed is
   * both. @throws Error when they cannot be used; nothing is changed then
   */
  replaceServers(servers: readonly SipServer[]): void {
    if (this.stopped !== undefined) return;
    checkServers(servers, this.settings.workerName);
    const kept = this.links.filter(({ server }) => servers.some((each) => isDeepStrictEqual(each, server)));
    const left = this.links.filter((link) => !kept.includes(link));
    this.links = servers.map((server) => kept.find((link) => link.server.name === server.name) ?? this.begin(server));
    for (const link of left) this.end(link);
  }

  private begin(server: SipServer): ServerLink {
    const link = this.newLink(server);
    link.setReady(this.ready);
    if (this.started) link.start();
    return link;
  }

  private end(link: ServerLink): void {
    const ended = link.stop().finally(() => this.leaving.delete(link));
    this.leaving.set(link, ended);
  }

  /** Owner names of the connections that are up. */
  connections(): readonly string[] {
    return this.links.flatMap(({ live }) => (live === undefined ? [] : [live.owner]));
  }

  /** State of every configured server. */
  servers(): readonly SipServerState[] {
    return this.links.map((link) => ({ name: link.server.name, up: link.live !== undefined, addresses: link.live?.connection.addresses ?? [], ...(link.trouble !== undefined && { why: link.trouble }), ...link.counts }));
  }

  /** Name of a server that is connected, each in its turn; undefined when none is. */
  pick(): string | undefined {
    return this.pickLink()?.server.name;
  }

  /**
   * Sends a request and waits for its final answer. Never rejects. The ACK of a 2xx to INVITE is sent; an INVITE that
   * passes its deadline is cancelled, and a 2xx that comes all the same is ended by BYE.
   */
  async request(out: SipRequestOut, onProvisional?: OnProvisional): Promise<SipResult> {
    const link = out.server === undefined ? this.pickLink() : this.find(out.server);
    if (link !== undefined) return link.request(out, onProvisional);
    return { is: 'unsent', why: out.server === undefined ? 'no SIP server is connected' : `no SIP server is named ${out.server}` };
  }

  /** Answers a request of the far side, by its transaction alone. Never rejects. */
  async answer(out: SipAnswerOut): Promise<AnswerResult> {
    const link = this.find(out.transaction.server);
    return link?.answer(out) ?? { ok: false, why: `no SIP server is named ${out.transaction.server}` };
  }

  /** Takes no new requests; those of dialogs still come, and requests and answers can be sent (DR-3). */
  drain(): void {
    for (const link of this.links) link.leave();
  }

  /**
   * Whether the servers shall give new requests to this worker; at first they do. While it is false, those of dialogs still come where
   * no anchor hands them to another worker, and requests and answers can be sent.
   */
  setReady(ready: boolean): void {
    this.ready = ready;
    for (const link of this.links) link.setReady(ready);
  }

  /**
   * Drops the connections to anchors and what stands in them, and makes new ones: this worker stood still, and what it had not answered
   * goes to another one. A plain drachtio server gives it to nobody else, and its connection stays. Returns the names of the servers.
   */
  renew(why: string): readonly string[] {
    return this.links.filter((link) => link.renew(why)).map(({ server }) => server.name);
  }

  /** Drains, waits for answers to open requests, disconnects. */
  stop(): Promise<void> {
    this.stopped ??= Promise.all([...this.links.map((link) => link.stop()), ...this.leaving.values()]).then(() => undefined);
    return this.stopped;
  }

  private handle(request: SipRequestIn): void | Promise<void> {
    if (this.handler !== undefined) return this.handler(request);
    throw new Error('nobody handles SIP requests: set a handler before the start');
  }

  private find(name: string): ServerLink | undefined {
    const named = (link: ServerLink): boolean => link.server.name === name;
    return this.links.find(named) ?? [...this.leaving.keys()].find(named);
  }

  private pickLink(): ServerLink | undefined {
    const up = this.links.filter(({ live }) => live !== undefined);
    this.next = (this.next + 1) % Math.max(1, up.length);
    return up[this.next];
  }

  private tell(change: SipLinkChange): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.settings.log.error({ server: change.server, error }, 'sip_change_handle_failed');
      }
    }
  }
}

/** @throws Error when a setting is wrong; the message says which */
export function createSipLinks(options: SipLinksOptions): SipLinks {
  return new SipLinks(options);
}
