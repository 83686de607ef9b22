import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { main } from '../src/cli';
import { loadConfig } from '../src/config/load';
import { withRunFlags } from '../src/run-flags';
import { version } from '../src/version';

const directory = mkdtempSync(join(tmpdir(), 'isthmus-cli-'));
const good = file('good.yaml', config());
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => (process.env.ISTHMUS_CLI_SECRET = 'hush-hush'));
afterEach(() => delete process.env.ISTHMUS_CLI_SECRET);

function config(over: { readonly http?: number; readonly host?: string; readonly sip?: string } = {}): string {
  const { http = 0, host = '127.0.0.1', sip = '{ type: embedded, listen: [{ transport: tcp, port: 0 }] }' } = over;
  return `
domain: example.com
xmpp: { host: ${host}, component: isthmus.example.com, secret: { env: ISTHMUS_CLI_SECRET } }
sip: { server: ${sip} }
routes: [{ name: lync, host: 192.0.2.10, dialect: microsoft }]
http: { port: ${http} }
log: { level: fatal }
`;
}

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

async function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await main(args, out as unknown as typeof process.stdout, err as unknown as typeof process.stderr);
  const read = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? '');
  return { code, out: read(out), err: read(err) };
}

describe('called wrongly: exit code 2, what is wrong, and the usage', () => {
  test.each([
    [[], 'no command is given'],
    [['fly'], 'there is no command "fly"'],
    [['run'], 'run needs --config FILE'],
    [['check-config'], 'check-config needs --config FILE'],
    [['check-config', 'x', '--config', 'f'], '"x" is too much'],
    [['print-config', 'lync', 'more', '--config', 'f'], '"more" is too much'],
    [['print-config', '--config', 'f'], 'print-config needs to know for what'],
    [['print-config', 'asterisk', '--config', 'f'], 'nothing can be printed for "asterisk"'],
    [['run', '--colour'], 'Unknown option'],
    [['run', '--config'], 'argument missing'],
  ])('%j', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain('usage:');
  });
});

test('--version and --help need no configuration', async () => {
  expect(await run('--version')).toEqual({ code: 0, out: `isthmus ${version}\n`, err: '' });
  for (const flag of ['--help', '-h']) {
    const { code, out, err } = await run(flag);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('isthmus check-config --config FILE');
  }
});

describe('check-config', () => {
  test('nothing is wrong: exit code 0', async () => {
    expect(await run('check-config', '-c', good)).toEqual({ code: 0, out: `${good}: nothing is wrong with it\n`, err: '' });
  });

  test('everything that is wrong is told, with the file and the settings: exit code 1', async () => {
    const bad = file('bad.yaml', config({ http: 70_000 }).replace('dialect: microsoft', 'dialect: klingon'));
    const { code, out, err } = await run('check-config', '--config', bad);
    expect([code, out]).toEqual([1, '']);
    for (const part of [bad, 'http.port', 'routes.0.dialect']) expect(err).toContain(part);
  });

  test('a file that is not there', async () => {
    const { code, err } = await run('check-config', '--config', join(directory, 'missing.yaml'));
    expect([code, err]).toEqual([1, `isthmus: ${join(directory, 'missing.yaml')} cannot be used:\n  cannot be read (no such file)\n`]);
  });

  test('a secret that is not there is wrong too, each one', async () => {
    delete process.env.ISTHMUS_CLI_SECRET;
    const { code, err } = await run('check-config', '--config', good);
    expect(code).toBe(1);
    expect(err).toContain('xmpp.secret: the environment variable ISTHMUS_CLI_SECRET is not set');
    process.env.ISTHMUS_CLI_SECRET = 'hush-hush';
    const drachtio = file('drachtio.yaml', config({ sip: '{ type: drachtio, servers: [{ name: d1, host: 192.0.2.1, secret: { env: ISTHMUS_NO_SUCH } }] }' }));
    expect((await run('check-config', '--config', drachtio)).err).toContain('sip.server.servers.0.secret');
    const redis = file('redis.yaml', `${config()}store: { type: redis, password: { file: /nowhere/password } }\n`);
    expect((await run('check-config', '--config', redis)).err).toContain('store.password');
  });
});

