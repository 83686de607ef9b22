import {
  markOf,
  readRequest,
  refuseRequest,
  sipToJid,
  writeAnswer,
  type SipAnswerOut,
  type SipRequestIn,
  type SipUser,
} from '@isthmus/codec';
import type { AnswerEffect, EngineEvent, PairRecord } from '@isthmus/engine';
import { fault, FaultError, pairKey, type Fault, type Jid, type Pair, type Variant } from '@isthmus/model';
import { newTrace, tagOf } from '../ids';
import { allowanceOf } from '../limits/allowance';
import type { NewWork } from '../limits/new-work';
import { methodLabel } from '../metrics';
import type { PairLoop } from '../pairs/loop';
import type { Peers } from '../peers/peers';
import { Admissions, opensSomething, type Admission, type AdmissionOptions } from './admission';
import { forbidden, Gate, type GateOptions, type Visit } from './gate';
import { SESSION, SipRequests, type SipRequestsOptions, type SipSender } from './sip-requests';
import type { StoreWait } from './store-wait';

/** The part of the SIP links that this side uses. */
export interface SipPort extends SipSender {
  answer(out: SipAnswerOut): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }>;
}

export interface SipSideOptions extends SipRequestsOptions, GateOptions, AdmissionOptions {
  /** Of SIP users, prepared. */
  readonly sipDomains: readonly [string, ...string[]];
  readonly links: SipPort;
  readonly peers: Pick<Peers, 'find' | 'holderOf'>;
  readonly loop: PairLoop;
  readonly newWork: Pick<NewWork, 'peer' | 'sipUser'>;
  readonly maxMessageBytes: number;
  /** May texts be taken, or has the XMPP server been away for too long? */
  readonly reachesXmpp: () => boolean;
  /** What a watch has with a store that is away for a moment. */
  readonly storeWait: Pick<StoreWait, 'run'>;
  /** Can this worker do its work: are all links up, and does it take new work? */
  readonly canServe: () => boolean;
}

/** SIP requests and answers in and out: the SIP end of docs/route-of-a-message.md. */
export class SipSide {
  /** Our own requests. */
  readonly requests: SipRequests;
  private readonly admissions: Admissions;
  private readonly gate: Gate;

  constructor(private readonly options: SipSideOptions) {
    this.requests = new SipRequests(options);
    this.admissions = new Admissions(options);
    this.gate = new Gate(options);
  }

  /** Takes one request. Never rejects: whatever goes wrong becomes an answer and a line in the log. */
  async receive(request: SipRequestIn): Promise<void> {
    const trace = newTrace();
    this.options.metrics.requests.inc({ direction: 'in', method: methodLabel(request.method) });
    try {
      await this.take(request, trace);
    } catch (error) {
      const known = error instanceof FaultError;
      const callId = request.headers['call-id'];
      if (!known) this.options.log.error({ trace, callId, method: request.method, error }, 'request_failed');
      await this.refuse(request, known ? error.fault : fault('server.error'), trace);
    }
  }

  /** Answers a request of the far side. An answer that comes too late is logged and done. */
  async answer(record: PairRecord, effect: AnswerEffect): Promise<void> {
    const { requests } = this;
    await this.send(writeAnswer(effect, requests.parties(record), requests.writing(requests.routeOf(record))), effect.trace);
  }

  private async take(request: SipRequestIn, trace: string): Promise<void> {
    const { log, newWork, now, maxMessageBytes } = this.options;
    const visit = this.gate.enter(request, trace);
    if (visit === undefined) return this.forbid(request, trace);
    if (request.method === 'OPTIONS' && !this.options.canServe()) return this.refuse(request, fault('server.unavailable', 'The gateway cannot serve now'), trace);
    const source = request.source.address;
    const allowance = allowanceOf(visit.peer, source);
    const limited = newWork.peer(allowance, request);
    if (limited !== undefined) return this.refuse(request, limited, trace);
    const { emoticons } = this.options.content;
    const reading = readRequest(request, {
      at: now(),
      trace,
      newTag: () => tagOf(request.transaction),
      maxTextBytes: maxMessageBytes,
      ...(emoticons !== undefined && { emoticons }),
      session: SESSION,
      variant: this.variantOf(request),
      peer: visit.peer,
    });
    const callId = request.headers['call-id'];
    if (reading.is === 'ignore') return log.debug({ trace, callId, method: request.method, why: reading.why }, 'request_ignored');
    if (reading.is === 'answer') {
      this.gate.taken(visit);
      return this.send(reading.answer, trace);
    }
    if (reading.is === 'refuse') {
      log.info({ trace, source, callId, method: request.method, status: reading.answer.status, why: reading.fault.text }, 'request_refused');
      this.options.metrics.refused.inc({ side: 'sip', reason: reading.fault.condition });
      return this.send(reading.answer, trace);
    }
    const { sipUser, xmppUser, event } = reading;
    log.debug({ trace, callId, on: event.on, peerName: visit.peer.name, from: sipUser.jid.bare, to: xmppUser.bare }, 'request_received');
    const tooMany = this.gate.mayName(visit, sipUser) ? newWork.sipUser(sipUser.jid.bare, allowance, request) : undefined;
    if (tooMany !== undefined) return this.refuse(request, tooMany, trace);
    if (event.on === 'sip.refused') {
      log.info({ trace, source, callId, method: request.method, status: event.fault.sip, why: event.fault.text }, 'request_refused');
      this.options.metrics.refused.inc({ side: 'sip', reason: event.fault.condition });
    }
    if (event.on === 'sip.notify' && event.unreadable !== undefined) {
      log.warn({ trace, source, callId, from: sipUser.jid.bare, why: event.unreadable.text }, 'document_unreadable');
    }
    const hand = (): Promise<void> => this.hand(visit, sipUser, xmppUser, event);
    // Clients end a watch whose refresh is refused, until their next sign-in (microsoft-observed A6).
    await (event.on === 'sip.subscribe' ? this.options.storeWait.run(hand) : hand());
  }

