import xml from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, showAvailable } from './support/bench';
import { PARTITION_NS, stanzaError, workerOfPair } from './support/worker';
import type { Worker } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const OTHER = 'other.example.com';

async function expectForbidden(worker: Worker, from: string, to: string): Promise<void> {
  worker.sendChat(from, to, 'forged', { id: 'forged' });
  expect(stanzaError(await worker.take('refusal', ({ attrs }) => attrs['id'] === 'forged'))).toBe('auth forbidden');
}

describe('reload and restart with open connections', () => {
  let bench: Bench;
  let ann: XmppUser;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy'], { pluginOptions: { grace_period: 0.2 }, otherComponent: OTHER });
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('reload keeps the connections attached, the guard closed and the traffic going', async () => {
    await bench.server.reloadPlugin();
    await ann.sendChat(BOB, 'after reload');
    await worker.takeMessage('after reload');
    await expectForbidden(worker, `amy@${DOMAIN}`, ann.bareJid);
    worker.sendChat(BOB, ann.bareJid, 'back');
    await ann.takeMessage('back');
  });

  test('XD-16: reload keeps the workers\' names', async () => {
    const workers = [worker, await bench.connect({ worker: 'w2' }), await bench.connect({ worker: 'w3' })];
    await bench.server.reloadPlugin();
    for (const user of Array.from({ length: 12 }, (_, index) => `sip${index}@${DOMAIN}`)) {
      await ann.sendChat(user, user);
      const owner = workerOfPair(['w1', 'w2', 'w3'], ann.bareJid, user);
      await workers.find(({ name }) => name === owner)?.takeMessage(user);
    }
  });

  test('XD-10: reload keeps a connection drained', async () => {
    await worker.tell('set', xml('drain', { xmlns: PARTITION_NS }));
    await bench.server.reloadPlugin();
    await ann.sendChat(BOB, 'nobody takes it', 'm1');
    expect(stanzaError(await ann.take('error', ({ attrs }) => attrs['id'] === 'm1'))).toBe('wait remote-server-timeout');
  });

  test('XD-13: reload keeps the memory of questions', async () => {
    const other = await bench.connect({ component: OTHER, secret: 'other' });
    const second = await bench.connect({ worker: 'w2' });
    const asked = [worker, second].map((asker, index) => {
      const id = `question-${index}`;
      asker.send(xml('iq', { type: 'get', id, from: BOB_PHONE, to: `room@${OTHER}` }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
      return { asker, id };
    });
    for (const { id } of asked) await other.take('question', ({ attrs }) => attrs['id'] === id);
    await bench.server.reloadPlugin();
    for (const { asker, id } of asked) {
      other.send(xml('iq', { type: 'result', id, from: `room@${OTHER}`, to: BOB_PHONE }));
      await asker.takeAnswer(id);
    }
  });

  test('reload remembers who was shown available', async () => {
    await showAvailable(worker, BOB_PHONE, ann);
    await bench.server.reloadPlugin();
    await worker.stream.cut();
    await ann.takePresence(BOB, 'unavailable');
  });

  test('a restarted server serves whoever connects again', async () => {
    await bench.server.restart();
    await worker.stream.closed;
    const [again, user] = [await bench.connect({ worker: 'w1' }), await bench.login('amy')];
    await user.sendChat(BOB, 'after restart');
    await again.takeMessage('after restart');
  });
});
