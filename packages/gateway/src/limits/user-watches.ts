import type { PairRecord } from '@isthmus/engine';
import { fault, FaultError, pairKey, type BareJid, type Fault, type Pair } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import { StoreUnavailableError, type MemberStore, type PairStore } from '@isthmus/store';
import type { StoredPair } from '../pairs/stored';
import type { Limit } from './new-work';

/** How many subscriptions an XMPP user may take part in (`limits`). */
export interface WatchLimits {
  /** SIP users whom he watches. */
  readonly maxUserContacts: number;
  /** SIP users who watch him. */
  readonly maxUserWatchers: number;
  /** Of these, SIP users about whom he has not decided yet. */
  readonly maxUserUndecided: number;
}

export interface UserWatchesOptions {
  readonly limits: WatchLimits;
  readonly members: MemberStore;
  readonly pairs: Pick<PairStore<StoredPair>, 'load'>;
  readonly onLimit: (limit: Limit) => void;
}

/** Watchers say by each refresh that they are still there; the longest expiry that is granted is shorter. */
const WATCHER_MS = 86_400_000;
/** The XMPP server probes at each sign-in. */
const CONTACT_MS = 60 * 86_400_000;
const RETRY_SECONDS = 600;

type Kind = 'watches' | 'watchers' | 'pending';

/**
 * Bounds the subscriptions of each XMPP user (SEC-5, decision 052). What counts is kept in sets whose members end by
 * themselves unless they are put again: nothing that was forgotten to be taken out counts for ever. While the store is
 * away nobody is refused here: what follows tells him.
 */
export class UserWatches {
  private limits: WatchLimits;

  constructor(private readonly options: UserWatchesOptions) {
    this.limits = options.limits;
  }

  change(limits: WatchLimits): void {
    this.limits = limits;
  }

  /** Why the XMPP user may not watch one more contact. */
  outward({ user, contact }: Pair): Promise<Fault | undefined> {
    return this.put('watches', user, contact, this.limits.maxUserContacts, CONTACT_MS);
  }

  /** He watches the contact no longer. */
  ended({ user, contact }: Pair): void {
    void this.remove('watches', user, contact);
  }

  /** He has decided about the contact's wish. */
  decided({ user, contact }: Pair): void {
    void this.remove('pending', user, contact);
  }

  /** Why one more SIP user may not watch him. Same answer whichever it is: it tells nothing of the user. */
  async inward(pair: Pair, verdict: Verdict): Promise<Fault | undefined> {
    const { user, contact } = pair;
    const full = await this.put('watchers', user, contact, this.limits.maxUserWatchers, WATCHER_MS);
    if (full !== undefined || verdict !== 'ask' || !(await this.isUndecided(pair))) return full;
    return this.put('pending', user, contact, this.limits.maxUserUndecided, WATCHER_MS);
  }

  private async isUndecided(pair: Pair): Promise<boolean> {
    const stored = await this.options.pairs.load(pairKey(pair)).catch(orNothing);
    const record: PairRecord | undefined = stored?.record.record;
    return record === undefined || record.inward.is === 'none' || record.inward.is === 'pending';
  }

  private async put(kind: Kind, user: BareJid, contact: BareJid, max: number, ttlMs: number): Promise<Fault | undefined> {
    const isIn = await this.options.members.put(`${kind}:${user}`, contact, max, ttlMs).catch(orNothing);
    if (isIn !== false) return undefined;
    this.options.onLimit(kind);
    return { ...fault('watches.full'), retryAfterSeconds: RETRY_SECONDS };
  }

  private async remove(kind: Kind, user: BareJid, contact: BareJid): Promise<void> {
    await this.options.members.remove(`${kind}:${user}`, contact).catch(orNothing);
  }
}

function orNothing(error: unknown): undefined {
  if (error instanceof StoreUnavailableError || error instanceof FaultError) return undefined;
  throw error;
}
