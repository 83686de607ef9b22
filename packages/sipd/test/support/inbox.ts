/** How long a test waits for what must come: a deadline for what hangs, far from what anything takes on a slow machine. */
export const DEADLINE_MS = 60_000;

/** Things that arrive, and waiting for the one that is wanted. */
export class Inbox<T> {
  readonly all: T[] = [];
  /** Is shown everything that arrives, besides. */
  tap: ((item: T) => void) | undefined;
  private readonly unread: T[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(private readonly name: string) {}

  add(item: T): void {
    this.all.push(item);
    this.unread.push(item);
    for (const check of [...this.waiting]) check();
    this.tap?.(item);
  }

  /** The first unread item that fits; taken out, others stay. */
  next(fits: (item: T) => boolean = () => true, deadline = DEADLINE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const index = this.unread.findIndex(fits);
        if (index < 0) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve(this.unread.splice(index, 1)[0] as T);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(check);
        reject(new Error(`${this.name}: nothing that fits within ${deadline} ms; unread: ${JSON.stringify(this.unread).slice(0, 2000)}`));
      }, deadline);
      this.waiting.add(check);
      check();
    });
  }
}

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean, deadline = DEADLINE_MS): Promise<void> {
  const end = Date.now() + deadline;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not reached within ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
