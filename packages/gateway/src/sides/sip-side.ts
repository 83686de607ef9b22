import {
  handMade,
  partiesOf,
  readDiagnostics,
  readJid,
  readOutcome,
  readRequest,
  refuseRequest,
  sizeFault,
  writeAnswer,
  writeRequest,
  type ContentSettings,
  type SipAnswerOut,
  type SipParties,
  type SipRequestIn,
  type SipRequestOut,
  type SipResult,
  type SipUser,
  type SipWriteContext,
  type Withheld,
} from '@isthmus/codec';
import type { AnswerEffect, EngineEvent, PairRecord, RequestEffect } from '@isthmus/engine';
import { fault, FaultError, pairKey, type Fault, type Jid, type Pair } from '@isthmus/model';
import type { Tables, Verdict } from '@isthmus/rules';
import type { AccessList } from '../access';
import type { Accounts } from '../accounts';
import { newId, newTrace } from '../ids';
import type { Logger } from '../log';
import { methodLabel, type Metrics } from '../metrics';
import type { PairLoop } from '../pairs/loop';
import type { Policies } from '../policy/policies';
import { domainOf, nextHop, type Route, type RouteTable } from '../routes';
import type { Sequence } from './sequence';

/** The part of the SIP links that this side uses. */
export interface SipPort {
  request(out: SipRequestOut): Promise<SipResult>;
  answer(out: SipAnswerOut): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }>;
}

export interface SipSideOptions {
  readonly links: SipPort;
  readonly loop: PairLoop;
  /** Shared by both sides: what came first is handled first, also while a question about an account is open. */
  readonly sequence: Sequence;
  readonly accounts: Accounts;
  readonly policies: Pick<Policies, 'verdict'>;
  readonly access: AccessList;
  readonly routes: RouteTable;
  readonly domain: string;
  /** The deployment's own rows of the tables. */
  readonly tables: Tables;
  readonly maxMessageBytes: number;
  /** The largest request that the SIP server takes from us (DR-16); absent: it has no such limit. */
  readonly maxRequestBytes?: number;
  readonly content: ContentSettings;
  readonly inviteTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A request to this route's next hop could not be sent. */
  readonly onUnreachable: (route: Route) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** May texts be taken, or has the XMPP server been away for too long? */
  readonly reachesXmpp: () => boolean;
}

interface Admission {
  /** Why not, if he may not. */
  readonly refusal?: Fault;
  readonly policy?: Verdict;
}

/** Port and address in our session descriptions mean nothing (microsoft-dialect.md section 2.1). */
const SESSION = { host: '127.0.0.1', port: 5060 };

