import type { Socket } from 'node:net';
import { ANCHOR_DEFAULTS, type AnchorCounts, type AnchorLimits, NO_SWITCHES, Relay } from '@isthmus/sipd';
import { Listener } from './listener';
import { type AnchorOptions, type AnchorSettings, type Place, settingsOf } from './options';
import { ServerLink } from './server-link';

/** A running anchor. */
export interface Anchor {
  /** Where workers connect, as bound. */
  readonly place: Place;
  /** Is the drachtio server there? */
  readonly up: boolean;
  /** Why not. */
  readonly why: string | undefined;
  /** Names this life of anchor and server; another one whenever the server was lost. */
  readonly identity: string;
  counts(): AnchorCounts;
  /** Takes no new requests, and waits until those in hand are answered, for so long at most. */
  drain(timeoutMs: number): Promise<void>;
  /** Reads the certificate again; what is wrong with it is logged, and the old one stays. */
  reloadCertificate(): void;
  /** Stops; resolves when every socket is closed. */
  close(): Promise<void>;
}

/** Longest message of a worker: no drachtio server takes one that is larger, and this is to say so. */
const WORKER_FRAME_BYTES = 1024 * 1024;
/** A worker that has not authenticated by then is disconnected, milliseconds. */
const SILENT_MS = 5_000;
const DRAIN_LOOK_MS = 20;

class RunningAnchor implements Anchor {
  private readonly relay: Relay;
  private readonly limits: AnchorLimits;
  private listener: Listener | undefined;
  private link: ServerLink | undefined;
  private retry: NodeJS.Timeout | undefined;
  private introduction: readonly string[] = [];
  private trouble: string | undefined = 'not connected yet';
  private stopping = false;
  up = false;

  constructor(private readonly settings: AnchorSettings) {
    this.limits = { ...ANCHOR_DEFAULTS, ...settings.limits };
    const introduction = (): readonly string[] => this.introduction;
    this.relay = new Relay({
      server: {
        get introduction() {
          return introduction();
        },
        send: (id, rest) => (this.link === undefined ? 'the SIP server is not connected' : this.link.send(id, rest)),
      },
      secret: settings.secret,
      limits: this.limits,
      clients: {
        strict: true,
        switches: NO_SWITCHES,
        limits: { frameBytes: WORKER_FRAME_BYTES, clientBacklogBytes: settings.backlogBytes, silentMs: SILENT_MS },
      },
      log: settings.log,
    });
  }

  async start(): Promise<void> {
    const { listen, tls, log } = this.settings;
    this.listener = await Listener.open(listen, tls, 2 * this.limits.workers, (socket) => this.accept(socket));
    this.listener.onError((error) => log('error', 'accept_failed', { error: error.message }));
    this.connect();
  }

  get place(): Place {
    return this.listener?.place ?? this.settings.listen;
  }

  get why(): string | undefined {
    return this.up ? undefined : this.trouble;
  }

  get identity(): string {
    return this.relay.identity;
  }

  counts(): AnchorCounts {
    return this.relay.counts;
  }

  async drain(timeoutMs: number): Promise<void> {
    if (!this.up) return;
    this.link?.leave();
    const until = performance.now() + timeoutMs;
    while (this.up && this.relay.counts.inHand > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    }
  }

  reloadCertificate(): void {
    const { tls, log } = this.settings;
    if (tls === undefined) return;
    try {
      this.listener?.renew(tls);
    } catch (error) {
      log('error', 'certificate_refused', { reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async close(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.retry);
    this.relay.stop('the anchor stops');
    this.link?.close('the anchor stops');
    await this.listener?.close();
  }

  /** Without the server there is nothing to say: who connects sees that at once, and tries again. */
  private accept(socket: Socket): void {
    if (this.up) this.relay.accept(socket);
    else socket.destroy();
  }

  private connect(): void {
    this.link = new ServerLink(this.settings, {
      up: (introduction) => this.cameUp(introduction),
      frame: (payload) => this.relay.fromServer(payload),
      closed: (reason) => this.wentDown(reason),
    });
  }

  private cameUp(introduction: readonly string[]): void {
    this.introduction = introduction;
    this.up = true;
    this.trouble = undefined;
    this.settings.log('info', 'server_up', { host: this.settings.server.host, port: this.settings.server.port, identity: this.identity });
  }

  /**
   * The server has forgotten our dialogs, or will give their requests to nobody: the workers must know, and begin anew with
   * another identity.
   */
  private wentDown(reason: string): void {
    const { log, retryMs, server, onServerLost } = this.settings;
    this.link = undefined;
    if (this.stopping) return;
    if (this.up) this.relay.renew('the SIP server is gone');
    if (this.up || this.trouble !== reason) log(this.up ? 'error' : 'warn', 'server_down', { host: server.host, port: server.port, reason });
    const wasUp = this.up;
    this.up = false;
    this.trouble = reason;
    if (wasUp) onServerLost?.();
    this.retry = setTimeout(() => this.connect(), retryMs);
  }
}

/**
 * Starts an anchor: it listens for workers, and connects to its drachtio server for as long as that takes.
 * @throws {AnchorOptionError} when an option cannot work or the port cannot be had
 */
export async function createAnchor(options: AnchorOptions): Promise<Anchor> {
  const anchor = new RunningAnchor(settingsOf(options));
  await anchor.start();
  return anchor;
}
