import type { InHand } from '../../src/anchor/in-hand';
import type { Worker } from '../../src/anchor/worker';

/** A worker as the desk sees it; it takes everything unless told otherwise. */
export class Hand {
  readonly announced = true;
  readonly inHand = new Set<InHand<Worker>>();
  readonly given: string[] = [];
  connected = true;
  paused = false;
  silent = false;
  heardAt = 0;

  constructor(
    readonly name: string,
    readonly serial: number,
  ) {}

  takes(): boolean {
    return this.connected && !this.paused && !this.silent;
  }

  send(frame: Buffer): void {
    this.given.push(frame.toString());
  }
}

export const asWorker = (hand: Hand): Worker => hand as unknown as Worker;
