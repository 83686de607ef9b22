import { StoreDoubtError, StoreFullError, StoreUnavailableError } from '../port';
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
];

/** Why a connection could not be made, or was lost. */
export function diagnose(server: string, error: unknown): Unusable {
  const text = textOf(error);
  const refusal = REFUSALS.find(([pattern]) => pattern.test(text));
  if (refusal !== undefined) return { is: 'refused', why: `Redis at ${server} refuses us: ${refusal[1]} (${text})` };
  return { is: 'away', why: `Redis at ${server}: ${text}` };
}

/** What a caller gets in place of an error of ioredis. */
export function translate(server: string, error: unknown): StoreUnavailableError {
  const text = textOf(error);
  if (/^OOM|-OOM/.test(text)) return new StoreFullError(`Redis at ${server} is at its memory limit (maxmemory)`);
  const Kind = UNANSWERED.test((error as { message?: string }).message ?? '') ? StoreDoubtError : StoreUnavailableError;
  return new Kind(`Redis at ${server}: ${text}`);
}

/** How ioredis says that a command went out and no answer came. */
const UNANSWERED = /^Command timed out|^Socket timeout|max retries per request|^Connection is closed/;

/** ioredis's words for its own failures, in plain ones. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/^Command timed out|^Socket timeout/, 'no answer in time'],
  [/max retries per request|^Connection is closed|writeable/, 'the connection was lost'],
];

function textOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  return PLAIN.find(([pattern]) => pattern.test(message))?.[1] ?? (message || code || String(error));
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
export function judge(server: string, info: string): StoreState {
  const field = (name: string): string => fieldOf(info, name);
  if (field('loading') === '1') return { is: 'away', why: `Redis at ${server} is still loading its data` };
  if (field('role') === 'slave') {
    return { is: 'refused', why: `Redis at ${server} is a replica, which cannot be written: give the address of its primary` };
  }
  const policy = field('maxmemory_policy');
  if (!policy.startsWith('allkeys')) return { is: 'ready' };
  return { is: 'ready', warning: `Redis at ${server} may throw records away (maxmemory-policy ${policy}): set noeviction` };
}
