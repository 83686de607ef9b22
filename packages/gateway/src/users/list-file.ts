import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import type { BareJid } from '@isthmus/model';
import { addressText, readAddress, readUserList, UserListError } from './list-text';

/** 100,000 addresses are about 3 MB. */
const MAX_BYTES = 100_000_000;

/** Reads the whole list from its file. Rejects with `UserListError`. */
export async function readListFile(file: string): Promise<ReadonlySet<BareJid>> {
  return readUserList(await readText(file), file);
}

/** What changes when the file does: a new one, another size or another time. Undefined: there is none that can be looked at. */
export async function signatureOf(file: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}

/** Adds addresses at the end; returns how many were not there. */
export async function addToFile(file: string, users: readonly BareJid[]): Promise<number> {
  const [text, known] = [await readText(file), await readListFile(file)];
  const fresh = [...new Set(users)].filter((user) => !known.has(user));
  if (fresh.length > 0) await writeListFile(file, `${text.replace(/\n?$/, '\n')}${fresh.join('\n')}\n`);
  return fresh.length;
}

/** Leaves out the lines of these addresses; returns how many of them were there. */
export async function removeFromFile(file: string, users: readonly BareJid[]): Promise<number> {
  const [text, known] = [await readText(file), await readListFile(file)];
  const gone = new Set(users.filter((user) => known.has(user)));
  if (gone.size === known.size) throw new UserListError(`${file}: nobody would be left; a list that names nobody is not taken`);
  const kept = text.split('\n').filter((line) => {
    const address = addressText(line);
    const user = address === undefined ? undefined : readAddress(address);
    return user === undefined || !gone.has(user);
  });
  if (gone.size > 0) await writeListFile(file, kept.join('\n'));
  return gone.size;
}

/** Under another name first: nobody ever reads half of it. Keeps the mode of the file that was there. */
export async function writeListFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.${randomUUID()}`;
  const mode = await stat(file).then((found) => found.mode & 0o777, () => 0o644);
  try {
    const handle = await open(fresh, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new UserListError(`${file}: cannot be written (${reason(error)})`);
  }
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    if ((await stat(file)).size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    bytes = await readFile(file);
  } catch (error) {
    throw new UserListError(`${file}: cannot be read (${reason(error)})`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserListError(`${file}: it is not UTF-8`);
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : error instanceof Error ? error.message : String(error);
}
