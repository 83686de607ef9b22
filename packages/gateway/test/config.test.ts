import { readJid } from '@isthmus/codec';
import type { Jid } from '@isthmus/model';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressingOf, sipDomains } from '../src/config/domain';
import { ConfigError, parseConfig, readSecret } from '../src/config/load';
import { toTables } from '../src/config/tables';

const MINIMAL = `
domain: example.com
xmpp: { component: isthmus.example.com, secret: { env: SECRET } }
sip: { server: { type: embedded, listen: [{ transport: tcp, port: 5060 }] } }
routes: [{ name: lync, host: 192.0.2.10, dialect: microsoft }]
`;
const SERVER = '{ name: d1, host: 127.0.0.1, secret: { env: SECRET } }';

const SUBDOMAIN = MINIMAL.replace('xmpp: {', 'xmpp: { mode: subdomain,');
const withPeers = (peers: string): string => MINIMAL.replace('sip: {', `sip: { peers: [${peers}],`);

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, 'isthmus.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

test('the smallest configuration is completed with the defaults', () => {
  const config = parseConfig(MINIMAL, 'isthmus.yaml');
  expect(config.store).toEqual({ type: 'memory' });
  expect(config.routes[0]).toMatchObject({ port: 5060, transport: 'tcp', variant: 'lync', presence: 'msrtc' });
  expect(config.messaging.sessionIdleSeconds).toBe(600);
  expect(config.http).toEqual({ host: '127.0.0.1', port: 9470 });
});

describe('the domains of the SIP users (routes, peers)', () => {
  test.each([
    ['partitioned mode: the served ones', `${MINIMAL}\ndomains: [EXAMPLE.net]`, ['example.com', 'example.net']],
    ["subdomain mode: the component's without its first label", SUBDOMAIN, ['example.com']],
    ['or those that are named', `${SUBDOMAIN}\nsubdomain: { sipDomains: [A.example, b.example] }`, ['a.example', 'b.example']],
  ])('%s', (_name, text, expected) => {
    expect(sipDomains(parseConfig(text, 'f'))).toEqual(expected);
  });

  test('subdomain mode: how the two sides appear to each other', () => {
    const view = addressingOf(parseConfig(`${SUBDOMAIN}\nsubdomain: { appearAs: { Example.com: X.example } }`, 'f'));
    const jid = (text: string) => (readJid(text) as { value: Jid }).value;
    expect(view.contactOf(jid('bob@example.com'))?.bare).toBe('bob@isthmus.example.com');
    expect(view.addressOf(jid('ann@example.com')).bare).toBe('ann@x.example');
  });
});

test('the example configuration is valid and documents every setting', () => {
  const text = readFileSync(join(__dirname, '../../../config.example.yaml'), 'utf8');
  const config = parseConfig(text, 'config.example.yaml');
  const missing = leaves(config).filter((path) => !text.includes(`${path.split('.').at(-1)}:`));
  expect(missing).toEqual([]);
});

test('the configuration for compose is valid', () => {
  const text = readFileSync(join(__dirname, '../../../deploy/isthmus.yaml'), 'utf8');
  expect(problemsOf(text)).toEqual([]);
});

test('all errors are told at once, each with its path', () => {
  const text = `
domain: 'user@example.com'
colour: blue
xmpp: { component: isthmus.example.com, secret: { env: A, file: B }, port: 99999 }
sip: { server: { type: asterisk } }
routes: [{ name: 'a b', host: x, dialect: klingon, prot: 1 }]
`;
  const problems = problemsOf(text).join('\n');
  for (const path of ['domain', 'colour', 'xmpp.secret', 'xmpp.port', 'sip.server.type', 'routes.0.name', 'routes.0.dialect', 'routes.0.prot']) {
    expect(problems).toContain(path);
  }
});

