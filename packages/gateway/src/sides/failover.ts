import type { SipResult, Withheld } from '@isthmus/codec';
import type { Hop } from '../routing/hop';

export type Result = SipResult | Withheld;

/** Why a request is sent to the next hop (decision 040). */
export type FailoverReason = 'unreachable' | 'silent' | 'status_408' | 'status_503';

/** How long a hop is waited for. Milliseconds. */
export interface Patience {
  readonly timeoutMs: number;
  /** Given up when nothing at all has come by then, no provisional answer either. */
  readonly silenceMs?: number;
}

export interface FailoverOptions {
  readonly send: (hop: Hop, patience: Patience) => Promise<Result>;
  /** For all attempts together. Milliseconds. */
  readonly timeoutMs: number;
  /** For the silence of a hop that is not the last one. Milliseconds. */
  readonly silenceMs: number;
  /** The same for the last one; absent: it is waited for as long as the request may take. */
  readonly lastSilenceMs?: number;
  readonly now: () => number;
  /** May the request still go out? Asked before each hop but the first; may take until `until`, by `now`. */
  readonly mayGoOn: (until: number) => Promise<boolean>;
  readonly onFailover: (from: Hop, to: Hop, why: FailoverReason) => void;
}

/** A result and where it is from. */
export interface Attempt {
  readonly hop: Hop;
  readonly result: Result;
}

/**
 * Sends a request to one next hop after the other, until one has taken it or none is left (RFC 3263 section 4.3). Whatever a
 * hop says itself ends that, but 408 and 503: what was refused for good, by a 6xx for one, must not be tried elsewhere.
 */
export async function throughHops(hops: readonly Hop[], options: FailoverOptions): Promise<Attempt | undefined> {
  const { send, timeoutMs, silenceMs, lastSilenceMs, now, mayGoOn, onFailover } = options;
  const until = now() + timeoutMs;
  const attempts: Attempt[] = [];
  for (const [index, hop] of hops.entries()) {
    const next = hops[index + 1];
    const silence = next === undefined ? lastSilenceMs : silenceMs;
    const left = index === 0 ? timeoutMs : until - now();
    const result = await send(hop, { timeoutMs: left, ...(silence !== undefined && silence < left && { silenceMs: silence }) });
    const why = reasonOf(result);
    if (why === undefined) return { hop, result };
    attempts.push({ hop, result });
    if (next === undefined || now() >= until || !(await mayGoOn(until))) break;
    onFailover(hop, next, why);
  }
  return mostTelling(attempts);
}

/** When all have failed: silence counts most, since the request may have arrived; then what a hop has said. */
function mostTelling(attempts: readonly Attempt[]): Attempt | undefined {
  const weight = ({ result }: Attempt): number => ['unreachable', 'status_503', 'status_408', 'silent'].indexOf(reasonOf(result) ?? '');
  return [...attempts].sort((one, other) => weight(other) - weight(one))[0];
}

/** Undefined: the result stands. */
export function reasonOf(result: Result): FailoverReason | undefined {
  if (result.is === 'timeout') return result.linkLost === true || result.heard === true ? undefined : 'silent';
  if (result.is !== 'answered') return undefined;
  if (result.synthetic) return result.status === 503 ? 'unreachable' : result.status === 408 ? 'silent' : undefined;
  return result.status === 408 ? 'status_408' : result.status === 503 ? 'status_503' : undefined;
}
