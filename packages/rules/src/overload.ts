/**
 * How busy a worker is, with hysteresis: it sheds new work early enough to keep what it has accepted, and takes new work
 * again only when it has been calm for a while, so that it does not swing (RFC 6357 section 5, "stability").
 */

/** `busy`: no new watches. `overloaded`: no new sessions and messages either. */
export type Load = 'normal' | 'busy' | 'overloaded';

/** What was seen since the last look. */
export interface LoadReading {
  /** How late the event loop was, on the average, milliseconds. */
  readonly loopDelayMs: number;
  /** Events that wait for their turn, percent of those that may. */
  readonly pendingPercent: number;
  /** The last round trip to the store, milliseconds; 0 while it is away: that is told by its own answer. */
  readonly storeMs: number;
  /** How often the worker stood still lately: it may be calm in between, and still have too little processor. */
  readonly stalls: number;
}

export interface LoadThresholds {
  readonly busy: LoadReading;
  readonly overloaded: LoadReading;
}

export interface LoadState {
  readonly load: Load;
  /** Looks in a row that were above the present level (positive) or well below it (negative). */
  readonly run: number;
}

export const CALM: LoadState = { load: 'normal', run: 0 };

/** One look above the level may be a pause of the machine. */
const LOOKS_UP = 2;
/** Going back takes longer: what was shed comes again. */
const LOOKS_DOWN = 8;
/** Well below a threshold: half of it. */
const WELL_BELOW = 0.5;

const LEVELS: readonly Load[] = ['normal', 'busy', 'overloaded'];

/** The state after one more look. Up to the level that the reading asks for, down one level at a time. */
export function nextLoad(state: LoadState, reading: LoadReading, thresholds: LoadThresholds): LoadState {
  const now = LEVELS.indexOf(state.load);
  const asked = LEVELS.indexOf(levelOf(reading, thresholds));
  if (asked > now) {
    const run = Math.max(0, state.run) + 1;
    return run < LOOKS_UP ? { load: state.load, run } : { load: LEVELS[asked] ?? 'overloaded', run: 0 };
  }
  if (state.load === 'normal' || reaches(reading, thresholds[state.load], WELL_BELOW)) return { load: state.load, run: 0 };
  const run = Math.min(0, state.run) - 1;
  return run > -LOOKS_DOWN ? { load: state.load, run } : { load: LEVELS[now - 1] ?? 'normal', run: 0 };
}

function levelOf(reading: LoadReading, { busy, overloaded }: LoadThresholds): Load {
  if (reaches(reading, overloaded, 1)) return 'overloaded';
  return reaches(reading, busy, 1) ? 'busy' : 'normal';
}

/** Is one of the readings at that share of its threshold? */
function reaches(reading: LoadReading, threshold: LoadReading, share: number): boolean {
  return (
    reading.loopDelayMs >= threshold.loopDelayMs * share ||
    reading.pendingPercent >= threshold.pendingPercent * share ||
    reading.storeMs >= threshold.storeMs * share ||
    reading.stalls >= threshold.stalls * share
  );
}
