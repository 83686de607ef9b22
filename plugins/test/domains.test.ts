import xml from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY, PASSWORD } from './support/bench';
import { PARTITION_NS, stanzaError } from './support/worker';
import type { Worker } from './support/worker';

const NET = 'example.net';
/** A VirtualHost of the same server that the module does not serve. */
const OTHER = 'other.example';

describe('several domains behind one component (SEC-3, SEC-4, XD-8)', () => {
  let bench: Bench;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann'], { furtherDomains: { [NET]: { nat: PASSWORD } }, unservedDomain: OTHER });
    await bench.server.createAccount('eve', PASSWORD, OTHER);
  });
  beforeEach(async () => {
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  const nat = (): Promise<XmppUser> => bench.login('nat', { domain: NET });

  test('a user of either domain without an account is the gateway\'s, and speaks to the accounts of both', async () => {
    const [ann, of] = [await bench.login('ann'), await nat()];
    for (const contact of [`bob@${DOMAIN}`, `bob@${NET}`]) {
      for (const user of [ann, of]) {
        await user.sendChat(contact, `to ${contact}`);
        expect((await worker.takeMessage(`to ${contact}`)).attrs).toMatchObject({ from: user.jid, to: contact });
        worker.sendChat(contact, user.bareJid, `from ${contact}`);
        await user.takeMessage(`from ${contact}`);
      }
    }
  });

  test.each([`nat@${NET}`, `NAT@Example.NET/phone`, NET, `bob@${OTHER}`, `eve@${OTHER}`])('SEC-3: the gateway may not speak as %s', async (from) => {
    worker.sendChat(from, `ann@${DOMAIN}`, 'forged', { id: 'forged' });
    const refusal = await worker.take('refusal', ({ attrs }) => attrs['id'] === 'forged');
    expect(stanzaError(refusal)).toBe('auth forbidden');
  });

  test('accounts of each domain are told apart (XD-6)', async () => {
    await nat();
    const ask = async (jid: string, to: string) => (await worker.ask('get', GATEWAY, to, xml('account', { xmlns: PARTITION_NS, jid }))).getChild('account')?.attrs;
    expect(await ask(`nat@${NET}`, NET)).toMatchObject({ local: 'true', online: 'true' });
    expect(await ask(`nat@${NET}`, DOMAIN)).toMatchObject({ local: 'true', online: 'true' });
    expect(await ask(`nat@${DOMAIN}`, DOMAIN)).toMatchObject({ local: 'false', online: 'false' });
    expect(await ask(`ann@${NET}`, NET)).toMatchObject({ local: 'false', online: 'false' });
    expect(await ask(`eve@${OTHER}`, DOMAIN)).toMatchObject({ local: 'false', online: 'false' });
  });

  test('SEC-4: a domain of the server that is not served keeps its own, and is not asked', async () => {
    const ann = await bench.login('ann');
    await ann.sendChat(`bob@${OTHER}`, 'nobody', 'nobody');
    expect(stanzaError(await ann.take('bounce', ({ attrs }) => attrs['id'] === 'nobody'))).toBe('cancel service-unavailable');
    const answer = await worker.ask('get', GATEWAY, OTHER, xml('account', { xmlns: PARTITION_NS, jid: `eve@${OTHER}` }));
    expect(stanzaError(answer)).toBe('cancel service-unavailable');
    expect(worker.unclaimedBodies).toEqual([]);
  });

  test('an account that is made there is noticed at once', async () => {
    const ann = await bench.login('ann');
    await ann.sendChat(`new@${NET}`, 'before');
    await worker.takeMessage('before');
    await bench.server.createAccount('new', PASSWORD, NET);
    const fresh = await bench.login('new', { domain: NET });
    await ann.sendChat(fresh.bareJid, 'after');
    await fresh.takeMessage('after');
  });

  test('approval in the name of a user of the further domain, for a contact of the first', async () => {
    const user = await nat();
    const grant = xml('approve', { xmlns: PARTITION_NS, user: user.bareJid, contact: `bob@${DOMAIN}` });
    expect((await worker.ask('set', GATEWAY, NET, grant)).attrs['type']).toBe('result');
    await worker.takePresence(user.bareJid, `bob@${DOMAIN}`, 'subscribed');
    await worker.takePresence(user.jid, `bob@${DOMAIN}`);
  });

  test('XD-14: the first worker is told who watches whom in each domain', async () => {
    const [ann, of] = [await bench.login('ann'), await nat()];
    const contact = `carol@${NET}`;
    for (const user of [ann, of]) {
      await user.sendPresence({ to: contact, type: 'subscribe' });
      await worker.takePresence(user.bareJid, contact, 'subscribe');
      worker.send(xml('presence', { from: contact, to: user.bareJid, type: 'subscribed' }));
      await user.takePresence(contact, 'subscribed');
    }
    await worker.stream.cut();
    const second = await bench.connect({ worker: 'w2' });
    for (const user of [ann, of]) await second.takePresence(user.bareJid, contact, 'probe');
  });

  test('when the gateway is gone its contacts of each domain are shown offline (promise 4)', async () => {
    const user = await nat();
    worker.send(xml('presence', { from: `dan@${NET}/sip`, to: user.bareJid }));
    worker.send(xml('presence', { from: `dan@${DOMAIN}/sip`, to: user.bareJid }));
    await user.takePresence(`dan@${NET}`);
    await user.takePresence(`dan@${DOMAIN}`);
    await worker.stream.cut();
    await user.takePresence(`dan@${NET}`, 'unavailable');
    await user.takePresence(`dan@${DOMAIN}`, 'unavailable');
  });
});
