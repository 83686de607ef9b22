/** Where a server of Redis listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** TLS to everything that is connected to. Texts in PEM form. */
export interface RedisTls {
  /** The authorities that are believed; default: those of Node. */
  readonly ca?: string | Buffer;
  /** The name that certificates must show; default: the host that is connected to. */
  readonly name?: string;
  /** Our own certificate and its key, where Redis wants one. */
  readonly certificate?: string | Buffer;
  readonly key?: string | Buffer;
}

/** The Sentinels that know which Redis is the master. */
export interface SentinelOptions {
  readonly places: readonly Place[];
  /** What the Sentinels call the master. */
  readonly masterName: string;
  /** Where the Sentinels want a password of their own. */
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is and how long it may take. What is given beside `url` overrides what `url` says. */
export interface RedisStoreOptions {
  /** `redis://user:password@host:6379/0`; every part but the host may be missing. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  /** The master is asked for here, in place of `host` and `port`. */
  readonly sentinel?: SentinelOptions;
  /** Some nodes of a cluster, in place of `host` and `port`; the others are learned from them. */
  readonly cluster?: readonly Place[];
  readonly tls?: RedisTls;
  /** In front of all keys: two installations may share one Redis. Letters, digits and `: _ . -`. */
  readonly prefix?: string;
  /** Our name in Redis's list of clients. */
  readonly connectionName?: string;
  /** How long Redis may take for one answer. A connection on which an answer was late is given up. */
  readonly commandTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Commands that may wait for their answers at one time; one more is rejected at once. */
  readonly maxPendingCommands?: number;
}

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly sentinel: SentinelOptions | undefined;
  readonly cluster: readonly Place[] | undefined;
  readonly tls: RedisTls | undefined;
  readonly prefix: string;
  readonly connectionName: string;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxPendingCommands: number;
}

const DEFAULTS: RedisSettings = {
  host: '127.0.0.1',
  port: 6379,
  username: undefined,
  password: undefined,
  db: 0,
  sentinel: undefined,
  cluster: undefined,
  tls: undefined,
  prefix: 'isthmus',
  connectionName: 'isthmus',
  commandTimeoutMs: 2_000,
  connectTimeoutMs: 2_000,
  maxPendingCommands: 20_000,
};

/** A brace would change the hash tag; 64 characters, because each of 1,024 keys begins with them. */
const PREFIX = /^[A-Za-z0-9:_.-]{1,64}$/;

/** The complete settings. Throws one Error that says which option is wrong. */
export function readOptions({ url, ...rest }: RedisStoreOptions): RedisSettings {
  const settings = { ...DEFAULTS, ...(url === undefined ? {} : readUrl(url)), ...given(rest) };
  wholeNumber('port', settings.port, 1, 65_535);
  wholeNumber('db', settings.db, 0, 2 ** 31 - 1);
  wholeNumber('commandTimeoutMs', settings.commandTimeoutMs, 1, 600_000);
  wholeNumber('connectTimeoutMs', settings.connectTimeoutMs, 1, 600_000);
  wholeNumber('maxPendingCommands', settings.maxPendingCommands, 1, 10_000_000);
  if (!PREFIX.test(settings.prefix)) {
    throw new Error(`redis prefix ${JSON.stringify(settings.prefix)}: use 1 to 64 letters, digits and : _ . -`);
  }
  checkPlaces(settings);
  return settings;
}

function checkPlaces({ sentinel, cluster, db }: RedisSettings): void {
  if (sentinel !== undefined && cluster !== undefined) throw new Error('redis sentinel and cluster: give one of them');
  if (sentinel?.places.length === 0) throw new Error('redis sentinel: give the place of at least one Sentinel');
  if (sentinel?.masterName === '') throw new Error('redis sentinel: give the name that the Sentinels have for the master');
  if (cluster?.length === 0) throw new Error('redis cluster: give the place of at least one node');
  if (cluster !== undefined && db !== 0) throw new Error(`redis db: a cluster has database 0 only, not ${db}`);
}

/** Where options lead, in words: for people and for the log. Throws as `readOptions` does. */
export const placeOf = (options: RedisStoreOptions): string => serverOf(readOptions(options));

/** Where the settings lead, in words. */
export function serverOf({ host, port, sentinel, cluster }: RedisSettings): string {
  if (sentinel !== undefined) return `master ${sentinel.masterName} (Sentinels ${placesOf(sentinel.places)})`;
  return cluster === undefined ? `${host}:${port}` : `the cluster of ${placesOf(cluster)}`;
}

const placesOf = (places: readonly Place[]): string => places.map(({ host, port }) => `${host}:${port}`).join(', ');

/** The URL itself is never shown: it may hold the password. */
function readUrl(text: string): Partial<RedisSettings> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new Error('redis url: use redis://[user:password@]host[:port][/db], or rediss:// for TLS');
  }
  const db = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(db)) throw new Error(`redis url: the database must be a number, not ${JSON.stringify(db)}`);
  return given({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
    username: decode(url.username),
    password: decode(url.password),
    db: db === '' ? undefined : Number(db),
    tls: url.protocol === 'rediss:' ? {} : undefined,
  });
}

function decode(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error('redis url: a % in the user name or password must be written %25');
  }
}

function wholeNumber(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new Error(`redis ${name}: use a whole number from ${min} to ${max}, not ${value}`);
}

/** Without the properties that are there but undefined: these would override. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
