import type { SipAnswerOut, SipRequestIn, SipRequestOut, SipResult } from '@isthmus/codec';

import { ClientTransaction } from './client-transaction';
import type { OnProvisional } from './client-transaction';
import { Connector } from './connector';
import type { Live } from './connector';
import type { Deadlines } from './deadlines';
import type { DrachtioReply, DrachtioRequest, ReplyParts } from './drachtio';
import { copiedHeaders } from './headers';
import { readCancel, readRequest, UNSOLICITED, writeAnswer } from './messages';
import type { Settings, SipServer } from './options';
import { ServerTransactions } from './server-transactions';

/** Whether an answer of ours went out; `why` is for the log. */
export type AnswerResult = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface ServerLinkEvents {
  readonly onUp: (owner: string) => void;
  readonly onDown: (owner: string, why: string) => void;
  readonly onRequest: (request: SipRequestIn) => void | Promise<void>;
}

/** How long the server's word on an answer of ours may take, milliseconds (DR-4). */
const API_REPLY_MS = 5_000;
/** After which the far side may try again, seconds: for requests that this worker had no room or no time for. */
const RETRY_AFTER = '5';

/** Requests and answers over the link to one drachtio server. */
export class ServerLink {
  private readonly connector: Connector;
  private readonly open: ServerTransactions;
  private readonly inFlight = new Set<ClientTransaction>();
  private unanswered = 0;
  private refused = 0;
  private stopping = false;

  constructor(
    readonly server: SipServer,
    private readonly settings: Settings,
    private readonly deadlines: Deadlines,
    incarnation: string,
    private readonly events: ServerLinkEvents,
  ) {
    this.open = new ServerTransactions({ ...settings, deadlines, onUnanswered: (id) => this.answerUnanswered(id) });
    this.connector = new Connector(server, settings, incarnation, {
      onUp: events.onUp,
      onDown: (owner, why) => this.wentDown(owner, why),
      onRequest: (request, reply, owner) => this.take(request, reply, owner),
    });
  }

  get live(): Live | undefined {
    return this.connector.live;
  }

  get trouble(): string | undefined {
    return this.connector.trouble;
  }

  get counts(): { readonly inFlight: number; readonly open: number; readonly unanswered: number; readonly refused: number } {
    return { inFlight: this.inFlight.size, open: this.open.size, unanswered: this.unanswered, refused: this.refused };
  }

  start(): void {
    this.connector.start();
  }

  leave(): void {
    this.connector.leave();
  }

  setReady(ready: boolean): void {
    this.connector.setReady(ready);
  }

  renew(why: string): boolean {
    return this.connector.renew(why);
  }

  /**
   * Waits for open requests of the far side, answers the rest 503, ends the connection. Until then the server goes on to
   * give us requests in dialogs of this connection: texts are refused, since their session ends with the connection.
   */
  async stop(): Promise<void> {
    this.leave();
    this.stopping = true;
    await this.open.idle(this.settings.stopTimeoutMs);
    if (!this.isAnchored) await Promise.all(this.open.ids().map((id) => this.answerByItself(id, 503)));
    await this.connector.stop();
    for (const transaction of this.inFlight) transaction.lost();
  }

  /** An anchor gives us no request of a dialog while we leave, and to another worker what we do not answer. */
  private get isAnchored(): boolean {
    return this.live?.connection.identity !== undefined;
  }

  request(out: SipRequestOut, onProvisional?: OnProvisional): Promise<SipResult> {
    const { live } = this;
    if (live === undefined) return unsent(`SIP server ${this.server.name} is not connected`);
    if (this.inFlight.size >= this.settings.maxInFlight) {
      return unsent(`${this.settings.maxInFlight} requests wait for answers at SIP server ${this.server.name} already`);
    }
    return new Promise((resolve) => {
      const context = {
        connection: live.connection,
        via: { server: this.server.name, owner: live.owner },
        deadlines: this.deadlines,
        log: this.settings.log,
        onUpdate: (request: DrachtioRequest, reply: DrachtioReply): void => this.take(request, reply, live.owner),
      };
      const transaction = new ClientTransaction(out, context, onProvisional, (result, over) => {
        this.inFlight.delete(over);
        resolve(result);
      });
      this.inFlight.add(transaction);
      transaction.start();
    });
  }

