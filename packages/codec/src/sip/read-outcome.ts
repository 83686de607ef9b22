import type { Dialog, RequestEffect, SipOutcomeEvent } from '@isthmus/engine';
import { fault, type Dialect, type Fault } from '@isthmus/model';
import { faultFromSip } from '@isthmus/rules';
import { readNameAddr, sipToJid } from '../address';
import { readWarning } from './diagnostics';
import { readTarget } from './dialogs';
import { readCSeq, readList, readSeconds } from './fields';
import type { SipHeaders, SipResult } from './wire';
import { isEstablished, methodOf, type RequestMethod } from './writing';

export interface OutcomeContext {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** That with which the request was written. */
  readonly dialect: Dialect;
  /** Name of the peer that holds the dialogs which are opened by way of this next hop (SEC-12). Absent: none does. */
  readonly peer?: string;
  /** The next hop that it was sent to. */
  readonly hop?: string;
}

/** A request of ours went round: the far side has no such user and gave it back to us (SEC-8). RFC 7247's word for 482 says less. */
const LOOP_DETECTED = 482;

/** `no-dialog` is no outcome: the caller sends the effect again with `handMade(dialog)`. */
export type FinalResult = Exclude<SipResult, { readonly is: 'no-dialog' }> | Withheld;
/** We have not sent it (`sizeFault`): as if it had been refused so. */
export interface Withheld {
  readonly is: 'withheld';
  readonly fault: Fault;
}
type Answer = Extract<SipResult, { readonly is: 'answered' }>;
type Ending = Pick<SipOutcomeEvent, 'result' | 'status' | 'fault'>;

const UNREACHABLE = { result: 'unreachable', status: 503, fault: fault('network.unreachable') } as const;
const TIMEOUT = { result: 'timeout', status: 408, fault: fault('network.timeout') } as const;
const LOST = { result: 'lost', status: 408 } as const;
/** Told once more where nobody knows whether it has arrived: no harm is done, and silence would be taken for the far side's (PRES-30). */
const TOLD_AGAIN: ReadonlySet<RequestMethod> = new Set<RequestMethod>(['SUBSCRIBE', 'NOTIFY']);

/** The event for the engine: what has become of the request that `effect` asked for. */
export function readOutcome(effect: RequestEffect, result: FinalResult, context: OutcomeContext): SipOutcomeEvent {
  const method = methodOf(effect, context.dialect);
  const on = 'sip.outcome';
  const base = { key: effect.key, trace: effect.trace, at: context.at, method } as const;
  if (result.is === 'timeout') return { on, ...base, ...silenceOf(method, result.linkLost === true) };
  if (result.is === 'unsent') return { on, ...base, ...UNREACHABLE };
  if (result.is === 'withheld') return { on, ...base, result: 'answered', status: result.fault.sip, fault: result.fault };
  const dialog = dialogAfter(effect, result, context);
  return {
    on,
    ...base,
    ...endingOf(result),
    ...timesOf(result, method),
    ...(dialog !== undefined && { dialog }),
    ...(method === 'INVITE' && takesFirstText(result) && { firstTextTaken: true }),
  };
}

/** Nobody has answered; a link of ours that broke meanwhile is no silence of the far side. */
function silenceOf(method: RequestMethod, linkLost: boolean): Ending & Pick<SipOutcomeEvent, 'broken'> {
  if (!linkLost) return TIMEOUT;
  return TOLD_AGAIN.has(method) ? LOST : { ...TIMEOUT, broken: true };
}

/** A 503 or 408 that the server made itself speaks of the network, not of the far side (DR-28). */
function endingOf(answer: Answer): Ending {
  const { status, reason, synthetic } = answer;
  if (synthetic && status === 503) return UNREACHABLE;
  if (synthetic && status === 408) return TIMEOUT;
  if (status === LOOP_DETECTED) return { result: 'answered', status, fault: fault('request.looped') };
  return status < 300 ? { result: 'answered', status } : { result: 'answered', status, fault: faultOf(answer, reason) };
}

function faultOf(answer: Answer, reason: string): Fault {
  const newAddress = answer.status < 400 ? newAddressOf(answer.headers) : undefined;
  const warning = readWarning(answer.headers);
  return faultFromSip(answer.status, warning === undefined ? reason : `${reason}: ${warning}`, newAddress === undefined ? {} : { newAddress });
}

/** Where a 3xx sends to, as the XMPP side would address it (RFC 5122); never followed by ourselves (ERR-4). */
function newAddressOf(headers: SipHeaders): string | undefined {
  const target = sipToJid(readTarget(headers['contact']) ?? '');
  return target.ok ? `xmpp:${encodeURIComponent(target.value.jid.local)}@${encodeURI(target.value.jid.domain)}` : undefined;
}

/** RFC 3261 section 12.1.2 and 12.2.1. Undefined: the request made no dialog and used none. */
function dialogAfter(effect: RequestEffect, answer: Answer, { peer, hop }: OutcomeContext): Dialog | undefined {
  const { dialog } = effect;
  if (dialog === undefined) return undefined;
  const localCSeq = Math.max(dialog.localCSeq, readCSeq(answer.sent['cseq']) ?? 0);
  const target = answer.status < 300 ? readTarget(answer.headers['contact']) : undefined;
  const remoteTarget = target === undefined ? {} : { remoteTarget: target };
  if (isEstablished(dialog)) return { ...dialog, localCSeq, ...remoteTarget };
  const remoteTag = tagOf(answer.headers['to']);
  if (answer.status >= 300 || remoteTag === undefined) return undefined;
  const { server, owner } = answer;
  const holder = { ...(peer !== undefined && { peer }), ...(hop !== undefined && { hop }) };
  return { ...dialog, localCSeq, remoteTag, server, owner, stackId: answer.stackId ?? dialog.stackId, ...remoteTarget, ...holder };
}

function tagOf(to: string | undefined): string | undefined {
  const read = readNameAddr(to ?? '');
  return read.ok ? read.value.params.get('tag') : undefined;
}

type Times = Pick<SipOutcomeEvent, 'expiresSeconds' | 'minExpiresSeconds' | 'retryAfterSeconds'>;

function timesOf(answer: Answer, method: RequestMethod): Times {
  const { status, headers } = answer;
  const expiresSeconds = method === 'SUBSCRIBE' && status < 300 ? readSeconds(headers['expires']) : undefined;
  const minExpiresSeconds = status === 423 ? readSeconds(headers['min-expires']) : undefined;
  const retryAfterSeconds = status < 300 ? undefined : readSeconds(headers['retry-after']);
  return {
    ...(expiresSeconds !== undefined && { expiresSeconds }),
    ...(minExpiresSeconds !== undefined && { minExpiresSeconds }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

/** Only a 2xx that names it has taken the text of `ms-text-format` (trap T2). */
function takesFirstText(answer: Answer): boolean {
  const supported = readList(answer.headers['supported']).map((option) => option.toLowerCase());
  return answer.status < 300 && supported.includes('ms-text-format');
}
