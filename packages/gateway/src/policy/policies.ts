import { isLookAlike } from '@isthmus/codec';
import type { EngineEvent, PairRecord } from '@isthmus/engine';
import { FaultError, pairKeyPrefix, type BareJid, type Pair, type PolicyLists } from '@isthmus/model';
import { verdictOf, type Verdict } from '@isthmus/rules';
import { StoreDoubtError, type PairStore, type PolicyStore, type Stored } from '@isthmus/store';
import { askStore } from '../ask-store';
import { newTrace } from '../ids';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import type { PairLoop } from '../pairs/loop';
import type { StoredPair } from '../pairs/stored';
import type { Sweep, Sweeper } from '../pairs/sweep';

export type Decision = NonNullable<Extract<EngineEvent, { readonly on: 'policy' }>['decision']>;

export interface PoliciesOptions {
  readonly store: PolicyStore;
  readonly pairs: PairStore<StoredPair>;
  readonly loop: Pick<PairLoop, 'handle'>;
  /** Tells running watches of a change, paced. */
  readonly sweeper: Pick<Sweeper, 'sweep'>;
  /** What the administrator said for all users. */
  readonly everyone: PolicyLists;
  /** `block`: a contact whose name mixes scripts is shown offline for ever (SEC-14). */
  readonly mixedScripts: 'ask' | 'block';
  /** Entries of each list of a user. */
  readonly maxEntries: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** What became of a change: `conflict`: somebody else has changed them meanwhile; `full`: a list would be too long. */
export type Changed = 'done' | 'conflict' | 'full';

const NOTHING: PolicyLists = { allow: [], block: [] };
/** An entry is an address, and all of them must fit into a form that the XMPP server lets through. */
const MAX_CHARACTERS = 100_000;
/** Lost races before a change is given up. */
const MAX_RACES = 10;

/** Users' policy: what it says about a contact, and changes of it, which running watches follow at once. */
export class Policies {
  constructor(private readonly options: PoliciesOptions) {}

  get everyone(): PolicyLists {
    return this.options.everyone;
  }

  /** Read afresh each time: a change counts from the next request on, on every worker. */
  async verdict({ user, contact }: Pair): Promise<Verdict> {
    const lists = (await this.read(user)).record;
    const verdict = this.judge(contact, lists);
    this.options.metrics.verdicts.inc({ verdict });
    return verdict;
  }

  /** A user who said nothing has empty lists and version 0. Rejects with `FaultError` when the store cannot be asked. */
  async read(user: BareJid): Promise<Stored<PolicyLists>> {
    return (await askStore(() => this.options.store.get(user))) ?? { record: NOTHING, version: 0 };
  }

  /** Puts `lists` in the place of those of version `expected`. */
  async replace(user: BareJid, lists: PolicyLists, expected: number, trace: string): Promise<Changed> {
    const { store, log, metrics } = this.options;
    if (this.isTooMuch(lists)) return 'full';
    const result = await askStore(() => store.set(user, isNothing(lists) ? undefined : lists, expected)).catch((error: unknown) => {
      // It may have taken place: the watches are told what the store says when it is back, whatever that is.
      if (error instanceof FaultError && error.cause instanceof StoreDoubtError) this.tellWatches(user);
      throw error;
    });
    if (!result.ok) return 'conflict';
    metrics.policyChanges.inc();
    log.info({ trace, jid: user, allowed: lists.allow.length, blocked: lists.block.length }, 'policy_changed');
    this.tellWatches(user);
    return 'done';
  }

  /** Changes the lists as they are now. */
  async change(user: BareJid, edit: (lists: PolicyLists) => PolicyLists, trace: string): Promise<Changed> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const { record, version } = await this.read(user);
      const lists = edit(record);
      if (lists === record) return 'done';
      const changed = await this.replace(user, lists, version, trace);
      if (changed !== 'conflict') return changed;
    }
    return 'conflict';
  }

  /** The user has decided about a contact by command. */
  async decide(pair: Pair, decision: Decision, trace: string): Promise<void> {
    const verdict = this.judge(pair.contact, (await this.read(pair.user)).record);
    await this.options.loop.handle(pair, { on: 'policy', at: this.options.now(), trace, verdict, decision });
  }

  /** Those of the contacts who are blocked all the same, by an entry for many or by the administrator. */
  async blockedOf(user: BareJid, contacts: readonly BareJid[]): Promise<readonly BareJid[]> {
    const lists = (await this.read(user)).record;
    return contacts.filter((contact) => this.judge(contact, lists) === 'block');
  }

  /** The keys of all pairs of a user. */
  keysOf(user: BareJid): AsyncIterable<string> {
    return this.options.pairs.scan(pairKeyPrefix(user));
  }

  /** Once a user however many changes wait, and again until the store could be asked: it knows whom and what to tell. */
  private tellWatches(user: BareJid): void {
    this.options.sweeper.sweep({ name: user, collect: () => this.collect(user) });
  }

  /** The lists are read last: of two changes in a row the last one counts, whoever tells it. */
  private async collect(user: BareJid): Promise<Omit<Sweep, 'name'>> {
    const { store, log, now } = this.options;
    const keys = new Set<string>();
    for await (const key of this.keysOf(user)) keys.add(key);
    const lists = (await store.get(user))?.record ?? NOTHING;
    const select = ({ contact }: Pair, { inward }: PairRecord): readonly EngineEvent[] => {
      if (inward.is === 'none') return [];
      return [{ on: 'policy', at: now(), trace: newTrace(), verdict: this.judge(contact, lists) }];
    };
    return { select, extent: keys, done: (pairs) => log.debug({ jid: user, pairs }, 'policy_told') };
  }

  private judge(contact: BareJid, lists: PolicyLists): Verdict {
    const { everyone, mixedScripts } = this.options;
    return verdictOf(contact, lists, everyone, mixedScripts === 'block' && isLookAlike(contact));
  }

  private isTooMuch({ allow, block }: PolicyLists): boolean {
    const characters = [...allow, ...block].reduce((sum, entry) => sum + entry.length, 0);
    return Math.max(allow.length, block.length) > this.options.maxEntries || characters > MAX_CHARACTERS;
  }
}

function isNothing({ autoAuthorize, allow, block }: PolicyLists): boolean {
  return autoAuthorize === undefined && allow.length === 0 && block.length === 0;
}

/** The lists with the contact on one of them, or on none. */
export function withContact(lists: PolicyLists, contact: BareJid, place: 'allow' | 'block' | 'none'): PolicyLists {
  const put = (list: readonly string[], here: boolean): readonly string[] => {
    if (list.includes(contact) === here) return list;
    return here ? [...list, contact] : list.filter((entry) => entry !== contact);
  };
  const allow = put(lists.allow, place === 'allow');
  const block = put(lists.block, place === 'block');
  return allow === lists.allow && block === lists.block ? lists : { ...lists, allow, block };
}
