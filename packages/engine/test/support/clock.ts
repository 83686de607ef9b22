import { chanceOf, EventClock } from './event-clock';
import { NOON } from './pair';

/** The same choices for the same seed. */
export class Chance {
  /** From 0 up to, not including, the argument. */
  readonly below: (limit: number) => number;

  constructor(seed: number) {
    this.below = chanceOf(seed);
  }

  /** True so often in a hundred. */
  percent(often: number): boolean {
    return this.below(100) < often;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** A clock that several parties share. */
export class Clock extends EventClock {
  constructor() {
    super(NOON);
  }

  override after(ms: number, run: () => void): void {
    super.after(ms, run);
  }
}
