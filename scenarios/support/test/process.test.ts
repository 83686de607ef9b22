import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { Program } from '../process';

const shell = (script: string, ready?: RegExp): Promise<Program> =>
  Program.start({ name: 'shell', command: 'sh', args: () => ['-c', script], ...(ready && { ready }), deadlineMs: 5_000 });

describe('a program that a test starts', () => {
  test('has its files in a folder of its own, which goes with it', async () => {
    const program = await Program.start({
      name: 'cat',
      command: 'sh',
      args: (directory) => ['-c', `cat ${directory}/sub/greeting; cat`],
      files: (directory) => ({ 'sub/greeting': `hello from ${directory}\n` }),
      ready: /hello from/,
    });
    const { directory } = program;
    expect(program.log).toBe(`hello from ${directory}\n`);
    await program.stop();
    expect(existsSync(directory)).toBe(false);
  });

  test('is heard line by line, each line once, whichever stream it is on', async () => {
    const program = await shell('echo one; echo two >&2; echo one; cat');
    await program.line(/one/);
    await program.line(/two/);
    await program.line(/one/);
    program.write('three\n');
    expect(await program.line(/thr/)).toBe('three');
    await program.stop();
  });

  test('that ends before it is up fails the start, with its output', async () => {
    await expect(shell('echo the port is taken; exit 3', /listening/)).rejects.toThrow(/code 3[^]*the port is taken/);
  });

  test('that is not installed is named, with what to do', async () => {
    const start = Program.start({ name: 'ghost', command: 'no-such-program' });
    await expect(start).rejects.toThrow('no-such-program is not installed: run "node scripts/setup.mjs test"');
  });

  test('that ignores SIGTERM is killed after the deadline', async () => {
    const program = await shell('trap "" TERM; echo up; while :; do sleep 0.05; done', /up/);
    expect(await program.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('a wait for a line that never comes fails at its deadline, and shows what did come', async () => {
    const program = await shell('echo something else; cat');
    await program.line(/something/);
    program.write('another thing\n');
    await expect(program.line(/wanted/, 200)).rejects.toThrow(/no line \/wanted\/: not within 200 ms[^]*another thing/);
    await program.stop();
  });

  test('dies with the test process, even when that is killed', async () => {
    const script = `
      const { Program } = require(${JSON.stringify(join(__dirname, '..', 'process'))});
      Program.start({ name: 'orphan', command: 'sleep', args: () => ['300'] }).then(({ pid, directory }) => console.log(JSON.stringify({ pid, directory })));
    `;
    const options = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' };
    const env = { ...process.env, TS_NODE_SKIP_PROJECT: '1', TS_NODE_COMPILER_OPTIONS: JSON.stringify(options) };
    const tester = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = await once(tester.stdout, 'data');
    const { pid, directory } = JSON.parse(String(chunk)) as { pid: number; directory: string };
    expect(await commandOf(pid)).toContain('sleep');
    tester.kill('SIGKILL');
    for (let tries = 0; tries < 200 && (await commandOf(pid)).includes('sleep'); tries += 1) await pause(50);
    expect(await commandOf(pid)).not.toContain('sleep');
    await rm(directory, { recursive: true });
  });
});

/** Command line of a process; empty when there is none (or nothing but its exit status is left). */
const commandOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
