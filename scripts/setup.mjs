#!/usr/bin/env node
/**
 * Makes this machine ready: node scripts/setup.mjs demo|test
 *
 * Installs the Node packages of the lock file and the Debian packages that are missing, and nothing that is there already.
 * Needs Debian or Ubuntu with Node, npm and, when a Debian package is missing, root or sudo without a password.
 * Exit status: 0 ready, 1 something could not be installed, 2 wrong arguments.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const POLICY = '/usr/sbin/policy-rc.d';
const ARGUMENTS_WRONG = 2;

/** Debian packages, by what they are for. */
const SETS = {
  demo: ['prosody'],
  test: [
    ...['prosody', 'redis-server'],
    ...['sip-tester', 'baresip-core', 'linphone-cli'], // real SIP peers
    ...['kamailio', 'kamailio-presence-modules', 'kamailio-sqlite-modules', 'sqlite3'], // a real SIP server
    ...['ejabberd'], // the other XMPP server, with the compiler for our plug-in
    ...['iproute2'], // hosts with addresses of their own
    ...['haproxy', 'docker-compose'], // without an engine: docker-compose reads the file that it would run
    ...['lua-check'],
    ...['pidgin-sipe', 'libpurple-dev', 'libxml2-dev', 'gcc', 'libc6-dev', 'pkg-config', 'python3', 'openssl'], // SIPE bench
  ],
};

/** An end that is the machine's or the user's doing: its message is all there is to say. */
class SetupError extends Error {
  constructor(message, status = 1) {
    super(message);
    this.status = status;
  }
}

const say = (text) => console.log(`setup: ${text}`);
const isRoot = process.getuid?.() === 0;
const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  const shown = [command, ...args].join(' ');
  if (error) throw new SetupError(`"${shown}" cannot be run: ${error.message}`);
  if (status !== 0) throw new SetupError(`"${shown}" failed (${signal ?? `exit status ${status}`}); what it said is above`);
}

const runAsRoot = (command, args) => (isRoot ? run(command, args) : run('sudo', ['-n', command, ...args]));

function checkNode() {
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines?.node ?? '';
  const [major, minor] = (/(\d+)\.(\d+)/.exec(wanted) ?? []).slice(1).map(Number);
  const [ourMajor, ourMinor] = process.versions.node.split('.').map(Number);
  if (ourMajor < major || (ourMajor === major && ourMinor < minor)) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node ${wanted}`);
  }
}

/** npm notes in node_modules/.package-lock.json what it installed. */
function nodePackagesAreCurrent() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
}

function installNodePackages() {
  if (nodePackagesAreCurrent()) return say('Node packages are there');
  say('installing the Node packages of package-lock.json');
  // Not "npm ci": npm 11 refuses a lock file without the optional binaries of platforms that the registry at hand does not
  // carry. This keeps to the lock file as well, checksums included, and leaves it alone.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund']);
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status}', name], { encoding: 'utf8' });
  return stdout === 'installed';
}

function installDebianPackages(names) {
  if (!succeeds('dpkg-query', ['--version'])) {
    throw new SetupError(`this is no Debian or Ubuntu: install by hand what these packages of Debian hold: ${names.join(' ')}`);
  }
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return say('Debian packages are there');
  if (!isRoot && !succeeds('sudo', ['-n', 'true'])) {
    throw new SetupError(`packages are missing and this user may not install them; run as root:\n  apt-get install --no-install-recommends ${missing.join(' ')}`);
  }
  say(`installing ${missing.join(' ')}`);
  withoutStartingServices(() => {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', ...missing);
  });
}

const apt = (...args) =>
  runAsRoot('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '--option', 'DPkg::Lock::Timeout=300', '--quiet', ...args]);

/** The tests start servers of their own, so the system's must stay down: policy-rc.d forbids their start while we install. */
function withoutStartingServices(install) {
  if (existsSync(POLICY)) return install(); // the machine has a rule of its own
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-setup-'));
  const waitForChild = () => undefined; // an interrupt ends the running command; then we tidy up
  process.on('SIGINT', waitForChild).on('SIGTERM', waitForChild);
  try {
    writeFileSync(join(folder, 'policy-rc.d'), '#!/bin/sh\nexit 101\n');
    runAsRoot('install', ['-m', '755', join(folder, 'policy-rc.d'), POLICY]);
    install();
  } finally {
    rmSync(folder, { recursive: true, force: true });
    runAsRoot('rm', ['-f', POLICY]);
    process.off('SIGINT', waitForChild).off('SIGTERM', waitForChild);
  }
}

function main(args) {
  const names = args.length === 1 && Object.hasOwn(SETS, args[0]) ? SETS[args[0]] : undefined;
  if (names === undefined) throw new SetupError('usage: node scripts/setup.mjs demo|test', ARGUMENTS_WRONG);
  checkNode();
  installNodePackages();
  installDebianPackages(names);
  say(`ready for ${args[0]}`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = error.status;
}
