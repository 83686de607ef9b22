import type { Effect, EngineEvent, PairRecord } from '@isthmus/engine';
import { isEmpty, newRecord, settle, step, withSipUri } from '@isthmus/engine';
import { fault, FaultError, pairKey, type Pair, type SipUri } from '@isthmus/model';
import { StoreUnavailableError } from '@isthmus/store';
import type { Ticket } from '@isthmus/xmpp';
import { isStoreAway } from '../ask-store';
import { applyOnto, type Change, type Held, type Job } from './batch';
import { RecordCache } from './cache';
import { commitSurely } from './doubt';
import { Forgotten, markOf, wasHeard, type Heard } from './heard';
import type { LoopOptions } from './loop-options';
import { loadNewest, putBackRecent } from './put-back';
import { elsewhere, named, nextDue, toStored, type StoredPair } from './stored';

export type { ContextOf, LoopOptions, StartEffects } from './loop-options';

/** The jobs of one pair. */
interface Turn {
  readonly key: string;
  readonly pair: Pair;
  jobs: Job[];
  running: boolean;
  held?: Held | undefined;
}

/** Lost races before a commit is given up. Each means that another worker got on, so this is far more than enough. */
const MAX_RACES = 25;
/** Events of one pair that share a commit. */
const MAX_BATCH = 64;

/**
 * The handle loop (DESIGN section 3): take the pair's turn, load its record, step, commit if nobody was faster, start
 * the effects. Events of one pair are taken one after the other, in the order of arrival; pairs do not wait for each
 * other. Events that wait for the same turn are stepped one by one and committed together.
 */
export class PairLoop {
  private readonly turns = new Map<string, Turn>();
  /** Turns that hold something since the last time that such commits were made. */
  private readonly holding = new Set<Turn>();
  private readonly cache: RecordCache;
  private readonly forgotten = new Forgotten();
  private waiting = 0;
  private commits = 0;
  private idle: (() => void)[] = [];

  constructor(private readonly options: LoopOptions) {
    this.cache = new RecordCache(options.maxCached);
  }

  /** Events that wait for their turn or are in it. */
  get pending(): number {
    return this.waiting;
  }

  get cached(): number {
    return this.cache.size;
  }

  /**
   * Takes an event. Resolves when it has been committed and its effects have been started, or when it is kept for later
   * because the store is away. Rejects with a `FaultError` (`server.unavailable`, `server.error`) when it has not been
   * taken: the caller owes the sender an error. `sipUri`: the contact's own address as the event showed it (ADDR-10).
   * `ticket`: of the stanza that the event was; one that the pair has heard before leads to nothing.
   */
  async handle(pair: Pair, event: EngineEvent, sipUri?: SipUri, ticket?: Ticket): Promise<void> {
    const mark = ticket && markOf(ticket, event.at);
    let ignored: string | undefined;
    let heardBefore = false;
    const change: Change = (before, _stored, heard) => {
      heardBefore = mark !== undefined && wasHeard(heard, mark);
      if (heardBefore) return undefined;
      const record = sipUri === undefined ? before : withSipUri(before, sipUri);
      const result = step(record, event, this.options.contextOf(pair));
      ignored = result.ignored;
      if (result.record === before && result.effects.length === 0) return undefined;
      return { record: result.record, start: result.effects, ...(mark && { heard: mark }) };
    };
    // The outcome of a request that was let in is always let in: without it the request would be taken for lost.
    try {
      await (event.on === 'sip.outcome' ? this.takeTurn(pair, change, true) : this.change(pair, change));
    } catch (error) {
      if (isStoreAway(error) && this.options.keep?.(pair, event, ticket) === true) return;
      throw error;
    }
    if (heardBefore) this.options.onHeardBefore?.(pair, event);
    else if (ignored !== undefined) this.options.onIgnored?.(pair, event, ignored);
    if (mark !== undefined) ticket?.whenForgotten(() => this.forgetMark(pair, mark));
  }

  /** Notes that effects have been handed over: they leave the record. Let in at the bound, as outcomes are. */
  settle(pair: Pair, keys: readonly string[]): Promise<void> {
    const change: Change = (record) => {
      const settled = settle(record, keys);
      return settled === record ? undefined : { record: settled, start: [] };
    };
    return this.takeTurn(pair, change, this.options.isAlone?.() ?? true);
  }

  /** Looks at a record in its turn and may change it; used by recovery. */
  change(pair: Pair, change: Change): Promise<void> {
    if (this.waiting >= this.options.maxPending) return Promise.reject(new FaultError(fault('server.unavailable')));
    return this.takeTurn(pair, change);
  }

  /** Does the record at hand show a session that is up? One that is not at hand shows none. */
  hasSession(pair: Pair): boolean {
    return this.cache.get(pairKey(pair))?.record.record.conversation.is === 'open';
  }

