import xml from '@xmpp/xml';

import type { Prosody } from '../../../scenarios/support/prosody';
import type { XmppUser } from '../../../scenarios/support/xmpp-user';
import type { Bench } from '../../test/support/bench';
import { openComponentStream, stanzaError } from '../../test/support/worker';
import type { Worker } from '../../test/support/worker';
import { DOMAIN, startBench } from './support/bench';

describe('guard on what the gateway sends, where it is Prosody\'s own (SEC-3)', () => {
  let bench: Bench<Prosody>;
  let ann: XmppUser;
  let worker: Worker;

  beforeAll(async () => {
    bench = await startBench(['ann', 'amy']);
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('SEC-3: the guard also stands on a host that is activated later', async () => {
    await bench.server.shell('>require"core.configmanager".set("late.example.com", "component_module", "muc")');
    await bench.server.shell('host:activate("late.example.com")');
    worker.send(xml('presence', { from: `amy@${DOMAIN}/x`, to: 'lobby@late.example.com/amy', id: 'late' }));
    const refusal = await worker.take('refusal', (stanza) => stanza.attrs['id'] === 'late');
    expect(stanzaError(refusal)).toBe('auth forbidden');
  });

  test('SEC-3: an element named like an event of the sender\'s side does not run it', async () => {
    const stream = await openComponentStream(bench.server);
    await stream.take('answer to the handshake', (element) => element.is('handshake'));
    stream.send(xml('pre-presence', { from: `amy@${DOMAIN}`, to: `mallory@${DOMAIN}`, type: 'subscribe' }));
    const error = await stream.take('stream error', (element) => element.is('stream:error') || element.is('error'));
    expect(error.getChild('unsupported-stanza-type')).toBeDefined();
    await stream.closed;
    const amy = await bench.login('amy');
    expect(await amy.roster()).toEqual([]);
  });

  test('SEC-3: a look-up of the account that fails leaves the guard closed', async () => {
    const users = `prosody.hosts["${DOMAIN}"].users`;
    await bench.server.shell(`>${users}.saved = ${users}.user_exists; ${users}.user_exists = function () error("directory down") end`);
    try {
      worker.sendChat(`zoe@${DOMAIN}`, ann.bareJid, 'forged', { id: 'unknown' });
      expect(stanzaError(await worker.take('refusal', ({ attrs }) => attrs['id'] === 'unknown'))).toBe('auth forbidden');
      await bench.server.logLine(/Cannot look up the account of zoe.*directory down/);
    } finally {
      await bench.server.shell(`>${users}.user_exists, ${users}.saved = ${users}.saved, nil`);
    }
    worker.sendChat(`zoe@${DOMAIN}`, ann.bareJid, 'the directory is back');
    await ann.takeMessage('the directory is back');
  });
});
