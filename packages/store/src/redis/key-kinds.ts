/**
 * All kinds of keys in Redis and what keeps each from growing without end. docs/redis.md, "Keys", lists the same; a key under our
 * prefix that is none of these is not ours.
 */
export interface KeyKind {
  /** As docs/redis.md writes it: `P` the prefix, `N` a bucket, `...` anything. */
  readonly name: string;
  /** Of the key without its prefix. */
  readonly pattern: RegExp;
  /**
   * `owner`: what it holds goes with a record, a worker or the word of a person. `limit`: there are so many of them and no more.
   * `expiry`: the key has a time to live, always.
   */
  readonly bound: 'owner' | 'limit' | 'expiry';
  /** The longest time to live, where the store itself sets it, milliseconds. */
  readonly longestMs?: number;
}

/** A new list of SIP users that is never finished, because its writer has died, goes by itself. */
export const UNFINISHED_SECONDS = 3_600;
/** What is written to see whether it can be. */
export const PROBE_MS = 1_000;

const ofBucket = (what: string): RegExp => new RegExp(String.raw`^:\{b(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\}:${what}$`);

export const KEY_KINDS: readonly KeyKind[] = [
  { name: 'P:{bN}:pairs', pattern: ofBucket('pairs'), bound: 'owner' },
  { name: 'P:{bN}:due', pattern: ofBucket('due'), bound: 'owner' },
  { name: 'P:{bN}:floor', pattern: ofBucket('floor'), bound: 'limit' },
  { name: 'P:{bN}:policies', pattern: ofBucket('policies'), bound: 'owner' },
  { name: 'P:{sip-users}', pattern: /^:\{sip-users\}$/, bound: 'owner' },
  { name: 'P:{sip-users}:...', pattern: /^:\{sip-users\}:./, bound: 'expiry', longestMs: UNFINISHED_SECONDS * 1_000 },
  { name: 'P:workers', pattern: /^:workers$/, bound: 'owner' },
  { name: 'P:members:...', pattern: /^:members:./, bound: 'expiry' },
  { name: 'P:probe', pattern: /^:probe$/, bound: 'expiry', longestMs: PROBE_MS },
  { name: 'P:{bN}:probe', pattern: ofBucket('probe'), bound: 'expiry', longestMs: PROBE_MS },
];

/** Of what kind a key is; undefined when it is not ours. */
export function kindOfKey(prefix: string, key: string): KeyKind | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const rest = key.slice(prefix.length);
  return KEY_KINDS.find(({ pattern }) => pattern.test(rest));
}
