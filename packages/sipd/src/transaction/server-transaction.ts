/**
 * Server transactions: RFC 3261 sections 17.2.1 (INVITE) and 17.2.2 (others), with the Accepted state of RFC 6026.
 *
 *                  INVITE                                     others
 *   proceeding --2xx--> accepted --L, ACK--> terminated     proceeding --final--> terminated
 *   proceeding --3xx+-> completed --ACK--> confirmed --I--> terminated
 *                       completed --H--> terminated
 *
 * The state Completed of the others is `AnsweredRequests`.
 */
import { randomUUID } from 'node:crypto';
import type { Essentials } from '../message/essentials';
import type { Headers } from '../message/headers';
import { MAGIC_COOKIE } from '../message/via';
import type { TimerValues } from '../options';
import type { Flow } from '../transport/flow';
import type { Timer, TimerQueue } from './timer-queue';

export type ServerState = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

/** What a transaction needs from its surroundings. */
export interface TransactionContext {
  readonly timers: TimerQueue;
  readonly values: TimerValues;
}

/**
 * The matching key of RFC 3261 section 17.2.3: branch, sent-by and method; for a Via without the magic cookie, or
 * with nothing behind it, the rules of RFC 2543 (Request-URI, tags, Call-ID, CSeq, Via). ACK and CANCEL find their INVITE when `method` is given as INVITE.
 */
export function serverKey(method: string, uri: string, essentials: Essentials): string {
  const { via } = essentials;
  const name = method === 'ACK' || method === 'CANCEL' ? 'INVITE' : method;
  if (via.branch?.startsWith(MAGIC_COOKIE) === true && via.branch !== MAGIC_COOKIE) return `${via.branch} ${via.sentBy} ${name}`;
  const { callId, cseq, fromTag, toTag, topVia } = essentials;
  // The To tag of an ACK is ours and the INVITE had none, so it cannot be part of the key of those two.
  const to = name === 'INVITE' ? '' : (toTag ?? '');
  return `${name} ${uri} ${callId} ${cseq} ${fromTag ?? ''} ${to} ${topVia}`;
}

/** What a server transaction keeps of its request. */
export interface ServedRequest {
  /** See {@link serverKey}. */
  readonly key: string;
  readonly method: string;
  readonly headers: Headers;
  readonly essentials: Essentials;
  /** By which the request came. */
  readonly flow: Flow;
  /** By which its answers go; the same but for UDP without `rport`. */
  readonly answers: Flow;
}

/** One request from the network that waits for, or has had, its answer. */
export class ServerTransaction<Owner> {
  readonly id = randomUUID();
  state: ServerState = 'proceeding';
  /** To tag of our answers; made at the first answer that needs one. */
  toTag: string | undefined;
  private concluded = false;
  private lastResponse: Buffer | undefined;
  private timer: Timer | undefined;
  private retransmitTimer: Timer | undefined;

  readonly key: string;
  readonly method: string;
  readonly headers: Headers;
  readonly essentials: Essentials;
  readonly flow: Flow;
  readonly answers: Flow;

  /**
   * @param owner the client that was handed the request
   * @param dialogId of the dialog in which the request came; empty out of dialog
   * @param ended called once when the transaction can be forgotten
   */
  constructor(
    private readonly context: TransactionContext,
    request: ServedRequest,
    readonly owner: Owner,
    readonly dialogId: string,
    private readonly ended: (transaction: ServerTransaction<Owner>) => void,
  ) {
    this.key = request.key;
    this.method = request.method;
    this.headers = request.headers;
    this.essentials = request.essentials;
    this.flow = request.flow;
    this.answers = request.answers;
    this.toTag = request.essentials.toTag;
    // An application that never answers: state is dropped without an answer (drachtio.md section 4.2).
    this.timer = context.timers.set(2 * context.values.t1x64, () => this.terminate());
  }

  /** Whether this is an INVITE that was dropped, or is still waiting, without a final answer. */
  get unanswered(): boolean {
    return this.method === 'INVITE' && !this.concluded;
  }

  /** Sends an answer; false when it comes too late or the flow is gone. */
  respond(status: number, bytes: Buffer): boolean {
    if (this.state !== 'proceeding') return false;
    if (!this.answers.send(bytes)) {
      this.terminate();
      return false;
    }
    this.lastResponse = bytes;
    if (status >= 200) this.conclude(status, bytes);
    return true;
  }

  /** May the request still come again, and want this answer once more? (An INVITE sees to that itself.) */
  get mayComeAgain(): boolean {
    return this.method !== 'INVITE' && this.concluded && !this.answers.reliable;
  }

  /** The request has come again: the last answer is repeated (section 17.2), except a 2xx to INVITE (RFC 6026). */
  repeat(): void {
    if (this.lastResponse === undefined) return;
    if (this.state === 'proceeding' || this.state === 'completed') this.answers.send(this.lastResponse);
  }

  /** The ACK of an error answer to INVITE has come. */
  acknowledge(): void {
    if (this.state !== 'completed' || this.method !== 'INVITE') return;
    this.state = 'confirmed';
    this.clear();
    // Timer I: zero on a reliable transport.
    if (this.answers.reliable) this.terminate();
    else this.timer = this.context.timers.set(this.context.values.t4, () => this.terminate());
  }

  /** The ACK of a 2xx has come: on a reliable transport no repetition of the INVITE is left to absorb. */
  confirm(): void {
    if (this.state === 'accepted' && this.answers.reliable) this.terminate();
  }

  terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.clear();
    this.lastResponse = undefined;
    this.ended(this);
  }

  private conclude(status: number, bytes: Buffer): void {
    const { t1, t1x64 } = this.context.values;
    this.concluded = true;
    this.clear();
    if (this.method !== 'INVITE') {
      this.terminate();
      return;
    }
    this.state = status < 300 ? 'accepted' : 'completed';
    this.timer = this.context.timers.set(t1x64, () => this.terminate());
    if (this.state === 'completed' && !this.answers.reliable) this.retransmit(bytes, t1);
  }

  /** Timer G. */
  private retransmit(bytes: Buffer, delay: number): void {
    this.retransmitTimer = this.context.timers.set(delay, () => {
      this.answers.send(bytes);
      this.retransmit(bytes, Math.min(2 * delay, this.context.values.t2));
    });
  }

  private clear(): void {
    this.context.timers.clear(this.timer);
    this.context.timers.clear(this.retransmitTimer);
  }
}