/** SIP requests and answers in and out: the SIP end of docs/route-of-a-message.md. */
export class SipSide {
  constructor(private readonly options: SipSideOptions) {}

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
    const route = this.routeOf(record);
    await this.send(writeAnswer(effect, this.parties(record), this.writing(route)), effect.trace);
  }

  /** Sends a request of ours; resolves with its outcome, never rejects. */
  async request(pair: Pair, record: PairRecord, effect: RequestEffect): Promise<EngineEvent> {
    const { log, metrics, now, links } = this.options;
    const route = this.routeOf(record);
    const context = this.writing(route);
    const begun = now();
    const first = writeRequest(effect, this.parties(record), context);
    const callId = first.headers['Call-ID'] ?? effect.dialog?.callId;
    if (effect.do === 'sip.message' && effect.repeated === true) this.noteRepeated(pair, effect.trace);
    const tooLarge = sizeFault(first, effect, context);
    if (tooLarge !== undefined) log.info({ trace: effect.trace, method: first.method, from: pair.user, to: pair.contact, why: tooLarge.text }, 'request_withheld');
    else log.debug({ trace: effect.trace, method: first.method, from: pair.user, to: pair.contact, callId, route: route?.name }, 'request_sent');
    metrics.requests.inc({ direction: 'out', method: first.method });
    let sent = effect;
    let result = await this.result(first, route, tooLarge);
    if (result.is === 'no-dialog' && effect.dialog !== undefined) {
      sent = { ...effect, dialog: handMade(effect.dialog) };
      log.info({ trace: effect.trace, callId: effect.dialog.callId }, 'dialog_continued_by_hand');
      result = await links.request(writeRequest(sent, this.parties(record), context));
    }
    const final = result.is === 'no-dialog' ? ({ is: 'unsent', why: 'the dialog is lost' } as const) : result;
    const outcome = readOutcome(sent, final, { at: now(), dialect: context.dialect });
    metrics.outcomes.inc({ method: outcome.method, status: String(outcome.status) });
    metrics.answerSeconds.observe({ method: outcome.method }, (now() - begun) / 1_000);
    if (effect.do === 'sip.message') metrics.messages.inc({ direction: 'to-sip', outcome: outcome.status < 300 ? 'delivered' : 'failed' });
    const diagnostics = final.is === 'answered' ? readDiagnostics(final.headers) : undefined;
    const level = outcome.result !== 'answered' ? 'warn' : diagnostics === undefined ? 'debug' : 'info';
    log[level]({ trace: effect.trace, method: outcome.method, status: outcome.status, result: outcome.result, diagnostics }, 'request_answered');
    if (outcome.result !== 'answered' && route !== undefined) this.options.onUnreachable(route);
    // What the far side sent before its answer is handled before it: in glare it matters which came first (observed A3).
    await this.options.sequence.begun(pairKey(pair));
    return outcome;
  }

  /** The one place where a message may arrive twice (promise 1): its first sending had no outcome that anybody knows. */
  private noteRepeated(pair: Pair, trace: string): void {
    this.options.metrics.repeated.inc();
    this.options.log.warn({ trace, from: pair.user, to: pair.contact }, 'message_repeated');
  }

  /** Hands a request to the links, unless it must not or cannot go. */
  private async result(out: SipRequestOut, route: Route | undefined, tooLarge: Fault | undefined): Promise<SipResult | Withheld> {
    if (tooLarge !== undefined) return { is: 'withheld', fault: tooLarge };
    return route === undefined ? { is: 'unsent', why: 'no route' } : this.options.links.request(out);
  }

  /** Asks a next hop for a sign of life (RFC 3261 section 11). */
  probe(route: Route, timeoutMs: number): Promise<SipResult> {
    const callId = newId();
    const uri = nextHop(route);
    const from = `<sip:${this.options.domain}>;tag=${newId()}`;
    const headers = { From: from, To: `<${uri}>`, 'Call-ID': callId, CSeq: '1 OPTIONS' };
    return this.options.links.request({ method: 'OPTIONS', uri, headers, proxy: uri, timeoutMs });
  }

  private async take(request: SipRequestIn, trace: string): Promise<void> {
    const { access, log, now, maxMessageBytes, domain } = this.options;
    if (!access.allows(request.source.address)) {
      log.warn({ trace, source: request.source.address, method: request.method }, 'peer_unlisted');
      return this.refuse(request, fault('peer.unlisted'), trace);
    }
    const variant = this.options.routes.find(domain)?.variant ?? 'lync';
    const { emoticons } = this.options.content;
    const reading = readRequest(request, {
      at: now(),
      trace,
      newTag: newId,
      maxTextBytes: maxMessageBytes,
      ...(emoticons !== undefined && { emoticons }),
      session: SESSION,
      variant,
    });
    const callId = request.headers['call-id'];
    if (reading.is === 'ignore') return log.debug({ trace, callId, method: request.method, why: reading.why }, 'request_ignored');
    if (reading.is === 'answer') return this.send(reading.answer, trace);
    if (reading.is === 'refuse') {
      log.info({ trace, callId, method: request.method, status: reading.answer.status, why: reading.fault.text }, 'request_refused');
      this.options.metrics.refused.inc({ side: 'sip', reason: reading.fault.condition });
      return this.send(reading.answer, trace);
    }
    const { sipUser, xmppUser, event } = reading;
    log.debug({ trace, callId, on: event.on, from: sipUser.jid.bare, to: xmppUser.bare }, 'request_received');
    if (event.on === 'sip.refused') {
      log.info({ trace, callId, method: request.method, status: event.fault.sip, why: event.fault.text }, 'request_refused');
      this.options.metrics.refused.inc({ side: 'sip', reason: event.fault.condition });
    }
    if (event.on === 'sip.notify' && event.unreadable !== undefined) {
      log.warn({ trace, callId, from: sipUser.jid.bare, why: event.unreadable.text }, 'document_unreadable');
    }
    await this.hand(request, { user: xmppUser.bare, contact: sipUser.jid.bare }, sipUser, xmppUser, event);
  }

  /** Requests of one pair keep their order although some wait for the XMPP server's word about an account. */
  private hand(request: SipRequestIn, pair: Pair, sipUser: SipUser, xmppUser: Jid, event: EngineEvent): Promise<void> {
    const check = opensSomething(event) ? () => this.admit(sipUser, xmppUser, event) : undefined;
    return this.options.sequence.run(pairKey(pair), check, async (admission?: Admission) => {
      const { refusal, policy } = admission ?? {};
      if (refusal !== undefined) return this.refuse(request, refusal, event.trace);
      if (event.on === 'sip.message' && !this.options.reachesXmpp()) return this.refuse(request, fault('xmpp.away'), event.trace);
      const judged = event.on === 'sip.subscribe' && policy !== undefined ? { ...event, policy } : event;
      await this.options.loop.handle(pair, judged, sipUser.uri);
    });
  }

  /** Who may speak to whom (SEC-3, promise 5), and for a SUBSCRIBE what policy says about the watcher. */
  private async admit(sipUser: SipUser, xmppUser: Jid, event: EngineEvent): Promise<Admission> {
    const { accounts, domain, policies } = this.options;
    if (sipUser.jid.domain !== domain) return { refusal: fault('sender.foreign') };
    if (xmppUser.domain !== domain) return { refusal: fault('recipient.unknown') };
    if (!(await this.known(() => accounts.isLocal(xmppUser.bare)))) return { refusal: fault('recipient.unknown') };
    if (await this.known(() => accounts.isLocal(sipUser.jid.bare))) return { refusal: fault('sender.local') };
    if (event.on !== 'sip.subscribe') return {};
    return { policy: await policies.verdict({ user: xmppUser.bare, contact: sipUser.jid.bare }) };
  }

  private async known(ask: () => Promise<boolean>): Promise<boolean> {
    try {
      return await ask();
    } catch (cause) {
      throw new FaultError(fault('server.unavailable', 'The XMPP server cannot be asked; try again'), { cause });
    }
  }

  private async refuse(request: SipRequestIn, why: Fault, trace: string): Promise<void> {
    if (request.method === 'ACK' || request.method === 'CANCEL') return;
    const { log, metrics } = this.options;
    metrics.refused.inc({ side: 'sip', reason: why.condition });
    log.info({ trace, callId: request.headers['call-id'], method: request.method, status: why.sip, why: why.text }, 'request_refused');
    const headers = why.sip === 503 ? { 'Retry-After': '10' } : {};
    const reading = refuseRequest(request, why, headers);
    if (reading.is === 'refuse') await this.send(reading.answer, trace);
  }

  private async send(answer: SipAnswerOut, trace: string): Promise<void> {
    const result = await this.options.links.answer(answer);
    const { log } = this.options;
    if (result.ok) log.debug({ trace, status: answer.status }, 'answer_sent');
    else log.warn({ trace, status: answer.status, why: result.why }, 'answer_failed');
  }

  private routeOf(record: PairRecord): Route | undefined {
    return this.options.routes.find(domainOf(record.contact));
  }

  /** The server puts its own address and port for `localhost` (drachtio.md section 4.1). */
  private writing(route: Route | undefined): SipWriteContext {
    const { tables, content, maxRequestBytes, inviteTimeoutMs, requestTimeoutMs } = this.options;
    return {
      dialect: route?.dialect ?? 'simple',
      variant: route?.variant ?? 'lync',
      presence: route?.presence ?? 'pidf',
      contactUri: `sip:isthmus@localhost;transport=${route?.transport ?? 'tcp'}`,
      session: SESSION,
      tables,
      ...(route !== undefined && { proxy: nextHop(route), assumeSentMs: route.assumeSentMs, streamOnly: route.streamOnly }),
      ...(content.emoticons !== undefined && { emoticons: content.emoticons }),
      ...(maxRequestBytes !== undefined && { maxRequestBytes }),
      inviteTimeoutMs,
      requestTimeoutMs,
    };
  }

  private parties(record: PairRecord): SipParties {
    const user = readJid(record.user);
    const contact = readJid(record.contact);
    if (!user.ok || !contact.ok) throw new FaultError(fault('address.malformed'));
    const parties = partiesOf(user.value, contact.value, record.sipUri);
    if (!parties.ok) throw new FaultError(parties.fault);
    return parties.value;
  }
}

/**
 * Requests that open something are admitted first; those within a dialog belong to what was admitted. A SUBSCRIBE always
 * is: a refresh of a watch that nobody remembers opens it anew.
 */
function opensSomething(event: EngineEvent): boolean {
  if (event.on === 'sip.subscribe') return true;
  if (event.on === 'sip.bye' || event.on === 'sip.ack' || event.on === 'sip.cancel') return false;
  return 'ref' in event && event.ref.localTag === undefined;
}
