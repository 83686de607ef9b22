import pino from 'pino';
import { ConfigError, parseConfig } from '../src/config/load';
import type { Config } from '../src/config/schema';
import { changes, Reloader, type Reloadable } from '../src/reload';

const FILE = `
domain: example.com
xmpp: { component: isthmus.example.com, secret: { env: SECRET } }
sip: { server: { type: embedded, listen: [{ transport: tcp, port: 5060 }] }, allow: [192.0.2.7] }
routes: [{ name: far, host: 192.0.2.10, dialect: microsoft }]
limits: { maxCachedPairs: 5000, recoveryPerSecond: 100 }
`;
const OTHER_HOP = FILE.replace('192.0.2.10', '192.0.2.11');

interface Line {
  readonly level: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A file that is read again and again, parts that take settings, and what each was handed. */
function world(...takes: readonly (readonly string[])[]) {
  const lines: Line[] = [];
  const log = pino({ level: 'debug', messageKey: 'event', base: null, timestamp: false }, { write: (text) => void lines.push(JSON.parse(text) as Line) });
  const handed: Config[][] = takes.map(() => []);
  const parts = takes.map((each, index): Reloadable => ({ takes: each, reload: (config) => void handed[index]?.push(config) }));
  let text = FILE;
  const reloader = new Reloader(parseConfig(FILE, 'f'), { load: () => parseConfig(text, 'f'), parts, log });
  const reload = (changed: string): void => {
    text = changed;
    reloader.reload();
  };
  return { reload, handed, lines, parts, events: () => lines.map(({ event }) => event) };
}

test('a part is handed the new configuration when a setting that it takes has changed, and only then', () => {
  const { reload, handed, lines } = world(['routes'], ['limits.recoveryPerSecond'], ['sip.allow', 'routes']);
  reload(OTHER_HOP);
  expect(handed.map((configs) => configs.map(({ routes }) => routes[0]?.host))).toEqual([['192.0.2.11'], [], ['192.0.2.11']]);
  expect(lines).toEqual([{ level: 30, event: 'config_reloaded', changed: ['routes'] }]);
  reload(OTHER_HOP.replace('recoveryPerSecond: 100', 'recoveryPerSecond: 200'));
  expect(handed.map(({ length }) => length)).toEqual([1, 1, 1]);
  expect(handed[1]?.[0]?.limits.recoveryPerSecond).toBe(200);
});

test('the same file again changes nothing, and says so', () => {
  const { reload, handed, lines } = world(['routes']);
  reload(FILE);
  expect(handed).toEqual([[]]);
  expect(lines).toEqual([{ level: 30, event: 'config_reloaded', changed: [] }]);
});

test.each([
  ['a setting that does not exist', FILE.replace('limits:', 'limit:'), /limit: there is no such setting/],
  ['a contradiction', OTHER_HOP.replace('dialect: microsoft', 'dialect: microsoft, transport: tls'), /routes.0.transport: tls needs/],
  ['no YAML', `${FILE}}`, /not valid YAML/],
])('%s: one line says what is wrong, and everything stays as it was', (_what, broken, problem) => {
  const { reload, handed, lines } = world(['routes'], ['limits']);
  reload(broken);
  expect(handed).toEqual([[], []]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, event: 'config_refused', problems: expect.arrayContaining([expect.stringMatching(problem)]) });
  reload(OTHER_HOP);
  expect(handed[0]).toHaveLength(1);
});

test('what only a restart can change is told each time, and does not slip in with the rest', () => {
  const { reload, handed, lines } = world(['routes', 'limits.recoveryPerSecond']);
  const changed = OTHER_HOP.replace('maxCachedPairs: 5000', 'maxCachedPairs: 6000').replace('recoveryPerSecond: 100', 'recoveryPerSecond: 200');
  reload(changed);
  expect(handed[0]?.[0]).toMatchObject({ limits: { maxCachedPairs: 5_000, recoveryPerSecond: 200 } });
  const restart = { level: 40, event: 'restart_needed', settings: ['limits.maxCachedPairs'] };
  expect(lines).toEqual([{ level: 30, event: 'config_reloaded', changed: ['routes', 'limits.recoveryPerSecond'] }, restart]);
  reload(changed);
  expect(lines.slice(2)).toEqual([{ level: 30, event: 'config_reloaded', changed: [] }, restart]);
});

test('a part that fails is told of, and the others go on', () => {
  const { reload, handed, parts, events } = world(['routes'], ['routes']);
  Object.assign(parts[0] as Reloadable, {
    reload: () => {
      throw new Error('a bug');
    },
  });
  reload(OTHER_HOP);
  expect(handed[1]).toHaveLength(1);
  expect(events()).toEqual(['reload_failed', 'config_reloaded']);
});

test('a file that cannot be read at all changes nothing', () => {
  const lines: unknown[] = [];
  const log = pino({ base: null, timestamp: false, messageKey: 'event' }, { write: (text) => void lines.push(JSON.parse(text)) });
  const broken = [new ConfigError('f', [{ path: '', message: 'cannot be read (no such file)' }]), new Error('disk on fire')];
  const reloader = new Reloader(parseConfig(FILE, 'f'), {
    load: () => {
      throw broken.shift() as Error;
    },
    parts: [],
    log,
  });
  reloader.reload();
  reloader.reload();
  expect(lines).toMatchObject([{ event: 'config_refused', problems: ['cannot be read (no such file)'] }, { event: 'config_refused', error: {} }]);
});

test('settings that differ are named by their paths; a list is one setting; what is added or gone differs', () => {
  const before = { a: { b: 1, c: [1, { d: 2 }] }, e: { f: 1 }, g: 0 };
  const after = { a: { b: 2, c: [1, { d: 3 }] }, e: 'none', h: { i: 1 } };
  expect(changes(before, after)).toEqual(['a.b', 'a.c', 'e', 'g', 'h']);
  expect(changes(before, JSON.parse(JSON.stringify(before)))).toEqual([]);
});
