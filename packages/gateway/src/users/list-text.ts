import { readJid, sipToJid } from '@isthmus/codec';
import type { BareJid } from '@isthmus/model';

/** A list of SIP users that cannot be used; the message names the file and the first of the wrong lines. */
export class UserListError extends Error {
  override readonly name = 'UserListError';
}

const MAX_TOLD = 10;
/** After so many lines others get a turn: reading an address costs some microseconds. */
const LINES_AT_ONCE = 2_000;
const COMMENT = /(^|\s)#[^]*$/;

/** One address, `bob@example.com` or `sip:bob@example.com`, prepared. Undefined: it is none of a user. */
export function readAddress(text: string): BareJid | undefined {
  const read = /^sips?:/i.test(text) ? sipToJid(text) : readJid(text);
  if (!read.ok) return undefined;
  const jid = 'jid' in read.value ? read.value.jid : read.value;
  return jid.local === '' || jid.resource !== undefined ? undefined : jid.bare;
}

/** The address in a line of a list; undefined for an empty line or a comment. */
export function addressText(line: string): string | undefined {
  const text = line.replace(COMMENT, '').trim();
  return text === '' ? undefined : text;
}

/**
 * Reads a list: one address a line; what follows `#` is a comment. A list with one wrong line is refused as a whole: a file
 * that is being written, or was cut, looks like that, and so does one of another kind. Rejects with `UserListError`.
 */
export async function readUserList(text: string, file: string): Promise<ReadonlySet<BareJid>> {
  const users = new Set<BareJid>();
  const wrong: string[] = [];
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    const address = addressText(line);
    const user = address === undefined ? undefined : readAddress(address);
    if (user !== undefined) users.add(user);
    else if (address !== undefined) wrong.push(`line ${index + 1}: "${address.slice(0, 80)}" is not the address of a user`);
    if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (wrong.length > MAX_TOLD) wrong.splice(MAX_TOLD, wrong.length, `and ${wrong.length - MAX_TOLD} more`);
  if (wrong.length > 0) throw new UserListError(`${file}: ${wrong.join('; ')}`);
  if (users.size === 0) throw new UserListError(`${file}: it names nobody`);
  return users;
}
