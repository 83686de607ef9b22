import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { Parser } from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Ejabberd } from './support/ejabberd';
import { Gateway, isthmus } from './support/gateway';
import { freePort, LOOPBACK } from './support/ports';
import { Program, temporaryDirectory } from './support/process';

const PLUGIN = join(__dirname, '..', 'plugins', 'prosody');
const PLACEHOLDER = 'PUT THE SECRET HERE';
const SECRET = 'a-secret-of-the-test';

const route = (dialect: string, more: object = {}) => ({ name: dialect, host: '192.0.2.10', dialect, ...more });

/** What the command prints; nothing of it is a secret. */
async function print(what: string, config: object): Promise<string> {
  const files = { 'isthmus.yaml': JSON.stringify(config), secret: SECRET };
  const { code, output } = await isthmus(['print-config', what, '--config', '{dir}/isthmus.yaml'], files);
  expect({ code, secret: output.includes(SECRET) }).toEqual({ code: 0, secret: false });
  return output;
}

const config = (xmppPort: number, sipPort: number, routes: readonly object[]) => ({
  domain: 'example.com',
  xmpp: { host: LOOPBACK, port: xmppPort, component: 'isthmus.example.com', secret: { file: 'secret' } },
  sip: { server: { type: 'embedded', listen: [{ transport: 'tcp', port: sipPort }] } },
  routes,
});

/** A Prosody whose own configuration knows nothing of isthmus, with the printed text at its end. */
async function startPlainProsody(printed: string): Promise<Program> {
  const directory = await temporaryDirectory('printed');
  await cp(join(PLUGIN, 'mod_isthmus.lua'), join(directory, 'modules', 'mod_isthmus.lua'));
  await cp(join(PLUGIN, 'isthmus'), join(directory, 'modules', 'isthmus'), { recursive: true });
  const own = [
    `data_path = "${directory}"`,
    `pidfile = "${directory}/prosody.pid"`,
    `run_as_root = ${process.getuid?.() === 0}`,
    'daemonize = false',
    'modules_enabled = { "roster", "saslauth", "disco" }',
    'modules_disabled = { "s2s", "tls", "http" }',
    `interfaces = { "${LOOPBACK}" }`,
    `c2s_ports = { ${await freePort()} }`,
    'log = { { levels = { min = "info" }, to = "console" } }',
  ];
  const pasted = printed.replace('/usr/local/lib/prosody/modules', join(directory, 'modules')).replace(PLACEHOLDER, SECRET);
  return Program.start({
    name: 'prosody',
    command: 'prosody',
    args: () => ['-F', '--config', join(directory, 'prosody.cfg.lua')],
    files: () => ({ 'prosody.cfg.lua': [...own, pasted].join('\n') }),
    directory,
    ready: /Activated service 'component'/,
  });
}

test('prosody: pasted into the configuration of a real Prosody, a worker is ready with it', async () => {
  const wanted = config(await freePort(), await freePort(), [route('microsoft')]);
  const printed = await print('prosody', wanted);
  expect(printed).toContain('mod_isthmus.lua and the folder isthmus');
  const prosody = await startPlainProsody(printed);
  try {
    const worker = await Gateway.start({ config: wanted, files: { secret: SECRET } });
    expect((await worker.readyz()).status).toBe(200);
    await worker.stop();
  } finally {
    await prosody.stop();
  }
});

test('ejabberd: included by the configuration of a real ejabberd, a worker is ready with it, and so is the guard (XD-8)', async () => {
  const wanted = config(await freePort(), await freePort(), [route('microsoft')]);
  const printed = await print('ejabberd', wanted);
  const c2sPort = await freePort();
  const server = await Ejabberd.startWith((directory) => ({
    'ejabberd.yml': JSON.stringify({
      hosts: ['example.com'],
      listen: [{ port: c2sPort, ip: LOOPBACK, module: 'ejabberd_c2s' }],
      modules: { mod_roster: {}, mod_disco: {} },
      include_config_file: join(directory, 'isthmus.yml'),
    }),
    'isthmus.yml': printed.replace(PLACEHOLDER, SECRET),
  }));
  try {
    const worker = await Gateway.start({ config: wanted, files: { secret: SECRET } });
    expect((await worker.readyz()).status).toBe(200);
    await worker.stop();
    const { output } = await isthmus(['doctor', '--config', '{dir}/isthmus.yaml'], { 'isthmus.yaml': JSON.stringify(wanted), secret: SECRET });
    expect(output).toContain('example.com: loaded; it refuses the name of a local account');
  } finally {
    await server.stop();
  }
});

test('drachtio: well-formed, with admin port, a contact for each transport, and a short Timer B', async () => {
  const servers = [{ name: 'd1', host: LOOPBACK, port: 9044, secret: { file: 'secret' } }];
  const wanted = config(5347, 5060, [route('microsoft', { transport: 'tls' }), route('simple', { transport: 'udp' })]);
  const printed = await print('drachtio', { ...wanted, sip: { server: { type: 'drachtio', servers } } });
  const root = parse(printed);
  const admin = root.getChild('admin');
  expect([admin?.attrs['port'], admin?.getText(), admin?.attrs['secret']]).toEqual(['9044', LOOPBACK, PLACEHOLDER]);
  const contacts = root.getChild('sip')?.getChild('contacts')?.getChildren('contact').map((contact) => contact.getText());
  expect(contacts).toEqual(['sip:LISTEN_ADDRESS:5061;transport=tls', 'sip:LISTEN_ADDRESS:5060;transport=udp']);
  expect(Number(root.getChild('sip')?.getChild('timers')?.getChildText('t1x64'))).toBeLessThan(32_000);
});

test('lync: a static route for each Microsoft route, and trust', async () => {
  const routes = [route('microsoft'), route('simple'), { ...route('microsoft', { domains: ['other.example'] }), name: 'other' }];
  const printed = await print('lync', config(5347, 5060, routes));
  const targets = [...printed.matchAll(/New-CsStaticRoute (.*)/g)].map(([, target]) => target);
  expect(targets).toEqual([
    '-TCPRoute -Destination "ISTHMUS_ADDRESS" -Port 5060 -MatchUri "example.com"',
    '-TCPRoute -Destination "ISTHMUS_ADDRESS" -Port 5060 -MatchUri "other.example"',
  ]);
  expect(printed).toMatch(/New-CsTrustedApplicationPool[^]*-TreatAsAuthenticated \$true[^]*Enable-CsTopology/);
});

function parse(text: string): Element {
  const parser = new Parser();
  const path: Element[] = [];
  let error: Error | undefined;
  parser.on('start', (element: Element) => path.push(element));
  parser.on('element', (element: Element) => path[0]?.append(element));
  parser.on('error', (cause: Error) => (error = cause));
  parser.write(text.replaceAll(/<!--[^]*?-->/g, '').trim()); // the parser knows streams: no comments, no blanks around
  const [root] = path;
  if (error !== undefined || root === undefined) throw error ?? new Error('no XML');
  return root;
}
