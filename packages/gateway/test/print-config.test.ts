import { parseConfig } from '../src/config/load';
import type { Config } from '../src/config/schema';
import { printConfig } from '../src/print-config';

/** What an administrator pastes on the other side (DESIGN section 8). */

interface Wanted {
  readonly domain?: string;
  readonly domains?: readonly string[];
  readonly xmpp?: Record<string, unknown>;
  readonly sip?: Record<string, unknown>;
  readonly route?: Record<string, unknown>;
}

function config({ domain = 'example.com', domains, xmpp, sip, route }: Wanted = {}): Config {
  const file = {
    domain,
    ...(domains && { domains }),
    xmpp: { component: 'isthmus.example.com', secret: { file: '/etc/isthmus/secret' }, ...xmpp },
    sip: { server: { type: 'embedded', listen: [{ transport: 'tcp', host: '192.0.2.1', port: 5070 }] }, ...sip },
    routes: [{ name: 'lync', host: '192.0.2.10', dialect: 'microsoft', ...route }],
  };
  return parseConfig(JSON.stringify(file), 'test.yaml');
}

const drachtio = (host: string) => ({
  server: { type: 'drachtio', servers: [{ name: 'd1', host, port: 9023, secret: { env: 'SECRET' } }] },
});

describe('print-config prosody', () => {
  const code = (wanted?: Wanted) => printConfig('prosody', config(wanted)).replace(/^ *--.*$/gm, '');

  test('server-wide options hold wherever the text is pasted: every host closes its own options', () => {
    const outside = code().replace(/^(VirtualHost|Component) "[^"]*" \{\n(?: {2}.*\n)*\}$/gm, '');
    expect(outside).not.toMatch(/VirtualHost|Component/);
    expect(outside).toMatch(/^plugin_paths = /m);
    expect(outside).toMatch(/^component_ports = \{ 5347 \}$/m);
  });

  test.each([
    ['127.0.0.1', '{ "127.0.0.1" }'],
    ['::1', '{ "::1" }'],
    ['localhost', '{ "127.0.0.1", "::1" }'],
    ['10.0.0.5', '{ "10.0.0.5" }'],
    ['[2001:db8::5]', '{ "2001:db8::5" }'],
  ])('workers that connect to %s find Prosody listening on %s', (host, interfaces) => {
    expect(code({ xmpp: { host, allowUnencrypted: true } })).toContain(`component_interfaces = ${interfaces}\n`);
  });

  test('only a link that stays on the machine is called so', () => {
    expect(printConfig('prosody', config())).toContain('Loopback only');
    expect(printConfig('prosody', config({ xmpp: { host: '10.0.0.5', allowUnencrypted: true } }))).not.toContain('Loopback');
  });

  test('behind a wrapper of TLS Prosody listens on the machine itself', () => {
    const text = printConfig('prosody', config({ xmpp: { host: 'xmpp.example.com', tls: {} } }));
    expect(text).toContain('component_interfaces = { "127.0.0.1" }\n');
    expect(text).toContain('what wraps the link in TLS takes xmpp.example.com:5347');
  });

  test('the secret itself is not printed; where it is found is', () => {
    expect(printConfig('prosody', config())).toContain('/etc/isthmus/secret');
    expect(printConfig('prosody', config({ xmpp: { secret: { env: 'SECRET' } } }))).toContain('the environment variable SECRET');
  });

  test('several domains: one module, which is told the others, and a VirtualHost for each', () => {
    const text = code({ domains: ['example.net', 'example.org'] });
    expect(text).toContain('isthmus_domains = { "example.net", "example.org" };');
    expect(text.match(/^VirtualHost ".*"/gm)).toEqual(['VirtualHost "example.com"', 'VirtualHost "example.net"', 'VirtualHost "example.org"']);
    expect(text.match(/modules_enabled/g)).toHaveLength(1);
    expect(code()).not.toContain('isthmus_domains');
  });

  test('subdomain mode: a component like any other, and no plug-in', () => {
    const text = code({ xmpp: { mode: 'subdomain', component: 'sip.example.com' } });
    expect(text).toContain('Component "sip.example.com" {');
    expect(text).not.toMatch(/VirtualHost|isthmus_|plugin_paths/);
    expect(text).toMatch(/^component_ports = \{ 5347 \}$/m);
  });

  test('no value leaves its Lua string', () => {
    expect(printConfig('prosody', { ...config({}), domain: 'a"..os.exit().."\\' })).toContain('VirtualHost "a\\"..os.exit()..\\"\\\\" {');
  });
});

