import xml from '@xmpp/xml';

import { Bench, DOMAIN } from './support/bench';
import type { Worker } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const CAROL = `carol@${DOMAIN}`;

describe('XD-14: the first worker is told who watches whom', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy']);
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  const presencesFor = (worker: Worker, contact: string): string[] =>
    worker.stream.elements.unclaimed.filter(({ name, attrs }) => name === 'presence' && attrs['to'] === contact).map(({ attrs }) => String(attrs['type']));

  test('probe for the contacts whom a user watches, presence for those who watch the user, nothing for anybody else', async () => {
    const [first, ann] = [await bench.connect({ worker: 'w1' }), await bench.login('ann')];
    // Ann watches Bob; Carol watches Ann.
    await ann.sendPresence({ to: BOB, type: 'subscribe' });
    await first.takePresence(ann.bareJid, BOB, 'subscribe');
    first.send(xml('presence', { from: BOB, to: ann.bareJid, type: 'subscribed' }));
    await ann.takePresence(BOB, 'subscribed');
    first.send(xml('presence', { from: CAROL, to: ann.bareJid, type: 'subscribe' }));
    await ann.takePresence(CAROL, 'subscribe');
    await ann.sendPresence({ to: CAROL, type: 'subscribed' });
    await first.takePresence(ann.bareJid, CAROL, 'subscribed');
    await first.stream.cut();

    const second = await bench.connect({ worker: 'w2' });
    await second.takePresence(ann.bareJid, BOB, 'probe');
    await second.takePresence(ann.jid, CAROL);
    await second.settle();
    expect(presencesFor(second, BOB)).toEqual([]);
    expect(presencesFor(second, CAROL)).toEqual([]);
  });

  test('a worker that joins another is told nothing', async () => {
    const first = await bench.connect({ worker: 'w1' });
    const ann = await bench.login('ann');
    await first.takePresence(ann.jid, BOB, 'probe');
    const second = await bench.connect({ worker: 'w2' });
    // What is sent to Bob after the joining marks the end of what could have come before it.
    await ann.sendChat(BOB, 'marker');
    await Promise.race([first.takeMessage('marker'), second.takeMessage('marker')]);
    expect([...presencesFor(first, BOB), ...presencesFor(second, BOB)]).toEqual([]);
  });

  test('users who are not signed in are not spoken for', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await worker.settle();
    const amy = await bench.login('amy');
    await amy.sendChat(BOB, 'marker');
    await worker.takeMessage('marker');
    expect(presencesFor(worker, BOB)).toEqual([]);
  });
});

describe('RFC 6121 section 4.3.2: the gateway asks for the presence of a user who is not signed in', () => {
  let bench: Bench;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann']);
    worker = await bench.connect({ worker: 'w1' });
    const ann = await bench.login('ann');
    worker.send(xml('presence', { from: BOB, to: ann.bareJid, type: 'subscribe' }));
    await ann.takePresence(BOB, 'subscribe');
    await ann.sendPresence({ to: BOB, type: 'subscribed' });
    await worker.takePresence(ann.bareJid, BOB, 'subscribed');
    await ann.stop();
    await worker.takePresence(ann.jid, BOB, 'unavailable');
  });
  afterAll(() => bench.stop());

  test('for a contact who sees the user: unavailable', async () => {
    worker.send(xml('presence', { from: BOB, to: `ann@${DOMAIN}`, type: 'probe' }));
    await worker.takePresence(`ann@${DOMAIN}`, BOB, 'unavailable');
  });

  test('SEC-7: for anybody else: not a word about the user', async () => {
    worker.send(xml('presence', { from: CAROL, to: `ann@${DOMAIN}`, type: 'probe' }));
    await worker.settle();
    const said = worker.stream.elements.unclaimed.filter(({ name, attrs }) => name === 'presence' && attrs['to'] === CAROL);
    expect(said.map(({ attrs }) => attrs['type']).filter((type) => type !== 'unsubscribed')).toEqual([]);
  });
});
