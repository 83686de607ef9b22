/**
 * Client transactions: RFC 3261 sections 17.1.1 (INVITE) and 17.1.2 (others), failover of RFC 3263 section 4.3.
 *
 *   calling --1xx--> proceeding; calling, proceeding --final--> completed --D, K--> terminated
 *   calling, proceeding --2xx to INVITE--> terminated; refused, 503, timeout --> calling with the next target, if any
 */
import { randomUUID } from 'node:crypto';
import { NO_BODY, type OwnStatus, REASONS, type SipRequest, type SipResponse } from '../message/message';
import { serialise } from '../message/serialise';
import type { Endpoint, Flow, Target } from '../transport/flow';
import type { NextHop } from '../transport/transports';
import { derived, newBranch, synthetic, withVia } from './client-request';
import type { TransactionContext } from './server-transaction';
import type { Timer } from './timer-queue';

export type ClientState = 'calling' | 'proceeding' | 'completed' | 'terminated';

/** Timer C of RFC 3261 section 16.6: how long an INVITE may ring, in units of 64*T1. */
const RING_ROUNDS = 6;
/** What a client transaction reports, and what it needs. */
export interface ClientContext extends TransactionContext {
  flowTo(target: Target): Flow | undefined;
  /** The branch has changed: responses are to be matched by the new key. */
  rekeyed(transaction: ClientTransaction, oldKey: string): void;
  ended(transaction: ClientTransaction): void;
}

/** Receives every response, made by the far end or (`flow` undefined) by this server. */
export type OnResponse = (response: SipResponse, flow: Flow | undefined) => void;

/** One request of a client of ours on its way. */
export class ClientTransaction {
  readonly id = randomUUID();
  readonly method: string;
  state: ClientState = 'calling';
  branch: string;
  flow: Flow | undefined;
  private bytes = NO_BODY;
  private targets: Target[] = [];
  private timer: Timer | undefined;
  private retransmitTimer: Timer | undefined;
  private unwatch: (() => void) | undefined;
  private cancelling = false;
  private ack: Buffer | undefined;
  private heldCancel: ((flow: Flow) => void) | undefined;

  /** @param request complete but for its Via */
  constructor(
    private readonly context: ClientContext,
    private readonly request: SipRequest,
    readonly hop: NextHop,
    private readonly local: Endpoint,
    private readonly onResponse: OnResponse,
    branch = newBranch(),
  ) {
    this.method = request.method;
    this.branch = branch;
  }

  /** Key under which responses are matched (section 17.1.3). */
  get key(): string {
    return `${this.branch} ${this.method}`;
  }

  /** The request as it is sent, Via included. */
  get sent(): SipRequest {
    return withVia(this.request, this.hop.protocol, this.local, this.branch);
  }

  /** Sends to the first target; the others are kept for failover. */
  start(targets: readonly Target[], flow?: Flow): void {
    if (this.state !== 'calling') return;
    this.targets = [...targets];
    if (flow === undefined) this.tryNext();
    else this.transmit(flow);
  }

  /** No target at all: the look-up of a name has failed. */
  unresolved(): void {
    if (this.state === 'calling') this.conclude(503, 'DNS Error');
  }

  /** A response from the network that matches this transaction. */
  receive(response: SipResponse, flow: Flow): void {
    if (this.state === 'completed') {
      if (this.ack !== undefined) flow.send(this.ack);
      return;
    }
    if (this.state === 'terminated') return;
    if (response.status < 200) {
      this.provisional();
      this.onResponse(response, flow);
      return;
    }
    if (this.method === 'INVITE' && response.status >= 300) this.acknowledge(response, flow);
    if (response.status === 503 && this.targets.length > 0) {
      this.rebranch();
      return;
    }
    this.finish(response.status);
    this.onResponse(response, flow);
  }

  /** Calls `send` when a CANCEL may leave: after the first provisional answer (section 9.1). */
  whenCancellable(send: (flow: Flow) => void): void {
    if (this.state === 'proceeding' && this.flow !== undefined) send(this.flow);
    else if (this.state === 'calling') this.heldCancel = send;
  }