describe('print-config', () => {
  test('prosody: the plug-in, the component, its port and names', async () => {
    const { code, out } = await run('print-config', 'prosody', '--config', good);
    expect(code).toBe(0);
    expect(out).toContain('VirtualHost "example.com"');
    expect(out).toContain('Component "isthmus.example.com"');
    expect(out).toContain('component_ports = { 5347 }');
    expect(out).toContain('isthmus_component = "isthmus.example.com"');
  });

  test('prosody on another host must listen there', async () => {
    const { out } = await run('print-config', 'prosody', '--config', file('far.yaml', config({ host: '192.0.2.5, allowUnencrypted: true' })));
    expect(out).toContain('component_interfaces = { "192.0.2.5" }');
  });

  test('drachtio: admin port and transports of the routes', async () => {
    const { out } = await run('print-config', 'drachtio', '--config', good);
    expect(out).toContain('<admin port="9022"');
    expect(out).toContain(';transport=tcp</contact>');
    expect(out).not.toContain('TLS');
  });

  test('lync: a static route and a trusted application for each Microsoft route', async () => {
    const listening = config({ sip: '{ type: embedded, listen: [{ transport: tcp, port: 5070 }] }' });
    const { out } = await run('print-config', 'lync', '--config', file('listening.yaml', listening));
    expect(out).toContain('New-CsStaticRoute -TCPRoute -Destination "ISTHMUS_ADDRESS" -Port 5070 -MatchUri "example.com"');
    expect(out).toContain('New-CsTrustedApplication');
    const simple = file('simple.yaml', config().replace('dialect: microsoft', 'dialect: simple'));
    expect((await run('print-config', 'lync', '--config', simple)).out).toContain('nothing is to be done');
  });

  test.each(['prosody', 'drachtio', 'lync'])('SEC-15: %s never shows the secret', async (what) => {
    expect((await run('print-config', what, '--config', good)).out).not.toContain('hush-hush');
  });
});

describe('run', () => {
  test('a port that is taken is one clear message: exit code 1', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await run('run', '--config', file('taken.yaml', config({ http: port })));
    expect(code).toBe(1);
    expect(err).toContain(`cannot listen for HTTP on 127.0.0.1:${port}`);
    expect(err).toContain('change http.port or http.host');
    const sip = config({ sip: `{ type: embedded, listen: [{ transport: tcp, port: ${port} }] }` });
    const second = await run('run', '--config', file('taken-sip.yaml', sip));
    expect(second.code).toBe(1);
    expect(second.err).toContain(`${port}`);
    await new Promise((resolve) => taken.close(resolve));
  });

  test('workers on one machine share a file: name and page come from the command line', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await run('run', '--config', good, '--name', 'w7', '--http', `127.0.0.1:${port}`);
    expect([code, err.includes(`cannot listen for HTTP on 127.0.0.1:${port}`)]).toEqual([1, true]);
    await new Promise((resolve) => taken.close(resolve));
    expect(withRunFlags(loadConfig(good), { name: 'w7', http: '[::1]:9481' })).toMatchObject({ domain: 'example.com', worker: { name: 'w7' }, http: { host: '::1', port: 9481 } });
    expect(withRunFlags(loadConfig(good), {})).toEqual(loadConfig(good));
  });

  test.each([
    [['run', '--name', 'not good'], '--name may hold 1 to 32 letters, digits and _ - only'],
    [['run', '--http', '9470'], '--http "9470" is not HOST:PORT, for example 127.0.0.1:9470'],
    [['run', '--http', '127.0.0.1:70000'], '--http '],
    [['check-config', '--name', 'w1'], '--name is for run'],
    [['check-config', '--http', '127.0.0.1:1'], '--http is for run and doctor'],
  ])('%j is called wrongly: exit code 2', async (args, words) => {
    const { code, err } = await run(...args, '--config', good);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });

  test('a missing secret is told before anything is opened: exit code 1', async () => {
    delete process.env.ISTHMUS_CLI_SECRET;
    const { code, err } = await run('run', '--config', good);
    expect([code, err.includes('ISTHMUS_CLI_SECRET')]).toEqual([1, true]);
  });
});

test.each([
  ['127.0.0.1:1', 'http://127.0.0.1:1/readyz'],
  ['[::1]:1', 'http://[::1]:1/readyz'],
])('doctor --http %s: looks at the page of that worker, one of several with this file', async (http, url) => {
  const near = file('near.yaml', config().replace('host: 192.0.2.10', 'host: 127.0.0.1, port: 1').replace('dialect: microsoft', 'dialect: microsoft, transport: tcp'));
  const { out } = await run('doctor', '--config', near, '--http', http, '--json');
  expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ part: 'worker', text: `none answers at ${url}` }));
});
