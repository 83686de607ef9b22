import { Redis } from 'ioredis';

import type { StoreState } from '../port';
import { clientOptions, pauseBefore, tlsOptions } from './client-options';
import { RedisConnection } from './connection';
import { diagnose, isOutOfOrder, judge } from './diagnosis';
import { RedisKeys } from './keys';
import type { RedisSettings } from './options';

/** Sentinels that did not know the master are asked again after so long, milliseconds. */
const SENTINEL_PAUSE_MS = 250;

/** One connection to one Redis: that of an address, or the master that Sentinels name. */
export class SingleConnection extends RedisConnection {
  readonly firstAttempt: Promise<void>;
  readonly isCluster = false;
  protected readonly commands: Redis;
  /** Why the attempt or connection under way fails; told when it is closed. */
  private failure: StoreState | undefined;
  /** Connections lost so far: an answer that comes after its connection was lost says nothing about the next one. */
  private losses = 0;
  private attempts = 0;

  constructor(settings: RedisSettings) {
    super(settings);
    this.commands = new Redis({ ...singleOptions(settings), retryStrategy: () => this.pause() });
    this.firstAttempt = new Promise((resolve) => {
      this.commands.on('close', () => resolve(this.lost()));
      this.commands.on('end', () => resolve(this.lost())); // alone where there was no socket: TLS files that cannot be used
      this.commands.on('ready', () => void this.greet().then(resolve));
      this.commands.on('error', (error) => {
        this.failed(error);
        if (settings.sentinel !== undefined && !this.hasStream()) resolve(this.lost()); // no Sentinel knew the way: there is no connection to be closed
      });
    });
    this.commands.connect().catch(() => undefined); // told by the events 'error' and 'close'
  }

  async infos(): Promise<readonly string[]> {
    return [await this.run(() => this.commands.info())];
  }

  async clock(): Promise<number> {
    const [seconds = 0, microseconds = 0] = (await this.run(() => this.commands.time())).map(Number);
    return seconds * 1_000 + Math.floor(microseconds / 1_000);
  }

  async ping(): Promise<void> {
    await this.run(() => this.commands.ping());
  }

  protected gather(): void {
    const stream: Redis['stream'] | undefined = this.commands.stream; // none while it connects
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** ioredis closes the connection where `reconnectOnError` says so; the rest is told by its events. */
  protected commandFailed(): void {}

  protected servers(): readonly Redis[] {
    return [this.commands];
  }

  protected probeKeys(): readonly string[] {
    return [new RedisKeys(this.settings.prefix).probe];
  }

  protected async end(): Promise<void> {
    const ended = this.hasSocket() ? new Promise((resolve) => this.commands.once('end', resolve)) : undefined;
    if (this.commands.status !== 'end') this.commands.disconnect();
    await ended;
  }

  /** The server answers: is it fit for us? Only then is the store ready. */
  private async greet(): Promise<void> {
    const { losses } = this;
    const verdict = this.failure ?? (await this.askInfo());
    if (losses !== this.losses) return;
    if (verdict.is === 'ready') {
      this.attempts = 0;
      this.observed.become(verdict);
      return;
    }
    this.failure ??= verdict;
    if (this.hasSocket()) this.commands.disconnect(true);
    this.observed.become(verdict);
  }

  private async askInfo(): Promise<StoreState> {
    try {
      return judge(this.server, await this.commands.info());
    } catch (error) {
      const text = error instanceof Error ? error.message : '';
      return text.startsWith('NOPERM') ? { is: 'ready' } : diagnose(this.server, error); // INFO is not needed for the work
    }
  }

  /** The first error of a connection is its reason; what comes after it is the consequence. */
  private failed(error: unknown): void {
    this.failure ??= diagnose(this.server, error);
  }

  private lost(): Promise<void> {
    const state = this.failure ?? { is: 'away', why: `Redis at ${this.server}: the connection was lost` };
    this.failure = undefined;
    this.losses += 1;
    return this.noWay(state, this.settings.sentinel?.places ?? []);
  }

  private pause(): number {
    this.attempts += 1;
    return pauseBefore(this.attempts - 1);
  }

  /** Whether there is a socket to end. ioredis never comes back from `disconnect` between two attempts. */
  private hasSocket(): boolean {
    return ['connecting', 'connect', 'ready'].includes(this.commands.status);
  }

  private hasStream(): boolean {
    const stream: Redis['stream'] | undefined = this.commands.stream;
    return stream !== undefined && !stream.destroyed;
  }
}

function singleOptions(settings: RedisSettings) {
  const { host, port, db, sentinel } = settings;
  return {
    ...clientOptions(settings),
    ...(sentinel === undefined ? { host, port } : sentinelOptions(settings, sentinel)),
    db,
    enableOfflineQueue: false,
    /** A primary that became a replica, or loads: the address may lead to the new primary, or `greet` tells. */
    reconnectOnError: (error: Error) => isOutOfOrder(error),
  } as const;
}

function sentinelOptions(settings: RedisSettings, { places, masterName, username, password }: NonNullable<RedisSettings['sentinel']>) {
  const { tls } = tlsOptions(settings);
  return {
    sentinels: places.map((place) => ({ ...place })),
    name: masterName,
    role: 'master',
    /** A master that was cut off does not know that it is none any more: the Sentinels tell. */
    failoverDetector: true,
    sentinelCommandTimeout: settings.commandTimeoutMs,
    sentinelRetryStrategy: () => SENTINEL_PAUSE_MS,
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls !== undefined && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  } as const;
}
