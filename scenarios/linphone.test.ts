import { Linphone } from './support/linphone';
import { freePort } from './support/ports';
import { START_MS } from './support/recovery';
import { World } from './support/world';
import type { XmppUser } from './support/xmpp-user';
import { adds, errorFor, isAskedBy, readsTexts, sees, shows, subscriptionOf, writes } from './support/xmpp-steps';

const BOB = 'bob@example.com';
const ANN = 'sip:ann@example.com';
const NOBODY = 'sip:nobody@example.com';
const UNICODE = `Grüße 😀 <b>bold</b> &amp; "two" 'one' 日本`;
const LONG = 'All work and no play. '.repeat(400).slice(0, 8_000).trim();

/** What Ann sets, and what linphone shows. */
const STATES = [
  ['away', 'Away'],
  ['dnd', 'Busy'],
  ['xa', 'Away'],
  ['chat', 'Online'],
  ['offline', 'Offline'],
  ['available', 'Online'],
] as const;

/** linphone, a standard SIP user agent, as the SIP user: dialect `simple`. */
describe.each(['udp', 'tcp'] as const)('linphone over %s and an XMPP client of one domain', (transport) => {
  let world: World;
  let bob: Linphone;
  let ann: XmppUser;
  let port: number;
  const startBob = (): Promise<Linphone> => Linphone.start({ port, proxyPort: world.sipPort, transport });

  beforeAll(async () => {
    port = await freePort();
    world = await World.start({ dialect: 'simple', transport, nextHopPort: port, users: ['ann'], availability: { retryMinSeconds: 1 } });
    ann = await world.signIn('ann');
    bob = await startBob();
  }, START_MS);

  afterAll(async () => {
    await bob?.stop();
    await world?.stop();
  });

  test('PRES-20 to PRES-23: Bob watches Ann; she allows it, he sees her online', async () => {
    bob.watch(ANN);
    await isAskedBy(ann, BOB, 'subscribed');
    await bob.presence(ANN, 'Online');
  });

  test('PRES-1, PRES-3: Ann adds Bob; now each sees the other', async () => {
    await adds(ann, BOB);
    await ann.takePresence(BOB, 'subscribed');
    expect(await sees(ann, BOB)).toBe('available');
    expect(await subscriptionOf(ann, BOB)).toBe('both');
  });

  test.each(STATES)('RFC 8048 Table 1, RFC 4480: Ann is %s', async (state, shown) => {
    await shows(ann, state);
    await bob.presence(ANN, shown);
  });

  test('PRES-11: Ann, who was offline, is shown Bob anew', async () => {
    expect(await sees(ann, BOB)).toBe('available');
  });

  test('IM-1: a text passes in both directions: UTF-8, emoji and markup', async () => {
    await writes(ann, BOB, UNICODE);
    expect(await bob.message()).toEqual({ from: ANN, text: UNICODE });
    bob.say(ANN, UNICODE);
    expect(await readsTexts(ann, BOB, 1)).toEqual([UNICODE]);
  });

  test('IM-5, SEC-11: 8 KB from Bob arrive; to him they go by TCP only, over UDP they come back', async () => {
    bob.say(ANN, LONG);
    expect(await readsTexts(ann, BOB, 1)).toEqual([LONG]);
    await writes(ann, BOB, LONG, 'long-1');
    if (transport === 'tcp') expect(await bob.message()).toEqual({ from: ANN, text: LONG });
    else expect(await errorFor(ann, 'long-1')).toBe('policy-violation');
  });

  test('IM-6, promise 2: several at once keep their order, in either direction', async () => {
    const texts = ['one', 'two', 'three', 'four', 'five', 'six'];
    await Promise.all(texts.map((text) => writes(ann, BOB, text)));
    for (const text of texts) expect(await bob.message()).toEqual({ from: ANN, text });
    for (const text of texts) bob.say(ANN, text);
    expect(await readsTexts(ann, BOB, texts.length)).toEqual(texts);
  });

  test('ERR-1: a user whom neither side knows is refused, and linphone goes on', async () => {
    bob.say(NOBODY, 'Is anybody there?');
    await world.gateway.logged(/"method":"MESSAGE","status":404/);
    bob.say(ANN, 'Nobody was there');
    expect(await readsTexts(ann, BOB, 1)).toEqual(['Nobody was there']);
  });

  test('promise 4, promise 1: linphone crashes; Ann sees Bob offline, and her text comes back', async () => {
    await bob.crash();
    expect(await sees(ann, BOB)).toBe('offline');
    await writes(ann, BOB, 'Are you there?', 'gone-1');
    expect(await errorFor(ann, 'gone-1')).toBe('remote-server-timeout');
  });

  test('promise 3: linphone is started again; each sees the other without being asked again', async () => {
    bob = await startBob();
    bob.watch(ANN);
    await bob.presence(ANN, 'Online');
    expect(await sees(ann, BOB)).toBe('available');
    await writes(ann, BOB, 'There you are');
    expect((await bob.message()).text).toBe('There you are');
  });
});
