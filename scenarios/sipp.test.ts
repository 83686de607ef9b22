import { SipPeer } from './support/raw-sip';
import { Sipp } from './support/sipp';
import { START_MS } from './support/recovery';
import { World } from './support/world';
import type { XmppUser } from './support/xmpp-user';
import { adds, errorFor, isAskedBy, isToldChatState, readsTexts, sees, tellsChatState, writes } from './support/xmpp-steps';

const MANY = 20;
const names = (prefix: string): string[] => Array.from({ length: MANY }, (_, index) => `${prefix}${index + 1}@example.com`);

/** SIPp in the place of a Microsoft server: each scenario file is one conversation, and SIPp judges our half of it. */
describe('SIPp as the far SIP server of dialect microsoft', () => {
  let world: World;
  let ann: XmppUser;
  let port: number;
  let running: Sipp[] = [];

  beforeAll(async () => {
    // SIPp would take OPTIONS for a call: the first one is answered by another peer, and no other follows.
    const peer = await SipPeer.start({ name: 'answers OPTIONS' });
    peer.serve('OPTIONS', (incoming) => peer.reply(incoming, 200));
    port = peer.port;
    world = await World.start({
      dialect: 'microsoft',
      documents: 'pidf', // the expressions of presence-client look for it
      nextHopPort: port,
      users: ['ann'],
      sip: { healthIntervalSeconds: 86_400 },
      availability: { retryMinSeconds: 1 }, // a shorter grant than this would be refreshed too late
    });
    ann = await world.signIn('ann');
    await world.gateway.logged(/"event":"route_up"/);
    await peer.stop();
  }, START_MS);

  afterEach(async () => {
    await Promise.all(running.map((sipp) => sipp.stop()));
    running = [];
  });

  afterAll(() => world?.stop());

  async function plays(scenario: string, calls = 1, rows?: readonly (readonly string[])[]): Promise<Sipp> {
    const sipp = await Sipp.start({ scenario, port, remotePort: world.sipPort, calls, ...(rows && { rows }) });
    running.push(sipp);
    return sipp;
  }

  test('IM-20, IM-23, IM-25: Ann opens a session; texts and typing; the far side refreshes and ends it', async () => {
    const bob = 'bob@example.com';
    const sipp = await plays('session-server');
    await writes(ann, bob, 'Lunch at 12?');
    await tellsChatState(ann, bob, 'composing');
    expect(await readsTexts(ann, bob, 1)).toEqual(['See you there, sip:ann@example.com']);
    await sipp.succeeds();
  });

  test(`promise 1: ${MANY} sessions at once`, async () => {
    const contacts = names('dave');
    const sipp = await plays('session-server', MANY);
    await Promise.all(contacts.map((contact) => writes(ann, contact, 'Lunch at 12?')));
    await Promise.all(contacts.map((contact) => tellsChatState(ann, contact, 'composing')));
    for (const contact of contacts) expect(await readsTexts(ann, contact, 1)).toEqual(['See you there, sip:ann@example.com']);
    await sipp.succeeds();
  });

  test(`IM-21, IM-25: the far side opens ${MANY} sessions; route recorded, texts and typing both ways, BYE`, async () => {
    const contacts = names('carol');
    const sipp = await plays('session-client', MANY, contacts.map((contact) => [contact, 'ann@example.com']));
    for (const contact of contacts) {
      expect(await readsTexts(ann, contact, 1)).toEqual([`Good morning from ${contact}`]);
      await isToldChatState(ann, contact, 'composing');
      await writes(ann, contact, `Good morning, ${contact}`);
    }
    await sipp.succeeds();
  });

  test('IM-11, promise 1: the far user is busy; Ann is told', async () => {
    const sipp = await plays('session-refused');
    await writes(ann, 'erin@example.com', 'Are you there?', 'busy-1');
    expect(await errorFor(ann, 'busy-1')).toBe('service-unavailable');
    await sipp.succeeds();
  });

  test('PRES-1 to PRES-3, PRES-6, PRES-10, Table 1-5: Ann watches; the subscription is refreshed in its dialog, and ended', async () => {
    const frank = 'frank@example.com';
    const sipp = await plays('presence-server');
    await adds(ann, frank);
    await ann.takePresence(frank, 'subscribed');
    expect(await sees(ann, frank)).toBe('dnd');
    expect(await sees(ann, frank)).toBe('away');
    await ann.sendPresence({ to: frank, type: 'unsubscribe' });
    await sipp.succeeds();
  });

  test('PRES-20 to PRES-23, PRES-27, Table 1-8: the far user watches Ann, is allowed, and leaves', async () => {
    const grace = 'grace@example.com';
    const sipp = await plays('presence-client', 1, [[grace, 'ann@example.com']]);
    await isAskedBy(ann, grace, 'subscribed');
    await sipp.succeeds();
  });
});
