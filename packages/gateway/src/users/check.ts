import { ConfigError } from '../config/load';
import type { Config } from '../config/schema';
import { readListFile } from './list-file';
import { UserListError } from './list-text';

/** Can the list of SIP users be read, where it is a file? Rejects with `ConfigError`. */
export async function checkUserList({ routing: { sipUsers } }: Config, file: string): Promise<void> {
  if (sipUsers?.type !== 'file') return;
  try {
    await readListFile(sipUsers.file);
  } catch (error) {
    if (error instanceof UserListError) throw new ConfigError(file, [{ path: 'routing.sipUsers.file', message: error.message }]);
    throw error;
  }
}
