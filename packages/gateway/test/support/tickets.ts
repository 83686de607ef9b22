import type { Ticket } from '@isthmus/xmpp';

/** A ticket that a test plays the server for. */
export class TestTicket implements Ticket {
  holds = 1;
  isKnownElsewhere = false;
  private readonly callbacks: (() => void)[] = [];

  constructor(
    readonly n: number,
    readonly epoch = 'e1',
  ) {}

  hold(): void {
    this.holds += 1;
  }

  release(): void {
    this.holds -= 1;
  }

  async isElsewhere(): Promise<boolean> {
    return this.isKnownElsewhere;
  }

  whenForgotten(callback: () => void): void {
    this.callbacks.push(callback);
  }

  /** The server was told that the stanza is handled. */
  forget(): void {
    for (const callback of this.callbacks) callback();
  }
}
