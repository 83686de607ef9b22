/** mulberry32: numbers that are the same for the same seed. */
export function chanceOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A clock that jumps from event to event. */
export class EventClock {
  private readonly queue: { readonly at: number; readonly run: () => void }[] = [];

  constructor(public at: number) {}

  /** Lets time pass, event by event. */
  pass(seconds: number): void {
    const until = this.at + seconds * 1000;
    for (let rounds = 0; rounds < 20_000; rounds += 1) {
      const next = this.queue[0];
      if (next === undefined || next.at > until) {
        this.at = until;
        return;
      }
      this.queue.shift();
      this.at = next.at;
      next.run();
    }
    throw new Error('time stands still: too much happens');
  }

  /** What is due at one time is done in the order in which it was asked for. */
  protected after(ms: number, run: () => void): void {
    const entry = { at: this.at + ms, run };
    const place = this.queue.findIndex((other) => other.at > entry.at);
    this.queue.splice(place < 0 ? this.queue.length : place, 0, entry);
  }
}
