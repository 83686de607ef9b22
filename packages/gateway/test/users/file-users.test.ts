import { mkdtempSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BareJid } from '@isthmus/model';
import pino from 'pino';
import { FileUsers } from '../../src/users/file-users';
import { eventually } from '../support/waiting';

const BOB = 'bob@example.com' as BareJid;
const BEA = 'bea@example.com' as BareJid;

describe('the list of SIP users in a file', () => {
  let directory: string;
  let file: string;
  let lines: { readonly event: string; readonly count?: number; readonly why?: string }[];
  let users: FileUsers;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'isthmus-users-'));
    file = join(directory, 'users.txt');
    lines = [];
    writeFileSync(file, `${BOB}\n`);
    users = await open(5);
  });
  afterEach(() => {
    users.stop();
    rmSync(directory, { recursive: true });
  });

  const open = (lookMs: number): Promise<FileUsers> =>
    FileUsers.open({ file, lookMs, log: pino({ messageKey: 'event' }, { write: (line: string) => void lines.push(JSON.parse(line) as { event: string }) }) });
  const told = (event: string) => lines.filter((line) => line.event === event);

  test('says who is on it', () => {
    expect([users.has(BOB), users.has(BEA), users.count]).toEqual([true, false, 1]);
    expect(told('sip_users_read')).toMatchObject([{ count: 1 }]);
  });

  test('is read again when it changes, also when another file takes its place', async () => {
    writeFileSync(file, `${BEA}\n`);
    await eventually('Bea is on the list', () => users.has(BEA));
    expect(users.has(BOB)).toBe(false);
    writeFileSync(join(directory, 'fresh'), `${BOB}\n${BEA}\n`);
    renameSync(join(directory, 'fresh'), file);
    await eventually('both are', () => users.has(BOB) && users.has(BEA));
  });

  const BREAK: readonly (readonly [what: string, how: () => void, why: string])[] = [
    ['vanishes', () => rmSync(file), 'no such file'],
    ['has a wrong line', () => writeFileSync(file, `${BEA}\nnobody\n`), 'line 2'],
    ['is emptied', () => truncateSync(file), 'names nobody'],
    ['is no text', () => writeFileSync(file, Buffer.from([0x62, 0xff, 0xfe])), 'not UTF-8'],
    ['becomes a folder', () => (rmSync(file), renameSync(mkdtempSync(join(directory, 'x')), file)), 'cannot be read'],
  ];
  test.each(BREAK)('a file that %s: the list stays, which is said once, and it is taken when it is right again', async (_what, how, why) => {
    how();
    await eventually('it is said', () => told('sip_users_refused').length > 0);
    expect(told('sip_users_refused')[0]).toMatchObject({ count: 1, why: expect.stringContaining(why) as string });
    expect([users.has(BOB), users.has(BEA)]).toEqual([true, false]);
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, `${BEA}\n`);
    await eventually('Bea is on the list', () => users.has(BEA));
    expect(told('sip_users_refused').length).toBeLessThanOrEqual(2); // being replaced it may be seen missing
  });

  test('a list that is stopped while it looks tells nothing more', async () => {
    users.refresh();
    users.stop();
    const after = await open(5);
    after.refresh();
    await eventually('another list, asked later, has looked', () => told('sip_users_read').length > 2);
    after.stop();
    expect(told('sip_users_read')).toHaveLength(3); // two at the starts, one of the second list's look
  });

  test('what is refused is not said again at each look', async () => {
    writeFileSync(file, 'nobody\n');
    await eventually('it is said', () => told('sip_users_refused').length > 0);
    const other = join(directory, 'other.txt');
    writeFileSync(other, `${BOB}\n`);
    // A second list with the same pause: when it has looked twice more, so has the first.
    const clock = await FileUsers.open({ file: other, lookMs: 5, log: pino({ level: 'silent' }) });
    for (const name of [BEA, BOB, BEA]) {
      writeFileSync(other, `${name}\n`.repeat(name.length));
      await eventually('the other list has changed', () => clock.has(name));
    }
    clock.stop();
    expect(told('sip_users_refused')).toHaveLength(1);
  });

  test('refresh (SIGHUP) reads it although nothing shows that it has changed', async () => {
    users.stop();
    users = await open(3_600_000);
    const { atime, mtime } = statSync(file);
    writeFileSync(file, `${BEA}\n`);
    utimesSync(file, atime, mtime);
    users.refresh();
    await eventually('Bea is on the list', () => users.has(BEA));
  });

  test('at the start there is no list to keep: it cannot be opened', async () => {
    writeFileSync(file, `${BOB}\nx\n`);
    await expect(open(5)).rejects.toThrow('users.txt: line 2');
  });
});
