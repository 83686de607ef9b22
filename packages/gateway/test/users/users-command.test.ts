import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { startRedis } from '../../../../scenarios/support/redis';
import type { Redis } from '../../../../scenarios/support/redis';
import { main } from '../../src/cli';

const directory = mkdtempSync(join(tmpdir(), 'isthmus-users-cli-'));
const path = (name: string): string => join(directory, name);
let redis: Redis;
beforeAll(async () => (redis = await startRedis()));
afterAll(async () => {
  await redis.stop();
  rmSync(directory, { recursive: true });
});

function config(name: string, routing: string, store = '{ type: memory }'): string {
  writeFileSync(path(name), `
domain: example.com
xmpp: { component: isthmus.example.com, secret: { env: NOT_NEEDED } }
sip: { server: { type: embedded, listen: [{ transport: tcp, port: 0 }] } }
routes: [{ name: far, host: 192.0.2.10, dialect: simple }]
store: ${store}
routing: ${routing}
`);
  return path(name);
}

async function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await main(args, out as unknown as typeof process.stdout, err as unknown as typeof process.stderr);
  const read = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? '');
  return { code, out: read(out), err: read(err) };
}

const KINDS = {
  file: () => {
    writeFileSync(path('list.txt'), 'first@example.com\n', { mode: 0o640 });
    return config('file.yaml', `{ mode: advanced, sipUsers: { type: file, file: ${path('list.txt')} } }`);
  },
  redis: () => config('redis.yaml', '{ mode: advanced, sipUsers: { type: redis } }', `{ type: redis, port: ${redis.port} }`),
};

describe.each(['file', 'redis'] as const)('isthmus users, list in %s', (kind) => {
  let file: string;
  beforeAll(() => (file = KINDS[kind]()));
  const users = (...args: string[]) => run('users', ...args, '--config', file);

  test('import, add, remove, list, count', async () => {
    writeFileSync(path('new.txt'), '# new\nsip:Bob@Example.com\nbea@example.com\n');
    expect(await users('import', path('new.txt'))).toEqual({ code: 0, out: '2 in all\n', err: '' });
    expect((await users('add', 'cal@example.com', 'sip:bob@example.com')).out).toBe('1 added, 3 in all\n');
    expect((await users('remove', 'BEA@example.com', 'nobody@example.com')).out).toBe('1 removed, 2 left\n');
    expect((await users('list')).out).toBe('bob@example.com\ncal@example.com\n');
    expect((await users('count')).out).toBe('2\n');
  });

  test('a list with a wrong line changes nothing: exit code 1 and the number of the line', async () => {
    writeFileSync(path('wrong.txt'), 'dan@example.com\n\nx y\n');
    const { code, err } = await users('import', path('wrong.txt'));
    expect([code, err]).toEqual([1, expect.stringContaining('wrong.txt: line 3: "x y"')]);
    expect((await users('count')).out).toBe('2\n');
  });

  test('a wrong address changes nothing', async () => {
    const { code, err } = await users('add', 'eve@example.com', 'example.com');
    expect([code, err]).toEqual([1, expect.stringContaining('"example.com" is not the address of a user')]);
    expect((await users('count')).out).toBe('2\n');
  });
});

describe('the list in a file', () => {
  test('keeps its comments and its mode; nothing is left beside it', async () => {
    const file = KINDS.file();
    writeFileSync(path('list.txt'), '# ours\nbob@example.com # boss\nbea@example.com');
    await run('users', 'add', 'cal@example.com', '--config', file);
    await run('users', 'remove', 'bea@example.com', '--config', file);
    expect(readFileSync(path('list.txt'), 'utf8')).toBe('# ours\nbob@example.com # boss\ncal@example.com\n');
    expect(statSync(path('list.txt')).mode & 0o777).toBe(0o640);
    const { code, err } = await run('users', 'remove', 'bob@example.com', 'cal@example.com', '--config', file);
    expect([code, err]).toEqual([1, expect.stringContaining('nobody would be left')]);
  });

  test('check-config reads it', async () => {
    process.env.NOT_NEEDED = 'x';
    const file = KINDS.file();
    expect((await run('check-config', '--config', file)).code).toBe(0);
    writeFileSync(path('list.txt'), 'x\n');
    const { code, err } = await run('check-config', '--config', file);
    expect([code, err]).toEqual([1, expect.stringContaining('routing.sipUsers.file: ')]);
    delete process.env.NOT_NEEDED;
  });
});

test('a Redis that is away: exit code 1, and why', async () => {
  const { code, err } = await run('users', 'count', '--config', config('away.yaml', '{ mode: advanced, sipUsers: { type: redis } }', '{ type: redis, port: 1 }'));
  expect([code, err]).toEqual([1, expect.stringContaining('Redis at 127.0.0.1:1')]);
});

test('a configuration without a list: exit code 1, and what to do', async () => {
  const { code, err } = await run('users', 'count', '--config', config('basic.yaml', '{}'));
  expect([code, err]).toEqual([1, expect.stringContaining('set routing.mode to advanced')]);
});

test.each([
  [['users'], 'users needs to know what to do'],
  [['users', 'fly'], 'users cannot "fly"'],
  [['users', 'import'], 'users import takes one file'],
  [['users', 'import', 'a', 'b'], 'users import takes one file'],
  [['users', 'add'], 'users add takes addresses'],
  [['users', 'list', 'x'], 'users list takes nothing'],
])('%j: exit code 2 and the usage', async (args, message) => {
  const { code, err } = await run(...args, '--config', 'none.yaml');
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});
