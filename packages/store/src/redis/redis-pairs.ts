import { checkClaim, checkCommit, checkDue } from '../arguments';
import type { Commit, CommitResult, Due, PairStore, Stored } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { CLAIM, COMMIT, DELETE, DUE, PUT_BACK } from './scripts';
import { fromScript, literally, readValue, writeVersion } from './values';

/** Pairs that one run of the script may claim: nobody else is served while it runs (about 1 ms). */
const CLAIM_BATCH = 500;
/** What a bucket of a cluster may have of a look at all, in even shares, and at least. */
const UNEVEN = 8;
const LEAST_SHARE = 16;
/** Fields that one HSCAN looks at. */
const SCAN_BATCH = 1_000;

export class RedisPairs<R> implements PairStore<R> {
  /** Where the next look begins, so that no bucket always comes last. */
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

  async due(now: number, limit: number): Promise<readonly Due[]> {
    checkDue(now, limit);
    const { dues } = this.keys;
    this.firstBucket = (this.firstBucket + 1) % dues.length;
    const turned = [...dues.slice(this.firstBucket), ...dues.slice(0, this.firstBucket)];
    if (!this.connection.isCluster) return this.dueIn(turned, now, limit);
    // A script reaches one bucket of a cluster. They are all asked in one write; where some have far more than others, those wait for the next look.
    const share = Math.max(LEAST_SHARE, Math.ceil((limit * UNEVEN) / dues.length));
    return (await Promise.all(turned.map((due) => this.dueIn([due], now, share)))).flat().slice(0, limit);
  }

  async claim(keys: readonly string[], now: number, until: number): Promise<string[]> {
    checkClaim(now, until);
    const parts = this.connection.isCluster ? [...groupBy(keys, (key) => this.keys.of(key).due).values()] : [keys];
    const batches = parts.flatMap((part) => inBatches(part, CLAIM_BATCH));
    const claimed = await Promise.all(batches.map((batch) => this.connection.script(CLAIM, batch.map((key) => this.keys.of(key).due), now, until, ...batch)));
    return claimed.flat() as string[];
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

  private async dueIn(dues: readonly string[], now: number, limit: number): Promise<Due[]> {
    return pairedUp((await this.connection.script(DUE, dues, now, limit)) as readonly string[]);
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
}

function pairedUp(answer: readonly string[]): Due[] {
  const due: Due[] = [];
  for (let at = 0; at + 1 < answer.length; at += 2) due.push({ key: answer[at] ?? '', at: Number(answer[at + 1]) });
  return due;
}

function groupBy(keys: readonly string[], of: (key: string) => string): ReadonlyMap<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const group = groups.get(of(key));
    if (group === undefined) groups.set(of(key), [key]);
    else group.push(key);
  }
  return groups;
}

function inBatches(keys: readonly string[], size: number): (readonly string[])[] {
  return Array.from({ length: Math.ceil(keys.length / size) }, (_, batch) => keys.slice(batch * size, (batch + 1) * size));
}
