import { readSeconds } from '@isthmus/codec';
import type { RequestEffect } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import type { Fence } from '../pairs/runner';
import type { Hop } from '../routing/hop';
import type { NextHops } from '../routing/next-hops';
import { reasonOf, throughHops, type Attempt, type Patience, type Result } from './failover';
import { stillOurs } from './still-ours';

export interface OpeningOptions {
  readonly hops: Pick<NextHops, 'forContact' | 'routeAt' | 'answered' | 'failed' | 'silent' | 'hold'>;
  readonly inviteTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A hop that says nothing is left for the next one after so long. */
  readonly nextHopTimeoutMs: number;
  /** The longest Retry-After of a hop that is obeyed. */
  readonly maxRetryAfterMs: number;
  readonly fence: Fence;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** Requests outside of dialogs on their way through the next hops, and what each hop's answer tells of it. */
export class Openings {
  constructor(private readonly options: OpeningOptions) {}

  /** Undefined: no route leads to the contact. */
  through(pair: Pair, effect: RequestEffect, send: (hop: Hop, patience: Patience) => Promise<Result>): Promise<Attempt | undefined> {
    const { hops, inviteTimeoutMs, requestTimeoutMs, nextHopTimeoutMs, fence, now, log, metrics } = this.options;
    const isInvite = effect.do === 'sip.invite';
    return throughHops(hops.forContact(pair.contact), {
      send: async (hop, patience) => {
        const result = await send(hop, patience);
        this.note(hop, result, isInvite);
        return result;
      },
      timeoutMs: isInvite ? inviteTimeoutMs : requestTimeoutMs,
      silenceMs: nextHopTimeoutMs,
      ...(isInvite && { lastSilenceMs: requestTimeoutMs }),
      now,
      mayGoOn: stillOurs(fence, now),
      onFailover: (hop, next, why) => {
        metrics.failovers.inc({ route: hop.route.name, why });
        log.warn({ trace: effect.trace, from: pair.user, to: pair.contact, route: hop.route.name, hop: hop.uri, next: next.uri, why }, 'request_failed_over');
      },
    });
  }

  /** Whoever refuses lives. Our own refusal, or the loss of our own link, says nothing of the hop. */
  private note(hop: Hop, result: Result, isInvite: boolean): void {
    const { hops, maxRetryAfterMs } = this.options;
    const why = reasonOf(result);
    if (why === 'unreachable') hops.failed(hop);
    else if (why === 'silent') hops.silent(hop, isInvite);
    if (result.is !== 'answered' || result.synthetic) return;
    hops.answered(hop);
    const retryAfter = why === 'status_503' ? readSeconds(result.headers['retry-after']) : undefined;
    if (retryAfter !== undefined) hops.hold(hop, Math.min(retryAfter * 1_000, maxRetryAfterMs));
  }
}
