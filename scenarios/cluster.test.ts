import { join } from 'node:path';

import { Program } from './support/process';

const ROOT = join(__dirname, '..');

/** `npm run cluster -- --check`: what docker-compose.yml says is what runs, and what users do works through it. */
test.each([['prosody', 3]] as const)(
  'promises 1 and 3: docker-compose.yml with %s and %d workers: texts, typing and presence both ways, again after each SIP server has lost a process',
  async (server, workers) => {
    const program = await Program.start({
      name: 'cluster',
      command: process.execPath,
      directory: ROOT,
      args: () => ['-r', './scripts/register.cjs', 'cluster/main.ts', '--check', '--server', server, '--workers', `${workers}`],
    });
    const { code } = await program.exited;
    const steps = program.log.split('\n').filter((line) => line.startsWith('ok: '));
    expect({ code, steps, log: code === 0 ? '' : program.log }).toEqual({ code: 0, steps: expect.arrayContaining([
      'ok: Bob added Ann through haproxy and is told that she is busy',
      'ok: sip1: its drachtio was killed, its anchor went with it, and both began anew',
      'ok: sip2: its anchor was killed, its drachtio went with it, and both began anew',
      'ok: Dave answered in that session',
    ]), log: '' });
    expect(steps.filter((line) => /^ok: worker-\d+ is healthy$/.test(line)).length).toBe(workers);
  },
  120_000,
);
