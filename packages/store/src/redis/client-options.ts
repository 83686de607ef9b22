import type { RedisOptions } from 'ioredis';
import type { RedisSettings } from './options';

/** How long Redis may take to close a connection that we end. */
const DISCONNECT_TIMEOUT_MS = 200;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * What a connection to any Redis is made with. Nothing waits for a connection and nothing is sent twice: after a failure only a
 * new load tells what is true.
 */
export function clientOptions(settings: RedisSettings) {
  const { username, password, connectionName, commandTimeoutMs, connectTimeoutMs } = settings;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tlsOptions(settings),
    connectionName,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    /** RESP2: all we need, and AUTH does not travel inside HELLO. */
    protocol: 2,
    lazyConnect: true,
    disableClientInfo: true,
    enableReadyCheck: false, // we ask ourselves whether a server will do
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0, // commands under way are rejected as soon as the connection is lost
  } as const satisfies RedisOptions;
}

/** Without a name Node checks that of the host that it connects to, which is an address where Sentinel or a cluster names it. */
export function tlsOptions({ tls }: RedisSettings): Pick<RedisOptions, 'tls'> {
  if (tls === undefined) return {};
  const { ca, name, certificate, key } = tls;
  return {
    tls: {
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
      ...(name !== undefined && { servername: name }),
    },
  };
}

/** Milliseconds until the next attempt: doubled each time, with chance in it, so that workers do not come all at once. */
export function pauseBefore(attempt: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS);
  return Math.round(longest * (0.5 + Math.random() / 2));
}
