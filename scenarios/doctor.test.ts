import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer } from 'node:tls';

import { a, DnsServer, srv } from '../packages/gateway/test/support/dns-server';

import { Authority, pemOf } from './support/certificates';
import type { CertificateWish, IssuedCertificate } from './support/certificates';
import { isthmus } from './support/gateway';
import { freePort, LOOPBACK } from './support/ports';
import { redisCli } from './support/redis-cli';
import { World } from './support/world';

/** `isthmus doctor`: what an administrator is told about a configuration that does, and does not, work. */

interface Finding {
  readonly part: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  readonly advice?: string;
}
type Section = Readonly<Record<string, unknown>>;

let world: World;
let base: Record<string, Section>;
let mute: Server | undefined;

beforeAll(async () => {
  world = await World.start({ dialect: 'simple', users: ['ann'], store: 'redis', sipServer: 'process' });
  base = { ...world.config('w1'), http: { port: world.gateway.httpPort } } as unknown as Record<string, Section>;
});
afterAll(async () => {
  mute?.close();
  await world?.stop();
});

/** What the doctor finds when the configuration of the running worker is changed like this. */
async function findings(change: (config: Record<string, never>) => void = () => undefined, secrets: Readonly<Record<string, string>> = {}) {
  const config = structuredClone(base);
  change(config as never);
  const files = { 'component-secret': 'component-test-secret', 'sipd-secret': world.sipServer?.secret ?? '', ...secrets, 'isthmus.yaml': JSON.stringify(config) };
  const { code, output } = await isthmus(['doctor', '--json', '--config', '{dir}/isthmus.yaml'], files);
  if (!output.startsWith('[')) throw new Error(output);
  const all = JSON.parse(output) as Finding[];
  return { code, all, of: (part: string) => all.filter((each) => each.part === part) };
}
const worst = (all: readonly Finding[]) => all.filter(({ level }) => level === 'problem').map(({ part }) => part);

test('all is well: exit code 0, each part is named, and a running worker keeps its requests and stanzas', async () => {
  const { code, all } = await findings();
  expect([code, worst(all)]).toEqual([0, []]);
  expect(new Set(all.map(({ part }) => part))).toEqual(new Set(['configuration', 'store', 'records', 'clock', 'xmpp', 'plug-in', 'sip d1', 'route far', 'worker']));
  expect(all.find(({ part }) => part === 'route far')?.text).toMatch(/answers OPTIONS with 200/);
  expect(world.gateway.lines.filter(({ event }) => ['xmpp_link_down', 'sip_link_down'].includes(event))).toEqual([]);
});

test('for people it is a text, which ends with the sum', async () => {
  const files = { 'component-secret': 'component-test-secret', 'sipd-secret': world.sipServer?.secret ?? '', 'isthmus.yaml': JSON.stringify(base) };
  const { code, output } = await isthmus(['doctor', '--config', '{dir}/isthmus.yaml'], files);
  expect([code, output]).toEqual([0, expect.stringMatching(/^ok +configuration[^]+\n\n(Nothing is wrong|0 problems, \d warnings?)\.\n$/)]);
});

test('what is left over in Redis is counted, with an example and what to do', async () => {
  const { port } = world.redis;
  await redisCli(port, 'set', 'isthmus::strange key', 'x');
  await redisCli(port, 'set', 'isthmus::members:x', 'x');
  try {
    const { code, of } = await findings();
    const warnings = of('records').filter(({ level }) => level === 'warning');
    expect([code, warnings]).toEqual([0, expect.arrayContaining([
      { part: 'records', level: 'warning', text: "1 keys under the prefix that are not of isthmus, e.g. 'isthmus::strange key'", advice: expect.stringContaining("redis-cli del 'isthmus::strange key'") },
      { part: 'records', level: 'warning', text: '1 keys that should expire and do not, e.g. isthmus::members:x', advice: expect.stringContaining('redis-cli expire isthmus::members:x 86400') },
    ])]);
  } finally {
    await redisCli(port, 'del', 'isthmus::strange key', 'isthmus::members:x');
  }
});

