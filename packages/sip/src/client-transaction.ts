import type { SipRequestOut, SipResult } from '@isthmus/codec';

import type { Connection } from './connection';
import type { CancelDeadline, Deadlines } from './deadlines';
import type { DrachtioReply, DrachtioRequest, DrachtioResponse, RequestOptions, SendAck, Sent } from './drachtio';
import { readHeaders } from './headers';
import type { SipLinkLog } from './log';
import { readResponse, writeRequest } from './messages';
import type { Via } from './messages';

/** A provisional response (1xx) to a request of ours. */
export type OnProvisional = (status: number, reason: string) => void;

export interface ClientTransactionContext {
  readonly connection: Connection;
  readonly via: Via;
  readonly deadlines: Deadlines;
  readonly log: SipLinkLog;
  /** An UPDATE of the far side in the early dialog of our INVITE: the library would leave it without an answer. */
  readonly onUpdate: (request: DrachtioRequest, reply: DrachtioReply) => void;
}

/** What the server says when it does not know the dialog (drachtio.md section 2.3). */
const DIALOG_LOST = /unable to find (?:dialog|active leg)/i;
const PLACEHOLDER = 'sip:placeholder';

/** The URI of a Contact, as far as a BYE needs it. */
const readTarget = (contact: string | undefined): string | undefined => /<([^<>\s]+)>/.exec(contact ?? '')?.[1];

/** One request of ours: exactly one result, by the far side, the server, the deadline or the loss of the link. */
export class ClientTransaction {
  private request: DrachtioRequest | undefined;
  private cancelDeadline: CancelDeadline = () => undefined;
  private over = false;
  private readonly startedAt = performance.now();
  /** A provisional answer has come: the request has arrived. */
  private heard = false;

  constructor(
    private readonly out: SipRequestOut,
    private readonly context: ClientTransactionContext,
    private readonly onProvisional: OnProvisional | undefined,
    private readonly done: (result: SipResult, transaction: ClientTransaction) => void,
  ) {}

  /** Sends the request, by callback: the response may be read in the same turn as the API reply (DR-1). */
  start(): void {
    const { timeoutMs, silenceMs = timeoutMs } = this.out;
    this.cancelDeadline = this.context.deadlines.set(Math.min(silenceMs, timeoutMs), () => this.late());
    const sent: Sent = (error, request) => {
      if (error) this.notSent(error.message);
      else this.sent(request);
    };
    try {
      this.context.connection.request(this.out.uri, writeRequest(this.out), sent);
    } catch (error) {
      this.notSent(error instanceof Error ? error.message : String(error));
    }
  }

  /** The link broke: nobody can know what became of the request. */
  lost(): void {
    this.finish({ is: 'timeout', linkLost: true });
  }

  private get isInvite(): boolean {
    return this.out.method === 'INVITE';
  }

  private sent(request: DrachtioRequest): void {
    this.request = request;
    request.on('response', (response, ack) => this.answered(request, response, ack));
    request.on('update', this.context.onUpdate);
    if (this.over) this.giveUp();
  }

  private notSent(why: string): void {
    const noDialog = this.out.stackId !== undefined && DIALOG_LOST.test(why);
    this.finish(noDialog ? { is: 'no-dialog' } : { is: 'unsent', why });
  }

  private answered(request: DrachtioRequest, response: DrachtioResponse, ack: SendAck): void {
    const { status, reason = '' } = response;
    if (status < 200) {
      if (!this.over) this.provisional(status, reason);
      return;
    }
    if (this.isInvite && status < 300) this.acknowledge(request, response, ack);
    this.finish(readResponse(response, request, this.context.via));
  }

  /** From the first provisional answer on only the deadline of the request itself counts. */
  private waitOn(): void {
    const { timeoutMs, silenceMs = timeoutMs } = this.out;
    if (!this.heard && silenceMs < timeoutMs) {
      this.cancelDeadline();
      this.cancelDeadline = this.context.deadlines.set(timeoutMs - (performance.now() - this.startedAt), () => this.late());
    }
    this.heard = true;
  }

  /** What the caller's listener throws must not reach the library: it would cost the connection. */
  private provisional(status: number, reason: string): void {
    this.waitOn();
    try {
      this.onProvisional?.(status, reason);
    } catch (error) {
      this.context.log.error({ server: this.context.via.server, callId: this.out.headers['call-id'], error }, 'sip_provisional_handle_failed');
    }
  }

  /** RFC 3261 section 13.2.2.4; and an answer after our deadline leaves a session that nobody wants: BYE. */
  private acknowledge(request: DrachtioRequest, response: DrachtioResponse, ack: SendAck): void {
    request.uri = PLACEHOLDER; // the library would repeat the INVITE's URI; the ACK goes to the remote target
    this.attempt('sip_ack_failed', (done) => ack({}, done));
    if (this.over) this.end(request, response);
  }

  /**
   * Where the request may have been sent to another next hop meanwhile, the server's id names the session that came about
   * there: the one that nobody wants is ended by hand.
   */
  private end(request: DrachtioRequest, response: DrachtioResponse): void {
    const { stackDialogId } = response;
    const target = readTarget(response.msg.headers['contact']);
    if (!stackDialogId) return;
    if (this.out.silenceMs === undefined || target === undefined) return this.bye(PLACEHOLDER, { method: 'BYE', headers: {}, stackDialogId });
    const { proxy } = this.out;
    const { from = '', 'call-id': callId = '', cseq = '' } = readHeaders(request.msg.headers);
    const { to = '' } = readHeaders(response.msg.headers);
    const headers = { from, to, 'call-id': callId, cseq: `${Number.parseInt(cseq, 10) + 1} BYE` };
    this.bye(target, { method: 'BYE', headers, ...(proxy !== undefined && { proxy }) });
  }

  private bye(uri: string, options: RequestOptions): void {
    this.attempt('sip_late_bye_failed', (done) => this.context.connection.request(uri, options, done));
  }

  private late(): void {
    this.finish({ is: 'timeout', ...(this.heard && { heard: true as const }) });
    if (this.request !== undefined) this.giveUp();
  }

  /** An INVITE without an answer is taken back (RFC 3261 section 9.1); the server waits for a provisional answer first. */
  private giveUp(): void {
    const { request } = this;
    if (this.isInvite && request !== undefined) this.attempt('sip_cancel_failed', (done) => request.cancel(done));
  }

  private attempt(event: string, act: (done: (error: Error | string | null | undefined) => void) => void): void {
    const failed = (error: unknown): void =>
      this.context.log.warn({ server: this.context.via.server, callId: this.out.headers['call-id'], why: String(error) }, event);
    try {
      act((error) => {
        if (error) failed(error);
      });
    } catch (error) {
      failed(error);
    }
  }

  private finish(result: SipResult): void {
    if (this.over) return;
    this.over = true;
    this.cancelDeadline();
    this.done(result, this);
  }
}
