import xml from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, showAvailable } from './support/bench';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;

describe('last connection gone: no stale presence (XD-14)', () => {
  let bench: Bench;
  let ann: XmppUser;

  beforeAll(async () => {
    const pluginOptions = { grace_period: 2, ping_interval: 0.5, ping_deadline: 2 };
    bench = await Bench.start(['ann', 'amy'], { pluginOptions });
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  /** What ann has been told of a contact's going and the test has not claimed. */
  const farewellsOf = (contact: string): string[] =>
    ann.stanzas.unclaimed.filter(({ attrs }) => attrs['from'] === contact && attrs['type'] === 'unavailable').map(String);

  test('XD-14: contacts shown available are shown unavailable, each resource to each watcher', async () => {
    const [worker, amy] = [await bench.connect({ worker: 'w1' }), await bench.login('amy')];
    for (const user of [ann, amy]) await showAvailable(worker, BOB_PHONE, user);
    worker.send(xml('presence', { from: `carol@${DOMAIN}/desk`, to: ann.bareJid }));
    worker.send(xml('presence', { from: `dave@${DOMAIN}/desk`, to: ann.bareJid }));
    worker.send(xml('presence', { from: `dave@${DOMAIN}/desk`, to: ann.bareJid, type: 'unavailable' }));
    await ann.takePresence(`dave@${DOMAIN}`, 'unavailable');
    await worker.stream.cut();
    expect((await ann.takePresence(BOB, 'unavailable')).attrs['from']).toBe(BOB_PHONE);
    await ann.takePresence(`carol@${DOMAIN}`, 'unavailable');
    await amy.takePresence(BOB, 'unavailable');
    // Dave had left already: a second farewell would come with the others.
    await ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
    expect(farewellsOf(`dave@${DOMAIN}/desk`)).toEqual([]);
  });

  test('XD-14: a reconnection within the grace period changes nothing', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await showAvailable(worker, BOB_PHONE, ann);
    await worker.stream.cut();
    const again = await bench.connect({ worker: 'w1' });
    // Six pings, half a second apart: the grace period of two seconds is over.
    for (let ping = 0; ping < 6; ping += 1) await again.takePing();
    again.sendChat(BOB, ann.bareJid, 'quick');
    await ann.takeMessage('quick');
    expect(farewellsOf(BOB_PHONE)).toEqual([]);
  });

  test('XD-14: a second connection that stays keeps the contacts', async () => {
    const [dying, staying] = [await bench.connect({ worker: 'w1' }), await bench.connect({ worker: 'w2' })];
    await showAvailable(dying, BOB_PHONE, ann);
    await dying.stream.cut();
    for (let ping = 0; ping < 6; ping += 1) await staying.takePing();
    staying.sendChat(BOB, ann.bareJid, 'still');
    await ann.takeMessage('still');
    expect(farewellsOf(BOB_PHONE)).toEqual([]);
  });

  test('XD-11, XD-14: a silent last connection counts as gone, and is told so when it returns', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await showAvailable(worker, BOB_PHONE, ann);
    worker.stream.pause();
    await ann.takePresence(BOB, 'unavailable');
    worker.stream.resume();
    const told = await worker.takePing((ping) => ping.getChild('ping')?.attrs['contacts'] === 'withdrawn');
    expect(told.attrs['from']).toBe(DOMAIN);
    await showAvailable(worker, BOB_PHONE, ann);
    const next = await worker.takePing((ping) => ping.getChild('ping')?.attrs['contacts'] === undefined);
    expect(next.attrs['id']).not.toBe(told.attrs['id']);
  });

  test('XD-14: presence given to a room is taken back as well', async () => {
    const room = 'lobby@conference.example.com';
    const rooms = await Bench.start(['ann'], {
      pluginOptions: { grace_period: 0.2 },
      rooms: 'conference.example.com',
    });
    try {
      const [user, worker] = [await rooms.login('ann'), await rooms.connect({ worker: 'w1' })];
      const join = xml('x', { xmlns: 'http://jabber.org/protocol/muc' });
      await user.sendPresence({ to: `${room}/ann` }, join);
      await user.take('own presence', ({ attrs }) => attrs['from'] === `${room}/ann`);
      worker.send(xml('presence', { from: BOB_PHONE, to: `${room}/bob` }, join));
      await user.take('bob in the room', ({ attrs }) => attrs['from'] === `${room}/bob` && attrs['type'] === undefined);
      await worker.stream.cut();
      await user.take('bob leaves', ({ attrs }) => attrs['from'] === `${room}/bob` && attrs['type'] === 'unavailable');
    } finally {
      await rooms.stop();
    }
  });
});
