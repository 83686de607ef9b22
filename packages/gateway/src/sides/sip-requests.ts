import {
  handMade,
  partiesOf,
  readDiagnostics,
  readJid,
  readOutcome,
  sizeFault,
  writeRequest,
  type Addressing,
  type ContentSettings,
  type SipParties,
  type SipRequestOut,
  type SipResult,
  type SipWriteContext,
  type Withheld,
} from '@isthmus/codec';
import type { EngineEvent, PairRecord, RequestEffect } from '@isthmus/engine';
import { fault, FaultError, pairKey, type Fault, type Pair } from '@isthmus/model';
import type { Tables } from '@isthmus/rules';
import { newId } from '../ids';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import { noteRepeated } from '../repeated';
import type { Peers } from '../peers/peers';
import { nextHop, type Route, type RouteTable } from '../routes';
import type { Sequence } from './sequence';

/** The part of the SIP links that sends requests. */
export interface SipSender {
  request(out: SipRequestOut): Promise<SipResult>;
}

export interface SipRequestsOptions {
  readonly links: SipSender;
  /** Shared by both sides: what came first is handled first, also while a question about an account is open. */
  readonly sequence: Sequence;
  readonly routes: RouteTable;
  /** The first one is in the From of what we ask in our own name. */
  readonly domains: readonly string[];
  readonly addressing: Addressing;
  readonly peers: Pick<Peers, 'holderOf'>;
  /** The deployment's own rows of the tables. */
  readonly tables: Tables;
  /** The largest request that the SIP server takes from us (DR-16); absent: it has no such limit. */
  readonly maxRequestBytes?: number;
  readonly content: ContentSettings;
  /** The installation's own mark on its requests (SEC-8). */
  readonly loopMark: string;
  readonly inviteTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A request to this route's next hop could not be sent. */
  readonly onUnreachable: (route: Route) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** Port and address in our session descriptions mean nothing (microsoft-dialect.md section 2.1). */
export const SESSION = { host: '127.0.0.1', port: 5060 };

/** Requests of ours on their way out, and the questions to next hops whether they live. */
export class SipRequests {
  constructor(private readonly options: SipRequestsOptions) {}

  /** Sends a request of ours; resolves with its outcome, never rejects. */
  async request(pair: Pair, record: PairRecord, effect: RequestEffect): Promise<EngineEvent> {
    const { log, metrics, now, links } = this.options;
    const route = this.routeOf(record);
    const context = this.writing(route);
    const begun = now();
    const first = writeRequest(effect, this.parties(record), context);
    const callId = first.headers['Call-ID'] ?? effect.dialog?.callId;
    if (effect.do === 'sip.message' && effect.repeated === true) noteRepeated(this.options, 'to-sip', pair, effect.trace);
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
    const peer = route && this.options.peers.holderOf(route.host);
    const outcome = readOutcome(sent, final, { at: now(), dialect: context.dialect, ...(peer !== undefined && { peer }) });
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

  /** Hands a request to the links, unless it must not or cannot go. */
  private async result(out: SipRequestOut, route: Route | undefined, tooLarge: Fault | undefined): Promise<SipResult | Withheld> {
    if (tooLarge !== undefined) return { is: 'withheld', fault: tooLarge };
    return route === undefined ? { is: 'unsent', why: 'no route' } : this.options.links.request(out);
  }

  /** Asks a next hop for a sign of life (RFC 3261 section 11). */
  probe(route: Route, timeoutMs: number): Promise<SipResult> {
    const callId = newId();
    const uri = nextHop(route);
    const [domain = ''] = this.options.domains;
    const from = `<sip:${domain}>;tag=${newId()}`;
    const headers = { From: from, To: `<${uri}>`, 'Call-ID': callId, CSeq: '1 OPTIONS' };
    return this.options.links.request({ method: 'OPTIONS', uri, headers, proxy: uri, timeoutMs });
  }

  routeOf(record: PairRecord): Route | undefined {
    return this.options.routes.find(record.contact);
  }

  /** The server puts its own address and port for `localhost` (drachtio.md section 4.1). */
  writing(route: Route | undefined): SipWriteContext {
    const { tables, content, loopMark, maxRequestBytes, inviteTimeoutMs, requestTimeoutMs } = this.options;
    return {
      dialect: route?.dialect ?? 'simple',
      variant: route?.variant ?? 'lync',
      presence: route?.presence ?? 'pidf',
      contactUri: `sip:isthmus@localhost;transport=${route?.transport ?? 'tcp'}`,
      session: SESSION,
      tables,
      loopMark,
      ...(route !== undefined && { proxy: nextHop(route), assumeSentMs: route.assumeSentMs, streamOnly: route.streamOnly }),
      ...(content.emoticons !== undefined && { emoticons: content.emoticons }),
      ...(maxRequestBytes !== undefined && { maxRequestBytes }),
      inviteTimeoutMs,
      requestTimeoutMs,
    };
  }

  parties(record: PairRecord): SipParties {
    const user = readJid(record.user);
    const contact = readJid(record.contact);
    if (!user.ok || !contact.ok) throw new FaultError(fault('address.malformed'));
    const { addressing } = this.options;
    const sipUser = addressing.sipUserOf(contact.value);
    if (sipUser === undefined) throw new FaultError(fault('address.malformed'));
    const parties = partiesOf(addressing.addressOf(user.value), sipUser, record.sipUri);
    if (!parties.ok) throw new FaultError(parties.fault);
    return parties.value;
  }
}
