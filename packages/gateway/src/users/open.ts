import type { UserList } from '@isthmus/store';
import type { Config } from '../config/schema';
import type { Logger } from '../log';
import { FileUsers } from './file-users';
import type { SipUsers } from './sip-users';
import { StoreUsers } from './store-users';

/** The list of SIP users of the configuration; undefined in mode basic. Rejects with `UserListError`. */
export async function openSipUsers({ routing }: Config, list: UserList, log: Logger): Promise<SipUsers | undefined> {
  const { sipUsers } = routing;
  if (sipUsers === undefined) return undefined;
  if (sipUsers.type === 'file') return FileUsers.open({ file: sipUsers.file, lookMs: sipUsers.lookSeconds * 1_000, log });
  return new StoreUsers({ list, ttlMs: sipUsers.cacheSeconds * 1_000, maxCached: sipUsers.maxCachedUsers, now: Date.now });
}
