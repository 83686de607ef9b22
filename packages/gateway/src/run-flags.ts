import { configSchema, type Config } from './config/schema';

/** What differs among workers that share one configuration file: flags of `isthmus run`, in the place of `worker.name` and `http`. */
export interface RunFlags {
  readonly name?: string;
  readonly http?: string;
}

/** A flag that cannot be used; the message says which and why. */
export class RunFlagError extends Error {}

/**
 * The configuration with these flags in force.
 * @throws {RunFlagError} for the first flag that cannot be used
 */
export function withRunFlags(config: Config, { name, http }: RunFlags): Config {
  return { ...config, worker: { ...config.worker, ...(name !== undefined && checked('name', 'worker', { name })) }, http: { ...config.http, ...(http !== undefined && checked('http', 'http', placeOf(http))) } };
}

function checked<K extends 'worker' | 'http'>(flag: string, section: K, value: unknown): Config[K] {
  const parsed = configSchema.shape[section].safeParse(value);
  if (!parsed.success) throw new RunFlagError(`--${flag} ${parsed.error.issues[0]?.message ?? 'cannot be used'}`);
  return parsed.data as Config[K];
}

function placeOf(text: string): { host: string; port: number } {
  const [, host, port] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined) throw new RunFlagError(`--http "${text}" is not HOST:PORT, for example 127.0.0.1:9470`);
  return { host, port: Number(port) };
}
