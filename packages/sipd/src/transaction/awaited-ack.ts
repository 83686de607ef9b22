import type { Flow } from '../transport/flow';
import type { TransactionContext } from './server-transaction';
import type { Timer } from './timer-queue';

/** What is needed of the transaction of the INVITE. */
export interface AcceptedInvite {
  readonly answers: Flow;
  readonly essentials: { readonly cseq: number };
  confirm(): void;
}

/**
 * A 2xx to INVITE that waits for its ACK (RFC 3261 section 13.3.1.4): repeated at T1, 2*T1, ... T2 on an unreliable
 * transport; when no ACK comes within 64*T1, `expired` is called, which must stop it.
 */
export class AwaitedAck {
  private retransmitTimer: Timer | undefined;
  private readonly timer: Timer;

  constructor(
    private readonly context: TransactionContext,
    /** The INVITE; its CSeq number is that of the ACK too. */
    readonly invite: AcceptedInvite,
    private readonly response: Buffer,
    expired: () => void,
  ) {
    this.timer = context.timers.set(context.values.t1x64, expired);
    if (!invite.answers.reliable) this.repeat(context.values.t1);
  }

  get cseq(): number {
    return this.invite.essentials.cseq;
  }

  stop(): void {
    this.context.timers.clear(this.timer);
    this.context.timers.clear(this.retransmitTimer);
  }

  private repeat(delay: number): void {
    this.retransmitTimer = this.context.timers.set(delay, () => {
      this.invite.answers.send(this.response);
      this.repeat(Math.min(2 * delay, this.context.values.t2));
    });
  }
}
