import xml from '@xmpp/xml';

import type { Prosody } from '../../../scenarios/support/prosody';
import type { XmppUser } from '../../../scenarios/support/xmpp-user';
import { showAvailable } from '../../test/support/bench';
import type { Bench } from '../../test/support/bench';
import { PARTITION_NS, stanzaError } from '../../test/support/worker';
import type { Worker } from '../../test/support/worker';
import { DOMAIN, GATEWAY, startBench } from './support/bench';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const RELOAD = `module:reload("isthmus", "${DOMAIN}")`;
const UNLOAD = `module:unload("isthmus", "${DOMAIN}")`;
const LOAD = `module:load("isthmus", "${DOMAIN}")`;

async function expectForbidden(worker: Worker, from: string, to: string): Promise<void> {
  worker.sendChat(from, to, 'forged', { id: 'forged' });
  expect(stanzaError(await worker.take('refusal', ({ attrs }) => attrs['id'] === 'forged'))).toBe('auth forbidden');
}

describe('unload, load and reload with open connections, as Prosody does it', () => {
  let bench: Bench<Prosody>;
  let prosody: Prosody;
  let ann: XmppUser;
  let worker: Worker;

  beforeAll(async () => {
    bench = await startBench(['ann', 'amy'], {
      domainOptions: { isthmus_grace_period: 0.2 },
    });
    prosody = bench.server;
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('after unload the server\'s strict check is on again: invalid-from', async () => {
    await prosody.shell(UNLOAD);
    try {
      worker.sendChat(`amy@${DOMAIN}`, ann.bareJid, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
      await worker.stream.closed;
      await expect(ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })))).resolves.toBeDefined();
      expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message')).map(String)).toEqual([]);
    } finally {
      await prosody.shell(LOAD);
    }
  });

  test('after unload even a missing user may not be spoken for', async () => {
    await prosody.shell(UNLOAD);
    try {
      worker.sendChat(BOB, ann.bareJid, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
    } finally {
      await prosody.shell(LOAD);
    }
  });

  test('a reload that fails leaves the strict check on', async () => {
    const set = (value: number): Promise<string> =>
      prosody.shell(`>require"core.configmanager".set("${DOMAIN}", "isthmus_ping_interval", ${value})`);
    await set(0);
    try {
      await expect(prosody.shell(RELOAD)).rejects.toThrow(/isthmus_ping_interval/);
      worker.sendChat(BOB, ann.bareJid, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
    } finally {
      await set(10);
      await prosody.shell(LOAD);
    }
  });

  test('reload forgets cached accounts: a migrated user is local at once', async () => {
    const isLocal = async (): Promise<unknown> => {
      const answer = await worker.tell('get', xml('account', { xmlns: PARTITION_NS, jid: `eve@${DOMAIN}` }));
      return answer.getChild('account')?.attrs['local'];
    };
    expect(await isLocal()).toBe('false');
    await prosody.writeAccount('eve', 'pencil');
    expect(await isLocal()).toBe('false');
    await prosody.shell(RELOAD);
    expect(await isLocal()).toBe('true');
  });

  test('the shell shows how many connections are live', async () => {
    expect(await prosody.shell(`module:info("isthmus", "${DOMAIN}")`)).toMatch(/1 of 1 connections live/);
  });

  test('unload shows the gateway\'s contacts offline', async () => {
    await showAvailable(worker, BOB_PHONE, ann);
    await prosody.shell(UNLOAD);
    await ann.takePresence(BOB, 'unavailable');
    await prosody.shell(LOAD);
  });

  test('load takes over connections that are open', async () => {
    await prosody.shell(UNLOAD);
    await prosody.shell(LOAD);
    await ann.sendChat(BOB, 'adopted');
    await worker.takeMessage('adopted');
    await expectForbidden(worker, `amy@${DOMAIN}`, ann.bareJid);
    worker.sendChat(BOB, ann.bareJid, 'may speak');
    await ann.takeMessage('may speak');
  });

  test('a component host that is deactivated loses its connections, and serves again when it is back', async () => {
    await prosody.shell(`host:deactivate("${GATEWAY}")`);
    const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
    expect(error.getChild('host-gone')).toBeDefined();
    await prosody.shell(`host:activate("${GATEWAY}")`);
    const again = await bench.connect({ worker: 'w1' });
    await ann.sendChat(BOB, 'back again');
    await again.takeMessage('back again');
    await expectForbidden(again, `amy@${DOMAIN}`, ann.bareJid);
  });
});
