import type { Fence } from '../pairs/runner';

export interface StandstillOptions {
  readonly cluster: Fence & { /** Is this the only live instance, as far as is known? */ readonly isAlone: boolean };
  /** Renews the lease; resolves when the store has answered, or has not. */
  readonly exchange: () => Promise<void>;
  /** Others have been given what stands in the connections that are dropped now; the names of their SIP servers. */
  readonly onLost: () => readonly string[];
}

/**
 * Whether a worker that stood still may go on where it stood (decision 088). The store knows: who still has his lease has been found dead
 * by nobody, and is only slow. Until that is known, what comes in waits, in order. Who has none drops what he was given; so does one who
 * cannot learn it, unless there is nobody who could have been given anything.
 */
export class Standstill {
  private asking: Promise<readonly string[]> | undefined;

  constructor(private readonly options: StandstillOptions) {}

  /** Undefined when nothing is in doubt; else resolves with the SIP servers whose connections have been dropped. */
  get doubt(): Promise<readonly string[]> | undefined {
    return this.asking;
  }

  noticed(): void {
    this.asking ??= this.ask();
  }

  private async ask(): Promise<readonly string[]> {
    const { cluster, exchange, onLost } = this.options;
    const { instance } = cluster;
    try {
      await exchange();
      const goesOn = cluster.isAlone || (cluster.instance === instance && cluster.holdsLease());
      return goesOn ? [] : onLost();
    } finally {
      this.asking = undefined;
    }
  }
}
