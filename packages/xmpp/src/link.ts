import type { Element } from '@xmpp/xml';

import { Changes } from './changes';
import type { XmppLinkChange } from './changes';
import { Confirmations } from './confirmations';
import { Connector } from './connector';
import { toError, XmppLinkError } from './errors';
import type { StanzaHandler } from './inbox';
import { Intake } from './intake';
import { DEFAULTS } from './options';
import type { Settings, XmppLinkOptions } from './options';
import { drainRequest, errorCondition, heartbeat } from './partition';

/**
 * - `connecting`: not online; the link connects, tests, or waits for its next attempt
 * - `draining`: online, but the server gives no new stanzas to this connection any more
 * - `failed`: given up, since waiting does not help
 */
export type XmppLinkStatus = 'stopped' | 'connecting' | 'online' | 'draining' | 'failed';

interface FirstTime {
  readonly resolve: () => void;
  readonly reject: (error: XmppLinkError) => void;
}

/** A worker's connection to the XMPP server as an XEP-0114 component; it comes back by itself. */
export class XmppLink {
  private readonly settings: Settings;
  private readonly connector: Connector;
  private readonly intake: Intake;
  private readonly confirmations: Confirmations;
  private readonly changes: Changes;
  private current: XmppLinkStatus = 'stopped';
  private firstTime: FirstTime | undefined;
  private leaving = false;
  private stopped: Promise<void> | undefined;

  constructor(options: XmppLinkOptions) {
    this.settings = { ...DEFAULTS, ...options };
    this.changes = new Changes(this.settings.log);
    this.intake = new Intake(this.settings, () => this.connector);
    this.connector = new Connector(this.settings, {
      onElement: (element) => this.intake.take(element),
      onMoved: (n) => this.intake.moved(n),
      onUp: () => this.cameUp(),
      onLost: (why, wasUp) => this.wentDown(why, wasUp),
      onFailed: (error) => this.failed(error),
    });
    const onLate = (): void => this.settings.log.warn({ waitedMs: this.settings.timeoutMs }, 'xmpp_confirmation_late');
    this.confirmations = new Confirmations(() => this.connector.ask(heartbeat(this.settings), this.settings.timeoutMs), undefined, onLate);
  }

  get status(): XmppLinkStatus {
    return this.current;
  }

  /** Can stanzas be sent now? */
  get online(): boolean {
    return this.current === 'online' || this.current === 'draining';
  }

  /** Sets the one handler of stanzas that are not answers to `request`. Stanzas come in the server's order. */
  onStanza(handler: StanzaHandler): void {
    this.intake.onStanza(handler);
  }

  /** Tells every change to come. What a listener throws is logged, and the others and the link go on. */
  onChange(listener: (change: XmppLinkChange) => void): void {
    this.changes.listen(listener);
  }

  /**
   * Connects, and keeps connecting. Resolves when online for the first time; rejects with `refused` when the server does
   * not let this component in, with `stopped` after `stop`. To be called once.
   */
  start(): Promise<void> {
    if (this.firstTime !== undefined) return Promise.reject(new Error('the XMPP link was started before'));
    return new Promise((resolve, reject) => {
      this.firstTime = { resolve, reject };
      this.current = 'connecting';
      this.connector.start();
    });
  }

  /**
   * Sends one stanza, which must have `from` and `to` (XEP-0114). Resolves when the socket has taken it, so awaiting it
   * is back-pressure. Rejects with `offline`, `queue-full`, `unsendable`; or the socket's error.
   */
  async send(stanza: Element): Promise<void> {
    const { from, to } = stanza.attrs;
    if (typeof from !== 'string' || typeof to !== 'string') {
      throw new XmppLinkError('unsendable', `a ${stanza.name} of a component needs from and to`);
    }
    this.mustBeOnline();
    await this.connector.write(stanza);
  }

  /**
   * As `send`, but resolves only when the server has handled the stanza: what it had not read when it went away was not
   * handed over (promise 1). A server that is slow is waited for; one that is silent loses the connection by its heartbeat.
   * After a rejection with `disconnected` nobody knows whether it was handled.
   */
  async deliver(stanza: Element): Promise<void> {
    const handled = this.confirmations.all();
    handled.catch(() => undefined); // of no interest where the stanza could not be sent
    await this.send(stanza);
    await handled;
  }

  /**
   * Sends a copy of an IQ get or set under an id of its own and resolves with the answer, result or error, of the address
   * it went to. Rejects as `send` does, and with `timeout`, `disconnected`, `stopped`.
   */
  async request(iq: Element, timeoutMs: number): Promise<Element> {
    this.mustBeOnline();
    return this.connector.ask(iq, timeoutMs);
  }

  /**
   * Can this worker do what it is given? Where it cannot (its store is away, it is overloaded), the plug-in gives new stanzas,
   * and those that are not reported as handled, to workers that can, as long as there is one. Counts until it is called again,
   * also on connections to come. Nothing happens in subdomain mode and with an older plug-in.
   */
  setReady(ready: boolean): void {
    this.connector.setReady(ready);
  }

  /** Does the server keep what it hands over until that is reported as handled? Then nothing is lost with a connection. */
  get acknowledges(): boolean {
    return this.online && this.connector.announcer.announced.acknowledges;
  }

  /**
   * Drops the connection and what stands in it, where the server gives that to another worker, and makes a new one: this worker stood
   * still, and may have been taken for dead. Elsewhere what stands in the connection would be lost, and it stays.
   */
  renew(why: string): void {
    if (this.acknowledges) this.connector.renew(why);
  }

  /** Asks for no more new stanzas (XD-10). From then on a lost connection is not made again. Never rejects. */
  async drain(): Promise<void> {
    this.leaving = true;
    this.connector.leave();
    if (this.current === 'online') await this.askForNoMore();
  }

  private async askForNoMore(): Promise<void> {
    this.current = 'draining';
    if (this.settings.mode === 'subdomain') return;
    try {
      const answer = await this.connector.ask(drainRequest(this.settings), this.settings.timeoutMs);
      const refused = errorCondition(answer);
      if (refused !== undefined) throw new Error(`the server answered ${refused}`);
    } catch (error) {
      this.settings.log.warn({ why: toError(error).message }, 'xmpp_drain_failed');
    }
  }

  /** Drains, lets the handler finish, ends the stream. Nothing can be sent afterwards. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    await this.drain();
    await this.intake.finish(this.settings.stopTimeoutMs);
    const reason = new XmppLinkError('stopped', 'the XMPP link was stopped');
    this.current = 'stopped';
    this.firstTime?.reject(reason);
    await this.connector.stop(reason);
  }

  private mustBeOnline(): void {
    if (!this.online) throw new XmppLinkError('offline', 'the XMPP server is not connected; nothing was sent');
  }

  private cameUp(): void {
    if (this.current === 'connecting') this.current = 'online';
    this.changes.tell({ is: 'up' });
    this.intake.begin();
    if (this.leaving && this.current === 'online') void this.askForNoMore(); // it was on its way when we took leave
    this.firstTime?.resolve();
  }

  private wentDown(why: string, wasUp: boolean): void {
    this.intake.end();
    if (this.current !== 'stopped') this.current = 'connecting';
    this.confirmations.lost(new XmppLinkError('disconnected', why));
    if (wasUp) this.changes.tell({ is: 'down', why });
  }

  private failed(error: XmppLinkError): void {
    this.current = 'failed';
    this.firstTime?.reject(error);
    this.changes.tell({ is: 'failed', why: error.message });
  }
}

export function createXmppLink(options: XmppLinkOptions): XmppLink {
  return new XmppLink(options);
}
