import type { Element } from '@xmpp/xml';

interface Batch {
  readonly confirmed: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Tells when the server has processed what was written: XEP-0114 has no acknowledgements, but a server handles the stanzas
 * of a stream in order (RFC 6120 section 10.1), so its answer to a question, result or error, says that it has handled all
 * that was written before. One question is open at a time; whatever is written meanwhile shares the next one.
 */
export class Confirmations {
  private open = false;
  private next: Batch | undefined;

  /** @param ask sends the question and resolves with its answer, of whatever kind */
  constructor(private readonly ask: () => Promise<Element>) {}

  /** Resolves when all that was written before this call has been handled; rejects as `ask` does. */
  all(): Promise<void> {
    this.next ??= newBatch();
    const { confirmed } = this.next;
    // At the end of this turn: stanzas of other pairs written in it come along.
    if (!this.open) {
      this.open = true;
      setImmediate(() => void this.run());
    }
    return confirmed;
  }

  /** A loop: rounds that called each other would all be kept until the first pause. */
  private async run(): Promise<void> {
    for (let batch = this.take(); batch !== undefined; batch = this.take()) {
      await this.ask().then(batch.resolve, batch.reject);
    }
    this.open = false;
  }

  private take(): Batch | undefined {
    const batch = this.next;
    this.next = undefined;
    return batch;
  }
}

function newBatch(): Batch {
  let resolve: Batch['resolve'] = () => undefined;
  let reject: Batch['reject'] = () => undefined;
  const confirmed = new Promise<void>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { confirmed, resolve, reject };
}
