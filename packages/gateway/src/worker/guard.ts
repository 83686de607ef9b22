import type { SipRequestIn } from '@isthmus/codec';
import type { Ticket } from '@isthmus/xmpp';
import { nameOf } from '../pairs/marks';
import { steady } from '../steady';
import type { WorkerParts } from '../worker-parts';
import type { PairWork } from './pair-work';
import { StallWatch } from './stall-watch';

export interface GuardOptions {
  readonly parts: Pick<WorkerParts, 'xmpp' | 'sip' | 'store' | 'log'>;
  readonly pairs: Pick<PairWork, 'cluster' | 'loop' | 'exchange'>;
  /** Milliseconds that pass; tests hand in their own clock. */
  readonly now?: () => number;
}

/** A worker that was killed and started again sees its former life for a lease; one that is seen for longer is another worker. */
const NAME_TAKEN_MS = 6_000;

/** Keeps from this worker what it cannot do, or must not do any more (decision 074). */
export class Guard {
  private readonly stall: StallWatch;
  /** The SIP servers whose connections have just been dropped. */
  private dropped: readonly string[] = [];
  /** Others of our name, and since when they have been seen. */
  private namesakes: ReadonlyMap<string, number> = new Map();
  private complained = false;
  private readonly now: () => number;

  constructor(private readonly options: GuardOptions) {
    this.now = options.now ?? steady;
    this.stall = new StallWatch({ onStall: (stalledMs) => this.stalled(stalledMs), now: this.now });
  }

  start(): void {
    this.stall.start();
    this.storeChanged();
  }

  stop(): void {
    this.stall.stop();
  }

  /** Is a stanza that has just come for this worker, or has the server given it to another one by now? */
  mayTake(ticket: Ticket | undefined): boolean {
    this.stall.look();
    return ticket?.isKnownElsewhere !== true;
  }

  /** The same of a SIP request. */
  mayAnswer({ transaction }: SipRequestIn): boolean {
    this.dropped = [];
    this.stall.look();
    return !this.dropped.includes(transaction.server);
  }

  /**
   * Without its store a worker can do nothing: others are given what comes, as long as there are any. SIP servers know no last choice, and
   * the only worker has to say itself that it cannot serve.
   */
  storeChanged(): void {
    const { xmpp, sip, store } = this.options.parts;
    const isReady = store.state.is === 'ready';
    xmpp.setReady(isReady);
    sip.setReady(isReady || this.options.pairs.cluster.isAlone);
  }

  /** The other instances, at each beat: a worker's name must be its own, or the servers give everything to one of the two. */
  others(instances: readonly string[]): void {
    const { parts, pairs } = this.options;
    const { instance } = pairs.cluster;
    const at = this.now();
    const same = instances.filter((each) => nameOf(each) === nameOf(instance));
    this.namesakes = new Map(same.map((each) => [each, this.namesakes.get(each) ?? at]));
    const isTaken = [...this.namesakes.values()].some((since) => at - since >= NAME_TAKEN_MS);
    if (isTaken && !this.complained) parts.log.error({ instance }, 'worker_name_taken');
    this.complained = isTaken;
  }

  /** What stands in connections from which others are given what we leave is theirs. What is in memory may be out of date. */
  private stalled(waitedMs: number): void {
    const { parts, pairs } = this.options;
    parts.log.warn({ waitedMs }, 'worker_stalled');
    pairs.loop.forget();
    if (!pairs.cluster.isAlone) {
      const why = `the worker stood still for ${waitedMs} ms`;
      parts.xmpp.renew(why);
      this.dropped = parts.sip.renew(why);
    }
    pairs.exchange();
  }
}
