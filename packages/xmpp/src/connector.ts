import type { Element } from '@xmpp/xml';

import { Announcer } from './announcer';
import { DEFAULT_RECONNECT, pauseMs } from './backoff';
import type { ReconnectPolicy } from './backoff';
import { toError, XmppLinkError } from './errors';
import { explain, explainSelfTest } from './explain';
import { Heartbeat } from './heartbeat';
import type { Settings } from './options';
import { PendingIqs } from './pending-iqs';
import { selfTest } from './self-test';
import { ComponentStream } from './stream';

export interface ConnectorEvents {
  /** Each element that is not the answer to a question; may come before `onUp`. */
  readonly onElement: (element: Element) => void;
  /** Connected, authenticated, tested. */
  readonly onUp: () => void;
  /** The connection, or an attempt to make one, has failed. `wasUp` tells which. */
  readonly onLost: (why: string, wasUp: boolean) => void;
  /** The server has given to others what it had handed over here up to this number. */
  readonly onMoved: (n: number) => void;
  /** Given up. Follows `onLost`. */
  readonly onFailed: (error: XmppLinkError) => void;
}

/** Keeps one stream to the XMPP server: makes it, tests it, notices its death, makes the next one. */
export class Connector {
  private readonly policy: ReconnectPolicy;
  private readonly pending = new PendingIqs();
  private readonly heartbeat: Heartbeat;
  readonly announcer: Announcer;
  private stream: ComponentStream | undefined;
  private up = false;
  private failures = 0;
  private lastComplaint: string | undefined;
  private retry: NodeJS.Timeout | undefined;
  private leaving = false;

  constructor(
    private readonly settings: Settings,
    private readonly events: ConnectorEvents,
  ) {
    this.policy = { ...DEFAULT_RECONNECT, ...settings.reconnect };
    this.announcer = new Announcer({ settings, ask: (iq, timeoutMs) => this.ask(iq, timeoutMs), onMoved: (n) => events.onMoved(n) });
    this.heartbeat = new Heartbeat({
      ...settings,
      ask: (iq, timeoutMs) => this.ask(iq, timeoutMs),
      onSilence: (why) => this.stream?.destroy(why),
    });
  }

  start(): void {
    void this.attempt();
  }

  /** A connection that is lost from now on is not made again. */
  leave(): void {
    this.leaving = true;
    clearTimeout(this.retry);
  }

  async stop(reason: XmppLinkError): Promise<void> {
    this.leave();
    this.up = false;
    this.heartbeat.stop();
    this.pending.failAll(reason);
    const { stream } = this;
    this.stream = undefined;
    await stream?.close();
  }

  /** Is this worker to be chosen (see `XmppLink.setReady`)? */
  setReady(ready: boolean): void {
    this.announcer.setReady(ready, this.up);
  }

  /** Drops the connection at once, with all that stands in it, and makes the next one. */
  renew(why: string): void {
    const { stream } = this;
    if (stream === undefined || !this.up) return;
    const reason = new Error(why);
    stream.destroy(reason);
    this.lost(stream, reason);
  }

  setReading(reading: boolean): void {
    this.heartbeat.setReading(reading);
    this.stream?.setReading(reading);
  }

  /** Writes on the stream as it is, up or still being tested. */
  async write(stanza: Element): Promise<void> {
    if (this.stream === undefined) throw new XmppLinkError('offline', 'the XMPP server is not connected; nothing was sent');
    await this.stream.send(stanza);
  }

  async ask(iq: Element, timeoutMs: number): Promise<Element> {
    return this.pending.ask(iq, timeoutMs, (copy) => this.write(copy));
  }

  private async attempt(): Promise<void> {
    let closed: Error | undefined;
    const stream: ComponentStream = new ComponentStream({
      ...this.settings,
      onElement: (element) => this.take(stream, element),
      onClosed: (reason) => {
        closed = reason;
        this.closed(stream, reason);
      },
    });
    this.stream = stream;
    try {
      await stream.open();
      await this.enter();
    } catch (error) {
      this.lost(stream, closed ?? toError(error));
      return;
    }
    this.cameUp();
  }

  private cameUp(): void {
    this.failures = 0;
    this.lastComplaint = undefined;
    this.up = true;
    this.announcer.tellChange();
    this.heartbeat.start();
    this.settings.log.info({ domain: this.settings.domain, mode: this.settings.mode }, 'xmpp_link_up');
    this.events.onUp();
  }

  /** Between handshake and up: the worker's name, the self-test (XD-8). Throws when the link must not be used. */
  private async enter(): Promise<void> {
    const { mode, timeoutMs } = this.settings;
    this.announcer.reset();
    if (mode === 'subdomain') return;
    const ask = (iq: Element, ms: number): Promise<Element> => this.ask(iq, ms);
    const domains = this.settings.selfTest ? [this.settings.userDomain, ...this.settings.furtherDomains] : [];
    const test = async (userDomain: string): Promise<void> => {
      const verdict = await selfTest({ domain: this.settings.domain, userDomain }, ask, timeoutMs);
      if (verdict !== 'passed') throw explainSelfTest(verdict, { ...this.settings, userDomain });
    };
    const [isKnown] = await Promise.all([this.announcer.tell(), ...domains.map(test)]);
    if (!isKnown) throw explainSelfTest('plugin-missing', this.settings);
  }

  private take(stream: ComponentStream, element: Element): void {
    if (stream !== this.stream) return; // given up while its last words were on the way
    this.heartbeat.heard();
    if (!this.pending.take(element)) this.events.onElement(element);
  }

  private closed(stream: ComponentStream, reason: Error): void {
    if (stream !== this.stream) return;
    this.failPending(reason);
    if (this.up) this.lost(stream, reason);
  }

  private lost(stream: ComponentStream, error: Error): void {
    if (stream !== this.stream) return; // stopped meanwhile
    const wasUp = this.up;
    this.up = false;
    this.heartbeat.stop();
    this.failPending(error);
    const { message, final, atOnce } = explain(error, this.settings);
    this.events.onLost(message, wasUp);
    this.stream = undefined;
    void stream.close();
    if (this.leaving) return;
    this.complain(message, final);
    if (final) this.events.onFailed(new XmppLinkError('refused', message, { cause: error }));
    else this.tryAgain(wasUp && atOnce === true);
  }

  /** Nothing that comes over the next connection answers what was asked on this one. */
  private failPending(cause: Error): void {
    this.pending.failAll(new XmppLinkError('disconnected', 'the connection to the XMPP server was lost', { cause }));
  }

  /** One line per cause, not one per attempt. */
  private complain(why: string, final: boolean): void {
    const { log } = this.settings;
    if (final) log.error({ why }, 'xmpp_link_failed');
    else if (why !== this.lastComplaint) log.warn({ why }, 'xmpp_link_down');
    else log.debug({ why }, 'xmpp_link_down');
    this.lastComplaint = why;
  }

  private tryAgain(atOnce: boolean): void {
    this.failures += 1;
    const pause = atOnce ? 0 : pauseMs(this.policy, this.failures, Math.random());
    this.retry = setTimeout(() => void this.attempt(), pause);
  }
}
