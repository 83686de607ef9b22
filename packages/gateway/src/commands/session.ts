import { readJid, type FormField, type Submission } from '@isthmus/codec';
import type { BareJid } from '@isthmus/model';
import { valueOf } from './command';

/**
 * Sessions of commands without a place to keep them (decision 018): the session id says when it ends and of which command
 * it is, and what the next stage must know travels in hidden fields, which a client gives back (XEP-0004 section 3.3). So
 * any worker can take any stage, and there is nothing to store, to bound or to clear away. Nothing in them is a permission:
 * each stage looks anew at who asks. An id stays the same through all stages; clients insist on it.
 */
export interface Sessions {
  readonly newId: () => string;
  readonly now: () => number;
  /** How long a command may lie open. */
  readonly ttlMs: number;
}

/** `time.id.node` */
const SESSION = /^(\d{1,15})\.[A-Za-z0-9]{1,64}\.(.{1,200})$/;

export function beginSession(node: string, { newId, now, ttlMs }: Sessions): string {
  return `${now() + ttlMs}.${newId()}.${node}`;
}

/** Undefined: it goes on. `bad-sessionid`: not one of ours, or of another command. */
export function checkSession(id: string, node: string, { now, ttlMs }: Sessions): 'bad-sessionid' | 'session-expired' | undefined {
  const [, until, own] = SESSION.exec(id) ?? [];
  if (own !== node || Number(until) > now() + ttlMs) return 'bad-sessionid';
  return Number(until) <= now() ? 'session-expired' : undefined;
}

/** What one stage tells the next. */
export interface Memory {
  /** The user whom an administrator has chosen. */
  readonly user?: BareJid | undefined;
  /** The version of what the form shows: it is changed only if nobody else has changed it meanwhile. */
  readonly version?: number | undefined;
}

const FIELD = { user: 'isthmus-user', version: 'isthmus-version' } as const;

export function writeMemory({ user, version }: Memory): readonly FormField[] {
  return [
    ...(user === undefined ? [] : [{ name: FIELD.user, type: 'hidden', values: [user] } as const]),
    ...(version === undefined ? [] : [{ name: FIELD.version, type: 'hidden', values: [`${version}`] } as const]),
  ];
}

/** What is not there, or cannot be, counts as not said. */
export function readMemory(submission: Submission): Memory {
  const user = readJid(valueOf(submission, FIELD.user) ?? '');
  const version = Number(valueOf(submission, FIELD.version) ?? '');
  return {
    user: user.ok && user.value.local !== '' ? user.value.bare : undefined,
    version: Number.isSafeInteger(version) && version > 0 ? version : undefined,
  };
}
