import { refuseRequest, sipToJid, type SipAnswerOut, type SipRequestIn, type SipUser } from '@isthmus/codec';
import { fault, type Jid } from '@isthmus/model';
import { isOfDomain } from '@isthmus/rules';
import { NO_PEER } from '../config/peers-schema';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import type { Peer } from '../peers/peer-list';
import type { Peers } from '../peers/peers';

/** Why a request of a listed peer is refused 403. */
const DENIALS = {
  foreign: 'the peer may not speak for the domain of the sender',
  local: 'the sender has an account on the XMPP server',
  unlisted: 'the sender is not on the list of SIP users',
  inconsistent: 'To and Request-URI name different users',
} as const;
export type Denial = keyof typeof DENIALS;

export interface GateOptions {
  readonly peers: Pick<Peers, 'find'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A request of a listed peer. */
export interface Visit {
  readonly peer: Peer;
  readonly request: SipRequestIn;
  readonly trace: string;
}

/**
 * Who may send anything, and in whose name (SEC-3, promise 5; docs/security.md). What is refused here gets the same bare 403
 * whatever was wrong (SEC-7); the reason is for our own log.
 */
export class Gate {
  constructor(private readonly options: GateOptions) {}

  /** Undefined: it comes from no listed peer, which has been logged. */
  enter(request: SipRequestIn, trace: string): Visit | undefined {
    const { peers, log, metrics } = this.options;
    const { source, method } = request;
    const peer = peers.find(source);
    if (peer !== undefined) return { peer, request, trace };
    log.warn({ trace, callId: request.headers['call-id'], source: source.address, method }, 'peer_unlisted');
    metrics.peerRequests.inc({ peer: NO_PEER, entry: 'unlisted' });
    return undefined;
  }

  /** May the peer speak for this user's domain? If not, his allowance is not touched by what is sent in his name. */
  mayName({ peer }: Visit, sipUser: SipUser): boolean {
    return speaksFor(peer, sipUser);
  }

  /** What can be told without asking anybody about a request that opens something. */
  check(visit: Visit, sipUser: SipUser, xmppUser: Jid): Denial | undefined {
    if (!speaksFor(visit.peer, sipUser)) return 'foreign';
    return namesAnother(visit.request.uri, xmppUser) ? 'inconsistent' : undefined;
  }

  /** The same of one that belongs to something: a route may lead further than what the next hops may speak for by themselves. */
  checkInside({ peer }: Visit, sipUser: SipUser): Denial | undefined {
    return peer.holds && !speaksFor(peer, sipUser) ? 'foreign' : undefined;
  }

  taken({ peer }: Visit): void {
    this.options.metrics.peerRequests.inc({ peer: peer.name, entry: 'taken' });
  }

  denied({ peer, request, trace }: Visit, denial: Denial, sipUser: SipUser, xmppUser: Jid): void {
    const { log, metrics } = this.options;
    const { method, source } = request;
    const parties = { from: sipUser.jid.bare, to: xmppUser.bare };
    log.warn({ trace, callId: request.headers['call-id'], method, peerName: peer.name, source: source.address, from: parties.from, to: parties.to, why: DENIALS[denial] }, 'sender_refused');
    metrics.peerRequests.inc({ peer: peer.name, entry: denial });
  }
}

function speaksFor({ domains }: Peer, { jid }: SipUser): boolean {
  return domains.some((pattern) => isOfDomain(pattern, jid.domain));
}

/** The one answer to whoever may not. Undefined: the method has none. */
export function forbidden(request: SipRequestIn): SipAnswerOut | undefined {
  if (request.method === 'ACK' || request.method === 'CANCEL') return undefined;
  const { type, condition, sip, blame } = fault('peer.unlisted');
  const reading = refuseRequest(request, { type, condition, sip, blame });
  return reading.is === 'refuse' ? reading.answer : undefined;
}

/**
 * RFC 3261 section 8.2.2.1: the Request-URI is who is meant. Where a proxy has made it another user of the same domain, To is
 * not the recipient any more. Our own Contact, or an address of this host, names nobody.
 */
function namesAnother(requestUri: string, xmppUser: Jid): boolean {
  const read = sipToJid(requestUri);
  if (!read.ok) return false;
  const { local, domain, bare } = read.value.jid;
  return local !== '' && domain === xmppUser.domain && bare !== xmppUser.bare;
}
