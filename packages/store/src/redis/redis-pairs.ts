import { checkClaim, checkCommit } from '../arguments';
import type { Commit, CommitResult, PairStore, Stored } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { CLAIM, COMMIT, DELETE, PUT_BACK } from './scripts';
import { fromScript, literally, readValue, writeVersion } from './values';

/** Pairs that one run of the script may claim: nobody else is served while it runs (about 1 ms). */
const CLAIM_BATCH = 500;
/** Fields that one HSCAN looks at. */
const SCAN_BATCH = 1_000;

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
    return value === null ? undefined : readValue<R>(pairs, key, value);
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
    return fromScript(version);
  }

  async putBack(key: string, { record, version }: Stored<R>, due: number | undefined): Promise<boolean> {
    checkCommit({ key, expected: version, record, due });
    const bucket = this.keys.of(key);
    const names = [bucket.pairs, bucket.due, bucket.floor];
    return (await this.connection.script(PUT_BACK, names, key, writeVersion(version), JSON.stringify(record), due ?? '')) === '1';
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

  async *scan(prefix = ''): AsyncGenerator<string> {
    for (const { pairs } of this.keys.buckets()) {
      if (prefix === '') yield* await this.connection.run((redis) => redis.hkeys(pairs));
      else yield* this.matching(pairs, prefix);
    }
  }

  async count(): Promise<number> {
    const sizes = this.keys.buckets().map(({ pairs }) => this.connection.run((redis) => redis.hlen(pairs)));
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async ping(): Promise<void> {
    await this.connection.ping();
  }

  /** Redis compares, so that only what matches crosses the network. */
  private async *matching(hash: string, prefix: string): AsyncGenerator<string> {
    const pattern = `${literally(prefix)}*`;
    let cursor = '0';
    do {
      const [next, found] = await this.connection.run((redis) => redis.hscan(hash, cursor, 'MATCH', pattern, 'COUNT', SCAN_BATCH));
      yield* found.filter((_, index) => index % 2 === 0);
      cursor = next;
    } while (cursor !== '0');
  }

  private claimBatch(now: number, until: number, limit: number): Promise<string[]> {
    const { dues } = this.keys;
    this.firstBucket = (this.firstBucket + 1) % dues.length;
    const turned = [...dues.slice(this.firstBucket), ...dues.slice(0, this.firstBucket)];
    return this.connection.isCluster ? this.claimByBucket(turned, now, until, limit) : this.claimFrom(turned, now, until, limit);
  }

  private async claimFrom(dues: readonly string[], now: number, until: number, limit: number): Promise<string[]> {
    return (await this.connection.script(CLAIM, dues, now, until, limit)) as string[];
  }

  /** A script reaches one bucket of a cluster. They are all asked in one write how much is due, since most have nothing. */
  private async claimByBucket(dues: readonly string[], now: number, until: number, limit: number): Promise<string[]> {
    const counts = await Promise.all(dues.map((due) => this.connection.run((redis) => redis.zcount(due, '-inf', now))));
    let room = limit;
    const shares = dues.flatMap((due, index) => {
      const share = Math.min(counts[index] ?? 0, room);
      room -= share;
      return share === 0 ? [] : [{ due, share }];
    });
    const claimed = await Promise.all(shares.map(({ due, share }) => this.claimFrom([due], now, until, share)));
    return claimed.flat();
  }
}
