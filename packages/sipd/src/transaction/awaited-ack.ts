import type { Flow } from '../transport/flow';
import type { TransactionContext } from './server-transaction';
import type { Timer } from './timer-queue';

/**
 * A 2xx to INVITE that waits for its ACK (RFC 3261 section 13.3.1.4): repeated at T1, 2*T1, ... T2 on an unreliable
 * transport; when no ACK comes within 64*T1, `expired` is called, which must stop it.
 */
export class AwaitedAck {
  private retransmitTimer: Timer | undefined;
  private readonly timer: Timer;

  constructor(
    private readonly context: TransactionContext,
    private readonly flow: Flow,
    private readonly response: Buffer,
    /** CSeq number of the INVITE, and so of its ACK. */
    readonly cseq: number,
    expired: () => void,
  ) {
    this.timer = context.timers.set(context.values.t1x64, expired);
    if (!flow.reliable) this.repeat(context.values.t1);
  }

  stop(): void {
    this.context.timers.clear(this.timer);
    this.context.timers.clear(this.retransmitTimer);
  }

  private repeat(delay: number): void {
    this.retransmitTimer = this.context.timers.set(delay, () => {
      this.flow.send(this.response);
      this.repeat(Math.min(2 * delay, this.context.values.t2));
    });
  }
}
