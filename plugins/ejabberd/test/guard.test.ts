import xml from '@xmpp/xml';

import type { Ejabberd } from '../../../scenarios/support/ejabberd';
import type { XmppUser } from '../../../scenarios/support/xmpp-user';
import type { Bench } from '../../test/support/bench';
import { openComponentStream, openRawComponentStream, stanzaError } from '../../test/support/worker';
import type { Worker } from '../../test/support/worker';
import { DOMAIN, GATEWAY, startBench } from './support/bench';

const BOB = `bob@${DOMAIN}`;
const AMY = `amy@${DOMAIN}`;
const OTHER = 'other.example.com';
const STOP = `gen_mod:stop_module(<<"${DOMAIN}">>, mod_isthmus)`;
const START = `gen_mod:start_module(<<"${DOMAIN}">>, mod_isthmus)`;

const isStreamError = ({ name }: { readonly name: string }): boolean => name === 'stream:error';

/** Sends a message in a local account's name; resolves when nothing of it has come and the connection can have sent nothing more. */
async function expectNothingFrom(worker: Worker, ann: XmppUser): Promise<void> {
  worker.sendChat(AMY, ann.bareJid, 'forged');
  await worker.stream.closed;
  await ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
  expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message')).map(String)).toEqual([]);
}

describe('the guard fails closed on ejabberd (SEC-3, XD-8)', () => {
  let bench: Bench<Ejabberd>;
  let ann: XmppUser;

  beforeAll(async () => {
    bench = await startBench(['ann', 'amy'], { pluginOptions: { grace_period: 0.2 } });
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('SEC-3: without the module the server checks senders itself: invalid-from, for missing users as well', async () => {
    await bench.server.evaluate(STOP);
    try {
      for (const from of [AMY, BOB]) {
        const worker = await bench.connect();
        worker.sendChat(from, ann.bareJid, 'forged');
        expect((await worker.take('stream error', isStreamError)).getChild('invalid-from')).toBeDefined();
        await worker.stream.closed;
      }
    } finally {
      await bench.server.evaluate(START);
    }
  });

  test('SEC-3: a connection that is open when the module stops says nothing more, and is closed', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    worker.sendChat(BOB, ann.bareJid, 'may speak');
    await ann.takeMessage('may speak');
    // As if the farewell were slow: what the guard cannot judge any more it refuses.
    await bench.server.evaluate(`ejabberd_hooks:delete(component_connected, mod_isthmus_guard, component_connected, 1), ${STOP}`);
    try {
      await expectNothingFrom(worker, ann);
    } finally {
      await bench.server.evaluate(START);
    }
  });

  test('SEC-3: nor does one that authenticates after the module has stopped', async () => {
    const raw = await openRawComponentStream(bench.server);
    await bench.server.evaluate(STOP);
    try {
      raw.authenticate();
      await raw.stream.take('answer to the handshake', ({ name }) => name === 'handshake');
      raw.stream.send(xml('message', { from: AMY, to: ann.bareJid, type: 'chat' }, xml('body', {}, 'forged')));
      raw.stream.send(xml('message', { from: GATEWAY, to: ann.bareJid, type: 'chat' }, xml('body', {}, 'not even this')));
      await raw.stream.end();
      await ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
      expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message')).map(String)).toEqual([]);
    } finally {
      await bench.server.evaluate(START);
    }
  });

  test('SEC-3: when the hub has crashed its connections are mute, and new ones are served', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await bench.server.evaluate(`exit(whereis('mod_isthmus_hub_${GATEWAY}'), kill)`);
    await expectNothingFrom(worker, ann);
    const again = await bench.connect({ worker: 'w1' });
    await ann.sendChat(BOB, 'after the crash');
    await again.takeMessage('after the crash');
  });

  test('SEC-3: an error in the guard itself refuses the stanza', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await bench.server.evaluate(`persistent_term:put(saved, persistent_term:get({mod_isthmus_config, hubs})), persistent_term:put({mod_isthmus_config, hubs}, #{<<"${GATEWAY}">> => broken})`);
    try {
      worker.sendChat(AMY, ann.bareJid, 'forged');
      await bench.server.logLine(/Dropped a stanza of gw\.example\.com/);
    } finally {
      await bench.server.evaluate('persistent_term:put({mod_isthmus_config, hubs}, persistent_term:get(saved))');
    }
    worker.sendChat(BOB, ann.bareJid, 'all is well again');
    await ann.takeMessage('all is well again');
    expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message')).map(String)).toEqual([]);
  });

  test('SEC-3: a look-up of the account that fails leaves the guard closed', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    // The last test of this server: nobody has an account any more.
    await bench.server.evaluate('{atomic, ok} = mnesia:delete_table(passwd)');
    worker.sendChat(`zoe@${DOMAIN}`, ann.bareJid, 'forged', { id: 'unknown' });
    expect(stanzaError(await worker.take('refusal', ({ attrs }) => attrs['id'] === 'unknown'))).toBe('auth forbidden');
    await bench.server.logLine(/Cannot look up the account of zoe/);
  });
});

describe('a listener that the plug-in cannot trust (SEC-3)', () => {
  test.each([
    ['serves another component too', { hosts: { [GATEWAY]: { password: 'secret' }, [OTHER]: { password: 'other' } } }],
    ['lists no component', { hosts: {}, password: 'secret' }],
  ])('one that %s gets nothing and says nothing: it is closed, and told why', async (_, listener) => {
    const bench = await startBench(['ann', 'amy'], { listener });
    try {
      const ann = await bench.login('ann');
      const stream = await openComponentStream(bench.server);
      const error = await stream.take('stream error', isStreamError);
      expect(error.getChild('policy-violation')).toBeDefined();
      expect(error.getChildText('text')).toMatch(/a listener of its own/);
      await stream.closed;
      await ann.sendChat(BOB, 'nobody has it', 'm1');
      expect(stanzaError(await ann.take('error', ({ attrs }) => attrs['id'] === 'm1'))).toBe('wait remote-server-timeout');
    } finally {
      await bench.stop();
    }
  });

  test('check_from: false is warned of', async () => {
    const bench = await startBench(['ann'], { listener: { check_from: false } });
    try {
      await bench.connect({ worker: 'w1' });
      await bench.server.logLine(/check_from is off for gw\.example\.com/);
    } finally {
      await bench.stop();
    }
  });
});
