import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { temporaryDirectory } from '../process';

const SCRIPT = join(__dirname, '..', '..', '..', 'scripts', 'setup.mjs');
const NOBODY = 65_534;
const HAS_POLICY = existsSync('/usr/sbin/policy-rc.d');
const isRoot = process.getuid?.() === 0;

interface Machine {
  readonly installed?: readonly string[];
  /** Exit status of `sudo -n true`. */
  readonly sudo?: number;
  readonly aptFails?: boolean;
  readonly lockIsNewer?: boolean;
  readonly engines?: string;
  readonly debian?: boolean;
}

/** Runs the script in a checkout and on a machine of paper: each command it calls writes itself into a log. */
class PaperMachine {
  private constructor(private readonly root: string) {}

  static async make(machine: Machine): Promise<PaperMachine> {
    const { installed = [], sudo = 1, aptFails = false, lockIsNewer = false, engines = '>=20.19', debian = true } = machine;
    const root = await temporaryDirectory('setup');
    for (const folder of ['scripts', 'bin', 'node_modules']) await mkdir(join(root, folder));
    await copyFile(SCRIPT, join(root, 'scripts', 'setup.mjs'));
    await writeFile(join(root, 'package.json'), JSON.stringify({ engines: { node: engines } }));
    await writeFile(join(root, 'package-lock.json'), '{}');
    await writeFile(join(root, 'node_modules', '.package-lock.json'), '{}');
    await utimes(join(root, lockIsNewer ? 'node_modules/.package-lock.json' : 'package-lock.json'), 1_000, 1_000);
    await writeFile(join(root, 'log'), '');
    const here = new PaperMachine(root);
    if (debian) await here.command('dpkg-query', `case " --version ${installed.join(' ')} " in *" $3 "*) printf installed;; esac; [ -n "$1" ]`);
    await here.command('apt-get', `echo "$DEBIAN_FRONTEND apt-get $@" >>${root}/log; exit ${aptFails ? 100 : 0}`);
    await here.command('sudo', `echo "sudo $@" >>${root}/log; [ ${sudo} = 0 ] || exit 1; shift; "$@"`);
    for (const name of ['npm', 'install', 'rm']) await here.command(name, `echo "${name} $@" >>${root}/log`);
    await here.command('env', 'exec /usr/bin/env "$@"');
    await chmod(root, 0o777);
    await chmod(join(root, 'log'), 0o666);
    return here;
  }

  async run(args: readonly string[]): Promise<{ status: number | null; output: string; log: string[] }> {
    const who = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const env = { PATH: join(this.root, 'bin'), HOME: this.root };
    const script = join(this.root, 'scripts', 'setup.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8', ...who });
    const log = (await readFile(join(this.root, 'log'), 'utf8')).split('\n').filter((line) => line !== '' && !/^(install|rm) /.test(line));
    return { status, output: stdout + stderr, log };
  }

  rawLog(): Promise<string> {
    return readFile(join(this.root, 'log'), 'utf8');
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true });
  }

  private async command(name: string, script: string): Promise<void> {
    await writeFile(join(this.root, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

async function setup(args: readonly string[], machine: Machine): Promise<{ status: number | null; output: string; log: string[]; raw: string }> {
  const paper = await PaperMachine.make(machine);
  try {
    return { ...(await paper.run(args)), raw: await paper.rawLog() };
  } finally {
    await paper.remove();
  }
}

const APT = 'noninteractive apt-get --option DPkg::Lock::Timeout=300 --quiet';

describe('setup.mjs', () => {
  test('a machine that has all is left alone', async () => {
    const { status, output, log } = await setup(['demo'], { installed: ['prosody'] });
    expect([status, log]).toEqual([0, []]);
    expect(output).toContain('setup: ready for demo');
  });

  test('node_modules older than the lock file: the packages of the lock file are installed, the lock file not touched', async () => {
    const { status, log } = await setup(['demo'], { installed: ['prosody'], lockIsNewer: true });
    expect([status, log]).toEqual([0, ['npm install --no-save --no-audit --no-fund']]);
  });

  test('without root, with sudo that asks for no password: only what is missing is installed, nothing recommended', async () => {
    const { status, log } = await setup(['test'], { sudo: 0, installed: TEST_PACKAGES.filter((name) => !['prosody', 'gcc'].includes(name)) });
    expect(status).toBe(0);
    expect(log.filter((line) => !line.startsWith('sudo'))).toEqual([`${APT} update`, `${APT} install --yes --no-install-recommends prosody gcc`]);
    expect(log[0]).toBe('sudo -n true');
  });

  test('without root and sudo: one message, with the command to run', async () => {
    const { status, output, log } = await setup(['demo'], {});
    expect([status, log]).toEqual([1, ['sudo -n true']]);
    expect(output).toContain('run as root:\n  apt-get install --no-install-recommends prosody');
  });

  test('no service starts while packages are installed, and the rule against it goes away again, also after a failure', async () => {
    for (const aptFails of [false, true]) {
      const { raw } = await setup(['demo'], { sudo: 0, aptFails });
      const calls = raw.split('\n').filter((line) => line !== '' && !line.startsWith('sudo'));
      const steps = calls.map((line) => (line.includes('apt-get') ? 'apt-get' : line.split(' ')[0]));
      const apt = aptFails ? ['apt-get'] : ['apt-get', 'apt-get'];
      expect(steps).toEqual(HAS_POLICY ? apt : ['install', ...apt, 'rm']);
    }
  });

  test('a failure of apt-get is named', async () => {
    const { status, output } = await setup(['demo'], { sudo: 0, aptFails: true });
    expect(status).toBe(1);
    expect(output).toMatch(/apt-get .*update" failed \(exit status 100\); what it said is above/);
  });

  test('another system than Debian is told what it needs', async () => {
    const { status, output } = await setup(['demo'], { debian: false });
    expect(status).toBe(1);
    expect(output).toContain('this is no Debian or Ubuntu: install by hand what these packages of Debian hold: prosody');
  });

  test('a Node that is too old is told so', async () => {
    const { status, output } = await setup(['demo'], { engines: '>=999.1' });
    expect(status).toBe(1);
    expect(output).toContain('is too old: install Node >=999.1');
  });

  test.each([[[]], [['production']], [['demo', 'test']], [['constructor']]])('arguments %j: how to use it', async (args) => {
    const { status, output, log } = await setup(args, {});
    expect([status, log]).toEqual([2, []]);
    expect(output).toContain('usage: node scripts/setup.mjs demo|test');
  });
});

const TEST_PACKAGES = [
  ...['prosody', 'redis-server', 'sip-tester', 'baresip-core', 'linphone-cli', 'lua-check', 'pidgin-sipe', 'libpurple-dev'],
  ...['libxml2-dev', 'gcc', 'libc6-dev', 'pkg-config', 'python3', 'openssl'],
  ...['kamailio', 'kamailio-presence-modules', 'kamailio-sqlite-modules', 'sqlite3', 'ejabberd', 'iproute2', 'haproxy', 'docker-compose'],
];
