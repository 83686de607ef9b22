import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

import { openComponentStream } from '../plugins/test/support/worker';

import { Gateway, isthmus } from './support/gateway';
import type { LogLine } from './support/gateway';
import { startPartitionedServer } from './support/partitioned-server';
import { freePort, LOOPBACK } from './support/ports';
import { startRedis } from './support/redis';
import { ONLY } from './support/server-differences';
import { SipServer } from './support/sipd';
import type { PartitionedServer, PartitionedServerOptions } from './support/xmpp-server';

const DOMAIN = 'example.com';
const COMPONENT = 'isthmus.example.com';
const SECRET = 'the-right-secret';
const WRONG = 'the-wrong-secret';

type Section = Readonly<Record<string, unknown>>;

interface Setting {
  readonly xmpp?: Section;
  readonly sip?: Section;
  readonly store?: Section;
  readonly http?: Section;
  /** What must be in the log; default: ready. */
  readonly until?: RegExp;
}

async function configuration({ xmpp, sip, store, http }: Setting): Promise<Section> {
  const listen = [{ transport: 'tcp', port: await freePort() }];
  return {
    domain: DOMAIN,
    worker: { name: 'w1' },
    xmpp: { port: await freePort(), component: COMPONENT, secret: { file: 'secret' }, ...xmpp },
    sip: { server: { type: 'embedded', listen }, ...sip },
    routes: [{ name: 'far', host: LOOPBACK, port: await freePort(), dialect: 'simple' }],
    log: { level: 'info' },
    ...(store && { store }),
    ...(http && { http }),
  };
}

const FILES = { secret: SECRET, wrong: WRONG };

/** Starts a worker and waits for a line of its log. */
async function worker(setting: Setting): Promise<Gateway> {
  const { until } = setting;
  return Gateway.start({ config: await configuration(setting), files: FILES, ...(until && { until }) });
}

/** Runs a worker to its end. */
async function run(setting: Setting): Promise<{ code: number | null; output: string; lines: readonly LogLine[] }> {
  const config = await configuration({ http: { port: await freePort() }, ...setting });
  const { code, output } = await isthmus(['run', '--config', '{dir}/isthmus.yaml'], { ...FILES, 'isthmus.yaml': JSON.stringify(config) });
  const json = output.split('\n').filter((line) => line.startsWith('{'));
  return { code, output, lines: json.map((line) => JSON.parse(line) as LogLine) };
}

/** What an administrator is told: the different reasons in warnings and errors. */
const reasons = (lines: readonly LogLine[]): readonly unknown[] => [
  ...new Set(lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(level)).map(({ why }) => why)),
];

/** The parts that `/readyz` misses. */
const unready = async (gateway: Gateway): Promise<readonly string[]> =>
  (await gateway.readyz()).body.parts.filter(({ ready }) => !ready).map(({ name }) => name);

/** One command to a Redis, answered. */
async function tellRedis(port: number, command: string): Promise<void> {
  const socket = connect(port, LOOPBACK);
  socket.write(`${command}\r\n`);
  await once(socket, 'data');
  socket.destroy();
}

const STACK = /^\s+at /m;

/** An XMPP server of its own, as long as the work takes. */
async function withServer(options: Partial<PartitionedServerOptions>, work: (server: PartitionedServer, xmpp: Section) => Promise<void>): Promise<void> {
  const server = await startPartitionedServer({ domain: DOMAIN, component: COMPONENT, secret: SECRET, ...options });
  try {
    await work(server, { port: server.componentPort });
  } finally {
    await server.stop();
  }
}

