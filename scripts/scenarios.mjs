#!/usr/bin/env node
/**
 * Plays scenarios: npm run scenarios -- [--server prosody|ejabberd] [arguments of jest]
 *
 * Without files all of them, two at a time. They run the compiled program.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const SERVERS = ['prosody', 'ejabberd'];
const ARGUMENTS_WRONG = 2;

const args = process.argv.slice(2);
const at = args.indexOf('--server');
const [, server] = at < 0 ? [] : args.splice(at, 2);
if (at >= 0 && !SERVERS.includes(server)) {
  console.error(`--server must be one of ${SERVERS.join(', ')}`);
  process.exit(ARGUMENTS_WRONG);
}

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);
const run = (command, commandArgs) =>
  spawnSync(command, commandArgs, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...(server && { ISTHMUS_XMPP_SERVER: server }) } }).status ?? 1;

process.exitCode = run(bin('tsc'), ['-b']) || run(bin('jest'), [...args, '--maxWorkers=2', '--selectProjects', 'scenarios', 'load']);
