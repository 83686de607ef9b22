export * from './port';
export type { Judge, Orphan, OrphanKind, Orphans } from './orphans';
export { MemoryStore } from './memory/memory-store';
export type { MemoryStoreOptions } from './memory/memory-store';
export { createRedisStore } from './redis/redis-store';
export { placeOf } from './redis/options';
export type { RedisStoreOptions } from './redis/options';
