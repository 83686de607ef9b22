export interface PingerOptions {
  /** After so much silence the server is pinged; after as much again the connection counts as dead. Milliseconds. */
  readonly pingMs: number;
  readonly ping: () => void;
  readonly onSilence: (silentMs: number) => void;
}

/** Notices a server that is connected and silent; it never pings by itself (drachtio.md section 2.1). */
export class Pinger {
  private heardSinceTick = true;
  private pinged = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PingerOptions) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), this.options.pingMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  heard(): void {
    this.heardSinceTick = true;
  }

  private tick(): void {
    if (this.heardSinceTick) {
      this.heardSinceTick = false;
      this.pinged = false;
      return;
    }
    if (this.pinged) {
      this.options.onSilence(2 * this.options.pingMs);
      return;
    }
    this.pinged = true;
    this.options.ping();
  }
}
