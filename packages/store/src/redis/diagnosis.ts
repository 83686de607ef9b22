import { StoreDoubtError, StoreUnavailableError, StoreUnwritableError } from '../port';
import type { StoreState } from '../port';

/**
 * Words for what goes wrong with Redis. Only the text of an error of ioredis is ever passed on: the error itself carries
 * the command's arguments, that is passwords and message bodies.
 */

type Unusable = Extract<StoreState, { is: 'away' | 'refused' }>;

/** Redis's error (its first words) -> what the administrator must look at. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^WRONGPASS|invalid password/, 'user name or password is wrong'],
  [/^NOAUTH/, 'it wants a password and none is configured'],
  [/^NOPERM/, 'the user may not do what isthmus needs'],
  [/DB index/, 'there is no such database'],
  [/alert certificate required/, 'it wants a certificate of ours: set store.tls.certificate and store.tls.key'],
  [/alert (unknown ca|bad certificate|certificate unknown|certificate expired)/, 'it does not believe our certificate (store.tls.certificate): its tls-ca-cert-file must hold who has issued it'],
  [/self-signed certificate|unable to (verify the first|get (local )?issuer) certificate/, 'nobody that is believed has issued its certificate: store.tls.ca must hold who has'],
  [/certificate's altnames/, 'its certificate is for another name: set store.tls.name to one that it shows'],
  [/certificate (has expired|is not yet valid)/, 'its certificate is not valid now: renew it, or set the clock'],
  [/cluster support disabled/, 'it is no node of a cluster: set store.mode single'],
];

/** Why a connection could not be made, or was lost. */
export function diagnose(server: string, error: unknown): Unusable {
  const text = textOf(error);
  const refusal = REFUSALS.find(([pattern]) => pattern.test(text));
  if (refusal !== undefined) return { is: 'refused', why: `Redis at ${server} refuses us: ${refusal[1]} (${text})` };
  return { is: 'away', why: `Redis at ${server}: ${text}` };
}

/**
 * How Redis says that it takes no writes now, although it answers; a script may have it in front of its own words. With what an
 * administrator can do.
 */
const UNWRITABLE: readonly (readonly [RegExp, string])[] = [
  [/(^|-)OOM /, 'is at its memory limit (maxmemory): give it more memory'],
  [/(^|-)MISCONF /, 'cannot save its data and takes no writes: make room on its disk, and look at its log'],
  [/(^|-)NOREPLICAS /, 'takes no writes because too few replicas follow it (min-replicas-to-write): start them'],
];

/** Why Redis takes no writes now; undefined when the error says something else. */
export function unwritable(server: string, error: unknown): string | undefined {
  const text = textOf(error);
  const found = UNWRITABLE.find(([pattern]) => pattern.test(text));
  return found && `Redis at ${server} ${found[1]}`;
}

/** A server that answers and is not the one to be asked: a replica, or one that still loads. */
export function isOutOfOrder(error: unknown): boolean {
  return /(^|-)(READONLY|LOADING|MASTERDOWN) /.test(textOf(error));
}

/** Does an error of a cluster mean that a part of it may be gone? */
export function isShaken(error: unknown): boolean {
  const { message = '' } = error as { message?: string };
  return isOutOfOrder(error) || UNANSWERED.test(message) || /^CLUSTERDOWN|^Too many Cluster redirections(?!.* TRYAGAIN )|^Cluster is|^None of startup nodes|ECONN|EHOSTUNREACH|writeable/.test(message);
}

/** What a caller gets in place of an error of ioredis. */
export function translate(server: string, error: unknown): StoreUnavailableError {
  const why = unwritable(server, error);
  if (why !== undefined) return new StoreUnwritableError(why);
  const Kind = UNANSWERED.test((error as { message?: string }).message ?? '') ? StoreDoubtError : StoreUnavailableError;
  return new Kind(`Redis at ${server}: ${textOf(error)}`);
}

/** How ioredis says that a command went out and no answer came. */
const UNANSWERED = /^Command timed out|^Socket timeout|max retries per request|^Connection is closed/;

/** ioredis's words for its own failures, in plain ones. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/^Command timed out|^Socket timeout/, 'no answer in time'],
  [/max retries per request|^Connection is closed|writeable/, 'the connection was lost'],
];

/** What OpenSSL says stands between where in its code and where in its files. */
const OPENSSL = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/;

function textOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  const plain = PLAIN.find(([pattern]) => pattern.test(message))?.[1] ?? OPENSSL.exec(message)?.[1];
  return plain ?? (message || code || String(error));
}

const fieldOf = (info: string, name: string): string => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';

/** What its INFO says about how it keeps what it holds. */
export function risksOf(info: string): readonly string[] {
  const field = (name: string): string => fieldOf(info, name);
  return [
    ...(field('aof_enabled') === '0' ? ['a restart of Redis forgets what has come since its last snapshot: set appendonly yes'] : []),
    ...(field('aof_last_write_status') === 'err' ? ['Redis cannot write its log: look at its disk'] : []),
    ...(field('rdb_last_bgsave_status') === 'err' ? ['the last snapshot of Redis failed: look at its disk and memory'] : []),
    ...(field('maxmemory_policy').startsWith('allkeys') ? ['Redis may throw records away when its memory is full: set maxmemory-policy noeviction'] : []),
  ];
}

/** What Redis's INFO says about its fitness. */
export function judge(server: string, info: string, { cluster = false } = {}): StoreState {
  const field = (name: string): string => fieldOf(info, name);
  const refuse = (why: string): StoreState => ({ is: 'refused', why: `Redis at ${server} ${why}` });
  if (field('redis_mode') === 'sentinel') return refuse('is a Sentinel: set store.mode sentinel, and give it under store.sentinels');
  if (field('redis_mode') === 'cluster' && !cluster) return refuse('is a node of a cluster: set store.mode cluster, and give it under store.nodes');
  if (field('loading') === '1') return { is: 'away', why: `Redis at ${server} is still loading its data` };
  if (field('role') === 'slave') {
    return refuse('is a replica, which cannot be written: give the address of its primary');
  }
  const policy = field('maxmemory_policy');
  if (!policy.startsWith('allkeys')) return { is: 'ready' };
  return { is: 'ready', warning: `Redis at ${server} may throw records away (maxmemory-policy ${policy}): set noeviction` };
}
