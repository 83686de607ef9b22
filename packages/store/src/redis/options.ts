/** Where Redis is and how long it may take. What is given beside `url` overrides what `url` says. */
export interface RedisStoreOptions {
  /** `redis://user:password@host:6379/0`; every part but the host may be missing. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
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
  return settings;
}

/** The URL itself is never shown: it may hold the password. */
function readUrl(text: string): Partial<RedisSettings> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'redis:' || url.hostname === '') {
    throw new Error(`redis url: use redis://[user:password@]host[:port][/db]${url?.protocol === 'rediss:' ? '; TLS is not offered' : ''}`);
  }
  const db = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(db)) throw new Error(`redis url: the database must be a number, not ${JSON.stringify(db)}`);
  return given({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
    username: decode(url.username),
    password: decode(url.password),
    db: db === '' ? undefined : Number(db),
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