  /** Resolves when no event waits any more. */
  async drained(): Promise<void> {
    if (this.waiting === 0) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** The store is back: what it has lost of this worker's last commits is put back. Returns how many records it were. */
  putBack(): Promise<number> {
    return putBackRecent(this.options.store, this.cache, this.dueOf);
  }

  /** Forgets what is in memory: the next event of each pair loads from the store. */
  forget(): void {
    this.cache.clear();
  }

  /** The server will not give the stanza again: a record that was kept for that only may go. */
  private forgetMark(pair: Pair, mark: Heard): void {
    this.forgotten.add(mark);
    const stored = this.cache.get(pairKey(pair))?.record;
    if (stored?.heard !== mark || !isEmpty(stored.record)) return;
    const change: Change = (record, _stored, heard) => (heard === mark && isEmpty(record) ? { record: { ...record }, start: [] } : undefined);
    this.takeTurn(pair, change, true).catch(() => undefined); // then it goes when it falls due
  }

  private takeTurn(pair: Pair, change: Change, mayWait = false): Promise<void> {
    this.waiting += 1;
    return new Promise((resolve, reject) => {
      const key = pairKey(pair);
      const turn = this.turns.get(key) ?? { key, pair, jobs: [], running: false };
      this.turns.set(key, turn);
      turn.jobs.push({ change, mayWait, resolve, reject });
      if (!turn.running) void this.run(turn);
    });
  }

  private async run(turn: Turn): Promise<void> {
    while (turn.jobs.length > 0) await this.take(turn, this.options.gather !== undefined);
    turn.running = false;
    if (turn.held === undefined) this.turns.delete(turn.key);
  }

  private commitHeld(): void {
    const turns = [...this.holding].filter(({ held }) => held !== undefined);
    this.holding.clear();
    for (const turn of turns) {
      if (turn.running) this.awaitOthers(turn);
      else void this.take(turn, false).then(() => this.run(turn));
    }
  }

  private async take(turn: Turn, mayHold: boolean): Promise<void> {
    const { key, held } = turn;
    turn.running = true;
    const jobs = [...(held?.jobs ?? []), ...turn.jobs.splice(0, MAX_BATCH)];
    turn.held = undefined;
    try {
      const failed = await this.commit(turn, jobs, held, mayHold);
      if (failed === undefined) return;
      for (const job of jobs) {
        if (failed.has(job)) job.reject(failed.get(job));
        else job.resolve();
      }
    } catch (error) {
      const gone = error instanceof StoreUnavailableError;
      if (gone) this.cache.setAside(key);
      else this.cache.delete(key);
      const failure = gone ? new FaultError(fault('server.unavailable'), { cause: error }) : error;
      for (const job of jobs) job.reject(failure);
    }
    this.waiting -= jobs.length;
    if (this.waiting === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  /** Returns the jobs that failed by themselves, undefined where all are held; rejects when nothing could be committed. */
  private async commit(turn: Turn, jobs: readonly Job[], held: Held | undefined, mayHold: boolean): Promise<ReadonlyMap<Job, unknown> | undefined> {
    const { key, pair } = turn;
    const { store, leaseMs, now, doubtPauseMs } = this.options;
    const instance = this.options.instance();
    let cached = this.cache.get(key);
    const known = cached ?? this.cache.known(key);
    for (let race = 0; race < MAX_RACES; race += 1) {
      const stored = cached ?? (await loadNewest(store, key, known, this.dueOf));
      const before = stored?.record.record ?? newRecord(pair);
      const { record, start, givenUp, heard, failed } = applyOnto(held, stored, before, jobs);
      if (mayHold && cached !== undefined && record !== before && start.length + failed.size === 0 && jobs.every(({ mayWait }) => mayWait)) {
        turn.held = { base: cached, jobs, record };
        this.awaitOthers(turn);
        return undefined;
      }
      const until = stored && this.forgotten.keepUntil(record, heard, now());
      const value = until === undefined ? toStored(record, instance, stored?.record, { started: start, givenUp }) : { record, by: instance };
      const changed = record !== before && (value !== undefined || stored !== undefined);
      if (!changed && cached === undefined) {
        this.start(turn, instance, record, start, stored?.record);
        return failed;
      }
      const due = value === undefined ? undefined : (until ?? nextDue(value, now(), leaseMs));
      const written = value === undefined ? undefined : named(value, this.nextCommit(instance), stored?.record, heard);
      const commit = { key, expected: stored?.version ?? 0, record: written, due };
      const result = changed ? await commitSurely(store, commit, doubtPauseMs) : ({ ok: false } as const);
      if (result.ok) {
        if (result.version === undefined) this.cache.delete(key);
        else this.remember(key, written, result.version);
        this.start(turn, instance, record, start, value);
        return failed;
      }
      if (changed) this.options.onConflict?.(pair);
      this.cache.delete(key);
      cached = undefined;
    }
    throw new FaultError(fault('server.error', 'Too many workers changed this pair at once'));
  }

  /** One that is kept although it holds nothing any more is looked at soon, and deleted then. */
  private readonly dueOf = (stored: StoredPair): number | undefined => {
    const { now, leaseMs } = this.options;
    return isEmpty(stored.record) ? now() + leaseMs : nextDue(stored, now(), leaseMs);
  };

  /** What was committed in a life that has been found dead meanwhile is left to whoever finds the pair due. */
  private start({ pair }: Turn, instance: string, record: PairRecord, effects: readonly Effect[], stored: StoredPair | undefined): void {
    if (this.options.instance() === instance) this.options.start(pair, record, effects, elsewhere(record, stored, instance));
  }

  private awaitOthers(turn: Turn): void {
    if (this.holding.size === 0) this.options.gather?.(() => this.commitHeld());
    this.holding.add(turn);
  }

  private nextCommit(instance: string): string {
    this.commits += 1;
    return `${instance}:${this.commits}`;
  }

  private remember(key: string, value: StoredPair | undefined, version: number): void {
    if (value === undefined) this.cache.delete(key);
    else this.cache.set(key, { record: value, version });
  }
}
