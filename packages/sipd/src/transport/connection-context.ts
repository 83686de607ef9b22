import type { Intake } from '../intake';
import type { Observer } from '../observer';
import type { Limits } from '../options';
import type { TimerQueue } from '../transaction/timer-queue';
import type { Flow, FlowEvents } from './flow';
import type { Opened } from './line';
import type { Unfinished } from './unfinished';

/** A connection, as those see it who keep them. */
export interface Closable extends Flow {
  close(why?: string): void;
}

/** What a connection needs from its surroundings. */
export interface ConnectionContext {
  readonly limits: Limits;
  readonly intake: Intake;
  readonly observer: Observer;
  readonly timers: TimerQueue;
  readonly events: FlowEvents;
  readonly unfinished: Unfinished;
  closed(connection: Closable): void;
}

/** What a connection asks about its far end. */
export type FarEnd = Pick<Opened, 'proof' | 'explain'>;
