/** The fields every request must have (RFC 3261 section 8.1.1), read once. */
import { parseNameAddr, tagOf } from './address';
import { headerSpelling } from './headers';
import type { SipRequest } from './message';
import { parseVia, topVia, type Via } from './via';

/** What transactions and dialogs are matched by. */
export interface Essentials {
  readonly via: Via;
  readonly topVia: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** May be missing (RFC 2543): the server does not check it. */
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
  readonly cseq: number;
}

/** A reason phrase for a 400, or `unanswerable` when there is no usable Via. */
export type EssentialsFault = { readonly fault: string } | { readonly fault: undefined; readonly unanswerable: true };

const CSEQ = /^(\d{1,10})\s+(\S+)$/;
const MAX_CSEQ = 0xffffffff;
/** Longest value of a field that is taken apart, in bytes: it bounds the work that one message can cause. */
const MAX_VALUE = 4096;

/** Two of them would be read one way here and another way behind (RFC 3261 section 7.3.1). */
const SINGLE = ['call-id', 'from', 'to', 'cseq'] as const;

/** CSeq number and method; undefined when malformed. */
export function parseCSeq(value: string): { number: number; method: string } | undefined {
  const found = CSEQ.exec(value);
  if (found === null) return undefined;
  const number = Number(found[1]);
  return number > MAX_CSEQ ? undefined : { number, method: found[2] ?? '' };
}

/** Reads the essentials of a request, or says what to answer. */
export function readEssentials(request: SipRequest): Essentials | EssentialsFault {
  const { headers } = request;
  const element = topVia(headers);
  const via = element === undefined || element.length > MAX_VALUE ? undefined : parseVia(element);
  if (element === undefined || via === undefined) return { fault: undefined, unanswerable: true };
  const twice = SINGLE.find((key) => headers.all(key).length > 1);
  if (twice !== undefined) return { fault: `More Than One ${headerSpelling(twice)} Header` };
  const callId = headers.get('call-id');
  if (callId === undefined || callId.length > MAX_VALUE || callId === '' || /\s/.test(callId)) return { fault: 'Bad Call-ID Header' };
  const from = headers.get('from') ?? '';
  const fromAddress = from.length > MAX_VALUE ? undefined : parseNameAddr(from);
  if (fromAddress === undefined) return { fault: 'Bad From Header' };
  const to = headers.get('to') ?? '';
  const toAddress = to.length > MAX_VALUE ? undefined : parseNameAddr(to);
  if (toAddress === undefined) return { fault: 'Bad To Header' };
  const cseq = parseCSeq(headers.get('cseq') ?? '');
  if (cseq === undefined || cseq.method !== request.method) return { fault: 'Bad CSeq Header' };
  return {
    via,
    topVia: element,
    callId,
    from,
    to,
    fromTag: tagOf(fromAddress),
    toTag: tagOf(toAddress),
    cseq: cseq.number,
  };
}
