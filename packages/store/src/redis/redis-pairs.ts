import { checkClaim, checkCommit } from '../arguments';
import { StoreUnavailableError } from '../port';
import type { Commit, CommitResult, PairStore, Stored } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { CLAIM, COMMIT, DELETE } from './scripts';

/** Digits of a version in front of the record (scripts.ts). */
const VERSION_LENGTH = 16;
/** Pairs that one run of the script may claim: nobody else is served while it runs (about 1 ms). */
const CLAIM_BATCH = 500;

export class RedisPairs<R> implements PairStore<R> {
  /** Where the next claim begins to look, so that no bucket always comes last. */
  private firstBucket: number;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.firstBucket = Math.floor(Math.random() * keys.dues.length);
  }

  async load(key: string): Promise<Stored<R> | undefined> {
    const { pairs } = this.keys.of(key);
    const value = await this.connection.run((redis) => redis.hget(pairs, key));
    return value === null ? undefined : readRecord<R>(pairs, key, value);
  }

  async commit(commit: Commit<R>): Promise<CommitResult> {
    checkCommit(commit);
    const { key, expected, record, due = '' } = commit;
    const bucket = this.keys.of(key);
    const names = [bucket.pairs, bucket.due, bucket.floor];
    const version =
      record === undefined
        ? await this.connection.script(DELETE, names, key, expected)
        : await this.connection.script(COMMIT, names, key, expected, JSON.stringify(record), due);
    return version === null ? { ok: false } : { ok: true, version: Number(version) };
  }

  async claimDue(now: number, until: number, limit: number): Promise<string[]> {
    checkClaim(now, until, limit);
    const claimed: string[] = [];
    for (;;) {
      const room = Math.min(limit - claimed.length, CLAIM_BATCH);
      const batch = await this.claimBatch(now, until, room);
      claimed.push(...batch);
      if (batch.length < room || claimed.length === limit) return claimed;
    }
  }

  async *scan(): AsyncGenerator<string> {
    for (const { pairs } of this.keys.buckets()) {
      yield* await this.connection.run((redis) => redis.hkeys(pairs));
    }
  }

  async count(): Promise<number> {
    const sizes = this.keys.buckets().map(({ pairs }) => this.connection.run((redis) => redis.hlen(pairs)));
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async ping(): Promise<void> {
    await this.connection.run((redis) => redis.ping());
  }

  private async claimBatch(now: number, until: number, limit: number): Promise<string[]> {
    const { dues } = this.keys;
    this.firstBucket = (this.firstBucket + 1) % dues.length;
    const turned = [...dues.slice(this.firstBucket), ...dues.slice(0, this.firstBucket)];
    return (await this.connection.script(CLAIM, turned, now, until, limit)) as string[];
  }
}

function readRecord<R>(hash: string, key: string, value: string): Stored<R> {
  const version = Number(value.slice(0, VERSION_LENGTH));
  try {
    if (!(version > 0)) throw new SyntaxError('no version');
    return { record: JSON.parse(value.slice(VERSION_LENGTH)) as R, version };
  } catch {
    // The parser's own words would quote the record.
    throw new StoreUnavailableError(`the record of ${JSON.stringify(key)} is damaged: remove it from the Redis hash ${hash}`);
  }
}
