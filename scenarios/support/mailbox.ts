/** Unclaimed items a mailbox keeps; older ones are dropped, and the count of those is named in failures. */
const CAPACITY = 20_000;
const SHOWN_IN_FAILURES = 12;
/** For what hangs: what comes takes moments, and on a slow machine under load some seconds. Below a test's own deadline, so that the failure says what was missing. */
export const DEFAULT_DEADLINE_MS = 60_000;

export interface Wish<T> {
  /** What is waited for, in words: it completes "no ... arrived". */
  readonly what: string;
  readonly wanted: (item: T) => boolean;
  readonly deadlineMs?: number | undefined;
}

interface Waiter<T> {
  readonly wish: Wish<T>;
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * What a peer told the test: log lines, events, SIP requests. Each item answers one wait, so that "again" means a second
 * item and not the first one looked at twice. Items nobody asks for stay unclaimed.
 */
export class Mailbox<T> {
  private items: T[] = [];
  private waiters: Waiter<T>[] = [];
  private dropped = 0;
  private closedBy: Error | undefined;

  /**
   * @param owner whose mailbox it is, for failures
   * @param show one line for an item, for failures
   */
  constructor(
    private readonly owner: string,
    private readonly show: (item: T) => string,
  ) {}

  /** Items that no wait has claimed, oldest first. */
  get unclaimed(): readonly T[] {
    return this.items;
  }

  put(item: T): void {
    const waiter = this.waiters.find(({ wish }) => wish.wanted(item));
    if (waiter !== undefined) {
      this.forget(waiter);
      waiter.resolve(item);
      return;
    }
    this.items.push(item);
    if (this.items.length > CAPACITY) {
      this.items.shift();
      this.dropped += 1;
    }
  }

  /** Claims the oldest wanted item, waiting for it if need be; fails with what did arrive when the deadline passes. */
  take(wish: Wish<T>): Promise<T> {
    const index = this.items.findIndex((item) => wish.wanted(item));
    const [found] = index < 0 ? [] : this.items.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    if (this.closedBy !== undefined) return Promise.reject(this.failure(wish, this.closedBy.message));
    return this.wait(wish);
  }

  /** Nothing will come any more: those who wait fail at once, with the reason. */
  close(reason: Error): void {
    this.closedBy ??= reason;
    for (const waiter of [...this.waiters]) {
      this.forget(waiter);
      waiter.reject(this.failure(waiter.wish, reason.message));
    }
  }

  private wait(wish: Wish<T>): Promise<T> {
    const deadlineMs = wish.deadlineMs ?? DEFAULT_DEADLINE_MS;
    return new Promise<T>((resolve, reject) => {
      const expire = (): void => {
        this.forget(waiter);
        reject(this.failure(wish, `not within ${deadlineMs} ms`));
      };
      const waiter: Waiter<T> = { wish, resolve, reject, timer: setTimeout(expire, deadlineMs) };
      waiter.timer.unref(); // a wait that a test has given up keeps no process alive
      this.waiters.push(waiter);
    });
  }

  private forget(waiter: Waiter<T>): void {
    clearTimeout(waiter.timer);
    this.waiters = this.waiters.filter((other) => other !== waiter);
  }

  private failure(wish: Wish<T>, why: string): Error {
    const last = this.items.slice(-SHOWN_IN_FAILURES).map((item) => `  ${this.show(item)}`);
    const lost = this.dropped === 0 ? '' : ` (and ${this.dropped} older ones, dropped)`;
    return new Error([`${this.owner}: no ${wish.what}: ${why}; unclaimed${lost}:`, ...last].join('\n'));
  }
}
