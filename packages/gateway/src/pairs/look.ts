import { isRequest, step, type Effect, type EngineEvent, type PairRecord, type XmppMessageEffect } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import type { Changed } from './batch';
import type { ContextOf } from './loop';
import { lostOutcome } from './lost';
import type { EffectRunner, Fence } from './runner';
import { handOf, holds, NOBODY, type StoredPair } from './stored';

/** Who has what in hand, and who can do it. */
export interface DueCluster extends Fence {
  /** Does this instance (worker name, start and life) still live? */
  isAlive(instance: string): boolean;
  /** Was it alive, and is it known to have died? */
  isDead(instance: string): boolean;
  /** Is it a life of this process, the present or an earlier one? */
  isOwn(instance: string): boolean;
  /** Has another one a link to the XMPP server? */
  othersReachXmpp(): boolean;
}

export interface LookOptions {
  readonly runner: EffectRunner;
  readonly contextOf: ContextOf;
  readonly cluster: DueCluster;
  /** Has this worker a link to the XMPP server? Without one it gives its stanzas up to one that has. */
  readonly reachesXmpp: () => boolean;
  readonly now: () => number;
  readonly newTrace: () => string;
  /** A text for the XMPP user is taken over from another instance, which may have handed it over without saying so. */
  readonly onTakenOver?: (pair: Pair, text: XmppMessageEffect) => void;
}

/** Is what this instance has in hand nobody's any more? */
export type IsLost = (instance: string) => boolean;

/** What is to be done with a pair that is looked at: which of its undone effects are for this worker to do. */
export class Look {
  constructor(private readonly options: LookOptions) {}

  /** Could stanzas that wait here be handed over elsewhere? */
  mustGiveUp(): boolean {
    const { reachesXmpp, cluster } = this.options;
    return !reachesXmpp() && cluster.othersReachXmpp();
  }

  /** In the open, by a commit: a link that comes back in the same moment hands nothing over that another one has taken. */
  giveUp(pair: Pair, record: PairRecord, stored: StoredPair | undefined): Changed | undefined {
    if (stored === undefined) return undefined;
    const { runner, cluster } = this.options;
    const isOurs = (effect: Effect): boolean => holds(stored, effect) && handOf(stored, effect) === cluster.instance && runner.isParked(pair, effect);
    const givenUp = record.effects.filter((effect) => effect.do.startsWith('xmpp.') && isOurs(effect));
    return givenUp.length === 0 ? undefined : { record: { ...record }, start: [], givenUp };
  }

  change(pair: Pair, record: PairRecord, stored: StoredPair | undefined, isLost: IsLost): Changed | undefined {
    const { contextOf, now, newTrace, cluster } = this.options;
    if (stored === undefined || !cluster.holdsLease()) return undefined; // who lives is not known any more
    const ours = record.effects.filter((effect) => this.isOurs(stored, effect, isLost));
    this.noteTakenOver(pair, stored, ours);
    const events = [...this.lost(pair, stored, ours), { on: 'timer', at: now(), trace: newTrace() } as const];
    let next = record;
    for (const event of events) next = step(next, event, contextOf(pair)).record;
    const start = next.effects.filter((effect) => ours.includes(effect) || !record.effects.includes(effect));
    // A new object, so that the commit sets a new due time: the claim has moved the old one.
    return { record: next === record ? { ...record } : next, start };
  }

  private noteTakenOver(pair: Pair, stored: StoredPair, ours: readonly Effect[]): void {
    for (const effect of ours) {
      const hand = handOf(stored, effect);
      if (effect.do === 'xmpp.message' && hand !== NOBODY && !this.options.cluster.isOwn(hand)) this.options.onTakenOver?.(pair, effect);
    }
  }

  /**
   * Is it for us to do what is left of this effect? What an earlier event of the same turn has just added is left to that
   * event, and what another live instance has in hand to that instance. What an earlier life of ours had in hand is ours
   * again when nobody has taken it.
   */
  private isOurs(stored: StoredPair, effect: Effect, isLost: IsLost): boolean {
    if (!holds(stored, effect)) return false;
    const hand = handOf(stored, effect);
    if (hand === NOBODY) return this.options.reachesXmpp();
    return this.options.cluster.isOwn(hand) || isLost(hand);
  }

  /** Requests of which nobody will ever hear: those of a dead instance, or of ours that are not running. */
  private lost(pair: Pair, stored: StoredPair, ours: readonly Effect[]): EngineEvent[] {
    const { cluster, runner, now } = this.options;
    return ours
      .filter(isRequest)
      .filter((effect) => !cluster.isOwn(handOf(stored, effect)) || (!runner.isRunning(pair, effect) && !runner.isParked(pair, effect)))
      .map((effect) => lostOutcome(effect, now()));
  }
}
