import xml from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { stanzaError } from './support/worker';
import type { Worker } from './support/worker';

const ROOMS = 'conference.example.com';

describe('guard on what the gateway sends (SEC-3, XD-9)', () => {
  let bench: Bench;
  let ann: XmppUser;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy'], { rooms: ROOMS });
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  /** Everything before this stanza was handled when it arrives, so what has not come by then will not come. */
  async function expectOnlyHonestMail(): Promise<void> {
    worker.sendChat(`bob@${DOMAIN}/phone`, ann.bareJid, 'honest');
    await ann.takeMessage('honest');
    expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message') || stanza.is('iq')).map(String)).toEqual([]);
  }

  const FORGED: readonly (readonly [string, string])[] = [
    ['another local account', `amy@${DOMAIN}`],
    ['a local account in another letter case', `AMY@Example.COM`],
    ['a local account with a resource', `amy@${DOMAIN}/phone`],
    ['the recipient herself', `ann@${DOMAIN}/test`],
    ['the bare domain', DOMAIN],
    ['the bare domain with a resource', `${DOMAIN}/x`],
    ['a foreign domain', 'root@evil.org'],
    ['a room', `lobby@${ROOMS}/bob`],
    ['a subdomain of the component', `bob@sub.${GATEWAY}`],
    ['a local account in full-width letters', `\uff41\uff4d\uff59@${DOMAIN}`],
    ['a local account with a soft hyphen', `am\u00ady@${DOMAIN}`],
    ['a local account with a final dot behind the domain', `amy@${DOMAIN}.`],
    ['a local account behind a full-width @', `amy\uff20${DOMAIN}`],
    ['a local account in a domain with a full-width dot', `amy@example\uff0ecom`],
    ['a local account as resource of its own kind', `amy@${DOMAIN}/bob@${GATEWAY}`],
  ];

  test.each(FORGED)('SEC-3: from %s: message, presence and iq are forbidden and the stream stays open', async (_, from) => {
    const id = 'forged';
    worker.sendChat(from, ann.bareJid, 'forged', { id });
    worker.send(xml('presence', { from, to: ann.bareJid, id }));
    worker.send(xml('iq', { from, to: ann.jid, type: 'get', id }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
    for (const name of ['message', 'presence', 'iq']) {
      const refusal = await worker.take(`refused ${name}`, (stanza) => stanza.is(name) && stanza.attrs['id'] === id);
      expect(refusal.attrs['type']).toBe('error');
      expect(stanzaError(refusal)).toBe('auth forbidden');
    }
    await expectOnlyHonestMail();
  });

  test.each(['error', 'result'])('SEC-3: a forged %s vanishes without an answer', async (type) => {
    worker.send(xml('iq', { from: `amy@${DOMAIN}/x`, to: ann.jid, type, id: 'forged-answer' }));
    worker.send(xml('message', { from: `amy@${DOMAIN}/x`, to: ann.jid, type: 'error', id: 'forged-answer' }));
    await worker.settle();
    expect(worker.stream.elements.unclaimed.map(String)).toEqual([]);
    await expectOnlyHonestMail();
  });

  test('SEC-3: a forged subscription request changes no roster and reaches nobody', async () => {
    const amy = await bench.login('amy');
    for (const type of ['subscribe', 'subscribed', 'unsubscribed']) {
      worker.send(xml('presence', { from: amy.bareJid, to: ann.bareJid, type, id: type }));
      const refusal = await worker.take(`refused ${type}`, (stanza) => stanza.attrs['id'] === type);
      expect(stanzaError(refusal)).toBe('auth forbidden');
    }
    expect(await ann.roster()).toEqual([]);
  });

  test('SEC-3: a forged stanza for another host of the server or for a remote one is forbidden as well', async () => {
    for (const to of [`lobby@${ROOMS}`, DOMAIN, GATEWAY, `bob@${GATEWAY}`, 'someone@remote.example']) {
      worker.sendChat(`amy@${DOMAIN}`, to, 'forged', { id: to });
      const refusal = await worker.take(`refusal from ${to}`, (stanza) => stanza.attrs['id'] === to);
      expect(stanzaError(refusal)).toBe('auth forbidden');
    }
  });

  test.each([
    ['a prefix for the stream\'s namespace', `<c:message xmlns:c='jabber:component:accept' from='amy@${DOMAIN}' to='ann@${DOMAIN}' id='dressed'><c:body>forged</c:body></c:message>`],
    ['a type that is none', `<presence from='amy@${DOMAIN}' to='ann@${DOMAIN}' type='available' id='dressed'/>`],
    ['a full JID as recipient', `<message from='amy@${DOMAIN}/x' to='ann@${DOMAIN}/test' type='headline' id='dressed'><body>forged</body></message>`],
    ['an invitation through a room', `<message from='amy@${DOMAIN}' to='lobby@${ROOMS}' id='dressed'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='ann@${DOMAIN}'/></x></message>`],
    ['presence in a room', `<presence from='amy@${DOMAIN}/x' to='lobby@${ROOMS}/amy' id='dressed'/>`],
  ])('SEC-3: a local account\'s name in %s is forbidden', async (_, text) => {
    worker.stream.send(text);
    const refusal = await worker.take('refusal', ({ attrs }) => attrs['id'] === 'dressed');
    expect(stanzaError(refusal)).toBe('auth forbidden');
    await expectOnlyHonestMail();
  });

  test('SEC-3: a stanza in the clients\' namespace goes nowhere', async () => {
    worker.stream.send(`<message xmlns='jabber:client' from='amy@${DOMAIN}' to='ann@${DOMAIN}' id='foreign'><body>forged</body></message>`);
    const refusal = await worker.take('refusal', ({ attrs }) => attrs['id'] === 'foreign');
    expect(refusal.attrs['type']).toBe('error');
    await expectOnlyHonestMail();
  });

  test('a missing user and the component\'s own addresses may speak', async () => {
    for (const from of [`bob@${DOMAIN}`, `bob@${DOMAIN}/phone`, GATEWAY, `search@${GATEWAY}`]) {
      worker.sendChat(from, ann.bareJid, `from ${from}`);
      expect((await ann.takeMessage(`from ${from}`)).attrs['from']).toBe(from);
    }
  });

  test('XD-9: from a missing user to a missing user is item-not-found, and no answer to an error', async () => {
    const [bob, carol] = [`bob@${DOMAIN}/phone`, `carol@${DOMAIN}`];
    worker.sendChat(bob, carol, 'loop', { id: 'loop' });
    const error = await worker.take('error', (stanza) => stanza.attrs['id'] === 'loop');
    expect([error.attrs['from'], error.attrs['to'], stanzaError(error)]).toEqual([carol, bob, 'cancel item-not-found']);

    worker.send(xml('message', { from: bob, to: carol, type: 'error', id: 'loop-error' }));
    await worker.settle();
    expect(worker.stream.elements.unclaimed.map(String)).toEqual([]);
  });
});
