import { randomUUID } from 'node:crypto';
import type { BareJid } from '@isthmus/model';
import type { UserList } from '../port';
import type { RedisConnection } from './connection';
import { UNFINISHED_SECONDS } from './key-kinds';
import type { RedisKeys } from './keys';

/** Members of one command: each takes well below a millisecond of Redis' only thread. */
const BATCH = 1_000;

/** One Redis set. It is read by member only, so it may be as large as it likes. */
export class RedisUserList implements UserList {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  async has(user: BareJid): Promise<boolean> {
    return (await this.connection.run((redis) => redis.sismember(this.keys.sipUsers, user))) === 1;
  }

  add(users: readonly BareJid[]): Promise<number> {
    return this.inBatches(users, (batch) => this.connection.run((redis) => redis.sadd(this.keys.sipUsers, ...batch)));
  }

  remove(users: readonly BareJid[]): Promise<number> {
    return this.inBatches(users, (batch) => this.connection.run((redis) => redis.srem(this.keys.sipUsers, ...batch)));
  }

  /** Under another name first, which is in the same slot of a cluster. */
  async replace(users: readonly BareJid[]): Promise<void> {
    const { sipUsers } = this.keys;
    if (users.length === 0) {
      await this.connection.run((redis) => redis.del(sipUsers));
      return;
    }
    const fresh = `${sipUsers}:${randomUUID()}`;
    await this.inBatches(users, (batch) => this.connection.run((redis) => redis.sadd(fresh, ...batch).then((added) => redis.expire(fresh, UNFINISHED_SECONDS).then(() => added))));
    // In one transaction: a list that expires must never be in force, and one that does not must never be left over.
    await this.connection.run((redis) => redis.multi().persist(fresh).rename(fresh, sipUsers).exec());
  }

  async *list(): AsyncIterable<BareJid> {
    let cursor = '0';
    do {
      const [next, members] = await this.connection.run((redis) => redis.sscan(this.keys.sipUsers, cursor, 'COUNT', BATCH));
      yield* members as BareJid[];
      cursor = next;
    } while (cursor !== '0');
  }

  count(): Promise<number> {
    return this.connection.run((redis) => redis.scard(this.keys.sipUsers));
  }

  private async inBatches(users: readonly BareJid[], write: (batch: readonly BareJid[]) => Promise<number>): Promise<number> {
    let changed = 0;
    for (let at = 0; at < users.length; at += BATCH) changed += await write(users.slice(at, at + BATCH));
    return changed;
  }
}
