import type { CancelDeadline, Deadlines } from './deadlines';
import type { DrachtioReply } from './drachtio';

interface Open {
  readonly reply: DrachtioReply;
  /** Owner name of the connection that brought the request. */
  readonly owner: string;
  readonly bytes: number;
  readonly cancelDeadline: CancelDeadline;
}

export interface ServerTransactionsOptions {
  readonly deadlines: Deadlines;
  /** How long the gateway may take for an answer, milliseconds. */
  readonly answerMs: number;
  readonly maxOpen: number;
  /** Of all bodies together. */
  readonly maxOpenBytes: number;
  /** Nobody has answered in time. The transaction is still open. */
  readonly onUnanswered: (id: string, reply: DrachtioReply) => void;
}

/** Requests of the far side that wait for our answer (DR-22). */
export class ServerTransactions {
  private readonly open = new Map<string, Open>();
  private bytes = 0;
  private waiters: (() => void)[] = [];

  constructor(private readonly options: ServerTransactionsOptions) {}

  get size(): number {
    return this.open.size;
  }

  get isFull(): boolean {
    return this.open.size >= this.options.maxOpen || this.bytes >= this.options.maxOpenBytes;
  }

  /** @param body of the request: it is held until the answer is given */
  add(id: string, reply: DrachtioReply, owner: string, body = ''): void {
    this.close(id);
    const bytes = Buffer.byteLength(body);
    const unanswered = (): void => this.options.onUnanswered(id, reply);
    const cancelDeadline = this.options.deadlines.set(this.options.answerMs, unanswered);
    this.open.set(id, { reply, owner, bytes, cancelDeadline });
    this.bytes += bytes;
  }

  /** The library's reply object; undefined when another connection has brought the request, or nobody knows it. */
  replyFor(id: string, owner: string): DrachtioReply | undefined {
    const found = this.open.get(id);
    return found?.owner === owner ? found.reply : undefined;
  }

  close(id: string): void {
    const found = this.open.get(id);
    if (found === undefined) return;
    found.cancelDeadline();
    this.open.delete(id);
    this.bytes -= found.bytes;
    if (this.open.size > 0) return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const wake of waiters) wake();
  }

  /** Ids of everything that still waits. */
  ids(): readonly string[] {
    return [...this.open.keys()];
  }

  /** Resolves when all are answered, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.options.deadlines.set(timeoutMs, resolve);
      this.waiters.push(() => {
        cancel();
        resolve();
      });
    });
  }
}
