import type { EngineEvent } from '@isthmus/engine';
import type { Fault, Jid, SipUri, Variant } from '@isthmus/model';
import type { SessionAddress } from '../body/session-description';
import { headersOfStatus } from './offer';
import { safeAnswer, type LooseHeaders } from './safe';
import type { SipAnswerOut, SipRequestIn } from './wire';

/** The peer that a request comes from, as the configuration knows it. */
export interface SipPeer {
  readonly name: string;
  /** Dialogs that it opens, or that are opened with it, are its own (SEC-12). */
  readonly holds: boolean;
  /** Its P-Asserted-Identity is believed (RFC 3325). */
  readonly trusted: boolean;
  /** Names of the other peers that hold dialogs. */
  readonly others: readonly string[];
}

/** What `readRequest` needs besides the request. */
export interface SipReadContext {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly trace: string;
  /** Our tag for the dialog that a 2xx would make (DR-10). */
  newTag(): string;
  /** The longest text that is carried, bytes of UTF-8 (SEC-11). */
  readonly maxTextBytes: number;
  /** `emoji`: text codes of the SIP user become emoji. */
  readonly emoticons?: 'emoji' | 'unchanged';
  /** What the answer to OPTIONS shows. */
  readonly session: SessionAddress;
  readonly variant: Variant;
  /** Absent: it comes from no peer in particular. */
  readonly peer?: SipPeer;
  /** The domain that telephone numbers belong to (ADDR-12). */
  readonly telephoneDomain?: string;
}

/** The sender of a request. */
export interface SipUser {
  readonly jid: Jid;
  /** His address of record as he writes it (ADDR-10). */
  readonly uri: SipUri;
  /** Absent as well where the raw address is to be shown (SEC-14). */
  readonly displayName?: string;
}

/** What a request means. */
export type RequestReading =
  | { readonly is: 'event'; readonly sipUser: SipUser; readonly xmppUser: Jid; readonly event: EngineEvent }
  /** It is answered at once; no user takes part. */
  | { readonly is: 'answer'; readonly answer: SipAnswerOut }
  /** So is this; `fault` says to the log what was wrong. */
  | { readonly is: 'refuse'; readonly answer: SipAnswerOut; readonly fault: Fault }
  /** It has no answer (ACK, CANCEL) and no meaning. */
  | { readonly is: 'ignore'; readonly why: string };

/** Refuses with the fault's status, its text as reason phrase, and the headers that the status demands. */
export function refuseRequest(request: SipRequestIn, fault: Fault, headers: LooseHeaders = {}): RequestReading {
  const { transaction } = request;
  const answer = safeAnswer({
    transaction,
    status: fault.sip,
    ...(fault.text !== undefined && { reason: fault.text }),
    headers: { ...headersOfStatus(fault.sip), ...retryAfter(fault), ...headers },
  });
  return { is: 'refuse', answer, fault };
}

function retryAfter({ retryAfterSeconds }: Fault): LooseHeaders {
  return retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
}

export function answerRequest(request: SipRequestIn, headers: LooseHeaders = {}, body?: string): RequestReading {
  const { transaction } = request;
  const answer = safeAnswer({ transaction, status: 200, headers, ...(body !== undefined && { body }) });
  return { is: 'answer', answer };
}
