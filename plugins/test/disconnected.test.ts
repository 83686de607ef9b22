import xml from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { stanzaError } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const PING = xml('ping', { xmlns: 'urn:xmpp:ping' });

const presencesFrom = (from: string, { stanzas }: XmppUser): string[] =>
  stanzas.unclaimed.filter(({ name, attrs }) => name === 'presence' && attrs['from'] === from).map(String);

describe('without a live connection', () => {
  let bench: Bench;
  let ann: XmppUser;

  beforeAll(async () => {
    bench = await Bench.start(['ann']);
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('message and iq get remote-server-timeout, presence gets nothing', async () => {
    await ann.sendPresence({ to: BOB });
    await ann.sendChat(BOB, 'nobody there', 'm2');
    const error = await ann.take('error', (stanza) => stanza.attrs['id'] === 'm2');
    expect([error.attrs['from'], error.attrs['type'], stanzaError(error)]).toEqual([BOB, 'error', 'wait remote-server-timeout']);
    const asked = ann.request(xml('iq', { type: 'get', to: BOB_PHONE }, PING));
    await expect(asked).rejects.toMatchObject({ condition: 'remote-server-timeout' });
    expect(presencesFrom(BOB, ann)).toEqual([]);
  });

  test('the component\'s own addresses answer alike', async () => {
    const asked = ann.request(xml('iq', { type: 'get', to: GATEWAY }, PING));
    await expect(asked).rejects.toMatchObject({ condition: 'remote-server-timeout' });
    await ann.sendPresence({ to: GATEWAY });
    await ann.sendChat(`bob@${GATEWAY}`, 'nobody there', 'm3');
    expect(stanzaError(await ann.take('error', (stanza) => stanza.attrs['id'] === 'm3'))).toBe('wait remote-server-timeout');
    expect(presencesFrom(GATEWAY, ann)).toEqual([]);
  });

  test('an error message for a missing user vanishes', async () => {
    await ann.send(xml('message', { to: BOB, type: 'error', id: 'm4' }, xml('body', {}, 'x')));
    await ann.request(xml('iq', { type: 'get', to: DOMAIN }, PING));
    expect(ann.stanzas.unclaimed.filter((stanza) => stanza.attrs['id'] === 'm4').map(String)).toEqual([]);
  });
});
