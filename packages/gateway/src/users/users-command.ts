import type { BareJid } from '@isthmus/model';
import { StoreUnavailableError, type UserList } from '@isthmus/store';
import { StartError } from '../build';
import type { Config } from '../config/schema';
import { createLog } from '../log';
import { openStore } from '../open-store';
import { addToFile, readListFile, removeFromFile, writeListFile } from './list-file';
import { readAddress, UserListError } from './list-text';

export const USERS_ACTIONS = ['import', 'add', 'remove', 'list', 'count'] as const;
export type UsersAction = (typeof USERS_ACTIONS)[number];

/** Either kind of list, for the command line. */
type EditableList = Pick<UserList, 'add' | 'remove' | 'replace' | 'list' | 'count'>;

/**
 * One `isthmus users` command on the list of the configuration; returns what is to be printed.
 * @param args of `import` the file with the new list, of `add` and `remove` addresses
 * Rejects with `StartError`: it could not be done; nothing, or with several addresses in Redis a part, was changed.
 */
export async function runUsersCommand(action: UsersAction, args: readonly string[], config: Config, file: string): Promise<string> {
  const { sipUsers } = config.routing;
  if (sipUsers === undefined) throw new StartError('this configuration has no list of SIP users: set routing.mode to advanced, and routing.sipUsers');
  try {
    if (sipUsers.type === 'file') return await run(action, args, fileList(sipUsers.file));
    const store = await openStore(config, file, createLog('fatal', 'users'));
    try {
      if (store.state.is !== 'ready') throw new StartError('why' in store.state ? store.state.why : `the store is ${store.state.is}`);
      return await run(action, args, store.sipUsers);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof UserListError || error instanceof StoreUnavailableError) throw new StartError(error.message);
    throw error;
  }
}

async function run(action: UsersAction, args: readonly string[], list: EditableList): Promise<string> {
  if (action === 'add') return `${await list.add(args.map(addressOf))} added, ${await list.count()} in all\n`;
  if (action === 'remove') return `${await list.remove(args.map(addressOf))} removed, ${await list.count()} left\n`;
  if (action === 'import') {
    await list.replace([...(await readListFile(args[0] ?? ''))]);
    return `${await list.count()} in all\n`;
  }
  if (action === 'count') return `${await list.count()}\n`;
  const users: BareJid[] = [];
  for await (const user of list.list()) users.push(user);
  return users.sort().map((user) => `${user}\n`).join('');
}

function addressOf(text: string): BareJid {
  const user = readAddress(text);
  if (user === undefined) throw new StartError(`"${text}" is not the address of a user, such as bob@example.com`);
  return user;
}

function fileList(file: string): EditableList {
  return {
    add: (users) => addToFile(file, users),
    remove: (users) => removeFromFile(file, users),
    replace: (users) => writeListFile(file, `${users.join('\n')}\n`),
    async *list() {
      yield* await readListFile(file);
    },
    count: async () => (await readListFile(file)).size,
  };
}
