import { Federation } from '../src/federation';

/** SEC-4; the manual, "Interdomain Federation". */
const federation = new Federation({ domains: ['example.com', 'example.net'], xmppDomains: ['partner.example', '*.in.example'], sipToXmpp: ['partner.example', 'out.example'] });

test.each([
  // XMPP domain, what its users may do towards SIP users, what SIP users may do towards them
  ['example.com', 'begin', 'begin'],
  ['example.net', 'begin', 'begin'],
  ['partner.example', 'begin', 'begin'],
  ['a.in.example', 'begin', 'answer'],
  ['out.example', 'answer', 'begin'],
  ['in.example', 'none', 'none'],
  ['sub.example.com', 'none', 'none'],
  ['evil.example', 'none', 'none'],
])('SEC-4: users of %s: %s; SIP users towards them: %s', (domain, toSip, toXmpp) => {
  expect([federation.toSip(domain), federation.toXmpp(domain)]).toEqual([toSip, toXmpp]);
});

test('SEC-4: without a list there is nothing but the served domains', () => {
  const alone = new Federation({ domains: ['example.com'], xmppDomains: [], sipToXmpp: [] });
  expect(['example.com', 'partner.example'].map((domain) => [alone.toSip(domain), alone.toXmpp(domain)])).toEqual([['begin', 'begin'], ['none', 'none']]);
});