describe('print-config drachtio', () => {
  test('the admin port listens on the address that the workers use', () => {
    expect(printConfig('drachtio', config({ sip: drachtio('10.0.0.6') }))).toContain('<admin port="9023" secret="PUT THE SECRET HERE">10.0.0.6</admin>');
  });

  test('a name is no address to listen on', () => {
    expect(printConfig('drachtio', config({ sip: drachtio('drachtio') }))).toContain('>0.0.0.0</admin>');
  });

  test('the server waits for answers as long as the workers do', () => {
    expect(printConfig('drachtio', config({ sip: { ...drachtio('10.0.0.6'), requestTimeoutSeconds: 7 } }))).toContain('<t1x64>7000</t1x64>');
  });

  test('a TLS route gets its listener, its certificate, and the warning about verification (DR-33)', () => {
    const text = printConfig('drachtio', config({ sip: drachtio('10.0.0.6'), route: { transport: 'tls' } }));
    expect(text).toContain('<contact>sip:LISTEN_ADDRESS:5061;transport=tls</contact>');
    expect(text).toContain('<cert-file>');
    expect(text).toContain('DRACHTIO_TLS_VERIFY_CLIENT_CERT=1');
    expect(printConfig('drachtio', config())).not.toContain('<tls>');
  });

  test('the logging level keeps secret and messages out of the log (DR-31)', () => {
    expect(printConfig('drachtio', config())).toContain('<loglevel>info</loglevel>');
  });
});

describe('print-config lync', () => {
  test('the static route leads to the port where the built-in server listens', () => {
    expect(printConfig('lync', config())).toContain('New-CsStaticRoute -TCPRoute -Destination "ISTHMUS_ADDRESS" -Port 5070 -MatchUri "example.com"');
  });

  test('TLS: a name as destination, port 5061, no TCP', () => {
    const text = printConfig('lync', config({ sip: drachtio('10.0.0.6'), route: { transport: 'tls' } }));
    expect(text).toContain('-TLSRoute -Destination "ISTHMUS_FQDN" -Port 5061');
    expect(text).not.toContain('EnableTcp');
  });

  test('TLS of the built-in server: the name of its certificate is filled in', () => {
    const tls = { certificate: '/c', key: '/k', ca: '/a', name: 'gw.example.com' };
    const server = { type: 'embedded', listen: [{ transport: 'tls', host: '192.0.2.1' }], tls };
    const text = printConfig('lync', config({ sip: { server }, route: { transport: 'tls' } }));
    expect(text).toContain('-TLSRoute -Destination "gw.example.com" -Port 5061');
    expect(text).toContain('New-CsTrustedApplicationPool -Identity gw.example.com');
  });

  test('TCP is said to be what Lync does not support', () => {
    expect(printConfig('lync', config())).toMatch(/^# Microsoft supports trusted peers over TLS only/m);
  });

  test.each(['lcs', 'ocs'])('%s has no management shell: the steps are told in words', (variant) => {
    const text = printConfig('lync', config({ route: { variant } }));
    expect(text).not.toContain('New-Cs');
    expect(text).toContain('static route, domain "example.com", next hop ISTHMUS_ADDRESS, port 5070, TCP');
    expect(text).toContain('Host Authorization');
  });

  test('nothing to do without a Microsoft route', () => {
    expect(printConfig('lync', config({ route: { dialect: 'simple' } }))).toMatch(/nothing is to be done/);
  });
});
