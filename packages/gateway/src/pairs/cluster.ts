import { pairOf } from '@isthmus/model';
import { joined, scoreOf } from '@isthmus/sipd';
import type { WorkerStore } from '@isthmus/store';
import { newId as randomId } from '../ids';
import { steady } from '../steady';
import { HOP_DOWN, isMark, nameOf, schemaIn, XMPP_UP } from './marks';
import { Owners, type OwnerState } from './owners';

export interface ClusterOptions {
  readonly store: WorkerStore;
  /** This process in its first life: worker name and start, `name#id`. */
  readonly instance: string;
  /** The owner names of our present connections, `XMPP_UP` or `XMPP_JOINING` while the XMPP link is up, and each dead next hop behind `HOP_DOWN`. */
  readonly connections: () => readonly string[];
  readonly ttlMs: number;
  readonly intervalMs: number;
  /** Called when connections have gone that were there before; `xmpp`: an XMPP link went with its instance. */
  readonly onGone: (lost: { readonly xmpp: boolean }) => void;
  /** Instances have died: what they had in hand is whoever's finds it. */
  readonly onDead?: () => void;
  /** The others have found this one dead: it has a new name, and nothing is in its hands. */
  readonly onFoundDead?: (before: string) => void;
  /** There is a lease: the first one, or again after it had ended as far as we could tell. */
  readonly onLeaseBack?: () => void;
  /** Which next hops each other instance finds dead, at every look. */
  readonly onHopsDown?: (view: ReadonlyMap<string, readonly string[]>) => void;
  /** All other instances, at every look. */
  readonly onOthers?: (instances: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
  /** Milliseconds that pass, whatever is done to the clock; tests hand in their own. */
  readonly now?: () => number;
  /** What tells lives apart; tests hand in their own. */
  readonly newId?: () => string;
}

/** So long may nobody be connected to an anchor until its life counts as over: workers come back to it within that time. */
export const ANCHOR_GRACE_MS = 5_000;

/** So many of the dead are remembered. Those before them are dead too, but known as such only when a pair of theirs is due. */
const REMEMBERED_DEAD = 100;

/**
 * Who else lives: each instance keeps a lease by a heartbeat that names its connections. A dialog whose owner connection
 * is in no lease has lost the socket that the far side's requests come through.
 *
 * And whether we live (decision 072): an instance that was found dead by another one never comes back. The process goes on under
 * a new name, with empty hands, since others may do by now what the old one had in hand.
 */
export class Cluster {
  private life: string;
  private readonly lives = new Set<string>();
  private view: ReadonlyMap<string, readonly string[]> = new Map();
  private readonly dead = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private stopped = false;
  /** The others have been seen. */
  private seen = false;
  /** This life has been told to the store. */
  private joined = false;
  /** Until then nobody can find us dead. */
  private validUntil = -Infinity;
  private readonly now: () => number;
  private readonly owners: Owners;

  constructor(private readonly options: ClusterOptions) {
    this.now = options.now ?? steady;
    this.owners = new Owners(ANCHOR_GRACE_MS, this.now());
    this.life = options.instance;
    this.lives.add(this.life);
  }

  /** Publishes this instance and learns of the others; rejects when the store cannot be reached. */
  async start(): Promise<void> {
    await this.exchange();
    this.schedule();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.allSettled([this.beating, this.next]); // a heartbeat that came after the farewell would bring this instance back
    await this.options.store.leave(this.life);
  }

  /** This process and its present life, unique for all time. */
  get instance(): string {
    return this.life;
  }

  /** Is it certain that no other instance takes this one for dead? */
  holdsLease(): boolean {
    return this.now() < this.validUntil;
  }

  /** Is this a life of this process, the present or an earlier one? */
  isOwn(instance: string): boolean {
    return this.lives.has(instance);
  }

  isAlive(instance: string): boolean {
    return instance === this.life || (this.view.has(instance) && !this.dead.has(instance));
  }

  /** Was it alive, and is it known to have died? */
  isDead(instance: string): boolean {
    return this.dead.has(instance);
  }

  /** Is this owner connection held by a live instance? */
  isConnected(owner: string): boolean {
    return this.options.connections().includes(owner) || this.others().some(([, names]) => names.includes(owner));
  }

  /** Is the owner of a dialog there, gone, or only out of sight? */
  ownerState(owner: string): OwnerState {
    return this.owners.stateOf(owner, this.present(), this.now());
  }

