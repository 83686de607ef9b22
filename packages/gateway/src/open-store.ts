import { createRedisStore, MemoryStore, placeOf, type RedisStoreOptions, type Store } from '@isthmus/store';
import { redisPlaces, storeTls, type RedisConfig } from './config/about-store';
import { readSecret } from './config/load';
import type { Config } from './config/schema';
import type { Logger } from './log';
import type { StoredPair } from './pairs/stored';

/** The store of a configuration; what becomes of it is told in the log. Resolves also when it is away. */
export async function openStore(config: Config, file: string, log: Logger): Promise<Store<StoredPair>> {
  if (config.store.type === 'memory') return new MemoryStore<StoredPair>();
  const options = redisOptions(config.store, file);
  const store = await createRedisStore<StoredPair>(options);
  const place = placeOf(options);
  const tell = () => {
    const { state } = store;
    const why = 'why' in state ? state.why : 'warning' in state ? state.warning : undefined;
    if (state.is === 'ready') log[why === undefined ? 'info' : 'warn']({ store: place, why }, 'store_ready');
    else if (state.is !== 'closed') log.error({ store: place, state: state.is, why }, 'store_unavailable');
  };
  tell();
  store.onState(tell);
  return store;
}

/** How to come to the Redis of a configuration, secrets read. */
function redisOptions(store: RedisConfig, file: string): RedisStoreOptions {
  const { database, prefix, username, password, sentinelPassword } = store;
  const { sentinel, ...places } = redisPlaces(store);
  return {
    ...places,
    ...(sentinel !== undefined && { sentinel: { ...sentinel, ...(sentinelPassword !== undefined && { password: readSecret(sentinelPassword, 'store.sentinelPassword', file) }) } }),
    ...storeTls(store),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: readSecret(password, 'store.password', file) }),
    db: database,
    prefix,
  };
}
