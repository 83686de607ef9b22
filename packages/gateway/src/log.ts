import pino, { type DestinationStream, type Logger } from 'pino';

export type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * The log: JSON lines. Fields first, then a constant event name (docs/log-fields.md lists both). Never message texts,
 * presence notes or secrets (SEC-15); bodies show only their length.
 */
export function createLog(level: Level, worker: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { worker },
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: (error: unknown) => describe(error) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Causes of causes that are shown. */
const MAX_CAUSES = 4;

/** Of an error only what it is: libraries hang commands, stanzas and more on theirs, with texts in them. */
function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as NodeJS.ErrnoException;
  const cause = error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describe(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...(code !== undefined && { code }), stack: error.stack, ...cause };
}

export type { Logger };
