import type { Element } from '@xmpp/xml';
import { XmppLinkError } from './errors';

interface Batch {
  readonly confirmed: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** From one question to the next, milliseconds: under load many stanzas share one, and a single one is asked about at once. */
const PAUSE_MS = 3;

/**
 * Tells when the server has processed what was written: XEP-0114 has no acknowledgements, but a server handles the stanzas
 * of a stream in order (RFC 6120 section 10.1), so its answer to a question, result or error, says that it has handled all
 * that was written before. One question is open at a time, and a pause lies between two; whatever is written meanwhile shares
 * the next one.
 */
export class Confirmations {
  private running = false;
  private next: Batch | undefined;
  private askedAt = -Infinity;

  /** @param ask sends the question in the turn in which it is called and resolves with its answer, of whatever kind */
  constructor(
    private readonly ask: () => Promise<Element>,
    private readonly pauseMs = PAUSE_MS,
    private readonly onLate: () => void = () => undefined,
  ) {}

  /**
   * Resolves when all that is written in this turn, and was before, has been handled; rejects as `ask` does, or by `lost`. A
   * server that is slow is waited for as long as the connection stands.
   */
  all(): Promise<void> {
    this.next ??= newBatch();
    const { confirmed } = this.next;
    if (!this.running) {
      this.running = true;
      // Behind what is written in this turn, and in one write with it: the links hold that until the next tick too.
      process.nextTick(() => void this.run());
    }
    return confirmed;
  }

  /** The connection is gone: an answer over the next one says nothing about what was written on this one. */
  lost(why: Error): void {
    this.take()?.reject(why);
  }

  /** A loop: rounds that called each other would all be kept until the first pause. */
  private async run(): Promise<void> {
    while (this.next !== undefined) {
      const early = this.askedAt + this.pauseMs - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early).unref());
      const batch = this.take();
      if (batch === undefined) continue; // lost meanwhile
      this.askedAt = performance.now();
      await this.ask().then(batch.resolve, (error: unknown) => this.unanswered(batch, error));
    }
    this.running = false;
  }

  /**
   * On a connection that stands the stanzas lie before the server still: written again they would be handled twice. So it is
   * asked anew, together with whatever has been written since.
   */
  private unanswered(batch: Batch, error: unknown): void {
    if (!mayStillCome(error)) return batch.reject(error);
    this.onLate();
    const later = this.next;
    this.next = batch;
    if (later !== undefined) batch.confirmed.then(later.resolve, later.reject);
  }

  private take(): Batch | undefined {
    const batch = this.next;
    this.next = undefined;
    return batch;
  }
}

/** Has the question only not been answered yet, or not been written? */
function mayStillCome(error: unknown): boolean {
  return error instanceof XmppLinkError && (error.code === 'timeout' || error.code === 'queue-full');
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
