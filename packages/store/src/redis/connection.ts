import { Redis } from 'ioredis';

import { StoreUnavailableError } from '../port';
import type { StoreState } from '../port';
import { ObservedState, whyNot } from '../state';
import { diagnose, judge, translate } from './diagnosis';
import type { RedisSettings } from './options';
import type { Script } from './scripts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** How long Redis may take to close a connection that we end. */
const DISCONNECT_TIMEOUT_MS = 200;

/**
 * The one connection of a store. It comes back by itself; while it is not there, commands are rejected at once. Nothing is
 * queued for later or sent twice: after a failure only a new load tells what is true.
 *
 * No automatic pipelining: ioredis holds commands back while a pipeline is under way, which doubles the delay (measured:
 * README.md). What is written in one turn of the event loop leaves together instead.
 */
export class RedisConnection {
  readonly observed: ObservedState;
  /** Settled when the first attempt to connect is over, whatever came of it. */
  readonly firstAttempt: Promise<void>;
  private readonly redis: Redis;
  private readonly server: string;
  /** Why the attempt or connection under way fails; told when it is closed. */
  private failure: StoreState | undefined;
  /** Connections lost so far: an answer that comes after its connection was lost says nothing about the next one. */
  private losses = 0;
  private attempts = 0;
  private pending = 0;
  /** Set by `close`, which waits until no command is under way. */
  private drained: (() => void) | undefined;

  constructor(private readonly settings: RedisSettings) {
    this.server = `${settings.host}:${settings.port}`;
    this.observed = new ObservedState({ is: 'away', why: `Redis at ${this.server}: not connected yet` });
    this.redis = new Redis({ ...clientOptions(settings), retryStrategy: () => this.pause() });
    this.firstAttempt = new Promise((resolve) => {
      this.redis.on('close', () => resolve(this.lost()));
      this.redis.on('ready', () => void this.greet().then(resolve));
    });
    this.redis.on('error', (error) => this.failed(error));
    this.redis.connect().catch(() => undefined); // told by the events 'error' and 'close'
  }

  /** Runs a command. Rejects with `StoreUnavailableError`, and at once when Redis is away or too many commands wait. */
  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    const { current } = this.observed;
    if (current.is !== 'ready') throw new StoreUnavailableError(whyNot(current));
    if (this.pending >= this.settings.maxPendingCommands) {
      throw new StoreUnavailableError(`${this.pending} commands wait for Redis at ${this.server}, the limit`);
    }
    this.pending += 1;
    this.gather();
    try {
      return await command(this.redis);
    } catch (error) {
      throw translate(this.server, error);
    } finally {
      this.pending -= 1;
      if (this.pending === 0) this.drained?.();
    }
  }

  /** One call of the system for all commands of this turn. */
  private gather(): void {
    const stream: Redis['stream'] | undefined = this.redis.stream; // none while it connects
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** Runs a script by its hash, and in full where Redis does not know it (new, restarted, SCRIPT FLUSH). */
  script({ lua, sha }: Script, keys: readonly string[], ...args: readonly (string | number)[]): Promise<unknown> {
    return this.run(async (redis) => {
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return redis.eval(lua, keys.length, ...keys, ...args);
      }
    });
  }

  /** Waits for the answers to what was begun (each has its deadline), then ends the connection. */
  async close(): Promise<void> {
    if (this.observed.current.is === 'closed') return;
    this.observed.become({ is: 'closed' });
    if (this.pending > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    const ended = this.hasSocket() ? new Promise((resolve) => this.redis.once('end', resolve)) : undefined;
    if (this.redis.status !== 'end') this.redis.disconnect();
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
    if (this.hasSocket()) this.redis.disconnect(true);
    this.observed.become(verdict);
  }

  private async askInfo(): Promise<StoreState> {
    try {
      return judge(this.server, await this.redis.info());
    } catch (error) {
      const text = error instanceof Error ? error.message : '';
      return text.startsWith('NOPERM') ? { is: 'ready' } : diagnose(this.server, error); // INFO is not needed for the work
    }
  }

  /** The first error of a connection is its reason; what comes after it is the consequence. */
  private failed(error: unknown): void {
    this.failure ??= diagnose(this.server, error);
  }

  private lost(): void {
    this.observed.become(this.failure ?? { is: 'away', why: `Redis at ${this.server}: the connection was lost` });
    this.failure = undefined;
    this.losses += 1;
  }

  /** Milliseconds until the next attempt: doubled each time, with chance in it, so that workers do not come all at once. */
  private pause(): number {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.attempts, 10), LONGEST_PAUSE_MS);
    this.attempts += 1;
    return Math.round(longest * (0.5 + Math.random() / 2));
  }

  /** Whether there is a socket to end. ioredis never comes back from `disconnect` between two attempts. */
  private hasSocket(): boolean {
    return ['connecting', 'connect', 'ready'].includes(this.redis.status);
  }
}

function clientOptions(settings: RedisSettings) {
  const { host, port, username, password, db, connectionName, commandTimeoutMs, connectTimeoutMs } = settings;
  return {
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    db,
    connectionName,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    /** RESP2: all we need, and AUTH does not travel inside HELLO. */
    protocol: 2,
    lazyConnect: true,
    disableClientInfo: true,
    enableReadyCheck: false, // `greet` does it
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0, // commands under way are rejected as soon as the connection is lost
    /** A primary that became a replica: the address may lead to the new primary, or `greet` tells. */
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  } as const;
}