describe('the XMPP server refuses', () => {
  test('SEC-15: another secret: one clear message, exit code 1, no secret in the log', () =>
    withServer({}, async (_server, xmpp) => {
      const { code, output, lines } = await run({ xmpp: { ...xmpp, secret: { file: 'wrong' } } });
      expect(code).toBe(1);
      expect(reasons(lines)).toEqual([expect.stringContaining(`refused the secret of component ${COMPONENT}`)]);
      expect(output).not.toContain(WRONG);
    }));

  if (ONLY.oneConnectionOfAComponent) test('a second connection: one clear message, exit code 1', () =>
    withServer({ partitioned: false }, async (server, xmpp) => {
      const other = await openComponentStream(server);
      await other.take('handshake', (element) => element.is('handshake'));
      const { code, lines } = await run({ xmpp });
      await other.cut();
      expect(code).toBe(1);
      expect(reasons(lines)).toEqual([expect.stringContaining('connect only once')]);
    }));

  if (ONLY.namesUnknownComponents) test('a component that it does not know: said once, and tried again', () =>
    withServer({ component: 'other.example.com' }, async (server, xmpp) => {
      const gateway = await worker({ xmpp, until: /does not know the component isthmus\.example\.com/ });
      for (let attempt = 1; attempt <= 3; attempt += 1) await server.componentConnection();
      expect(reasons(gateway.lines)).toHaveLength(1);
      expect(await unready(gateway)).toEqual(['xmpp']);
      await gateway.stop();
    }));
  else test('a component that it does not know: one message names both reasons, exit code 1', () =>
    withServer({ component: 'other.example.com' }, async (_server, xmpp) => {
      const { code, lines } = await run({ xmpp });
      expect([code, reasons(lines)]).toEqual([1, [expect.stringMatching(/refused the secret of component isthmus\.example\.com: .* must list this component/)]]);
    }));

  test('XD-8: nothing because its plug-in is missing: said once, not online until it is loaded', () =>
    withServer({ partitioned: false }, async (server, xmpp) => {
      const gateway = await worker({ xmpp, until: /the partition plug-in is not active for example\.com/ });
      for (let attempt = 1; attempt <= 2; attempt += 1) await server.componentConnection();
      expect(reasons(gateway.lines)).toHaveLength(1);
      expect(await unready(gateway)).toEqual(['xmpp']);
      await server.loadPlugin();
      await gateway.logged(/"event":"worker_ready"/);
      await gateway.stop();
    }));
});

describe('ports in use', () => {
  let taken: Server;
  let port: number;
  beforeAll(async () => {
    taken = createServer().listen(0, LOOPBACK);
    await once(taken, 'listening');
    port = (taken.address() as AddressInfo).port;
  });
  afterAll(() => taken.close());

  test('HTTP: one clear message, exit code 1', async () => {
    const { code, output } = await run({ http: { port } });
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^isthmus: cannot listen for HTTP on 127\\.0\\.0\\.1:${port} \\(.*EADDRINUSE.*\\): change http\\.port`, 'm'));
    expect(output).not.toMatch(STACK);
  });

  test('SIP: one clear message, exit code 1', async () => {
    const { code, output } = await run({ sip: { server: { type: 'embedded', listen: [{ transport: 'tcp', port }] } } });
    expect(code).toBe(1);
    expect(output).toContain('the embedded SIP server cannot start');
    expect(output).toContain(`${port}`);
    expect(output).not.toMatch(STACK);
  });
});

test('the SIP server refuses the secret: said once, no secret in the log', async () => {
  const server = await SipServer.start();
  const servers = [{ name: 'd1', host: LOOPBACK, port: server.adminPort, secret: { file: 'wrong' } }];
  const gateway = await worker({ sip: { server: { type: 'drachtio', servers } }, until: /SIP server d1 at .*: the server refused the secret/ });
  for (let attempt = 1; attempt <= 2; attempt += 1) await server.logLine(/client_refused/);
  expect(reasons(gateway.lines).filter((why) => String(why).includes('SIP server d1'))).toHaveLength(1);
  expect(await unready(gateway)).toContain('sip');
  expect(gateway.log).not.toContain(WRONG);
  await gateway.stop();
  await server.stop();
});

test('SEC-15: Redis refuses the password: said once, no secret in the log; right when it is changed there', async () => {
  const redis = await startRedis();
  await tellRedis(redis.port, `CONFIG SET requirepass ${SECRET}`);
  const store = { type: 'redis', port: redis.port, password: { file: 'wrong' } };
  const gateway = await worker({ store, until: /"event":"worker_starting"/ });
  const { body } = await gateway.readyz();
  const why = expect.stringContaining('refuses us: user name or password is wrong');
  expect(body.parts).toContainEqual({ name: 'store', ready: false, why });
  await tellRedis(redis.port, `AUTH ${SECRET}\r\nCONFIG SET requirepass ${WRONG}`);
  await gateway.logged(/"event":"store_ready"/);
  expect(gateway.lines.filter(({ event }) => event === 'store_unavailable').map((line) => line['why'])).toEqual([why]);
  expect(gateway.log).not.toContain(WRONG);
  await gateway.stop();
  await redis.stop();
});