  private present(): ReadonlySet<string> {
    return new Set([...this.options.connections(), ...this.others().flatMap(([, names]) => names)].filter((name) => !isMark(name)));
  }

  /**
   * The lowest schema of records that a live instance goes up to; one that says nothing is older than that saying, and goes up to the first.
   * Before the others are known it may be any of them.
   */
  get lowestSchema(): number {
    if (!this.seen) return 1;
    return Math.min(...[this.options.connections(), ...this.others().map(([, names]) => names)].map(schemaIn));
  }

  /** Does another live instance have its XMPP link up? */
  othersReachXmpp(): boolean {
    return this.others().some(([, names]) => names.includes(XMPP_UP));
  }

  /** Is this the only live instance? */
  get isAlone(): boolean {
    return this.others().length === 0;
  }

  /** How many instances live, this one included. */
  get size(): number {
    return this.others().length + 1;
  }

  /**
   * Of the live instances exactly one answers true for a pair: the one whose worker the XMPP server's plug-in and the anchor choose, as
   * long as no other one was busy with it. So common work is shared, and done where the pair's record is at hand.
   */
  isMine(key: string): boolean {
    let own: string | undefined;
    for (const [instance] of this.others()) {
      const { user, contact } = pairOf(key);
      const pair = joined(user, contact);
      own ??= scoreOf(nameOf(this.life), pair);
      const other = scoreOf(nameOf(instance), pair);
      if (other > own || (other === own && instance > this.life)) return false;
    }
    return true;
  }

  /** Publishes a change of our connections at once instead of at the next beat. Who asks while a beat waits shares it. */
  exchange(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    // The one that waits counts from the moment when the one before it has ended: two at a time would answer for each other's life.
    if (this.beating === undefined && this.next === undefined) return this.begin();
    this.next ??= (this.beating ?? Promise.resolve()).catch(() => undefined).then(() => {
      this.next = undefined;
      return this.stopped ? undefined : this.begin();
    });
    return this.next;
  }

  private begin(): Promise<void> {
    this.beating = this.beat().finally(() => (this.beating = undefined));
    return this.beating;
  }

  private async beat(): Promise<void> {
    const { store, ttlMs, connections, onLeaseBack } = this.options;
    const at = this.now();
    const { known, workers } = await store.heartbeat(this.life, ttlMs, connections());
    if (!known && this.joined) return this.foundDead();
    const wasLost = !this.holdsLease();
    this.joined = true;
    this.validUntil = at + ttlMs;
    this.see(workers);
    if (wasLost) onLeaseBack?.();
  }

  private async foundDead(): Promise<void> {
    const { newId = randomId, onFoundDead, store } = this.options;
    const before = this.life;
    this.life = `${nameOf(before)}#${newId().slice(0, 8)}`;
    this.lives.add(this.life);
    this.joined = false;
    this.validUntil = -Infinity;
    this.bury([before]);
    onFoundDead?.(before);
    await store.leave(before);
    await this.beat();
  }

  private see(view: ReadonlyMap<string, readonly string[]>): void {
    const before = this.view;
    this.view = view;
    const died = [...before.keys()].filter((each) => !view.has(each) && !this.lives.has(each));
    this.bury(died);
    const present = new Set([...view.values()].flat());
    const gone = [...before.values()].flat().some((owner) => !isMark(owner) && !present.has(owner));
    const xmpp = died.some((each) => before.get(each)?.includes(XMPP_UP));
    const newLife = this.owners.note(this.present(), this.now()) && this.seen;
    this.seen = true;
    if (gone || xmpp || newLife) this.options.onGone({ xmpp });
    if (died.length > 0) this.options.onDead?.();
    this.options.onHopsDown?.(this.hopsDown());
    this.options.onOthers?.(this.others().map(([each]) => each));
  }

  private bury(instances: readonly string[]): void {
    for (const each of instances) this.dead.add(each);
    for (const each of this.dead) if (this.dead.size > REMEMBERED_DEAD) this.dead.delete(each);
  }

  private others(): readonly (readonly [string, readonly string[]])[] {
    return [...this.view].filter(([each]) => !this.lives.has(each));
  }

  private hopsDown(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.others().map(([each, names]) => [each, names.filter((name) => name.startsWith(HOP_DOWN)).map((name) => name.slice(HOP_DOWN.length))]));
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.exchange()
        .catch((error: unknown) => this.options.onError(error))
        .finally(() => this.schedule());
    }, this.options.intervalMs);
  }
}
