import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { LOOPBACK } from './ports';

const run = promisify(execFile);
const DEADLINE_MS = 30_000;
const PAUSE_MS = 50;

/** One command to the Redis, or the Sentinel, at a port; its answer as text. */
export async function redisCli(port: number, ...command: readonly string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-h', LOOPBACK, '-p', `${port}`, ...command], { timeout: DEADLINE_MS });
  return stdout.trim();
}

/** Asks until the answer is yes; a question that fails is asked again. Rejects at the deadline. */
export async function until(what: string, holds: () => Promise<boolean>, deadlineMs = DEADLINE_MS): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
