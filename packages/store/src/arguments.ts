import type { Commit } from './port';

/**
 * What both adapters refuse: a caller's mistake, told as a RangeError before anything is done. Redis would answer some
 * of these with errors of its own and misread others.
 */
export function checkCommit(commit: Commit<unknown>): void {
  checkName('key', commit.key);
  if (!Number.isSafeInteger(commit.expected) || commit.expected < 0) {
    throw new RangeError(`commit.expected must be a version or 0, not ${commit.expected}`);
  }
  if (commit.due !== undefined && !Number.isFinite(commit.due)) {
    throw new RangeError(`commit.due must be milliseconds since the epoch, not ${commit.due}`);
  }
}

export function checkDue(now: number, limit: number): void {
  if (!Number.isFinite(now)) throw new RangeError(`what is due is asked for with a time, not ${now}`);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`the limit must be a whole number from 1, not ${limit}`);
}

export function checkClaim(now: number, until: number): void {
  if (!Number.isFinite(now) || !Number.isFinite(until) || until <= now) {
    throw new RangeError(`a claim must reach into the future: now ${now}, until ${until}`);
  }
}

export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
    throw new RangeError(`a time to live must be whole milliseconds from 1, not ${ttlMs}`);
  }
}

export function checkName(what: string, name: string): void {
  if (name === '') throw new RangeError(`an empty ${what} names nothing`);
}