  /** A CANCEL has left: no other target is tried, and the answer must come within 64*T1 (section 9.1). */
  cancelled(): void {
    this.cancelling = true;
    this.targets = [];
    this.context.timers.clear(this.timer);
    this.timer = this.context.timers.set(this.context.values.t1x64, () => this.fail(408));
  }

  /** A CANCEL for this INVITE. */
  cancel(): SipRequest {
    return derived(this.request, 'CANCEL', this.request.headers.get('to') ?? '');
  }

  terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.clear();
    this.context.ended(this);
  }

  private tryNext(): void {
    const target = this.targets.shift();
    const flow = target === undefined ? undefined : this.context.flowTo(target);
    if (flow === undefined) this.fail(503);
    else this.transmit(flow);
  }

  private transmit(flow: Flow): void {
    const { t1, t1x64 } = this.context.values;
    this.flow = flow;
    this.bytes = serialise(this.sent);
    if (!flow.send(this.bytes)) {
      this.fail(503);
      return;
    }
    this.unwatch = flow.watch((why) => this.fail(503, why));
    this.timer = this.context.timers.set(t1x64, () => this.fail(408));
    if (!flow.reliable) this.retransmit(flow, t1);
  }

  /** Timers A (doubled without limit, section 17.1.1.2) and E (up to T2, section 17.1.2.2). */
  private retransmit(flow: Flow, delay: number): void {
    const { t2 } = this.context.values;
    this.retransmitTimer = this.context.timers.set(delay, () => {
      flow.send(this.bytes);
      const slow = this.state === 'proceeding' ? t2 : Math.min(2 * delay, t2);
      this.retransmit(flow, this.method === 'INVITE' ? 2 * delay : slow);
    });
  }

  private provisional(): void {
    this.state = 'proceeding';
    if (this.method === 'INVITE' && !this.cancelling) {
      const { timers, values } = this.context;
      timers.clear(this.timer);
      timers.clear(this.retransmitTimer);
      this.timer = timers.set(RING_ROUNDS * values.t1x64, () => this.fail(408));
    }
    const cancel = this.heldCancel;
    this.heldCancel = undefined;
    if (this.flow !== undefined) cancel?.(this.flow);
  }

  private acknowledge(response: SipResponse, flow: Flow): void {
    const ack = derived(this.request, 'ACK', response.headers.get('to') ?? '');
    this.ack = serialise(withVia(ack, this.hop.protocol, this.local, this.branch));
    flow.send(this.ack);
  }

  private fail(status: 408 | 503, why?: string): void {
    if (this.state === 'completed' || this.state === 'terminated') {
      this.terminate();
      return;
    }
    if (this.targets.length > 0) this.rebranch();
    else this.conclude(status, why ?? REASONS[status]);
  }

  /** The next target gets a branch of its own (RFC 3263 section 4.3). */
  private rebranch(): void {
    this.clear();
    const oldKey = this.key;
    this.state = 'calling';
    this.branch = newBranch();
    this.context.rekeyed(this, oldKey);
    this.tryNext();
  }

  private conclude(status: OwnStatus, reason: string): void {
    const response = synthetic(this.sent, status, reason);
    this.terminate();
    this.onResponse(response, undefined);
  }

  /** Timers D and K: zero on a reliable transport, where no answer comes twice. */
  private finish(status: number): void {
    const { timers, values } = this.context;
    const absorb = this.flow?.reliable === false && (this.method !== 'INVITE' || status >= 300);
    if (!absorb) {
      this.terminate();
      return;
    }
    this.clear();
    this.state = 'completed';
    this.timer = timers.set(this.method === 'INVITE' ? values.t1x64 : values.t4, () => this.terminate());
  }

  private clear(): void {
    this.context.timers.clear(this.timer);
    this.context.timers.clear(this.retransmitTimer);
    this.unwatch?.();
    this.unwatch = undefined;
  }
}
