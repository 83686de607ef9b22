import { parseArgs } from 'node:util';
import { z } from 'zod';
import { anchorSchema } from '../config/anchor-schema';
import { ConfigError, problemsOf, readSecret, readYaml } from '../config/load';
import { pemProblems } from '../config/pem-files';
import type { ConfigProblem } from '../config/problem';
import { httpSchema, logSchema } from '../config/service-schema';
import type { AnchorOptions } from '@isthmus/anchor';

export const ANCHOR_USAGE = `isthmus anchor --drachtio HOST:PORT --listen HOST:PORT --secret-file FILE [--drachtio-secret-file FILE]
                 [--tls-certificate FILE --tls-key FILE] [--http HOST:PORT] [--config FILE] [-- COMMAND ...]`;

/** Beside a worker on the same machine, whose own page is at 9470. */
const HTTP_PORT = 9_471;
/** Of a configuration file only these sections count: the rest is for workers. */
const fileSchema = z.object({ anchor: anchorSchema, http: httpSchema, log: logSchema });
type File = z.infer<typeof fileSchema>;

export interface AnchorSettings {
  readonly anchor: File['anchor'];
  readonly http: File['http'];
  readonly log: File['log'];
  /** What messages about the configuration name. */
  readonly file: string;
}

/** A flag that cannot be used; the message says which and why. */
export class AnchorUsageError extends Error {}

const text = { type: 'string' } as const;
const FLAGS = {
  config: { ...text, short: 'c' },
  drachtio: text,
  'drachtio-secret-file': text,
  listen: text,
  'secret-file': text,
  'tls-certificate': text,
  'tls-key': text,
  http: text,
} as const;
type Flags = { readonly [K in keyof typeof FLAGS]?: string | undefined };

/**
 * Settings of an anchor: those of the section `anchor` of the file, and in their place those of the command line.
 * @throws {AnchorUsageError} for a flag, {ConfigError} for a setting
 */
export function readAnchorSettings(args: readonly string[]): AnchorSettings {
  const cut = args.indexOf('--');
  const flags = readFlags(cut < 0 ? args : args.slice(0, cut));
  const file = flags.config ?? 'the command line';
  const given = flags.config === undefined ? {} : readYaml(flags.config);
  const parsed = fileSchema.safeParse(withFlags(given, flags, cut < 0 ? [] : args.slice(cut + 1)), { reportInput: true });
  if (!parsed.success) throw new ConfigError(file, withHints(parsed.error.issues.flatMap(problemsOf)));
  return { ...parsed.data, file };
}

/** Which flag stands for a setting that must be given. */
const REQUIRED: Readonly<Record<string, string>> = { 'anchor.secret': '--secret-file FILE', 'anchor.drachtio.secret': '--drachtio-secret-file FILE; without it, that of --secret-file counts' };

function withHints(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.map(({ path, message }) => {
    const flag = message.startsWith('is missing') ? REQUIRED[path] : undefined;
    return { path, message: flag === undefined ? message : `is missing (on the command line: ${flag})` };
  });
}

function readFlags(args: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new AnchorUsageError(error instanceof Error ? error.message : String(error));
  }
}

function withFlags(file: Readonly<Record<string, unknown>>, flags: Flags, command: readonly string[]): unknown {
  const section = record(file['anchor']);
  const drachtio = { ...record(section['drachtio']), ...place('--drachtio', flags.drachtio), ...secretFile(flags['drachtio-secret-file'] ?? flags['secret-file']) };
  const tls = { ...record(section['tls']), ...(flags['tls-certificate'] && { certificate: flags['tls-certificate'] }), ...(flags['tls-key'] && { key: flags['tls-key'] }) };
  return {
    ...(file['log'] !== undefined && { log: file['log'] }),
    http: { port: HTTP_PORT, ...record(file['http']), ...place('--http', flags.http) },
    anchor: {
      ...section,
      drachtio,
      listen: { ...record(section['listen']), ...place('--listen', flags.listen) },
      ...secretFile(flags['secret-file']),
      ...(Object.keys(tls).length > 0 && { tls }),
      ...(command.length > 0 && { command }),
    },
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function secretFile(file: string | undefined): { secret?: { file: string } } {
  return file === undefined ? {} : { secret: { file } };
}

function place(flag: string, given: string | undefined): { host?: string; port?: number } {
  if (given === undefined) return {};
  const [, name, port] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(given) ?? [];
  if (name === undefined) throw new AnchorUsageError(`${flag} "${given}" is not HOST:PORT, for example 127.0.0.1:9022`);
  return { host: name, port: Number(port) };
}

/** What the anchor itself is started with. @throws {ConfigError} when a secret or a file of the certificate cannot be read */
export function anchorOptions({ anchor, file }: AnchorSettings): Omit<AnchorOptions, 'log'> {
  const { drachtio, listen, tls } = anchor;
  const problems = pemProblems('anchor.tls', tls ?? {});
  if (problems.length > 0) throw new ConfigError(file, problems);
  return {
    server: { host: drachtio.host, port: drachtio.port, secret: readSecret(drachtio.secret, 'anchor.drachtio.secret', file) },
    listen,
    secret: readSecret(anchor.secret, 'anchor.secret', file),
    ...(tls !== undefined && { tls }),
    limits: {
      answerMs: anchor.answerSeconds * 1_000,
      waitMs: anchor.waitSeconds * 1_000,
      pairMs: anchor.pairSeconds * 1_000,
      workers: anchor.maxWorkers,
      requests: anchor.maxRequests,
      requestBytes: anchor.maxRequestBytes,
      pairs: anchor.maxPairs,
    },
    backlogBytes: anchor.maxBacklogBytes,
    queuedBytes: anchor.maxBacklogBytes,
  };
}