test.each([
  ['an unknown key', MINIMAL.replace('xmpp: {', 'xmpp: { prot: 1,'), 'xmpp.prot: there is no such setting'],
  ['a missing part', MINIMAL.replace(/routes:.*\n/, ''), 'routes: is missing'],
  ['an empty file', '', 'domain: is missing'],
  ['a component that is the domain itself', MINIMAL.replace('isthmus.example.com', 'example.com'), 'xmpp.component: must differ'],
  ['a domain that is served twice', `${MINIMAL}\ndomains: [example.net, EXAMPLE.com]`, 'domains.1: EXAMPLE.com is served already: name each domain once'],
  ['a component that is a further domain', `${MINIMAL}\ndomains: [isthmus.example.com]`, 'xmpp.component: must differ'],
  ['a permission for a served domain', `${MINIMAL}\nfederation: { xmppDomains: ['*.a.example', Example.com] }`, 'federation.xmppDomains.1: Example.com is a served domain'],
  ['a permission for no domain', `${MINIMAL}\nfederation: { sipToXmpp: ['*a.example'] }`, 'federation.sipToXmpp.0: must be a domain such as'],
  ['names of subdomain mode without it', `${MINIMAL}\nsubdomain: { sipDomains: [example.com] }`, 'subdomain.sipDomains: needs xmpp.mode subdomain'],
  ['appearances without subdomain mode', `${MINIMAL}\nsubdomain: { appearAs: { example.com: a.example } }`, 'subdomain.appearAs: needs xmpp.mode subdomain'],
  ['a component of one label that names no SIP domain', SUBDOMAIN.replace('isthmus.example.com', 'sip'), 'subdomain.sipDomains: is missing: sip has no first label'],
  ['the component as a SIP domain', `${SUBDOMAIN}\nsubdomain: { sipDomains: [ISTHMUS.example.com] }`, 'subdomain.sipDomains: must not hold the component'],
  ['a SIP domain twice', `${SUBDOMAIN}\nsubdomain: { sipDomains: [a.example, A.example] }`, 'subdomain.sipDomains: must not name a domain twice'],
  ['an appearance for a strange domain', `${SUBDOMAIN}\nsubdomain: { appearAs: { b.example: a.example } }`, 'subdomain.appearAs.b.example: is not a served domain'],
  ['two domains that appear as one', `${SUBDOMAIN}\ndomains: [b.example]\nsubdomain: { appearAs: { example.com: B.example } }`, 'subdomain.appearAs: must give each domain another appearance'],
  ['a list of SIP users that nobody reads', `${MINIMAL}\nrouting: { sipUsers: { type: file, file: a } }`, 'routing.sipUsers: needs routing.mode advanced'],
  ['two routes of one name', MINIMAL.replace(/routes: \[(.*)\]/, 'routes: [$1, $1]'), 'routes.1.name: "lync" is used twice'],
  ['TLS on the embedded server', MINIMAL.replace('dialect:', 'transport: tls, dialect:'), 'routes.0.transport: tls needs'],
  ['a policy for nobody', `${MINIMAL}\npolicy: { block: [bob@example.com, example.com] }`, 'policy.block.1: must be an address such as bob@example.com, or *@domain, or *'],
  ['an administrator who is no user', `${MINIMAL}\nadministrators: [example.com]`, 'administrators.0: must be the address of a user'],
  ['an administrator of another domain', `${MINIMAL}\nadministrators: [Ann@EXAMPLE.com, amy@elsewhere.example]`, 'administrators.1: must be a user of a served domain'],
  ['a shortest expiry over the longest', `${MINIMAL}\navailability: { minExpiresSeconds: 9, maxExpiresSeconds: 8 }`, 'must not exceed'],
  ['documents of Microsoft for a standard server', MINIMAL.replace('dialect: microsoft', 'documents: categories, dialect: simple'), 'routes.0.documents: needs dialect microsoft'],
  ['a component that is the domain in its other spelling', MINIMAL.replace(/example.com/g, 'xn--e1afmkfd.example').replace('isthmus.xn--e1afmkfd.example', 'пример.example'), 'xmpp.component: must differ'],
  ['a domain that is none', MINIMAL.replace('domain: example.com', 'domain: -.example'), 'domain: must be a domain name'],
  ['delivery reports of a Microsoft server', MINIMAL.replace('dialect:', 'receipts: report, dialect:'), 'routes.0.receipts: report needs dialect simple'],
  ['messages that wait no longer than an INVITE', `${MINIMAL}\nmessaging: { deliverWithinSeconds: 90 }`, 'messaging.deliverWithinSeconds: must exceed sip.inviteTimeoutSeconds'],
  ['streams only, over UDP', MINIMAL.replace('dialect:', 'transport: udp, streamOnly: true, dialect:'), 'routes.0.streamOnly: contradicts transport udp'],
  ['DR-16: texts that drachtio does not take', MINIMAL.replace(/sip:.*\n/, `sip: { server: { type: drachtio, servers: [${SERVER}] } }\nmessaging: { maxMessageBytes: 11001 }\n`), 'messaging.maxMessageBytes: must not exceed 11000'],
  ['trap T12: messages larger than the MTU need a stream: Microsoft over UDP', MINIMAL.replace('tcp,', 'udp,').replace('dialect:', 'transport: udp, dialect:'), 'routes.0.transport: udp cannot carry'],
  ['a route by a transport that nobody listens on', MINIMAL.replace('dialect:', 'transport: udp, dialect:'), 'routes.0.transport: udp needs'],
  ['an access list of names', MINIMAL.replace('sip: {', 'sip: { allow: [192.0.2.0/33],'), 'sip.allow.0: must be an address'],
  ['a peer that nothing tells from others', withPeers('{ name: a }'), 'sip.peers.0: give from, tlsNames or both'],
  ['two peers of one name', withPeers('{ name: a, from: [192.0.2.1] }, { name: a, from: [192.0.2.2] }'), 'sip.peers.1.name: "a" is used twice'],
  ['a peer with the name of the short form', withPeers('{ name: allow, from: [192.0.2.1] }'), 'sip.peers.0.name: must be another word than allow and unlisted'],
  ['a peer at no address', withPeers('{ name: a, from: [192.0.2.300] }'), 'sip.peers.0.from.0: must be an address, a network such as 192.0.2.0/24, or a host name'],
  ['a peer for no domain', withPeers('{ name: a, from: [192.0.2.1], domains: ["a/b"] }'), 'sip.peers.0.domains.0: must be a domain such as'],
  ['DR-33: a certificate that drachtio does not show', MINIMAL.replace(/sip:.*\n/, `sip: { server: { type: drachtio, servers: [${SERVER}] }, peers: [{ name: a, tlsNames: [a.example] }] }\n`), 'sip.peers.0.tlsNames: a drachtio server does not show'],
  ['two SIP servers of one name', MINIMAL.replace(/sip:.*\n/, `sip: { server: { type: drachtio, servers: [${SERVER}, ${SERVER}] } }\n`), 'servers.1.name: "d1" is used'],
  ['a key prefix that is too long', `${MINIMAL}\nstore: { type: redis, prefix: ${'x'.repeat(65)} }`, 'store.prefix: may hold 1 to 64'],
  ['a setting that the tables do not have', `${MINIMAL}\ntables: { toMicrosoft: { jabber: { asleep: busy } } }`, 'tables.toMicrosoft.jabber.asleep: there is no such setting'],
  ['a family that the tables do not have', `${MINIMAL}\ntables: { fromMicrosoft: { pidgin: {} } }`, 'tables.fromMicrosoft.pidgin: there is no such setting'],
  ['a state that the other side cannot show', `${MINIMAL}\ntables: { toMicrosoft: { cupc: { away: asleep } } }`, 'tables.toMicrosoft.cupc.away: Invalid option'],
  ['promise 4: offline as anything else', `${MINIMAL}\ntables: { fromMicrosoft: { jabber: { offline: away } } }`, 'tables.fromMicrosoft.jabber.offline: there is no such setting'],
  ['a client of no family', `${MINIMAL}\navailability: { clientFamilies: [{ family: gajim, capsNode: x }] }`, 'availability.clientFamilies.0.family: Invalid option'],
  ['a wrong type, which is not missing', MINIMAL.replace('domain: example.com', 'domain: 5'), 'domain: Invalid input: expected string, received number'],
  ['text that is no YAML', 'domain: [', 'not valid YAML'],
  ['a list instead of a mapping', '- a', 'expected object'],
])('%s is one clear message', (_name, text, message) => {
  expect(problemsOf(text).join('\n')).toContain(message);
});

