import type { SipRequestIn } from '@isthmus/codec';
import type { Ticket } from '@isthmus/xmpp';
import { nameOf } from '../pairs/marks';
import { steady } from '../steady';
import type { WorkerParts } from '../worker-parts';
import type { PairWork } from './pair-work';
import { StallWatch } from './stall-watch';
import { Standstill } from './standstill';

export interface GuardOptions {
  readonly parts: Pick<WorkerParts, 'xmpp' | 'sip' | 'store' | 'log'>;
  readonly pairs: Pick<PairWork, 'cluster' | 'loop' | 'exchange'>;
  /** The worker stood still: it has too little processor, or too much to do. */
  readonly onStall: () => void;
  /** Milliseconds that pass; tests hand in their own clock. */
  readonly now?: () => number;
}

/** A worker that was killed and started again sees its former life for a lease; one that is seen for longer is another worker. */
const NAME_TAKEN_MS = 6_000;

/** Keeps from this worker what it cannot do, or must not do any more (decisions 074, 088). */
export class Guard {
  private readonly stall: StallWatch;
  private readonly standstill: Standstill;
  /** Others of our name, and since when they have been seen. */
  private namesakes: ReadonlyMap<string, number> = new Map();
  private complained = false;
  private readonly now: () => number;

  constructor(private readonly options: GuardOptions) {
    this.now = options.now ?? steady;
    const { pairs } = options;
    this.stall = new StallWatch({ onStall: (stalledMs) => this.stalled(stalledMs), now: this.now });
    this.standstill = new Standstill({ cluster: pairs.cluster, exchange: () => pairs.exchange(), onLost: () => this.drop() });
  }

  start(): void {
    this.stall.start();
    this.storeChanged();
  }

  stop(): void {
    this.stall.stop();
  }

  /** Lets a stanza that has just come in, unless the server has given it to another worker by now; in order. */
  stanza(ticket: Ticket | undefined, take: () => Promise<void>): Promise<void> {
    const takeOwn = async (): Promise<void> => (ticket?.isKnownElsewhere === true ? undefined : take());
    this.stall.look();
    return this.standstill.doubt?.then(takeOwn) ?? takeOwn();
  }

  /** The same of a SIP request. */
  request({ transaction }: SipRequestIn, take: () => void): void {
    this.stall.look();
    const { doubt } = this.standstill;
    if (doubt === undefined) return take();
    void doubt.then((dropped) => (dropped.includes(transaction.server) ? undefined : take()));
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

  private stalled(waitedMs: number): void {
    this.options.parts.log.warn({ waitedMs }, 'worker_stalled');
    this.options.onStall();
    this.standstill.noticed();
  }

  /** What stands in connections from which others are given what we leave is theirs. What is in memory may be out of date. */
  private drop(): readonly string[] {
    const { parts, pairs } = this.options;
    const why = 'the worker stood still, and others have been given its work';
    parts.log.warn({}, 'worker_links_dropped');
    pairs.loop.forget();
    parts.xmpp.renew(why);
    return parts.sip.renew(why);
  }
}
