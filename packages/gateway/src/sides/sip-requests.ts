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
} from '@isthmus/codec';
import type { EngineEvent, PairRecord, RequestEffect } from '@isthmus/engine';
import { fault, FaultError, pairKey, type Pair } from '@isthmus/model';
import type { Tables } from '@isthmus/rules';
import { newId } from '../ids';
import type { Peers } from '../peers/peers';
import { noteRepeated } from '../repeated';
import { nextHopToVerify, type Route, type RouteTable } from '../routes';
import type { Hop } from '../routing/hop';
import { reasonOf, type Result } from './failover';
import { Openings, type OpeningOptions } from './openings';
import type { Sequence } from './sequence';

/** The part of the SIP links that sends requests. */
export interface SipSender {
  request(out: SipRequestOut): Promise<SipResult>;
}

export interface SipRequestsOptions extends OpeningOptions {
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
  /** A request in a dialog was not answered; its next hop, where that is known. */
  readonly onUnanswered: (route: Route, hop: string | undefined) => void;
}

/** Port and address in our session descriptions mean nothing (microsoft-dialect.md section 2.1). */
export const SESSION = { host: '127.0.0.1', port: 5060 };

/** What became of a request. */
interface Done {
  /** As it was sent at last. */
  readonly sent: RequestEffect;
  readonly result: Result;
  readonly route: Route | undefined;
  readonly hop?: Hop;
}

function isInDialog({ dialog }: RequestEffect): boolean {
  return dialog?.remoteTag !== undefined;
}

/** Requests of ours on their way out, and the questions to next hops whether they live. */
export class SipRequests {
  private readonly openings: Openings;

  constructor(private readonly options: SipRequestsOptions) {
    this.openings = new Openings(options);
  }

  /** Sends a request of ours; resolves with its outcome, never rejects. */
  async request(pair: Pair, record: PairRecord, effect: RequestEffect): Promise<EngineEvent> {
    const { log, metrics, now } = this.options;
    const begun = now();
    if (effect.do === 'sip.message' && effect.repeated === true) noteRepeated(this.options, 'to-sip', pair, effect.trace);
    const { sent, result, route, hop } = isInDialog(effect) ? await this.inDialog(pair, record, effect) : await this.opening(pair, record, effect);
    const final = result.is === 'no-dialog' ? ({ is: 'unsent', why: 'the dialog is lost' } as const) : result;
    const peer = hop && this.options.peers.holderOf(hop.host);
    const at = { at: now(), dialect: route?.dialect ?? 'simple' } as const;
    const outcome = readOutcome(sent, final, { ...at, ...(peer !== undefined && { peer }), ...(hop !== undefined && { hop: hop.uri }) });
    metrics.outcomes.inc({ method: outcome.method, status: String(outcome.status) });
    metrics.answerSeconds.observe({ method: outcome.method }, (now() - begun) / 1_000);
    if (effect.do === 'sip.message') metrics.messages.inc({ direction: 'to-sip', outcome: outcome.status < 300 ? 'delivered' : 'failed' });
    const diagnostics = final.is === 'answered' ? readDiagnostics(final.headers) : undefined;
    const level = outcome.result !== 'answered' ? 'warn' : diagnostics === undefined ? 'debug' : 'info';
    log[level]({ trace: effect.trace, method: outcome.method, status: outcome.status, result: outcome.result, diagnostics, why: whyNot(final) }, 'request_answered');
    // What the far side sent before its answer is handled before it: in glare it matters which came first (observed A3).
    await this.options.sequence.begun(pairKey(pair));
    return outcome;
  }

  /** It stays with the server that holds the dialog; one that our SIP server has forgotten is continued by hand. */
  private async inDialog(pair: Pair, record: PairRecord, effect: RequestEffect): Promise<Done> {
    const { dialog } = effect;
    const route = this.options.hops.routeAt(dialog?.hop, pair.contact) ?? this.routeOf(record);
    const context = dialog?.handMade === true ? this.byHand(pair, this.writing(route)) : this.writing(route);
    const first = await this.send(pair, effect, writeRequest(effect, this.parties(record), context), route, context);
    let done: Done = { sent: effect, result: first, route };
    if (first.is === 'no-dialog' && dialog !== undefined) {
      const sent = { ...effect, dialog: handMade(dialog) };
      this.options.log.info({ trace: effect.trace, callId: dialog.callId }, 'dialog_continued_by_hand');
      const out = writeRequest(sent, this.parties(record), this.byHand(pair, context));
      done = { sent, result: await this.options.links.request(out), route };
    }
    if (route !== undefined && ['unreachable', 'silent'].includes(reasonOf(done.result) ?? '')) this.options.onUnanswered(route, dialog?.hop);
    return done;
  }

  /** A dialog that the far side opened remembers no next hop: the first for the contact is taken. */
  private byHand(pair: Pair, context: SipWriteContext): SipWriteContext {
    const [hop] = this.options.hops.forContact(pair.contact);
    return hop === undefined ? context : { ...context, proxy: hop.uri };
  }

  /** It goes to the next hops for the contact one after the other, the same request to each (decision 040). */
  private async opening(pair: Pair, record: PairRecord, effect: RequestEffect): Promise<Done> {
    const attempt = await this.openings.through(pair, effect, (hop, patience) => {
      const context = { ...this.writing(hop.route), proxy: hop.uri };
      const out = { ...writeRequest(effect, this.parties(record), context), ...patience };
      return this.send(pair, effect, out, hop.route, context);
    });
    if (attempt === undefined) return { sent: effect, result: { is: 'unsent', why: 'no route' }, route: undefined };
    return { sent: effect, ...attempt, route: attempt.hop.route };
  }

  /** Hands a request to the links, unless it must not or cannot go. */
  private async send(pair: Pair, effect: RequestEffect, out: SipRequestOut, route: Route | undefined, context: SipWriteContext): Promise<Result> {
    const { log, links } = this.options;
    const { trace } = effect;
    this.options.metrics.requests.inc({ direction: 'out', method: out.method });
    const tooLarge = sizeFault(out, effect, context);
    if (tooLarge !== undefined) {
      log.info({ trace, method: out.method, from: pair.user, to: pair.contact, why: tooLarge.text }, 'request_withheld');
      return { is: 'withheld', fault: tooLarge };
    }
    const callId = out.headers['Call-ID'] ?? effect.dialog?.callId;
    log.debug({ trace, method: out.method, from: pair.user, to: pair.contact, callId, route: route?.name }, 'request_sent');
    return route === undefined ? { is: 'unsent', why: 'no route' } : links.request(out);
  }

  /** Asks a next hop for a sign of life (RFC 3261 section 11). */
  probe({ uri: proxy, requestUri: uri }: Hop, timeoutMs: number): Promise<SipResult> {
    const callId = newId();
    const [domain = ''] = this.options.domains;
    const from = `<sip:${domain}>;tag=${newId()}`;
    const headers = { From: from, To: `<${uri}>`, 'Call-ID': callId, CSeq: '1 OPTIONS' };
    return this.options.links.request({ method: 'OPTIONS', uri, headers, proxy, timeoutMs });
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
      ...(route !== undefined && { proxy: nextHopToVerify(route), assumeSentMs: route.assumeSentMs, streamOnly: route.streamOnly }),
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

/** What kept a request from being answered, where the SIP server has said it. */
function whyNot(final: Result): string | undefined {
  if (final.is === 'unsent') return final.why;
  return final.is === 'answered' && final.synthetic ? final.reason : undefined;
}
