import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../scenarios/support/ports';
import { readArguments } from '../src/arguments';
import { App } from './support/app';
import { TcpPeer } from './support/peer';
import { describeSipd } from './support/target';

const root = join(__dirname, '../../..');
const bin = join(__dirname, '../bin/sipd.js');

describeSipd('the executable', () => {
  let directory = '';
  let secretFile = '';

  beforeAll(() => {
    // The executable runs the compiled package: bring it up to date.
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/sipd'], { cwd: root });
    directory = mkdtempSync(join(tmpdir(), 'sipd-'));
    secretFile = join(directory, 'secret');
    writeFileSync(secretFile, 'open sesame\n');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  async function run(args: readonly string[]): Promise<{ child: ChildProcess; exit: Promise<unknown[]>; stderr: string[] }> {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const stderr: string[] = [];
    child.stderr.on('data', (data: Buffer) => stderr.push(data.toString()));
    return { child, exit: once(child, 'close'), stderr }; // all that it says has been read by then
  }

  test('prints one JSON line with its ports, serves drachtio-srf, ends on SIGTERM', async () => {
    const { child, exit, stderr } = await run([
      '--admin', '127.0.0.1:0', '--secret-file', secretFile, '--sip', 'udp:127.0.0.1:0', '--sip', 'tcp:127.0.0.1:0', '--switch', 'split', '--t1', '50', '--strict',
    ]);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line] = (await once(lines, 'line')) as [string];
    const ports = JSON.parse(line) as { admin: { port: number }; sip: { protocol: string; port: number }[] };
    const app = await App.connect({ host: '127.0.0.1', port: ports.admin.port, secret: 'open sesame' });
    const tcp = ports.sip.find(({ protocol }) => protocol === 'tcp');
    const peer = await TcpPeer.connect(tcp?.port ?? 0);
    peer.request({ method: 'OPTIONS' });
    expect((await app.gets('OPTIONS')).req.method).toBe('OPTIONS');
    peer.close();
    app.close();
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    expect(stderr).toEqual([]);
  });

  test('SIGHUP does not end it', async () => {
    const { child, exit, stderr } = await run(['--admin', '127.0.0.1:0', '--secret-file', secretFile, '--sip', 'tcp:127.0.0.1:0']);
    await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
    child.kill('SIGHUP');
    child.kill('SIGTERM');
    expect([(await exit)[0], child.signalCode, stderr]).toEqual([0, null, []]);
  });

  test.each([
    ['no secret', ['--admin', '127.0.0.1:0', '--sip', 'tcp:127.0.0.1:0'], /--secret-file is missing/],
    ['unknown option', ['--frobnicate'], /frobnicate/],
    ['unreadable secret', ['--admin', '127.0.0.1:0', '--secret-file', '/nonexistent'], /cannot read the secret/],
  ])('%s: says so and exits 2', async (_name, args, text) => {
    const { exit, stderr } = await run(args);
    expect((await exit)[0]).toBe(2);
    expect(stderr.join('')).toMatch(text);
  });

  test('a port in use: says so in one line and exits 2', async () => {
    const port = await freePort();
    const args = ['--admin', `127.0.0.1:${port}`, '--secret-file', secretFile, '--sip', `tcp:127.0.0.1:${port}`];
    const { exit, stderr } = await run(args);
    expect((await exit)[0]).toBe(2);
    expect(stderr.join('')).toBe(`sipd: cannot listen on admin 127.0.0.1:${port}: the port is in use: stop the other program or choose another port\n`);
  });

  test.each([
    ['--switch', 'frob', /--switch "frob" is unknown/],
    ['--sip', 'sctp:127.0.0.1:1', /is not udp:HOST:PORT, tcp:HOST:PORT or tls:HOST:PORT/],
    ['--admin', 'nowhere', /is not HOST:PORT/],
  ])('%s %s is refused', (option, text, message) => {
    const good = { '--admin': '127.0.0.1:0', '--secret-file': secretFile, '--sip': 'tcp:127.0.0.1:0' };
    const args = Object.entries({ ...good, [option]: text }).flat();
    expect(() => readArguments(args)).toThrow(message);
  });

  test('switches with a number, and all of them together', () => {
    const args = ['--admin', '127.0.0.1:0', '--secret-file', secretFile, '--sip', 'tcp:[::1]:0', '--switch', 'dropClient=50', '--switch', 'ring'];
    expect(readArguments(args)).toMatchObject({ switches: { dropClient: 50, ring: true }, sip: [{ host: '::1' }], strict: false });
  });
});
