import { loopMark } from '@isthmus/codec';
import type { Effect, PairRecord, RequestEffect } from '@isthmus/engine';
import { pairKey, type Pair } from '@isthmus/model';
import { Accounts } from '../accounts';
import { linkCounts } from '../commands/link-counts';
import { Federation } from '../federation';
import { allowanceOf } from '../limits/allowance';
import { buildLimits, type Limits } from '../limits/build';
import type { Metrics } from '../metrics';
import type { Doer } from '../pairs/runner';
import { buildPolicy } from '../policy/build';
import type { Routing } from '../routing/routing';
import { Sequence } from '../sides/sequence';
import { SipSide, type SipSideOptions } from '../sides/sip-side';
import { StoreWait } from '../sides/store-wait';
import { XmppSide } from '../sides/xmpp-side';
import type { WorkerParts } from '../worker-parts';
import type { PairWork } from './pair-work';

/** Addresses whose account state is remembered. */
const MAX_ACCOUNTS = 50_000;
/** Another Redis has taken a dead one's place within 4 s (docs/redis.md). */
const STORE_WAIT_MS = 5_000;
/** So many refreshes come in that time when 360,000 watches last half an hour each. */
const MAX_STORE_WAITS = 1_000;

export interface SidesOptions extends Pick<SipSideOptions, 'reachesXmpp' | 'canServe'> {
  readonly parts: WorkerParts;
  readonly pairs: PairWork;
  readonly routing: Routing;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** The XMPP server tells that it has shown all our contacts as offline. */
  readonly onWithdrawn: () => void;
}

/** Both ends of the route of a message, and what decides who may enter there. */
export class Sides implements Doer {
  readonly xmpp: XmppSide;
  readonly sip: SipSide;
  readonly accounts: Accounts;
  readonly limits: Limits;

  constructor(options: SidesOptions) {
    const { parts, pairs, routing, metrics, now } = options;
    const { settings, store, log } = parts;
    this.accounts = new Accounts({ ask: (jid) => this.xmpp.queryAccount(jid), ttlMs: settings.accountCacheMs, maxCached: MAX_ACCOUNTS, now });
    this.limits = this.newLimits(options);
    const { newWork, userWatches } = this.limits;
    const federation = new Federation({ ...settings.federation, domains: settings.domains });
    const isKnownPair = async (pair: Pair) => (await store.pairs.load(pairKey(pair))) !== undefined;
    const trust = { federation, isKnownPair, sipUsers: parts.sipUsers };
    const work = { newWork, userWatches, loop: pairs.loop, sequence: new Sequence(), accounts: this.accounts, routes: routing.table, hops: routing.hops };
    const common = { ...trust, ...work, log, metrics, now };
    const links = () => linkCounts(parts, routing.table);
    const { policies, commands } = buildPolicy({ ...common, settings: settings.policy, domains: settings.domains, store, sweeper: pairs.policySweeper, links });
    this.xmpp = new XmppSide({ ...settings, ...common, commands, link: parts.xmpp, onWithdrawn: options.onWithdrawn });
    this.sip = new SipSide({
      ...settings,
      ...common,
      policies,
      links: parts.sip,
      peers: parts.peers,
      fence: pairs.cluster,
      storeWait: new StoreWait({ store, waitMs: STORE_WAIT_MS, maxWaiting: MAX_STORE_WAITS, now }),
      loopMark: loopMark(settings.component, settings.domains[0] ?? ''),
      onUnanswered: (route, hop) => routing.suspect(route, hop),
      reachesXmpp: options.reachesXmpp,
      canServe: options.canServe,
    });
  }

  handOver(pair: Pair, record: PairRecord, effect: Exclude<Effect, RequestEffect>): Promise<void> {
    return effect.do === 'sip.answer' ? this.sip.answer(record, effect) : this.xmpp.handOver(pair, record, effect);
  }

  request(...[pair, record, effect]: Parameters<Doer['request']>): ReturnType<Doer['request']> {
    return this.sip.requests.request(pair, record, effect);
  }

  private newLimits({ parts, pairs, metrics, now }: SidesOptions): Limits {
    const { settings, store, peers, log } = parts;
    return buildLimits({
      settings: settings.limits,
      allowanceOf: (address) => {
        const known = peers.find({ address });
        return known && allowanceOf(known, address);
      },
      pendingPercent: () => (pairs.loop.pending / settings.maxPendingEvents) * 100,
      store,
      metrics,
      log,
      now,
    });
  }
}
