/**
 * Names of the keys in Redis. All of a pair lies in one of 256 buckets, and the bucket is the hash tag (Redis Cluster
 * specification, "Hash tags"), so that one script may touch all of it on a cluster too. A bucket's records are the fields
 * of one hash: smaller than a key each, countable, and listed without walking a database that others may share.
 */

export const BUCKETS = 256;

export interface BucketKeys {
  /** Hash: pair -> version (16 digits) and record (JSON). */
  readonly pairs: string;
  /** Sorted set: pair, by the milliseconds since the epoch at which it is due. */
  readonly due: string;
  /** String: the highest version that a deleted record or policy of this bucket had. */
  readonly floor: string;
  /** Hash: user -> version (16 digits) and policy (JSON). */
  readonly policies: string;
  /** String, ends within a second: written to see whether it can be. */
  readonly probe: string;
}

export class RedisKeys {
  /** Hash: worker -> end of its lease (milliseconds since the epoch) and connections (JSON). */
  readonly workers: string;
  /** Set: SIP users. */
  readonly sipUsers: string;
  /** String, ends within a second: written to see whether it can be. */
  readonly probe: string;
  /** The sorted sets of all buckets. */
  readonly dues: readonly string[];
  private readonly all: readonly BucketKeys[];

  constructor(readonly prefix: string) {
    this.workers = `${prefix}:workers`;
    this.sipUsers = `${prefix}:{sip-users}`;
    this.probe = `${prefix}:probe`;
    this.all = Array.from({ length: BUCKETS }, (_, number) => this.bucket(number));
    this.dues = this.all.map(({ due }) => due);
  }

  /** The bucket of a pair, or of a user's policy. */
  of(name: string): BucketKeys {
    const number = bucketOf(name);
    return this.all[number] ?? this.bucket(number);
  }

  buckets(): readonly BucketKeys[] {
    return this.all;
  }

  members(set: string): string {
    return `${this.prefix}:members:${set}`;
  }

  private bucket(number: number): BucketKeys {
    const tag = `${this.prefix}:{b${number}}`;
    return { pairs: `${tag}:pairs`, due: `${tag}:due`, floor: `${tag}:floor`, policies: `${tag}:policies`, probe: `${tag}:probe` };
  }
}

/**
 * The bucket of a pair: FNV-1a (draft-eastlake-fnv, 32 bits) over the UTF-16 code units, folded to 8 bits. All workers
 * and all later versions must agree on it: a change of this function moves every record.
 */
export function bucketOf(pair: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < pair.length; at += 1) {
    hash = Math.imul(hash ^ pair.charCodeAt(at), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash ^= hash >>> 8;
  return hash & (BUCKETS - 1);
}
