import { NOON } from './pairs';
import { settled } from './waiting';

/** A source of chance that gives the same numbers for the same seed (mulberry32). */
export class Chance {
  constructor(private state: number) {}

  /** From 0 up to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** True so often in a hundred. */
  percent(often: number): boolean {
    return this.next() * 100 < often;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still while anything happens, and then goes to the next thing that was planned. */
export class VirtualTime {
  now = NOON;
  private planned: Planned[] = [];
  private count = 0;

  after(ms: number, run: () => void): void {
    const entry = { at: this.now + ms, order: (this.count += 1), run };
    const place = this.planned.findIndex((other) => other.at > entry.at);
    this.planned.splice(place < 0 ? this.planned.length : place, 0, entry);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets `ms` pass with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (let next = this.planned[0]; next !== undefined && next.at <= until; next = this.planned[0]) {
      this.planned.shift();
      this.now = next.at;
      next.run();
      await settled();
    }
    this.now = until;
  }
}