  /** Requests of one pair keep their order although some wait for the XMPP server's word about an account. */
  private hand(visit: Visit, sipUser: SipUser, xmppUser: Jid, event: EngineEvent): Promise<void> {
    const { request, trace } = visit;
    const pair = this.pairOf(sipUser.jid, xmppUser);
    const opens = opensSomething(event);
    const inside = opens ? undefined : this.gate.checkInside(visit, sipUser);
    const check = opens ? () => this.admit(visit, sipUser, xmppUser, event) : undefined;
    return this.options.sequence.run(pairKey(pair), check, async (admission?: Admission) => {
      const { denied = inside, refusal, policy } = admission ?? {};
      if (denied !== undefined) {
        this.gate.denied(visit, denied, sipUser, xmppUser);
        return this.forbid(request, trace);
      }
      this.gate.taken(visit);
      if (refusal !== undefined) return this.refuse(request, refusal, trace);
      if (event.on === 'sip.message' && !this.options.reachesXmpp()) return this.refuse(request, fault('xmpp.away'), trace);
      const judged = event.on === 'sip.subscribe' && policy !== undefined ? { ...event, policy } : event;
      await this.options.loop.handle(pair, judged, sipUser.uri);
    });
  }

  /** As XMPP users know the two. Whoever is nobody there is told so by the admission, or finds no dialog. */
  private pairOf(sipUser: Jid, recipient: Jid): Pair {
    const { addressing } = this.options;
    return { user: (addressing.userOf(recipient) ?? recipient).bare, contact: (addressing.contactOf(sipUser) ?? sipUser).bare };
  }

  /** How the server of the sender's domain speaks. */
  private variantOf({ headers }: SipRequestIn): Variant {
    const { routes, sipDomains } = this.options;
    const [first, ...further] = sipDomains;
    const sender = further.length === 0 ? undefined : sipToJid(headers['from'] ?? '');
    return routes.ofDomain(sender?.ok === true ? sender.value.jid.domain : first)?.variant ?? 'lync';
  }

  private admit(visit: Visit, sipUser: SipUser, xmppUser: Jid, event: EngineEvent): Promise<Admission> {
    const found = { mark: markOf(visit.request, this.options.loopMark), denial: this.gate.check(visit, sipUser, xmppUser) };
    return this.admissions.admit(sipUser, xmppUser, event, found);
  }

  private async forbid(request: SipRequestIn, trace: string): Promise<void> {
    this.options.metrics.refused.inc({ side: 'sip', reason: 'forbidden' });
    const answer = forbidden(request);
    if (answer !== undefined) await this.send(answer, trace);
  }

  private async refuse(request: SipRequestIn, why: Fault, trace: string): Promise<void> {
    if (request.method === 'ACK' || request.method === 'CANCEL') return;
    const { log, metrics } = this.options;
    metrics.refused.inc({ side: 'sip', reason: why.condition });
    log.info({ trace, source: request.source.address, callId: request.headers['call-id'], method: request.method, status: why.sip, why: why.text }, 'request_refused');
    const reading = refuseRequest(request, why);
    if (reading.is === 'refuse') await this.send(reading.answer, trace);
  }

  private async send(answer: SipAnswerOut, trace: string): Promise<void> {
    const result = await this.options.links.answer(answer);
    const { log } = this.options;
    if (result.ok) log.debug({ trace, status: answer.status }, 'answer_sent');
    else log.warn({ trace, status: answer.status, why: result.why }, 'answer_failed');
  }
}