describe('what is wrong is named, with what to do', () => {
  test.each<[string, string, RegExp, (config: Record<string, Record<string, never>>) => void]>([
    ['nobody listens at the component port', 'xmpp', /no connection to the XMPP server/, (config) => Object.assign(config['xmpp'] ?? {}, { port: 1 })],
    ['the component is not declared', 'xmpp', /does not know the component|refused the secret/, (config) => Object.assign(config['xmpp'] ?? {}, { component: 'other.example.com' })],
    ['Redis is not there', 'store', /refused|ECONNREFUSED/, (config) => Object.assign(config['store'] ?? {}, { port: 1 })],
    ['a domain has no plug-in', 'plug-in', /plug-in is not active for example\.net/, (config) => Object.assign(config, { domains: ['example.net'] })],
  ])('%s', async (_what, part, text, change) => {
    const { code, of, all } = await findings(change as never);
    expect([code, worst(all)]).toEqual([1, expect.arrayContaining([part])]);
    const found = of(part).find(({ level }) => level === 'problem');
    expect(found?.text).toMatch(text);
    expect(found?.advice).toMatch(/\w{4}/);
  });

  test.each([
    ['component-secret', 'xmpp', /refused the secret/],
    ['sipd-secret', 'sip d1', /refused the secret/],
  ])('a wrong %s', async (file, part, text) => {
    const { code, of } = await findings(undefined, { [file]: 'wrong' });
    expect([code, of(part)]).toEqual([1, [expect.objectContaining({ level: 'problem', text: expect.stringMatching(text) })]]);
  });

  test('an empty secret, before anything is asked', async () => {
    const { code, all } = await findings(undefined, { 'component-secret': ' \n' });
    expect([code, all]).toEqual([1, [expect.objectContaining({ part: 'configuration', text: expect.stringMatching(/is empty/) })]]);
  });

  test('the built-in SIP server: its port is in use, and no worker runs that could have it', async () => {
    const other = createServer(() => undefined);
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, LOOPBACK, resolve));
    try {
      const unused = await freePort();
      const sip = { server: { type: 'embedded', listen: [{ transport: 'tcp', host: LOOPBACK, port }] } };
      const { code, of } = await findings((config) => Object.assign(config, { sip, http: { port: unused } }));
      expect([code, of('sip')]).toEqual([1, [expect.objectContaining({ level: 'problem', text: expect.stringMatching(`${port}: the port is in use`) })]]);
      const beside = await findings((config) => Object.assign(config, { sip }));
      expect(beside.of('sip')).toEqual([expect.objectContaining({ level: 'ok' })]);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test('a peer whose name DNS does not know', async () => {
    const { code, of } = await findings((config) => Object.assign((config as unknown as { sip: Section }).sip, { allow: ['nowhere.invalid', '192.0.2.7'], peers: [{ name: 'here', from: ['localhost'] }] }));
    expect([code, of('peers').map(({ level, text }) => [level, text.split(/[ :]/)[0]])]).toEqual([1, [['problem', 'nowhere.invalid'], ['ok', 'localhost']]]);
  });

  test.each([
    ['empty', '# nobody yet\n', 'problem', /names nobody/, 1],
    ['wrong', 'bob@example.com\nnot an address\n', 'problem', /line 2/, 1],
    ['fine', 'bob@example.com\n', 'ok', /^1 on the list/, 0],
  ])('the list of SIP users is %s', async (_what, text, level, says, exit) => {
    const advanced = (config: Record<string, never>) => Object.assign(config, { routing: { mode: 'advanced', sipUsers: { type: 'file', file: 'users.txt' } } });
    const { code, of } = await findings(advanced, { 'users.txt': text });
    expect([code, of('sip users')]).toEqual([exit, [expect.objectContaining({ level, text: expect.stringMatching(says) })]]);
  });

  test('no worker runs: a warning, since nothing else is wrong', async () => {
    const unused = await freePort();
    const { code, of } = await findings((config) => Object.assign(config, { http: { port: unused } }));
    expect([code, of('worker')]).toEqual([0, [expect.objectContaining({ level: 'warning' })]]);
  });
});

describe('routes', () => {
  const route = async (change: Section) =>
    findings((config) => Object.assign((config as unknown as { routes: object[] }).routes[0] ?? {}, change)).then(({ of, code }) => ({ code, found: of('route far')[0] }));

  test('a name that DNS does not know', async () => {
    expect(await route({ host: 'nowhere.invalid' })).toMatchObject({ code: 1, found: { level: 'problem', text: expect.stringMatching(/^nowhere\.invalid: DNS/) } });
  });

  test('nothing listens at the next hop', async () => {
    expect(await route({ port: await freePort() })).toMatchObject({ code: 1, found: { level: 'problem', text: expect.stringMatching(/nothing listens there/) } });
  });

  test('it takes the connection and never answers: a warning, since some servers never answer OPTIONS', async () => {
    mute = createServer(() => undefined);
    const port = await freePort();
    await new Promise<void>((resolve) => mute?.listen(port, LOOPBACK, resolve));
    expect(await route({ port })).toMatchObject({ code: 0, found: { level: 'warning', text: expect.stringMatching(/no answer to OPTIONS/) } });
  });

  test.each([403, 407])('it answers %i: it does not trust us', async (status) => {
    world.peer.serve('OPTIONS', (incoming) => world.peer.reply(incoming, status));
    try {
      expect(await route({})).toMatchObject({ code: 0, found: { level: 'warning', text: expect.stringMatching(`OPTIONS with ${status}`) } });
    } finally {
      world.peer.serve('OPTIONS', (incoming) => world.peer.reply(incoming, 200));
    }
  });

  test('a name with SRV records: each of its places', async () => {
    const dns = await DnsServer.start();
    try {
      const far = (world.config('w1') as unknown as { routes: { port: number }[] }).routes[0]?.port ?? 0;
      const dead = await freePort();
      dns.records = [srv('_sip._tcp.pool.example', 'host.example', far, 10), srv('_sip._tcp.pool.example', 'host.example', dead, 20), a('host.example', LOOPBACK, 60)];
      const { code, of } = await findings((config) => {
        const { sip, routes } = config as unknown as { sip: object; routes: object[] };
        Object.assign(sip, { dnsServers: [dns.place] });
        Object.assign(routes[0] ?? {}, { host: 'pool.example', port: undefined, srv: true });
      });
      expect([code, of('route far').map(({ level }) => level)]).toEqual([1, ['ok', 'problem']]);
    } finally {
      await dns.stop();
    }
  });

  test('switched off: nobody is asked, and its users are behind no route', async () => {
    const { code, of } = await findings((config) => Object.assign((config as unknown as { routes: object[] }).routes[0] ?? {}, { enabled: false, host: 'nowhere.invalid' }));
    expect(of('route far')).toMatchObject([{ level: 'ok', text: 'switched off' }]);
    expect([code, of('routes')]).toEqual([1, [expect.objectContaining({ level: 'problem', text: expect.stringContaining('example.com'), advice: expect.stringContaining('enabled: true') })]]);
  });

  test('none leads to a served domain', async () => {
    const { code, of } = await findings((config) => Object.assign((config as unknown as { routes: object[] }).routes[0] ?? {}, { domains: ['*.example.com'] }));
    expect([code, of('routes').map(({ level }) => level)]).toEqual([1, ['problem']]);
  });
});

test('subdomain mode: beside a worker its connection is not tried, and not taken from it', async () => {
  const plain = await World.start({ dialect: 'simple', users: ['ann'], component: 'sip.example.com', prosody: { partitioned: false }, xmpp: { mode: 'subdomain' }, subdomain: { appearAs: { 'example.com': 'xmpp.example.com' } } });
  try {
    const config = { ...plain.config('w1'), http: { port: plain.gateway.httpPort } };
    const files = { 'component-secret': 'component-test-secret', 'isthmus.yaml': JSON.stringify(config) };
    const ask = async () => JSON.parse((await isthmus(['doctor', '--json', '--config', '{dir}/isthmus.yaml'], files)).output) as Finding[];
    const xmpp = (all: readonly Finding[]) => all.filter(({ part }) => part === 'xmpp').map(({ level, text }) => `${level} ${text}`);
    expect(xmpp(await ask())).toEqual([expect.stringMatching(/^ok the worker is connected/)]);
    expect((await plain.gateway.readyz()).status).toBe(200);
    await plain.gateway.stop();
    expect(xmpp(await ask())).toEqual([expect.stringMatching(/^ok .*takes the component sip\.example\.com/)]);
  } finally {
    await plain.stop();
  }
});

describe('TLS', () => {
  let authority: Authority;
  const open: TlsServer[] = [];
  beforeAll(() => (authority = Authority.create()));
  afterAll(() => {
    for (const each of open) each.close();
    authority.remove();
  });

  /** A next hop that answers whatever it is asked with 200, behind this certificate. */
  async function hop(certificate: IssuedCertificate): Promise<number> {
    const server = createTlsServer({ ...pemOf(certificate), ca: authority.pem, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        const [request = ''] = data.toString().split('\r\n\r\n');
        const kept = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
        if (kept.length > 0) socket.write(['SIP/2.0 200 OK', ...kept.map((line) => (/^To:/i.test(line) ? `${line};tag=hop` : line)), 'Content-Length: 0', '', ''].join('\r\n'));
      });
    });
    server.on('tlsClientError', () => undefined);
    open.push(server);
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, LOOPBACK, resolve));
    return port;
  }

  /** What is found of TLS and of a route to such a hop; nobody else is there. */
  async function look(ours: CertificateWish, theirs: IssuedCertificate) {
    const tls = { ...authority.issue({ names: ['DNS:isthmus.example.com'], ...ours }), ca: authority.ca };
    const config = {
      ...base,
      sip: { server: { type: 'embedded', listen: [{ transport: 'tls', host: LOOPBACK, port: await freePort() }], tls } },
      routes: [{ name: 'far', host: LOOPBACK, port: await hop(theirs), transport: 'tls', tls: { name: 'fe.example.com' }, dialect: 'microsoft' }],
    };
    const files = { 'component-secret': 'component-test-secret', 'isthmus.yaml': JSON.stringify(config) };
    const { output } = await isthmus(['doctor', '--json', '--config', '{dir}/isthmus.yaml'], files);
    if (!output.startsWith('[')) throw new Error(output);
    return (JSON.parse(output) as Finding[]).filter(({ part }) => ['configuration', 'tls', 'route far'].includes(part)).map(({ level, part, text }) => `${level} ${part}: ${text}`);
  }

  test('SEC-1: both certificates are good', async () => {
    expect((await look({}, authority.issue({ names: ['DNS:fe.example.com'] }))).slice(1)).toEqual([expect.stringMatching(/^ok route far: .* answers OPTIONS with 200/)]);
  });

  test.each<[string, () => IssuedCertificate, RegExp]>([
    ['for another name', () => authority.issue({ names: ['DNS:other.example.com'] }), /for other\.example\.com, not for fe\.example\.com/],
    ['self-signed', () => authority.selfSigned({ names: ['DNS:fe.example.com'] }), /self-signed/],
    ['expired', () => authority.issue({ names: ['DNS:fe.example.com'], validFrom: -30, validTo: -2 }), /expired/],
  ])("SEC-1: the next hop's certificate is %s", async (_what, theirs, text) => {
    expect((await look({}, theirs())).slice(1)).toEqual([expect.stringMatching(new RegExp(`^problem route far: .*${text.source}`))]);
  });

  test('SEC-1: certificates that expire soon', async () => {
    const found = await look({ validTo: 3 }, authority.issue({ names: ['DNS:fe.example.com'], validTo: 5 }));
    expect(found).toEqual(expect.arrayContaining([expect.stringMatching(/^warning tls: within 14 days/), expect.stringMatching(/^warning route far: its certificate expires on \d{4}-/)]));
  });

  test('SEC-1: ours has expired: a mistake of the configuration', async () => {
    expect(await look({ validFrom: -30, validTo: -2 }, authority.issue({ names: ['DNS:fe.example.com'] }))).toEqual([expect.stringMatching(/^problem configuration: sip\.server\.tls/)]);
  });
});
