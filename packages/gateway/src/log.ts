import pino, { type DestinationStream, type LogFn, type Logger } from 'pino';
import { LineLimit, type Omitted } from './limits/line-limit';

import type { Pseudonym } from './pseudonym';

export type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * The log: JSON lines. Fields first, then a constant event name (docs/log-fields.md lists both). Never message texts,
 * presence notes or secrets (SEC-15); bodies show only their length. With `pseudonym` no user's address, either.
 */
export function createLog(level: Level, worker: string, destination?: DestinationStream, pseudonym?: Pseudonym): Logger {
  const options = {
    level,
    base: { worker },
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: (error: unknown) => describe(error), ...(pseudonym !== undefined && hiding(pseudonym)) },
    hooks: { logMethod: sumUp() },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** What peers and users can cause as often as they like: many of one of them are summed up (promise 6). */
const CAUSED_FROM_OUTSIDE: ReadonlySet<unknown> = new Set([
  'request_refused', 'peer_unlisted', 'document_unreadable', 'sender_refused', 'request_withheld', 'sip_message_unreadable', 'connections_refused', 'message_came_back', 'message_returned', 'command_refused',
]);

/** Each line passes it on its way out. */
function sumUp(): (this: Logger, args: Parameters<LogFn>, method: LogFn) => void {
  let used: Logger | undefined;
  const limit = new LineLimit((omitted) => used && tellOmitted(used, omitted));
  return function logMethod(args, method) {
    used = this;
    const [fields, event] = args as unknown as [Readonly<Record<string, unknown>>, unknown];
    if (CAUSED_FROM_OUTSIDE.has(event) && !limit.allows(String(event), whoOf(fields))) return;
    method.apply(this, args);
  };
}

function tellOmitted(log: Logger, { event, who, count }: Omitted): void {
  log.warn({ what: event, source: who, count }, 'lines_omitted');
}

function whoOf({ source, peer, from }: Readonly<Record<string, unknown>>): string {
  return String(source ?? peer ?? from ?? '');
}

/** The fields in which users' addresses stand. */
const ADDRESS_FIELDS = ['from', 'to', 'jid', 'client'] as const;

function hiding(pseudonym: Pseudonym): Readonly<Record<string, (value: unknown) => unknown>> {
  const hide = (value: unknown): unknown => (typeof value === 'string' && value.includes('@') ? pseudonym(value) : value);
  return Object.fromEntries(ADDRESS_FIELDS.map((name) => [name, hide]));
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
