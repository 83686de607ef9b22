import { rm } from 'node:fs/promises';

import { freePort } from './ports';
import { Program, temporaryDirectory } from './process';
import { tlsSettings, type RedisTls } from './redis-tls';

export interface RedisOptions {
  /** Keep what was written (append-only file), so that it is there again after `restart`. */
  readonly persist?: boolean;
  /** When it is synced: at every write (default), or each second, which is what Redis itself does unless told otherwise. */
  readonly sync?: 'always' | 'everysec';
  /** It speaks TLS and nothing else, with everybody. */
  readonly tls?: RedisTls | undefined;
  /** Further arguments of redis-server. */
  readonly args?: readonly string[];
}

/** A real redis-server of one test, on 127.0.0.1. */
export class Redis {
  private constructor(
    readonly port: number,
    readonly directory: string,
    private readonly options: RedisOptions,
    private program: Program,
  ) {}

  static async start(options: RedisOptions = {}): Promise<Redis> {
    const port = await freePort();
    const directory = await temporaryDirectory('redis');
    return new Redis(port, directory, options, await runRedis({ port, directory }, options));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.program.pid;
  }

  /** Where it keeps its files. */
  get folder(): string {
    return this.directory;
  }

  get log(): string {
    return this.program.log;
  }

  /** As it ends when its machine does: nothing is said to anybody. */
  async kill(): Promise<void> {
    this.program.kill('SIGKILL');
    await this.program.exited;
  }

  /** Redis goes away and stays away until `resume`; what it says afterwards depends on `persist`. */
  async suspend(): Promise<void> {
    await this.program.stop();
  }

  /** Redis is back on the same port. */
  async resume(): Promise<void> {
    this.program = await runRedis(this, this.options);
  }

  async restart(): Promise<void> {
    await this.suspend();
    await this.resume();
  }

  /** Ends Redis and removes its folder. */
  async stop(): Promise<void> {
    await this.program.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export const startRedis = (options?: RedisOptions): Promise<Redis> => Redis.start(options);

export interface RedisPlace {
  readonly port: number;
  readonly directory: string;
  /** Address and what the command is written behind, where it is on another host. */
  readonly address?: string;
  readonly behind?: readonly string[];
}

const portArgs = (port: number, tls: RedisTls | undefined): readonly string[] =>
  tls === undefined ? ['--port', `${port}`] : ['--port', '0', '--tls-port', `${port}`, ...tlsSettings(tls).flatMap(([name, value]) => [`--${name}`, value])];

/** Starts it in a folder that the caller owns. */
export function runRedis({ port, directory, address = '127.0.0.1', behind = [] }: RedisPlace, { persist = false, sync = 'always', tls, args = [] }: RedisOptions): Promise<Program> {
  const keep = persist ? ['--appendonly', 'yes', '--appendfsync', sync] : ['--appendonly', 'no'];
  return Program.start({
    name: 'redis',
    command: 'redis-server',
    directory,
    behind,
    args: () => ['--bind', address, '--protected-mode', 'no', ...portArgs(port, tls), '--dir', directory, '--save', '', '--shutdown-timeout', '0', ...keep, ...args],
    ready: /Ready to accept connections/,
  });
}
