import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Authority, type IssuedCertificate } from '../../../scenarios/support/certificates';
import { checkSecrets, ConfigError, parseConfig } from '../src/config/load';
import { nameToVerify, sipTls, xmppTls } from '../src/config/tls';
import { nextHop, nextHopToVerify, RouteTable, toRoute } from '../src/routes';
import { hopAt } from '../src/routing/hop';

const FILES = { certificate: 'c.pem', key: 'c.key', ca: 'ca.pem' };

interface Wanted {
  readonly xmpp?: object;
  readonly server?: object;
  readonly sip?: object;
  readonly route?: object;
  readonly store?: object;
}

const embedded = (tls?: object) => ({ type: 'embedded', listen: [{ transport: 'tls' }, { transport: 'tcp' }], ...(tls && { tls }) });
const DRACHTIO = { type: 'drachtio', servers: [{ name: 'd1', host: '127.0.0.1', secret: { env: 'TLS_TEST_SECRET' } }] };

function config({ xmpp, server = embedded(FILES), sip, route, store }: Wanted = {}) {
  const file = {
    domain: 'example.com',
    xmpp: { component: 'isthmus.example.com', secret: { env: 'TLS_TEST_SECRET' }, ...xmpp },
    sip: { server, ...sip },
    routes: [{ name: 'lync', host: 'fe.example.com', dialect: 'microsoft', transport: 'tls', ...route }],
    ...(store && { store: { type: 'redis', ...store } }),
  };
  return parseConfig(JSON.stringify(file), 'isthmus.yaml');
}

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const problems = (wanted: Wanted): readonly string[] => problemsOf(() => config(wanted));

describe('settings of TLS', () => {
  test('ports left out are those of the transport (RFC 3261 section 19.1.2)', () => {
    const { sip, routes } = config();
    expect(routes[0]?.port).toBe(5061);
    expect(sip.server.type === 'embedded' && sip.server.listen.map(({ port }) => port)).toEqual([5061, 5060]);
  });

  test('what the SIP server is told', () => {
    expect(sipTls(config())).toEqual({ ...FILES, clientCertificates: 'required', further: [], minVersion: '1.2', handshakeMs: 10_000, handshakes: 256 });
    const all = { ...FILES, name: 'isthmus.example.com', client: { certificate: 'd.pem', key: 'd.key' }, handshakeSeconds: 3, maxHandshakes: 9, clientCertificates: 'none', minVersion: '1.3' };
    const { handshakeSeconds: _seconds, maxHandshakes: _most, ...same } = all;
    expect(sipTls(config({ server: embedded(all) }))).toEqual({ ...same, further: [], handshakeMs: 3_000, handshakes: 9 });
    expect(sipTls(config({ server: DRACHTIO }))).toBeUndefined();
  });

  test.each<[string, Wanted, string[]]>([
    ['a listener without certificate', { server: embedded() }, ['sip.server.tls: is missing: a listener with transport tls needs certificate, key and ca (docs/tls.md)']],
    ['a certificate without listener', { server: { type: 'embedded', listen: [{ transport: 'tcp' }], tls: FILES }, route: { transport: 'tcp' } }, ['sip.server.tls: needs an entry of sip.server.listen with transport tls']],
    ['a route by TLS without listener', { server: { type: 'embedded', listen: [{ transport: 'tcp' }] } }, ['routes.0.transport: tls needs an entry of sip.server.listen with this transport']],
    ['a name without TLS', { route: { transport: 'tcp', tls: { name: 'a.example.com' } } }, ['routes.0.tls: needs transport tls']],
    ['a name that drachtio cannot be told', { server: DRACHTIO, route: { tls: { name: 'a.example.com' } } }, ['routes.0.tls.name: a drachtio server cannot be told which name a certificate must show: give host as that name']],
    ['a peer by certificate where none is asked for', { server: embedded({ ...FILES, clientCertificates: 'none' }), sip: { peers: [{ name: 'a', tlsNames: ['a.example.com'] }] } }, ['sip.peers.0.tlsNames: contradicts sip.server.tls.clientCertificates none: peers are not asked for a certificate']],
    ['a peer by certificate without TLS', { server: { type: 'embedded', listen: [{ transport: 'tcp' }] }, route: { transport: 'tcp' }, sip: { peers: [{ name: 'a', tlsNames: ['a.example.com'] }] } }, ['sip.peers.0.tlsNames: needs an entry of sip.server.listen with transport tls: without TLS no peer proves a name']],
    ['nothing wrong', { sip: { peers: [{ name: 'a', tlsNames: ['a.example.com'] }] }, route: { tls: { name: 'pool.example.com' } } }, []],
  ])('%s', (_name, wanted, expected) => {
    expect(problems(wanted)).toEqual(expected);
  });
});

