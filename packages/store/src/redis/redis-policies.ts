import type { BareJid, PolicyLists } from '@isthmus/model';
import { checkCommit } from '../arguments';
import type { CommitResult, PolicyStore, Stored } from '../port';
import type { RedisConnection } from './connection';
import type { RedisKeys } from './keys';
import { COMMIT, DELETE } from './scripts';
import { fromScript, readValue } from './values';

/** By the scripts of the pairs: a policy is a value with a version that is never due. */
export class RedisPolicies implements PolicyStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  async get(user: BareJid): Promise<Stored<PolicyLists> | undefined> {
    const { policies } = this.keys.of(user);
    const value = await this.connection.run((redis) => redis.hget(policies, user));
    return value === null ? undefined : readValue<PolicyLists>(policies, user, value);
  }

  async set(user: BareJid, policy: PolicyLists | undefined, expected: number): Promise<CommitResult> {
    checkCommit({ key: user, expected, record: policy, due: undefined });
    const { policies, due, floor } = this.keys.of(user);
    const names = [policies, due, floor];
    if (policy === undefined) return fromScript(await this.connection.script(DELETE, names, user, expected));
    return fromScript(await this.connection.script(COMMIT, names, user, expected, JSON.stringify(policy), ''));
  }
}
