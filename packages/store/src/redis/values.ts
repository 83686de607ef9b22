import { DamagedRecordError } from '../port';
import type { CommitResult, Stored } from '../port';

/** Digits of a version in front of a value (scripts.ts). */
const VERSION_LENGTH = 16;

/** A value of a hash: its version, then its JSON. Throws a `DamagedRecordError` that names the field when it is neither. */
export function readValue<T>(hash: string, field: string, value: string): Stored<T> {
  const version = Number(value.slice(0, VERSION_LENGTH));
  try {
    if (!(version > 0)) throw new SyntaxError('no version');
    return { record: JSON.parse(value.slice(VERSION_LENGTH)) as T, version };
  } catch {
    // The parser's own words would quote the record.
    throw new DamagedRecordError(`the record of ${JSON.stringify(field)} is damaged: remove it from the Redis hash ${hash}`);
  }
}

/** What the scripts COMMIT and DELETE return: a version, or nil where somebody else was faster. */
export function fromScript(version: unknown): CommitResult {
  return version === null ? { ok: false } : { ok: true, version: Number(version) };
}

/** What has a meaning in a glob-style pattern of Redis. */
const GLOB = /[\\*?[\]]/g;

/** A text as a pattern that only it matches. */
export const literally = (text: string): string => text.replace(GLOB, '\\$&');

/** As a script compares it with others, character by character. */
export const writeVersion = (version: number): string => `${version}`.padStart(VERSION_LENGTH, '0');
