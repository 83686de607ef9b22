import type { AnchorLimits, Log } from '@isthmus/sipd';

/** A place on the network. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Of the listener for workers: paths of PEM files. */
export interface AnchorTls {
  readonly certificate: string;
  readonly key: string;
}

export interface AnchorOptions {
  /** The control port of the drachtio server, and its secret. */
  readonly server: Place & { readonly secret: string };
  /** Where workers connect; `port` 0 takes any free one. */
  readonly listen: Place;
  /** What workers must show. */
  readonly secret: string;
  /** TLS towards the workers; default: none. */
  readonly tls?: AnchorTls;
  readonly limits?: Partial<AnchorLimits>;
  /** Unsent bytes towards a worker; with more it gets no new requests, with four times as many it is disconnected. Default 16 MiB. */
  readonly backlogBytes?: number;
  /** Bytes that may wait for the server. Default 16 MiB. */
  readonly queuedBytes?: number;
  /** After so much silence the server is pinged, after twice as much it counts as gone. Milliseconds, default 2000. */
  readonly pingMs?: number;
  /** Pause between attempts to reach the server. Milliseconds, default 500. */
  readonly retryMs?: number;
  /** For connecting, authenticating and registering verbs together. Milliseconds, default 5000. */
  readonly connectMs?: number;
  /** The server was there and is gone; its workers have been sent away. */
  readonly onServerLost?: () => void;
  readonly log?: Log;
}

export const DEFAULTS = {
  backlogBytes: 16 * 1024 * 1024,
  queuedBytes: 16 * 1024 * 1024,
  pingMs: 2_000,
  retryMs: 500,
  connectMs: 5_000,
};

/** The anchor cannot work with this option, or cannot have this port; the message says which and why. */
export class AnchorOptionError extends Error {
  override readonly name = 'AnchorOptionError';
}

/** The options with every default filled in. */
export type AnchorSettings = Omit<AnchorOptions, 'log'> & { readonly [K in keyof typeof DEFAULTS]: number } & { readonly log: Log };

/** @throws {AnchorOptionError} for the first option that cannot work */
export function settingsOf(options: AnchorOptions): AnchorSettings {
  for (const [what, secret] of [['of the SIP server', options.server.secret], ['of the workers', options.secret]] as const) {
    if (secret === '') throw new AnchorOptionError(`the secret ${what} is empty`);
    if (/[|\r\n]/.test(secret)) throw new AnchorOptionError(`the secret ${what} contains "|" or a line end: choose another`);
  }
  return { ...DEFAULTS, ...options, log: options.log ?? (() => undefined) };
}
