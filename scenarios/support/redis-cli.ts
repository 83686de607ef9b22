import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { LOOPBACK } from './ports';

const run = promisify(execFile);
const DEADLINE_MS = 30_000;

/** One command to the Redis, or the Sentinel, at a port; its answer as text. */
export async function redisCli(port: number, ...command: readonly string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-h', LOOPBACK, '-p', `${port}`, ...command], { timeout: DEADLINE_MS });
  return stdout.trim();
}
