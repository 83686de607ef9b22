import type { SipRequestIn } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import { fault, type BareJid, type Fault, type FaultName } from '@isthmus/model';
import type { Load } from '@isthmus/rules';
import { perMinute, perSecond, RateLimit } from './rate-limit';

/** How much one worker takes (`limits.rates`): so many at once, and as many again in each second or minute. */
export interface Rates {
  /** Requests out of dialog of one SIP peer. */
  readonly sipPeerPerSecond: number;
  /** Requests out of dialog of one SIP user. */
  readonly sipUserPerMinute: number;
  /** Messages, typing, presence subscriptions, probes and queries of one XMPP user. */
  readonly xmppUserPerMinute: number;
  /** Requests out of dialog, messages and presence subscriptions of all together. */
  readonly allPerSecond: number;
}

/** Which limit was reached; a label of the metric. */
export type Limit = 'sip_peer' | 'sip_messages' | 'sip_strangers' | 'sip_user' | 'xmpp_user' | 'all' | 'busy' | 'overloaded' | 'watches' | 'watchers' | 'pending';

export interface NewWorkOptions {
  readonly rates: Rates;
  readonly load: () => Load;
  readonly onLimit: (limit: Limit) => void;
  readonly now: () => number;
}

/** Peers and users that are told apart. */
const MAX_PEERS = 10_000;
const MAX_USERS = 20_000;
/** For whom the worker has no time now: about as long as it takes to become calm again. */
const BUSY_RETRY_SECONDS = 10;

/** The parts of dialogs and transactions that exist: never in the way of what was accepted. */
const GOING_ON: ReadonlySet<string> = new Set(['ACK', 'CANCEL', 'BYE', 'PRACK', 'UPDATE']);
/** What opens nothing has an allowance of its own, so that a peer's flood does not make it fail the test whether we live. */
const OPENS_NOTHING: ReadonlySet<string> = new Set(['OPTIONS', 'NOTIFY']);

/**
 * `new`: it wants something of us that we need not begin. `late`: it names a dialog that the SIP server does not know,
 * because it was restarted or because somebody guesses. `going-on`: a part of what was accepted.
 */
type Kind = 'new' | 'late' | 'going-on';

/**
 * Lets new work in as long as there is room for it (promise 6, SEC-5): by peer, by user, in all, and by how busy the
 * worker is. What was accepted goes on: requests in dialogs, refreshes, outcomes and news are not counted here.
 */
export class NewWork {
  private readonly peers: RateLimit;
  private readonly sipUsers: RateLimit;
  private readonly xmppUsers: RateLimit;
  private readonly all: RateLimit;

  constructor(private readonly options: NewWorkOptions) {
    const { rates, now } = options;
    this.peers = new RateLimit(perSecond(rates.sipPeerPerSecond), 2 * MAX_PEERS, now);
    this.sipUsers = new RateLimit(perMinute(rates.sipUserPerMinute), MAX_USERS, now);
    this.xmppUsers = new RateLimit(perMinute(rates.xmppUserPerMinute), MAX_USERS, now);
    this.all = new RateLimit(perSecond(rates.allPerSecond), 1, now);
  }

  /** Other rates from now on; what has been spent stays spent. */
  change(rates: Rates): void {
    this.peers.change(perSecond(rates.sipPeerPerSecond));
    this.sipUsers.change(perMinute(rates.sipUserPerMinute));
    this.xmppUsers.change(perMinute(rates.xmppUserPerMinute));
    this.all.change(perSecond(rates.allPerSecond));
  }

  /**
   * Would a request out of dialog and without a To tag be let in now? Nothing is spent. Seconds after which it may come
   * again; 0: now. For the SIP server, which can refuse at a tenth of the price.
   */
  preview(peer: string, method: string): number {
    const kind = OPENS_NOTHING.has(method) ? 'late' : 'new';
    const busy = kind === 'new' ? this.shed(method === 'SUBSCRIBE') : undefined;
    if (busy !== undefined) return BUSY_RETRY_SECONDS;
    const waitMs = this.peers.wait(allowanceOf(peer, kind));
    if (waitMs > 0) this.options.onLimit('sip_peer');
    return Math.ceil(waitMs / 1_000);
  }

  /** Before anything of the request is read: why it is not taken. 503, since its peer as a whole is meant (ERR-2). */
  peer(peer: string, request: SipRequestIn): Fault | undefined {
    const kind = kindOf(request);
    if (kind === 'going-on') return undefined;
    const busy = kind === 'new' ? this.shed(request.method === 'SUBSCRIBE') : undefined;
    return busy ?? this.spend(this.peers, allowanceOf(peer, kind), 'sip_peer', 'rate.peer');
  }

  /** When the sender is known. 500: a 503 for one user would make the peer take us out of service for all (ERR-2). */
  sipUser(user: BareJid, peer: string, request: SipRequestIn): Fault | undefined {
    const kind = kindOf(request);
    if (kind === 'going-on') return undefined;
    const limited = this.spend(this.sipUsers, user, 'sip_user', 'rate.user');
    // One user must not use up what his peer may send for the others.
    if (limited !== undefined) this.peers.giveBack(allowanceOf(peer, kind));
    return limited ?? (kind === 'new' ? this.spend(this.all, '', 'all', 'worker.busy') : undefined);
  }

  /**
   * Why a stanza of an XMPP user is not taken.
   * @param inSession is his session with this contact known to be up? Asked only when that matters.
   */
  stanza(user: BareJid, on: EngineEvent['on'], inSession: () => boolean = () => false): Fault | undefined {
    const begins = on === 'xmpp.message' || on === 'xmpp.subscribe';
    if (!begins && on !== 'xmpp.probe' && on !== 'xmpp.chat-state') return undefined;
    const goesOn = begins && this.options.load() === 'overloaded' && on === 'xmpp.message' && inSession();
    const busy = begins && !goesOn ? this.shed(on === 'xmpp.subscribe') : undefined;
    const limited = busy ?? this.query(user);
    return limited ?? (begins ? this.spend(this.all, '', 'all', 'worker.busy') : undefined);
  }

  /** Why a query of an XMPP user to the gateway itself is not answered. */
  query(user: string): Fault | undefined {
    return this.spend(this.xmppUsers, user, 'xmpp_user', 'rate.user');
  }

  private shed(isWatch: boolean): Fault | undefined {
    const load = this.options.load();
    if (load === 'normal' || (load === 'busy' && !isWatch)) return undefined;
    this.options.onLimit(load);
    return { ...fault('worker.busy'), retryAfterSeconds: BUSY_RETRY_SECONDS };
  }

  private spend(limit: RateLimit, key: string, name: Limit, why: FaultName): Fault | undefined {
    const waitMs = limit.take(key);
    if (waitMs === 0) return undefined;
    this.options.onLimit(name);
    return { ...fault(why), retryAfterSeconds: Math.ceil(waitMs / 1_000) };
  }
}

function allowanceOf(peer: string, kind: Kind): string {
  return kind === 'new' ? peer : `${peer} ${kind}`;
}

function kindOf({ method, stackId, headers }: SipRequestIn): Kind {
  if (stackId !== undefined || GOING_ON.has(method)) return 'going-on';
  return OPENS_NOTHING.has(method) || /;\s*tag\s*=/i.test(headers['to'] ?? '') ? 'late' : 'new';
}
