import { createHash } from 'node:crypto';
import type { WorkerStore } from '@isthmus/store';
import { Owners, type OwnerState } from './owners';

export interface ClusterOptions {
  readonly store: WorkerStore;
  /** This process: worker name and start. */
  readonly instance: string;
  /** The owner names of our present connections, `XMPP_UP` or `XMPP_JOINING` while the XMPP link is up, and each dead next hop behind `HOP_DOWN`. */
  readonly connections: () => readonly string[];
  readonly ttlMs: number;
  readonly intervalMs: number;
  /** Called when connections have gone that were there before; `xmpp`: an XMPP link went with its instance. */
  readonly onGone: (lost: { readonly xmpp: boolean }) => void;
  /** Which next hops each other instance finds dead, at every look. */
  readonly onHopsDown?: (view: ReadonlyMap<string, readonly string[]>) => void;
  readonly onError: (error: unknown) => void;
  /** Milliseconds since the epoch; tests hand in their own clock. */
  readonly now?: () => number;
}

/** A mark among an instance's connections: its XMPP link is up. */
export const XMPP_UP = 'xmpp:up';
/** The same of an instance that has just come: what it has in hand is its own, but it does not stand for a link that was there. */
export const XMPP_JOINING = 'xmpp:joining';
/** How the mark of a next hop begins that an instance finds dead. */
export const HOP_DOWN = 'hop-down:';

/** So long may nobody be connected to an anchor until its life counts as over: workers come back to it within that time. */
export const ANCHOR_GRACE_MS = 5_000;

const isMark = (name: string): boolean => name === XMPP_UP || name === XMPP_JOINING || name.startsWith(HOP_DOWN);

/**
 * Who else lives: each instance keeps a lease by a heartbeat that names its connections. A dialog whose owner connection
 * is in no lease has lost the socket that the far side's requests come through.
 */
export class Cluster {
  private view: ReadonlyMap<string, readonly string[]> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private readonly running = new Set<Promise<void>>();
  private stopped = false;
  /** When the store told of the others last. */
  private seenAt: number | undefined;
  /** Until then who is missing may only not have come back yet: see `publish`. */
  private doubtfulUntil = 0;
  private readonly owners: Owners;

  constructor(private readonly options: ClusterOptions) {
    this.owners = new Owners(ANCHOR_GRACE_MS, this.now());
  }

  /** Publishes this instance and learns of the others; rejects when the store cannot be reached. */
  async start(): Promise<void> {
    await this.exchange();
    this.schedule();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.allSettled(this.running); // a heartbeat that came after the farewell would bring this instance back
    await this.options.store.leave(this.options.instance);
  }

  isAlive(instance: string): boolean {
    return instance === this.options.instance || this.view.has(instance);
  }

  /** Has this live instance its XMPP link up? */
  reachesXmpp(instance: string): boolean {
    const { instance: own, connections } = this.options;
    const names = instance === own ? connections() : (this.view.get(instance) ?? []);
    return names.includes(XMPP_UP) || names.includes(XMPP_JOINING);
  }

  /** Is this owner connection held by a live instance? */
  isConnected(owner: string): boolean {
    if (this.options.connections().includes(owner)) return true;
    for (const [instance, connections] of this.view) {
      if (instance !== this.options.instance && connections.includes(owner)) return true;
    }
    return false;
  }

  /** Is the owner of a dialog there, gone, or only out of sight? */
  ownerState(owner: string): OwnerState {
    return this.owners.stateOf(owner, this.present(), this.now());
  }

  private present(): ReadonlySet<string> {
    const others = [...this.view].filter(([instance]) => instance !== this.options.instance);
    return new Set([...this.options.connections(), ...others.flatMap(([, names]) => names)].filter((name) => !isMark(name)));
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  /** Does another live instance have its XMPP link up? */
  othersReachXmpp(): boolean {
    for (const [instance, connections] of this.view) {
      if (instance !== this.options.instance && connections.includes(XMPP_UP)) return true;
    }
    return false;
  }

  /** Is this the only live instance? */
  get isAlone(): boolean {
    for (const instance of this.view.keys()) if (instance !== this.options.instance) return false;
    return true;
  }

  /** Of the live instances exactly one answers true for a key (rendezvous hash), so that common work is shared. */
  isMine(key: string): boolean {
    let own: string | undefined;
    for (const instance of this.view.keys()) {
      if (instance === this.options.instance) continue;
      own ??= score(this.options.instance, key);
      if (score(instance, key) > own) return false;
    }
    return true;
  }

  /** Publishes a change of our connections at once instead of at the next beat. */
  async exchange(): Promise<void> {
    if (this.stopped) return;
    const run = this.publish();
    this.running.add(run);
    try {
      await run;
    } finally {
      this.running.delete(run);
    }
  }

  /**
   * When the store has been away, all leases have run out in it, and this instance may be the first to come back: the
   * others have one more lease to do so, or each would take the live others for dead and do their work again.
   */
  private async publish(): Promise<void> {
    const { store, instance, ttlMs, connections } = this.options;
    await store.heartbeat(instance, ttlMs, connections());
    const view = await store.workers();
    const before = this.view;
    const at = this.now();
    const isFirst = this.seenAt === undefined;
    if (this.seenAt !== undefined && at - this.seenAt >= ttlMs) this.doubtfulUntil = at + ttlMs;
    this.seenAt = at;
    this.view = at < this.doubtfulUntil ? new Map([...before, ...view]) : view;
    const present = new Set([...this.view.values()].flat());
    const gone = [...before.values()].flat().some((owner) => !isMark(owner) && !present.has(owner));
    const xmpp = [...before].some(([each, owners]) => owners.includes(XMPP_UP) && !this.view.has(each));
    const newLife = this.owners.note(this.present(), at) && !isFirst;
    if (gone || xmpp || newLife) this.options.onGone({ xmpp });
    this.options.onHopsDown?.(this.hopsDown());
  }

  private hopsDown(): ReadonlyMap<string, readonly string[]> {
    const others = [...this.view].filter(([each]) => each !== this.options.instance);
    return new Map(others.map(([each, names]) => [each, names.filter((name) => name.startsWith(HOP_DOWN)).map((name) => name.slice(HOP_DOWN.length))]));
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

function score(instance: string, key: string): string {
  return createHash('sha1').update(`${instance}\0${key}`).digest('hex');
}
