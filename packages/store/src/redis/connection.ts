import type { Redis } from 'ioredis';

import { StoreUnavailableError, type StoreState } from '../port';
import { ObservedState, whyNot } from '../state';
import { pauseBefore } from './client-options';
import { diagnose, translate, unwritable } from './diagnosis';
import { handshakeFailure } from './handshake';
import { PROBE_MS } from './key-kinds';
import { serverOf, type Place, type RedisSettings } from './options';
import type { Script } from './scripts';
import { literally } from './values';

/** The commands that a store is made of; one Redis and a cluster offer them alike. */
export type Commands = Pick<
  Redis,
  'del' | 'eval' | 'evalsha' | 'expire' | 'get' | 'hdel' | 'hget' | 'hkeys' | 'hlen' | 'hscan' | 'multi' | 'pttl' | 'sadd' | 'scard' | 'set' | 'sismember' | 'srem' | 'sscan' | 'zrem'
>;

/**
 * What the store asks Redis through, be it one server or a cluster. It comes back by itself; while it is not there, commands
 * are rejected at once. Nothing is queued for later or sent twice: after a failure only a new load tells what is true.
 *
 * No automatic pipelining: ioredis holds commands back while a pipeline is under way, which doubles the delay (measured:
 * README.md). What is written in one turn of the event loop leaves together instead.
 */
export abstract class RedisConnection {
  readonly observed: ObservedState;
  /** Settled when the first attempt to connect is over, whatever came of it. */
  abstract readonly firstAttempt: Promise<void>;
  /** Must all keys of a command lie in one slot? */
  abstract readonly isCluster: boolean;
  protected readonly server: string;
  private pending = 0;
  /** Set by `close`, which waits until no command is under way. */
  private drained: (() => void) | undefined;
  private probeTimer: NodeJS.Timeout | undefined;

  protected constructor(protected readonly settings: RedisSettings) {
    this.server = serverOf(settings);
    this.observed = new ObservedState({ is: 'away', why: `Redis at ${this.server}: not connected yet` });
  }

  protected abstract readonly commands: Commands;
  /** One call of the system for all commands of this turn. */
  protected abstract gather(): void;
  /** Those that are written to. */
  protected abstract servers(): readonly Redis[];
  /** Ends all connections. */
  protected abstract end(): Promise<void>;
  /** A command has failed; the connection may be worth a look. */
  protected abstract commandFailed(error: unknown): void;
  /** The INFO of each server that is written to. */
  abstract infos(): Promise<readonly string[]>;
  /** Milliseconds since the epoch by the clock of Redis. */
  abstract clock(): Promise<number>;
  /** Rejects unless every server that is written to answers. */
  abstract ping(): Promise<void>;

  /** Runs a command. Rejects with `StoreUnavailableError`, and at once when Redis is away or too many commands wait. */
  async run<T>(command: (redis: Commands) => Promise<T>): Promise<T> {
    const { current } = this.observed;
    if (current.is !== 'ready' && current.is !== 'unwritable') throw new StoreUnavailableError(whyNot(current));
    if (this.pending >= this.settings.maxPendingCommands) {
      throw new StoreUnavailableError(`${this.pending} commands wait for Redis at ${this.server}, the limit`);
    }
    this.pending += 1;
    this.gather();
    try {
      return await command(this.commands);
    } catch (error) {
      this.refused(error);
      this.commandFailed(error);
      throw translate(this.server, error);
    } finally {
      this.pending -= 1;
      if (this.pending === 0) this.drained?.();
    }
  }

  /** Runs a script by its hash, and in full where Redis does not know it (new, restarted, promoted, SCRIPT FLUSH). */
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

  /** All keys that begin so, of all servers, in pages of about `count`; each server walks through all that it has. */
  async *keysOf(prefix: string, count: number): AsyncGenerator<readonly string[]> {
    for (const server of this.servers()) {
      let cursor = '0';
      do {
        const at = cursor;
        const [next, keys] = await this.run(() => server.scan(at, 'MATCH', `${literally(prefix)}:*`, 'COUNT', count));
        yield keys;
        cursor = next;
      } while (cursor !== '0');
    }
  }

  /** Waits for the answers to what was begun (each has its deadline), then ends the connection. */
  async close(): Promise<void> {
    if (this.observed.current.is === 'closed') return;
    this.observed.become({ is: 'closed' });
    clearTimeout(this.probeTimer);
    if (this.pending > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    await this.end();
  }

  /**
   * Nobody is reached by those that know the way. Resolves when that has been told, and where it is TLS that fails, why: only a
   * connection of our own shows that.
   */
  protected async noWay(state: StoreState, [place]: readonly Place[]): Promise<void> {
    const isUsable = (): boolean => this.observed.current.is === 'ready' || this.observed.current.is === 'unwritable';
    if (this.settings.tls === undefined || place === undefined || isUsable()) this.observed.become(state);
    if (this.settings.tls === undefined || place === undefined) return;
    const failure = await handshakeFailure(place, this.settings);
    if (!isUsable()) this.observed.become(failure === undefined ? state : diagnose(this.server, failure));
  }

  /** Keys of which each server has one at least, to see whether it takes writes. They end by themselves. */
  protected abstract probeKeys(): readonly string[];

  /** A server that cannot write tells so by refusing; that it can again is only seen by writing. */
  private refused(error: unknown): void {
    const why = unwritable(this.server, error);
    if (why === undefined || this.observed.current.is !== 'ready') return;
    this.observed.become({ is: 'unwritable', why });
    this.probeLater(0);
  }

  private probeLater(attempt: number): void {
    clearTimeout(this.probeTimer);
    this.probeTimer = setTimeout(() => void this.probe(attempt), pauseBefore(attempt + 1));
  }

  private async probe(attempt: number): Promise<void> {
    try {
      const isUnwritable = (): boolean => this.observed.current.is === 'unwritable';
      if (!isUnwritable()) return;
      await Promise.all(this.probeKeys().map((key) => this.run((redis) => redis.set(key, '', 'PX', PROBE_MS))));
      if (isUnwritable()) this.observed.become({ is: 'ready' });
    } catch {
      this.probeLater(attempt + 1);
    }
  }
}
