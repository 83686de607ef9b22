/**
 * SIGHUP from the first moment to the last: where nobody listens it ends the process. One that comes before there is anybody to tell
 * is told then.
 */
export class Hangups {
  private due = false;
  private tell: () => void = () => (this.due = true);

  constructor() {
    process.on('SIGHUP', () => this.tell());
  }

  /** Whom to tell from now on. */
  tellTo(tell: () => void): void {
    this.tell = tell;
    if (this.due) tell();
    this.due = false;
  }

  /** Nobody is told any more. */
  ignore(): void {
    this.tell = () => undefined;
  }
}
