import type { Judge, Orphans } from '../orphans';
import type { MemberStore, PairStore, PolicyStore, Store, StoreExamination, StoreState, UserList, WorkerStore } from '../port';
import { ClusterConnection } from './cluster';
import type { RedisConnection } from './connection';
import { risksOf } from './diagnosis';
import { RedisKeys } from './keys';
import { readOptions } from './options';
import type { RedisStoreOptions } from './options';
import { RedisMembers } from './redis-members';
import { OrphanSearch } from './redis-orphans';
import { RedisPairs } from './redis-pairs';
import { RedisPolicies } from './redis-policies';
import { RedisUserList } from './redis-user-list';
import { RedisWorkers } from './redis-workers';
import { SingleConnection } from './single';

/**
 * A store in Redis. Resolves when the first attempt to connect is over, also when it failed: `state` tells what came of
 * it, and the caller decides whether to go on; the store keeps trying. Rejects when an option is wrong.
 */
export async function createRedisStore<R>(options: RedisStoreOptions): Promise<Store<R>> {
  const settings = readOptions(options);
  const connection = settings.cluster === undefined ? new SingleConnection(settings) : new ClusterConnection(settings);
  await connection.firstAttempt;
  return new RedisStore<R>(connection, new RedisKeys(settings.prefix));
}

class RedisStore<R> implements Store<R> {
  readonly pairs: PairStore<R>;
  readonly policies: PolicyStore;
  readonly sipUsers: UserList;
  readonly workers: WorkerStore;
  readonly members: MemberStore;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.pairs = new RedisPairs<R>(connection, keys);
    this.policies = new RedisPolicies(connection, keys);
    this.sipUsers = new RedisUserList(connection, keys);
    this.workers = new RedisWorkers(connection, keys);
    this.members = new RedisMembers(connection, keys);
  }

  get state(): StoreState {
    return this.connection.observed.current;
  }

  onState(listener: (state: StoreState) => void): () => void {
    return this.connection.observed.listen(listener);
  }

  async examine(): Promise<StoreExamination> {
    const [clock, infos] = await Promise.all([this.connection.clock(), this.connection.infos()]);
    return { clock, risks: [...new Set(infos.flatMap(risksOf))] };
  }

  orphans(judge: Judge<R>, mostMs: number): Promise<Orphans> {
    return new OrphanSearch<R>(this.connection, this.keys, judge).run(mostMs);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
