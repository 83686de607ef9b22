import { readFileSync } from 'node:fs';
import type { RedisStoreOptions } from '@isthmus/store';
import { pemProblems } from './pem-files';
import type { ConfigProblem } from './problem';
import type { Config } from './schema';

export type RedisConfig = Extract<Config['store'], { readonly type: 'redis' }>;

/** Settings of the store that are right alone and wrong together. */
export function aboutStore({ store }: Config): ConfigProblem[] {
  if (store.type !== 'redis') return [];
  return [...missing(store), ...outOfPlace(store), ...aboutStoreTls(store)];
}

function missing({ mode, sentinels = [], masterName, nodes = [], database }: RedisConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (mode === 'sentinel' && sentinels.length === 0) problems.push({ path: 'store.sentinels', message: 'is missing: mode sentinel needs host and port of each Sentinel' });
  if (mode === 'sentinel' && masterName === undefined) {
    problems.push({ path: 'store.masterName', message: 'is missing: mode sentinel needs the name that stands behind "sentinel monitor" in the configuration of the Sentinels' });
  }
  if (mode === 'cluster' && nodes.length === 0) problems.push({ path: 'store.nodes', message: 'is missing: mode cluster needs host and port of at least one node, better of three' });
  if (mode === 'cluster' && database !== 0) problems.push({ path: 'store.database', message: 'a cluster has database 0 only: leave it out' });
  return problems;
}

const BELONGS_TO = { host: 'single', port: 'single', sentinels: 'sentinel', masterName: 'sentinel', sentinelPassword: 'sentinel', nodes: 'cluster' } as const;

/** What belongs to another mode would be passed over, and the store be another one than meant. */
function outOfPlace(store: RedisConfig): ConfigProblem[] {
  return Object.entries(BELONGS_TO).flatMap(([name, mode]) => {
    if (store.mode === mode || store[name as keyof typeof BELONGS_TO] === undefined) return [];
    return [{ path: `store.${name}`, message: `belongs to mode ${mode}, and the mode is ${store.mode}: change the mode, or leave this out` }];
  });
}

function aboutStoreTls({ tls }: RedisConfig): ConfigProblem[] {
  if (tls === undefined || (tls.certificate === undefined) === (tls.key === undefined)) return [];
  const [present, absent] = tls.key === undefined ? ['certificate', 'key'] : ['key', 'certificate'];
  return [{ path: `store.tls.${absent}`, message: `is missing: ${present} is of no use alone` }];
}

/** What is wrong with the files that TLS to the store names. */
export function storeFileProblems({ store }: Config): ConfigProblem[] {
  return store.type === 'redis' && store.tls !== undefined ? pemProblems('store.tls', store.tls) : [];
}

/** How this configuration leads to Redis; secrets are not among it. */
export function redisPlaces(store: RedisConfig): RedisStoreOptions {
  const { mode, host = '127.0.0.1', port = 6379, sentinels = [], masterName = '', nodes = [] } = store;
  if (mode === 'sentinel') return { sentinel: { places: sentinels, masterName } };
  return mode === 'cluster' ? { cluster: nodes } : { host, port };
}

/** TLS to the store, its files read. */
export function storeTls({ tls }: RedisConfig): Pick<RedisStoreOptions, 'tls'> {
  if (tls === undefined) return {};
  const { ca, name, certificate, key } = tls;
  const read = { ca, certificate, key };
  const files = Object.fromEntries(Object.entries(read).flatMap(([what, file]) => (file === undefined ? [] : [[what, readFileSync(file)]])));
  return { tls: { ...files, ...(name !== undefined && { name }) } };
}
