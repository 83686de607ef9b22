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
    serializers: { error: pino.stdSerializers.err },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

export type { Logger };
