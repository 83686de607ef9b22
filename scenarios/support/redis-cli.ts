import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { LOOPBACK } from './ports';
import { tlsArgs, type RedisTls } from './redis-tls';

const run = promisify(execFile);
const DEADLINE_MS = 90_000;

/** One command to the Redis, or the Sentinel, at a port; its answer as text. */
export const redisCli = (port: number, ...command: readonly string[]): Promise<string> => redisCliOver(undefined, port, ...command);

/** The same over TLS, where it is given. */
export async function redisCliOver(tls: RedisTls | undefined, port: number, ...command: readonly string[]): Promise<string> {
  const over = tls === undefined ? [] : tlsArgs(tls);
  const { stdout } = await run('redis-cli', ['-h', LOOPBACK, '-p', `${port}`, ...over, ...command], { timeout: DEADLINE_MS });
  return stdout.trim();
}
