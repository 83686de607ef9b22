import { parseConfig } from '../../src/config/load';
import { peerSettings } from '../../src/peers/settings';

const rulesOf = (sip: string, routes = '[{ name: far, host: SIP.example.com, dialect: simple }]') =>
  peerSettings(
    parseConfig(
      `
domain: Example.com
xmpp: { component: isthmus.example.com, secret: { env: SECRET } }
sip: { server: { type: embedded, listen: [{ transport: tcp }, { transport: tls }], tls: { certificate: c, key: k, ca: a } }, ${sip} }
routes: ${routes}
`,
      'isthmus.yaml',
    ),
  ).rules;

test('promise 5: sip.allow and the next hops are one peer, which speaks for the served domain', () => {
  expect(rulesOf('allow: [192.0.2.0/24]', "[{ name: far, host: SIP.example.com, dialect: simple }, { name: six, host: '[2001:db8::1]', dialect: simple }]")).toEqual([
    { name: 'allow', holds: false, domains: ['example.com'], trusted: false, from: ['192.0.2.0/24', 'sip.example.com', '2001:db8::1'] },
  ]);
});

test('promise 5: what a route leads to may speak as well', () => {
  const routes = "[{ name: far, host: 192.0.2.1, dialect: simple, domains: [Example.com, '*.Example.NET', '*'] }, { name: off, host: 192.0.2.2, dialect: simple, enabled: false, domains: [off.example] }]";
  expect(rulesOf('', routes)).toMatchObject([{ domains: ['example.com', '*.example.net'], from: ['192.0.2.1'] }]);
});

test('promise 5: peers stand before the short form, with their own domains, or those that are served', () => {
  const peers = 'peers: [{ name: a, from: [192.0.2.1], domains: [A.example] }, { name: b, tlsNames: [B.example], trusted: true }]';
  expect(rulesOf(peers).slice(0, 2)).toEqual([
    { name: 'a', holds: true, domains: ['a.example'], trusted: false, from: ['192.0.2.1'] },
    { name: 'b', holds: true, domains: ['example.com'], trusted: true, tlsNames: ['b.example'] },
  ]);
});
