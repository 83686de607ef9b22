import type { Assumptions } from './assumptions';
import { COSTS, MEMORY, PARTS, type Operation, type Part } from './measured';

/** How often each thing happens, per second. */
export type Rates = Readonly<Record<Operation, number>>;

/** What so many users need. */
export interface Sizing {
  readonly users: number;
  /** SIP users whom online XMPP users watch, and the other way round. */
  readonly outward: number;
  readonly inward: number;
  readonly busyHour: Rates;
  readonly morning: Rates;
  /** Cores that are busy in the worse of the two. */
  readonly cores: Readonly<Record<Part, number>>;
  readonly worse: 'busy hour' | 'morning';
  readonly workers: number;
  readonly sipServers: number;
  /** Redis servers that share the records, beside their replicas. */
  readonly shards: number;
  /** One XMPP server is enough for what crosses (its own users' traffic comes on top). */
  readonly oneXmppServer: boolean;
  readonly redisBytes: number;
  /** Of each worker. */
  readonly workerBytes: number;
  /** Records that each worker should hold: `limits.maxCachedPairs`. */
  readonly cachedPairs: number;
  /** All watches opened again by all workers, after the only SIP server has lost its dialogs. */
  readonly reopenSeconds: number;
}

const HOUR = 3_600;
/** Redis Cluster wants at least so many. */
const LEAST_CLUSTER = 3;
const NOTHING: Rates = { text: 0, typing: 0, session: 0, outwardChange: 0, inwardChange: 0, outwardRefresh: 0, inwardRefresh: 0, outwardSetUp: 0, inwardSetUp: 0 };

export function sizing(users: number, given: Assumptions): Sizing {
  const xmpp = users * (1 - given.sipShare);
  const sip = users * given.sipShare;
  const outward = xmpp * given.onlineShare * given.contacts * given.sipShare;
  const inward = sip * given.onlineShare * given.contacts * (1 - given.sipShare);
  const busyHour = inBusyHour(given, xmpp, sip, outward, inward);
  const morning = inTheMorning(given, outward, inward);
  const [inHour, inMorning] = [coresOf(busyHour), coresOf(morning)];
  const worse = inMorning.worker > inHour.worker ? 'morning' : 'busy hour';
  const cores = Object.fromEntries(PARTS.map((part) => [part, Math.max(inHour[part], inMorning[part])])) as Record<Part, number>;
  const many = (part: Part): number => Math.max(1, Math.ceil(cores[part] / given.utilisation));
  const workers = many('worker') + given.spare;
  const records = users * given.contacts * given.sipShare * (1 - given.sipShare) * 2;
  const cachedPairs = (outward + inward) / Math.max(1, workers - given.spare);
  const shards = many('redis');
  return {
    users,
    outward,
    inward,
    busyHour,
    morning,
    cores,
    worse,
    workers,
    sipServers: many('sip server') + given.spare,
    shards: shards === 1 ? 1 : Math.max(LEAST_CLUSTER, shards),
    oneXmppServer: many('xmpp server') === 1,
    redisBytes: records * MEMORY.redisPerWatch.value,
    workerBytes: MEMORY.workerBase.value + cachedPairs * MEMORY.workerPerWatch.value,
    cachedPairs,
    reopenSeconds: (outward * COSTS.outwardSetUp.worker) / 1_000 / workers,
  };
}

/** Everybody is there, and does what he does. */
function inBusyHour(given: Assumptions, xmpp: number, sip: number, outward: number, inward: number): Rates {
  const perSecond = (given.textsPerDay * given.busyHourShare) / HOUR;
  const text = (xmpp * given.sipShare + sip * (1 - given.sipShare)) * perSecond;
  // Who is watched changes only while he is online.
  const change = (given.onlineShare * given.changesPerHour) / HOUR;
  return {
    ...NOTHING,
    text,
    typing: text * given.typingPerText,
    session: text / given.textsPerSession,
    outwardChange: outward * change,
    inwardChange: inward * change,
    outwardRefresh: outward / given.outwardRefreshSeconds,
    inwardRefresh: inward / given.inwardRefreshSeconds,
  };
}

/** Everybody signs in: his watches are set up, and those who watch him are told. */
function inTheMorning(given: Assumptions, outward: number, inward: number): Rates {
  const perSecond = 1 / (given.signInMinutes * 60);
  return {
    ...NOTHING,
    outwardSetUp: outward * perSecond,
    inwardSetUp: inward * perSecond,
    outwardChange: outward * given.onlineShare * perSecond,
    inwardChange: inward * given.onlineShare * perSecond,
  };
}

/** CPU time that is used, in cores: milliseconds a second. */
export function coresOf(rates: Rates): Readonly<Record<Part, number>> {
  const used = (part: Part): number => Object.entries(rates).reduce((sum, [operation, rate]) => sum + rate * COSTS[operation as Operation][part], 0) / 1_000;
  return Object.fromEntries(PARTS.map((part) => [part, used(part)])) as Record<Part, number>;
}
