import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Bench, DOMAIN } from './support/bench';
import { PARTITION_NS, stanzaError } from './support/worker';
import type { Worker } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;

describe('account query (XD-6)', () => {
  let bench: Bench;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy']);
  });
  beforeEach(async () => {
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  const ask = (jid: string): Element => xml('account', { xmlns: PARTITION_NS, jid });
  const ACCOUNTS: readonly (readonly [string, Record<string, string>])[] = [
    [`ann@${DOMAIN}`, { jid: `ann@${DOMAIN}`, local: 'true', online: 'true' }],
    [`ANN@Example.COM/phone`, { jid: `ann@${DOMAIN}`, local: 'true', online: 'true' }],
    [`amy@${DOMAIN}`, { jid: `amy@${DOMAIN}`, local: 'true', online: 'false' }],
    [BOB, { jid: BOB, local: 'false', online: 'false' }],
    ['ann@elsewhere.example', { jid: 'ann@elsewhere.example', local: 'false', online: 'false' }],
  ];

  test.each(ACCOUNTS)('XD-6: %s', async (jid, expected) => {
    await bench.login('ann');
    const answer = await worker.tell('get', ask(jid));
    const { xmlns, ...attrs } = answer.getChild('account')?.attrs ?? {};
    expect(xmlns).toBe(PARTITION_NS);
    expect(attrs).toEqual(expected);
  });

  test.each([DOMAIN, '@', '', `a b@${DOMAIN}`, `x@${DOMAIN}/`])('XD-6: "%s" is jid-malformed', async (jid) => {
    expect(stanzaError(await worker.tell('get', ask(jid)))).toBe('modify jid-malformed');
  });

  test('XD-6: a query without the attribute is jid-malformed', async () => {
    expect(stanzaError(await worker.tell('get', xml('account', { xmlns: PARTITION_NS })))).toBe('modify jid-malformed');
  });

  test.each(['account', 'drain', 'worker'])('XD-6: a user who sends %s gets service-unavailable', async (name) => {
    const ann = await bench.login('ann');
    const child = xml(name, { xmlns: PARTITION_NS, jid: BOB, name: 'w9' });
    const asked = ann.request(xml('iq', { type: name === 'account' ? 'get' : 'set', to: DOMAIN }, child));
    await expect(asked).rejects.toMatchObject({ condition: 'service-unavailable' });
    await ann.sendChat(BOB, `still served after ${name}`);
    await worker.takeMessage(`still served after ${name}`);
  });

  test('XD-6: a missing user who asks through the gateway gets service-unavailable', async () => {
    const answer = await worker.ask('get', BOB_PHONE, DOMAIN, ask(BOB));
    expect(stanzaError(answer)).toBe('cancel service-unavailable');
  });

  test('an account that is deleted is missing at once', async () => {
    await bench.server.createAccount('gone', 'pencil');
    expect((await worker.tell('get', ask(`gone@${DOMAIN}`))).getChild('account')?.attrs['local']).toBe('true');
    await bench.server.deleteAccount('gone');
    expect((await worker.tell('get', ask(`gone@${DOMAIN}`))).getChild('account')?.attrs['local']).toBe('false');
  });
});
