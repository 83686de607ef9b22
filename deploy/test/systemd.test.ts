import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../cluster/compose';

/** The systemd units: what they start is here and takes its flags. */

const FOLDER = join(ROOT, 'deploy', 'systemd');
const units = readdirSync(FOLDER).map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }));
const commandOf = (text: string): readonly string[] => /^ExecStart=\/usr\/bin\/node (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];

test('one for each program', () => {
  expect(units.map(({ name }) => name).sort()).toEqual(['isthmus-anchor.service', 'isthmus-sipd.service', 'isthmus-worker@.service', 'isthmus.service']);
});

test.each(units)('$name: has no rights, and comes back', ({ text }) => {
  for (const line of ['User=isthmus', 'NoNewPrivileges=yes', 'PrivateTmp=yes', 'ProtectSystem=strict', 'ProtectHome=yes']) expect(text.split('\n')).toContain(line);
  expect(text).toMatch(/^Restart=(always|on-failure)$/m);
});

test.each(units)('$name: its program is in the repository, and the page that it names', ({ text }) => {
  const [program = ''] = commandOf(text);
  expect(program).toMatch(/^\/opt\/isthmus\//);
  expect(existsSync(program.replace('/opt/isthmus', ROOT))).toBe(true);
});

test.each(units)('$name: the program takes its flags, and misses nothing but the files of this machine', ({ text }) => {
  const words = commandOf(text).map((word) => word.replace('/opt/isthmus', ROOT).replace('/etc/isthmus', '/nonexistent').replaceAll('%i', '1'));
  const args = words.flatMap((word) => (word === '$SIPD_LISTEN' ? ['--sip', 'tcp:127.0.0.1:0', '--sip', 'udp:127.0.0.1:0'] : [word]));
  const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toMatch(/\/nonexistent\/\S+ cannot be used:\s+cannot be read|ENOENT.*\/nonexistent\//);
  expect(stderr).not.toMatch(/usage:/);
});

test('several workers of one machine differ in name and page, and in nothing else', () => {
  const words = commandOf(units.find(({ name }) => name === 'isthmus-worker@.service')?.text ?? '');
  expect(words.filter((word) => word.includes('%i'))).toEqual(['w%i', '127.0.0.1:948%i']);
});

test('promise 1: only the anchor is told to stop: its SIP server is what it answers by what is in hand', () => {
  const text = units.find(({ name }) => name === 'isthmus-anchor.service')?.text ?? '';
  expect(text.split('\n')).toContain('KillMode=mixed');
});