test("the rules are told the deployment's own rows, and whether it wants texts of settings", () => {
  const own = `
tables: { toMicrosoft: { jabber: { away: offline } }, fromMicrosoft: { cupc: { idle: available } }, statusTexts: { meeting: Termin } }
availability: { clientFamilies: [{ family: cupc, capsNode: 'http://old.example/*' }] }`;
  expect(toTables(parseConfig(MINIMAL + own, 'f'))).toEqual({
    toMicrosoft: { jabber: { away: 'offline' } },
    fromMicrosoft: { cupc: { idle: 'available' } },
    statusTexts: { meeting: 'Termin' },
    clientFamilies: [{ family: 'cupc', capsNode: 'http://old.example/*' }],
  });
  expect(toTables(parseConfig(`${MINIMAL}\navailability: { statusTexts: false }`, 'f')).statusTexts).toBe('none');
});

describe('secrets (SEC-15)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-config-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('come from a file, white space cut off', () => {
    writeFileSync(join(directory, 'secret'), ' hush\n');
    expect(readSecret({ file: join(directory, 'secret') }, 'xmpp.secret', 'c')).toBe('hush');
  });

  test('come from the environment', () => {
    process.env.ISTHMUS_TEST_SECRET = 'hush';
    expect(readSecret({ env: 'ISTHMUS_TEST_SECRET' }, 'xmpp.secret', 'c')).toBe('hush');
    delete process.env.ISTHMUS_TEST_SECRET;
  });

  test.each([
    [{ file: '/nowhere/secret' }, 'no such file'],
    [{ env: 'ISTHMUS_TEST_UNSET' }, 'ISTHMUS_TEST_UNSET is not set'],
  ])('a missing one is named with the setting that wants it', (ref, message) => {
    expect(() => readSecret(ref, 'xmpp.secret', 'c')).toThrow(ConfigError);
    expect(() => readSecret(ref, 'xmpp.secret', 'c')).toThrow(message);
    expect(() => readSecret(ref, 'xmpp.secret', 'c')).toThrow('xmpp.secret');
  });

  test('an empty file is no secret', () => {
    writeFileSync(join(directory, 'empty'), '\n');
    expect(() => readSecret({ file: join(directory, 'empty') }, 'xmpp.secret', 'c')).toThrow('is empty');
  });
});

/** The paths of all values of a configuration, array positions left out. */
function leaves(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => leaves(each, path));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, path === '' ? key : `${path}.${key}`));
}
