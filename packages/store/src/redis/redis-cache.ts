import { checkName, checkTtl } from '../arguments';
import type { CacheStore } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';

export class RedisCache implements CacheStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  async get(key: string): Promise<string | undefined> {
    const value = await this.connection.run((redis) => redis.get(this.keys.cache(key)));
    return value ?? undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    checkName('key', key);
    checkTtl(ttlMs);
    await this.connection.run((redis) => redis.set(this.keys.cache(key), value, 'PX', ttlMs));
  }

  async delete(key: string): Promise<void> {
    await this.connection.run((redis) => redis.del(this.keys.cache(key)));
  }
}
