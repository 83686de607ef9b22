import { join } from 'node:path';

import { Program } from './support/process';

const ROOT = join(__dirname, '..');

/** `npm run cluster -- --check`: what docker-compose.yml says is what runs, and what users do works through it. */
async function check(...args: string[]): Promise<readonly string[]> {
  const program = await Program.start({
    name: 'cluster',
    command: process.execPath,
    directory: ROOT,
    args: () => ['-r', './scripts/register.cjs', 'cluster/main.ts', '--check', ...args],
    onOurDeath: 'TERM',
  });
  const { code } = await program.exited;
  if (code !== 0) throw new Error(program.log);
  return program.log.split('\n').filter((line) => line.startsWith('ok: '));
}

const workers = (steps: readonly string[]): number => steps.filter((line) => /^ok: worker-\d+ is healthy$/.test(line)).length;
const LAST = 'ok: Bob added Ann through haproxy and is told that she is busy';

test('promises 1 and 3: docker-compose.yml with Prosody and three workers: texts, typing, presence; again after each SIP server has lost a process', async () => {
  const steps = await check('--workers', '3', '--kill');
  expect(workers(steps)).toBe(3);
  const wanted = [
    LAST,
    'ok: sip1: its drachtio was killed, its anchor went with it, and both began anew',
    'ok: sip2: its anchor was killed, its drachtio went with it, and both began anew',
    'ok: Dave answered in that session',
  ];
  expect(steps).toEqual(expect.arrayContaining(wanted));
}, 400_000);

test('the same file with ejabberd, and as many workers as it says', async () => {
  const steps = await check('--server', 'ejabberd');
  expect(workers(steps)).toBe(2);
  expect(steps).toContain(LAST);
}, 400_000);
