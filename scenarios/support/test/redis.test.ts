import { connect } from 'node:net';

import { Redis as Client } from 'ioredis';

import { startRedis } from '../redis';
import type { Redis } from '../redis';

async function asked<T>(redis: Redis, question: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(redis.url, { lazyConnect: true });
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
}

const reached = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject).once('connect', () => resolve(void socket.destroy()));
  });

describe('Redis of a test', () => {
  test('listens on 127.0.0.1, forgets by default, and is back on the same port', async () => {
    const redis = await startRedis();
    await asked(redis, (client) => client.set('key', 'value'));
    await redis.restart();
    expect(await asked(redis, (client) => client.get('key'))).toBeNull();
    expect(await asked(redis, (client) => client.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1']);
    await redis.stop();
  });

  test('keeps what was written when asked to', async () => {
    const redis = await startRedis({ persist: true });
    await asked(redis, (client) => client.set('key', 'value'));
    await redis.restart();
    expect(await asked(redis, (client) => client.get('key'))).toBe('value');
    await redis.stop();
  });

  test('is away between suspend and resume', async () => {
    const redis = await startRedis();
    await redis.suspend();
    await expect(reached(redis.port)).rejects.toThrow('ECONNREFUSED');
    await redis.resume();
    expect(await asked(redis, (client) => client.ping())).toBe('PONG');
    await redis.stop();
  });
});
