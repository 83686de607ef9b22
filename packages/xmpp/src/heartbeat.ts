import type { Element } from '@xmpp/xml';

import { XmppLinkError } from './errors';
import { heartbeat } from './partition';
import type { Parties } from './partition';

export interface HeartbeatOptions extends Parties {
  /** After so much silence the server is asked, milliseconds. */
  readonly heartbeatMs: number;
  /** How long its answer may take, milliseconds. */
  readonly timeoutMs: number;
  readonly ask: (iq: Element, timeoutMs: number) => Promise<Element>;
  /** The server did not answer: the connection is dead, whatever TCP says. */
  readonly onSilence: (why: Error) => void;
}

/** Notices a server that is connected and silent: XEP-0114 has no keep-alive of its own. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private heardSinceTick = false;
  private asking = false;
  private reading = true;

  constructor(private readonly options: HeartbeatOptions) {}

  start(): void {
    this.stop();
    this.reading = true;
    this.heardSinceTick = true;
    this.timer = setInterval(() => void this.tick(), this.options.heartbeatMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  heard(): void {
    this.heardSinceTick = true;
  }

  /** While we do not read, silence is ours. */
  setReading(reading: boolean): void {
    this.reading = reading;
    this.heardSinceTick = true;
  }

  private async tick(): Promise<void> {
    if (this.heardSinceTick || this.asking || !this.reading) {
      this.heardSinceTick = false;
      return;
    }
    this.asking = true;
    try {
      await this.options.ask(heartbeat(this.options), this.options.timeoutMs);
    } catch (error) {
      if (error instanceof XmppLinkError && error.code === 'timeout' && !this.heardSinceTick && this.reading) {
        this.options.onSilence(new Error(`silent for ${this.options.heartbeatMs + this.options.timeoutMs} ms`));
      }
    } finally {
      this.asking = false;
    }
  }
}