  /** Answers a request by its transaction, whichever worker or connection it came by (drachtio.md section 3.2). */
  answer(out: SipAnswerOut): Promise<AnswerResult> {
    const { id } = out.transaction;
    if (id === UNSOLICITED) return Promise.resolve({ ok: true });
    const { live } = this;
    if (live === undefined) return notOk(`SIP server ${this.server.name} is not connected`);
    try {
      const { reason, ...parts } = writeAnswer(out);
      const known = this.open.replyFor(id, live.owner);
      const reply = known ?? live.connection.replyTo(id, copiedHeaders(out.headers));
      if (reply === undefined) return notOk('the connection is going down');
      const result = this.send(reply, out.status, reason, parts);
      if (out.status >= 200) this.open.close(id);
      return result;
    } catch (error) {
      return notOk(error instanceof Error ? error.message : String(error));
    }
  }

  /** Resolves with the server's word (DR-12). @throws what the library throws: nothing was sent then */
  private send(reply: DrachtioReply, status: number, reason: string | undefined, parts: ReplyParts): Promise<AnswerResult> {
    let done: (error: Error | string | null | undefined) => void = () => undefined;
    const result = new Promise<AnswerResult>((resolve) => {
      const late = (): void => resolve({ ok: false, why: `no word of the SIP server within ${API_REPLY_MS} ms` });
      const cancel = this.deadlines.set(API_REPLY_MS, late);
      done = (error) => {
        cancel();
        resolve(error ? { ok: false, why: error instanceof Error ? error.message : error } : { ok: true });
      };
    });
    if (reason === undefined) reply.send(status, parts, done);
    else reply.send(status, reason, parts, done);
    return result;
  }

  private take(request: DrachtioRequest, reply: DrachtioReply, owner: string): void {
    const via = { server: this.server.name, owner };
    const id = request.stackTxnId;
    if (request.method !== 'ACK' && id !== UNSOLICITED) {
      const refusal = this.open.isFull ? 503 : this.stopping && !this.isAnchored ? statusWhenStopping(request) : undefined;
      this.open.add(id, reply, owner, request.msg.body);
      if (refusal !== undefined) {
        this.refused += 1;
        void this.answerByItself(id, refusal);
        return;
      }
    }
    if (request.method === 'INVITE') {
      request.on('cancel', (cancel) => {
        this.open.close(id);
        this.handOver(readCancel(cancel, request, via));
      });
      request.on('update', (update, updateReply) => this.take(update, updateReply, owner));
    }
    this.handOver(readRequest(request, via));
  }

  private handOver(request: SipRequestIn): void {
    const failed = (error: unknown): void => {
      const { method, transaction, headers } = request;
      this.settings.log.error({ server: transaction.server, method, callId: headers['call-id'], error }, 'sip_handle_failed');
      if (method !== 'ACK' && method !== 'CANCEL') void this.answerByItself(transaction.id, 500);
    };
    try {
      this.events.onRequest(request)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  private answerUnanswered(id: string): void {
    this.unanswered += 1;
    this.settings.log.error({ server: this.server.name, afterMs: this.settings.answerMs }, 'sip_request_unanswered');
    void this.answerByItself(id, 500);
  }

  private async answerByItself(id: string, status: 481 | 500 | 503): Promise<void> {
    const headers = status === 503 ? { 'retry-after': RETRY_AFTER } : {};
    const result = await this.answer({ transaction: { server: this.server.name, id }, status, headers });
    this.open.close(id);
    if (!result.ok) this.settings.log.warn({ server: this.server.name, status, why: result.why }, 'sip_answer_failed');
  }

  private wentDown(owner: string, why: string): void {
    for (const transaction of this.inFlight) transaction.lost();
    this.events.onDown(owner, why);
  }
}

/**
 * 481 makes a client open a new session for its next text, which another worker takes (microsoft-observed B). A SUBSCRIBE is
 * taken to the last: a client that is refused does not ask again (A6).
 */
function statusWhenStopping({ method, stackDialogId }: DrachtioRequest): 481 | 503 | undefined {
  if (!TEXT_METHODS.has(method)) return undefined;
  return stackDialogId === undefined || stackDialogId === '' ? 503 : 481;
}

const TEXT_METHODS: ReadonlySet<string> = new Set(['INVITE', 'MESSAGE', 'INFO']);

const unsent = (why: string): Promise<SipResult> => Promise.resolve({ is: 'unsent', why });
const notOk = (why: string): Promise<AnswerResult> => Promise.resolve({ ok: false, why });