describe('SEC-1: the component link is on loopback or wrapped in TLS', () => {
  test.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LocalHost', '::1', '[::1]'])('%s needs nothing', (host) => {
    expect(problems({ xmpp: { host } })).toEqual([]);
  });

  test.each(['192.0.2.5', 'prosody', '10.0.0.5', '0.0.0.0', '[2001:db8::5]', '127.0.0.1.example.com'])('%s is refused unless it is wrapped, or said to be on a network of its own', (host) => {
    expect(problems({ xmpp: { host } })).toEqual([expect.stringMatching(/^xmpp\.host: .* is another machine, and the link carries no encryption of its own: wrap it in TLS/)]);
    expect(problems({ xmpp: { host, tls: {} } })).toEqual([]);
    expect(problems({ xmpp: { host, allowUnencrypted: true } })).toEqual([]);
  });

  test('not both', () => {
    expect(problems({ xmpp: { tls: {}, allowUnencrypted: true } })).toEqual(['xmpp.allowUnencrypted: contradicts xmpp.tls: leave one of them out']);
  });
});

describe('files are checked before anything starts', () => {
  let authority: Authority;
  let own: IssuedCertificate;
  beforeAll(() => {
    authority = Authority.create();
    own = authority.issue({ names: ['DNS:isthmus.example.com'] });
    process.env['TLS_TEST_SECRET'] = 'x';
  });
  afterAll(() => {
    authority.remove();
    delete process.env['TLS_TEST_SECRET'];
  });

  const check = (wanted: Wanted): readonly string[] => problemsOf(() => checkSecrets(config(wanted), 'isthmus.yaml'));

  test('all problems at once, by the path of their setting', () => {
    const expired = authority.issue({ validFrom: -9, validTo: -1 });
    const server = embedded({ ...own, key: expired.key, ca: '/nowhere/ca.pem', further: [expired] });
    expect(check({ server, xmpp: { tls: { ca: '/nowhere/x.pem' } } })).toEqual([
      expect.stringMatching(/^sip\.server\.tls\.key: the key in .* does not belong to the certificate in/),
      expect.stringMatching(/^sip\.server\.tls\.further\.0\.certificate: the certificate in .* expired on .*: renew it$/),
      'sip.server.tls.ca: the file /nowhere/ca.pem cannot be read (no such file)',
      expect.stringMatching(/^xmpp\.tls\.ca: the file \/nowhere\/x\.pem cannot be read/),
    ]);
  });

  test('good files, and one that holds something else', () => {
    const server = embedded({ ...own, ca: authority.ca });
    expect(check({ server, xmpp: { tls: { ca: authority.ca } } })).toEqual([]);
    const other = join(authority.folder, 'other');
    writeFileSync(other, 'x');
    expect(check({ server, xmpp: { tls: { ca: other } } })).toEqual([`xmpp.tls.ca: the file ${other} holds no certificate in PEM form`]);
    writeFileSync(other, '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n');
    expect(check({ server, xmpp: { tls: { ca: other } } })).toEqual([expect.stringMatching(/^xmpp\.tls\.ca: the file .* cannot be read/)]);
    const read = xmppTls(config({ server, xmpp: { tls: { ca: authority.ca, name: 'x.example.com' } } }));
    expect(read).toEqual({ ca: authority.pem, name: 'x.example.com' });
  });
});

