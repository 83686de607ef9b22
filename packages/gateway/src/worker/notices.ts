import { TRESPASS, type Effect, type EngineEvent } from '@isthmus/engine';
import { FaultError, type Pair } from '@isthmus/model';
import { StoreUnavailableError } from '@isthmus/store';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';

const TOO_NEW_INTERVAL_MS = 60_000;

/** What is told in the log and counted when something of a pair did not go on as it should. */
export class Notices {
  readonly heartbeatFailed = (error: unknown): void => this.failed('heartbeat_failed', error);
  readonly dueFailed = (error: unknown): void => this.failed('due_failed', error);
  readonly sweepFailed = (error: unknown): void => this.failed('sweep_failed', error);
  readonly policySweepFailed = (error: unknown): void => this.failed('policy_sweep_failed', error);
  readonly routeProbeFailed = (error: unknown): void => this.failed('route_probe_failed', error);
  /** An event that was kept while the store was away could not be taken. */
  readonly eventLost = (error: unknown): void => this.failed('event_lost', error);
  readonly putBackFailed = (error: unknown): void => this.failed('put_back_failed', error);

  /** When records of a later schema were told of last, milliseconds since the epoch. */
  private tooNewAt = -Infinity;

  constructor(
    private readonly log: Logger,
    private readonly metrics: Metrics,
  ) {}

  foundDead(before: string, instance: string): void {
    this.log.warn({ before, instance }, 'worker_found_dead');
  }

  ignored(pair: Pair, event: EngineEvent, why: string): void {
    this.metrics.ignored.inc({ event: event.on });
    if (why === TRESPASS && 'ref' in event) this.trespassed(pair, event);
    this.log.debug({ trace: event.trace, on: event.on, from: pair.user, to: pair.contact, why }, 'event_ignored');
  }

  /** A stanza that had been handled came again: the worker that had handled it could not say so any more. */
  heardBefore(pair: Pair, { on, trace }: EngineEvent): void {
    this.metrics.ignored.inc({ event: on });
    this.log.debug({ trace, on, from: pair.user, to: pair.contact }, 'stanza_heard_before');
  }

  /** A version that was gone back from has left records that this one cannot read: told once a minute. */
  recordTooNew(schema: number, newest: number, now: number): void {
    if (now - this.tooNewAt < TOO_NEW_INTERVAL_MS) return;
    this.tooNewAt = now;
    this.log.error({ schema, newest }, 'record_too_new');
  }

  effectFailed(pair: Pair, effect: Effect, error: unknown): void {
    this.metrics.failures.inc({ effect: effect.do });
    const why = error instanceof FaultError ? error.fault.text : error instanceof Error ? error.message : String(error);
    this.log.warn({ trace: effect.trace, effect: effect.do, from: pair.user, to: pair.contact, why }, 'effect_failed');
  }

  /** Two peers of the configuration that are one, or somebody who knows a dialog that is not his. */
  private trespassed(pair: Pair, { on, trace, ref }: Extract<EngineEvent, { readonly ref: unknown }>): void {
    const { callId, peer = '' } = ref;
    this.metrics.peerRequests.inc({ peer, entry: 'dialog' });
    this.log.warn({ trace, on, callId, peerName: peer, from: pair.contact, to: pair.user }, 'dialog_refused');
  }

  /** That the store is away has been told once, when it went. */
  private failed(event: string, error: unknown): void {
    const cause = error instanceof FaultError ? error.cause : error;
    this.log[cause instanceof StoreUnavailableError ? 'debug' : 'error']({ error }, event);
  }
}
