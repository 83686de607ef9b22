import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';

import { Stopwatch } from '../stopwatch';
import { until } from '../until';

const NAP_MS = 300;
/** Where the kernel tells nothing, the two times are one. */
const isTold = existsSync('/proc/pressure/cpu');

test('what is waited for counts; never more than the time that has passed', async () => {
  const stopwatch = new Stopwatch();
  await new Promise((resolve) => setTimeout(resolve, NAP_MS));
  const { unhinderedMs, tookMs } = stopwatch;
  expect(tookMs).toBeGreaterThanOrEqual(NAP_MS - 1);
  expect(unhinderedMs).toBeLessThanOrEqual(tookMs);
});

test('time in which programs wait for a CPU does not count', async () => {
  const stopwatch = new Stopwatch();
  const busy = Array.from({ length: 2 * cpus().length }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  try {
    await until('they have been in each other\'s way', () => !isTold || stopwatch.tookMs - stopwatch.unhinderedMs > NAP_MS);
  } finally {
    const ends = busy.map((each) => once(each, 'exit'));
    for (const each of busy) each.kill('SIGKILL');
    await Promise.all(ends);
  }
  expect(stopwatch.unhinderedMs).toBeLessThanOrEqual(stopwatch.tookMs);
});
