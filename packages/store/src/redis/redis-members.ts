import { checkName, checkTtl } from '../arguments';
import type { MemberStore } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { PUT_MEMBER } from './scripts';

/** One sorted set each, by the time at which a member ends; by Redis's clock. The set ends with its last member. */
export class RedisMembers implements MemberStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  async put(set: string, member: string, max: number, ttlMs: number): Promise<boolean> {
    checkName('set', set);
    checkName('member', member);
    checkTtl(ttlMs);
    return (await this.connection.script(PUT_MEMBER, [this.keys.members(set)], member, max, ttlMs)) === '1';
  }

  async remove(set: string, member: string): Promise<void> {
    await this.connection.run((redis) => redis.zrem(this.keys.members(set), member));
  }
}
