import type { SipHeaders, SipRequestOut, SipResult } from '@isthmus/codec';

import type { Connection } from './connection';
import type { CancelDeadline, Deadlines } from './deadlines';
import type { RequestListener } from './exchanges';
import type { SipLinkLog } from './log';
import { readResponse, writeCancel, writeInDialog, writeRequest } from './messages';
import type { Via } from './messages';
import type { ResponseText } from './sip-text';

/** A provisional response (1xx) to a request of ours. */
export type OnProvisional = (status: number, reason: string) => void;

export interface ClientTransactionContext {
  readonly connection: Connection;
  readonly via: Via;
  readonly deadlines: Deadlines;
  readonly log: SipLinkLog;
}

/** What the server says when it does not know the dialog (drachtio.md section 2.3). */
const DIALOG_LOST = /unable to find (?:dialog|active leg)/i;
const nothing = (): void => undefined;

/** One request of ours: exactly one result, by the far side, the server, the deadline or the loss of the link. */
export class ClientTransaction implements RequestListener {
  private transactionId: string | undefined;
  private sentHeaders: SipHeaders = {};
  private forget: () => void = nothing;
  private cancelDeadline: CancelDeadline = nothing;
  private over = false;

  constructor(
    private readonly out: SipRequestOut,
    private readonly context: ClientTransactionContext,
    private readonly onProvisional: OnProvisional | undefined,
    private readonly done: (result: SipResult, transaction: ClientTransaction) => void,
  ) {}

  start(): void {
    this.cancelDeadline = this.context.deadlines.set(this.out.timeoutMs, () => this.late());
    try {
      this.forget = this.context.connection.request(writeRequest(this.out), this);
    } catch (error) {
      this.notSent(error instanceof Error ? error.message : String(error));
    }
  }

  /** The link broke: nobody can know what became of the request. */
  lost(): void {
    this.finish({ is: 'timeout', linkLost: true });
  }

  sent(headers: SipHeaders, transactionId: string): void {
    this.sentHeaders = headers;
    this.transactionId = transactionId;
    if (this.over) this.giveUp();
  }

  notSent(why: string): void {
    const noDialog = this.out.stackId !== undefined && DIALOG_LOST.test(why);
    this.finish(noDialog ? { is: 'no-dialog' } : { is: 'unsent', why });
  }

  response(response: ResponseText, stackId: string | undefined): void {
    if (response.status < 200) {
      if (!this.over) this.provisional(response.status, response.reason);
      return;
    }
    if (this.isInvite && response.status < 300) this.acknowledge(stackId);
    this.finish(readResponse(response, this.sentHeaders, stackId, this.context.via));
  }

  private get isInvite(): boolean {
    return this.out.method === 'INVITE';
  }

  /** What the caller's listener throws must not reach the connection. */
  private provisional(status: number, reason: string): void {
    try {
      this.onProvisional?.(status, reason);
    } catch (error) {
      this.context.log.error({ server: this.context.via.server, callId: this.out.headers['call-id'], error }, 'sip_provisional_handle_failed');
    }
  }

  /** RFC 3261 section 13.2.2.4; and an answer after our deadline leaves a session that nobody wants: BYE. */
  private acknowledge(stackId: string | undefined): void {
    if (!stackId) return;
    this.attempt('sip_ack_failed', writeInDialog('ACK', stackId));
    if (this.over) this.attempt('sip_late_bye_failed', writeInDialog('BYE', stackId));
  }

  /** An INVITE is listened to on: a 2xx that comes all the same must be acknowledged and ended. */
  private late(): void {
    this.finish({ is: 'timeout' });
    if (!this.isInvite) this.forget();
    else if (this.transactionId !== undefined) this.giveUp();
  }

  /** An INVITE without an answer is taken back (RFC 3261 section 9.1); the server waits for a provisional answer first. */
  private giveUp(): void {
    const { transactionId } = this;
    if (this.isInvite && transactionId !== undefined) this.attempt('sip_cancel_failed', writeCancel(transactionId, this.out.uri));
  }

  private attempt(event: string, message: string): void {
    const failed = (why: unknown): void =>
      this.context.log.warn({ server: this.context.via.server, callId: this.out.headers['call-id'], why: String(why) }, event);
    try {
      this.context.connection.tell(message, (why) => {
        if (why !== undefined) failed(why);
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
