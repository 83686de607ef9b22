import { OrphanCount, type Judge, type Orphans } from '../orphans';
import { DamagedRecordError } from '../port';
import type { RedisConnection } from './connection';
import { kindOfKey } from './key-kinds';
import type { BucketKeys, RedisKeys } from './keys';
import { DUE_PAGE, ENDED_LEASES, RECORD_PAGE } from './scripts';
import { readValue } from './values';

/** What one page of a walk takes: a millisecond or so of Redis's only thread, and some hundred kilobytes here. */
const PAGE = 200;
/** Leases end when nobody runs too; one that ended so long ago has been passed over. */
const LONG_ENDED_MS = 3_600_000;

/**
 * One walk through all that there is, in pages, beside workers that run. What belongs together is read in one script, so that
 * nothing is taken for an orphan that was only changed meanwhile.
 */
export class OrphanSearch<R> {
  private readonly count = new OrphanCount();
  private keysSeen = 0;
  private recordsSeen = 0;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly judge: Judge<R>,
  ) {}

  /** Takes at most this long and a page more, milliseconds; half of it for the names of the keys. */
  async run(mostMs: number): Promise<Orphans> {
    const begun = Date.now();
    const all = [await this.walkKeys(begun + mostMs / 2), await this.walkBuckets(begun + mostMs)];
    await this.lookAtLeases();
    return { found: this.count.found, keys: this.keysSeen, records: this.recordsSeen, isComplete: all.every(Boolean) };
  }

  /** Did the time suffice? */
  private async walkKeys(until: number): Promise<boolean> {
    for await (const page of this.connection.keysOf(this.keys.prefix, PAGE)) {
      this.keysSeen += page.length;
      await Promise.all(page.map((key) => this.lookAtKey(key)));
      if (Date.now() > until) return false;
    }
    return true;
  }

  private async lookAtKey(key: string): Promise<void> {
    const kind = kindOfKey(this.keys.prefix, key);
    if (kind === undefined) return this.count.add('unknownKey', key);
    if (kind.bound !== 'expiry') return;
    const leftMs = await this.connection.run((redis) => redis.pttl(key));
    if (leftMs === NO_EXPIRY) this.count.add('lastingKey', key);
  }

  /** Begins anywhere: where the time never suffices, several looks together have seen everything. */
  private async walkBuckets(until: number): Promise<boolean> {
    const buckets = this.keys.buckets();
    const first = Math.floor(Math.random() * buckets.length);
    for (const bucket of [...buckets.slice(first), ...buckets.slice(0, first)]) {
      const isDone = (await this.walk(until, (cursor) => this.recordPage(bucket, cursor))) && (await this.walk(until, (cursor) => this.duePage(bucket, cursor)));
      if (!isDone) return false;
    }
    return true;
  }

  private async walk(until: number, page: (cursor: string) => Promise<string>): Promise<boolean> {
    for (let cursor = await page('0'); cursor !== '0'; cursor = await page(cursor)) {
      if (Date.now() > until) return false;
    }
    return Date.now() <= until;
  }

  private async recordPage({ pairs, due }: BucketKeys, cursor: string): Promise<string> {
    const [next = '0', ...fields] = (await this.connection.script(RECORD_PAGE, [pairs, due], cursor, PAGE)) as string[];
    for (let at = 0; at + 2 < fields.length; at += 3) {
      const [name = '', value = '', isDue] = fields.slice(at, at + 3);
      this.recordsSeen += 1;
      const wants = this.judged(pairs, name, value);
      if (wants === 'damaged') this.count.add(wants, pairs, name);
      else if (wants !== 'untimed' && isDue === '0') this.count.add(wants === 'empty' ? 'empty' : 'undue', due, name);
    }
    return next;
  }

  private judged(hash: string, name: string, value: string): ReturnType<Judge<R>> | 'damaged' {
    try {
      return this.judge(readValue<R>(hash, name, value).record);
    } catch (error) {
      if (error instanceof DamagedRecordError || error instanceof TypeError) return 'damaged';
      throw error;
    }
  }

  private async duePage({ pairs, due }: BucketKeys, cursor: string): Promise<string> {
    const [next = '0', ...strays] = (await this.connection.script(DUE_PAGE, [pairs, due], cursor, PAGE)) as string[];
    for (const name of strays) this.count.add('strayDue', due, name);
    return next;
  }

  private async lookAtLeases(): Promise<void> {
    const { workers } = this.keys;
    for (const name of (await this.connection.script(ENDED_LEASES, [workers], LONG_ENDED_MS)) as string[]) this.count.add('endedLease', workers, name);
  }
}

/** PTTL of a key that is there and never expires. */
const NO_EXPIRY = -1;