describe('what is shown to Redis is checked before anything starts: a library that finds it out ends the process or says nothing', () => {
  let authority: Authority;
  let own: IssuedCertificate;
  let server: object;
  beforeAll(() => {
    authority = Authority.create();
    own = authority.issue({ names: ['DNS:isthmus.example.com'] });
    server = embedded({ ...own, ca: authority.ca });
    process.env['TLS_TEST_SECRET'] = 'x';
  });
  afterAll(() => {
    authority.remove();
    delete process.env['TLS_TEST_SECRET'];
  });

  const check = (tls: object): readonly string[] => problemsOf(() => checkSecrets(config({ server, store: { tls } }), 'isthmus.yaml'));
  const fileOf = (name: string, text: string): string => {
    const path = join(authority.folder, name);
    writeFileSync(path, text);
    return path;
  };

  test('good files', () => {
    const { certificate, key } = own;
    expect(check({ ca: authority.ca, certificate, key })).toEqual([]);
  });

  test('a key of another certificate', () => {
    const { certificate } = own;
    const { key } = authority.issue({});
    expect(check({ ca: authority.ca, certificate, key })).toEqual([`store.tls.key: the key in ${key} does not belong to the certificate in ${certificate}`]);
  });

  test.each([
    ['holds no private key in PEM form', 'x'],
    ['cannot be read (', '-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n'],
    ['holds a key that is protected by a passphrase: store it without one', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nxx\n-----END ENCRYPTED PRIVATE KEY-----\n'],
  ])('a key that %s', (message, text) => {
    const key = fileOf('key.pem', text);
    expect(check({ certificate: own.certificate, key })).toEqual([expect.stringContaining(`store.tls.key: the file ${key} ${message}`)]);
  });

  test('each file that is not there', () => {
    expect(check({ ca: '/nowhere/ca', certificate: '/nowhere/c', key: '/nowhere/k' })).toEqual(
      [['ca', '/nowhere/ca'], ['certificate', '/nowhere/c'], ['key', '/nowhere/k']].map(([name, path]) => `store.tls.${name}: the file ${path} cannot be read (no such file)`),
    );
  });
});

describe('the name that the certificate of a next hop must show', () => {
  const [plain, named] = [config(), config({ route: { host: '192.0.2.10', tls: { name: 'pool.example.com' } } })].map(({ routes: [route] }) => toRoute(route as never, ['example.com']));

  test('goes to the SIP server, and stays out of URIs that others see', () => {
    expect([plain && nextHop(plain), plain && nextHopToVerify(plain)]).toEqual(Array(2).fill('sip:fe.example.com:5061;transport=tls'));
    expect(named && nextHop(named)).toBe('sip:192.0.2.10:5061;transport=tls');
    expect(named && nextHopToVerify(named)).toBe('sip:192.0.2.10:5061;transport=tls;tls-name=pool.example.com');
  });

  test.each([
    ['the host', {}, 'fe.example.com'],
    ['the name that is given', { tls: { name: 'pool.example.com' } }, 'pool.example.com'],
    ['none for an address, whose certificate must be for the address', { host: '192.0.2.10' }, undefined],
    ['none for an IPv6 address', { host: '[2001:db8::1]' }, undefined],
    ['none over TCP', { transport: 'tcp' }, undefined],
  ])('it is %s', (_name, route, expected) => {
    const wanted = config({ route });
    expect(wanted.routes.map((each) => nameToVerify(each, wanted))).toEqual([expected]);
  });

  test('none for drachtio, which cannot be told', () => {
    const wanted = config({ server: DRACHTIO });
    expect(wanted.routes.map((each) => nameToVerify(each, wanted))).toEqual([undefined]);
  });

  test('each address of a host keeps it; it stays out of the Request-URI of questions', () => {
    if (named === undefined) throw new Error('no route');
    const { uri, requestUri } = hopAt(named, { address: '192.0.2.77', port: 5062, priority: 0, weight: 0 });
    expect(uri).toBe('sip:192.0.2.77:5062;transport=tls;tls-name=pool.example.com');
    expect(requestUri).toBe('sip:192.0.2.77:5062;transport=tls');
  });

  test('another name is another next hop: what was known of the route is forgotten', () => {
    if (named === undefined) throw new Error('no route');
    const table = new RouteTable([named]);
    table.setState('lync', 'down');
    table.replace([{ ...named, tlsName: 'other.example.com' }]);
    expect(table.state('lync')).toBe('unknown');
  });
});
