import type { Socket } from 'node:net';
import type { Client } from '../control/client';
import { replyLine } from '../control/fields';
import type { FrameKind } from '../control/writer';
import type { Settings } from '../options';
import type { AnchorLimits } from './options';
import { type AnchorCounts, Relay } from './relay';

const HASH = 0x23;

/** An anchor inside the server: the server's only client, in the place of the workers' connections. */
export class AnchorClient implements Client {
  authenticated = true;
  readonly verbs: string[] = [];
  readonly address = 'anchor';
  readonly connected = true;
  readonly keepsUp = true;
  private readonly relay: Relay;

  /**
   * @param introduction what the server says of itself when a client authenticates
   * @param act carries out a client message
   */
  constructor(settings: Settings, limits: AnchorLimits, introduction: readonly string[], act: (client: Client, message: Buffer) => void) {
    this.relay = new Relay({
      server: {
        introduction,
        send: (id, rest) => {
          act(this, Buffer.concat([Buffer.from(id, 'latin1'), rest]));
          return undefined;
        },
      },
      secret: settings.secret,
      limits,
      clients: { ...settings, strict: true },
      log: settings.log,
    });
  }

  get counts(): AnchorCounts {
    return this.relay.counts;
  }

  accept(socket: Socket): void {
    this.relay.accept(socket);
  }

  send(frame: Buffer, kind?: FrameKind): void {
    this.relay.fromServer(frame.subarray(frame.indexOf(HASH) + 1), kind);
  }

  reply(messageId: string, ...fields: readonly string[]): void {
    this.relay.fromServer(Buffer.from(replyLine(messageId, ...fields), 'latin1'));
  }

  /** What the anchor lets through breaks the protocol no more than this. */
  refuse(messageId: string, reason: string): void {
    this.reply(messageId, 'NOK', reason);
  }

  /** The worker that was given a request last. */
  close(reason: string): void {
    this.relay.dropLatest(reason);
  }

  dropWorkers(reason: string): void {
    this.relay.dropWorkers(reason);
  }

  /** All workers, as when the server had been restarted. */
  renew(reason: string): void {
    this.relay.renew(reason);
  }

  stop(reason: string): void {
    this.relay.stop(reason);
  }
}
