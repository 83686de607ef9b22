import { Baresip } from './support/baresip';
import { freePort } from './support/ports';
import { START_MS } from './support/recovery';
import { World } from './support/world';
import type { XmppUser } from './support/xmpp-user';
import { adds, errorFor, isAskedBy, readsTexts, sees, shows, subscriptionOf, writes } from './support/xmpp-steps';

const BOB = 'bob@example.com';
const CAROL = 'carol@example.com';
const ANN = 'sip:ann@example.com';
const NOBODY = 'sip:nobody@example.com';
/** The longest text that baresip shows has about 480 bytes (see its driver). */
const TEXT = `Grüße 😀 <b>bold</b> &amp; "two" 'one' 日本`;

/** What Ann sets, and what baresip shows: it takes RFC 4480's `away` for offline. */
const STATES = [
  ['dnd', 'Busy'],
  ['available', 'Online'],
  ['away', 'Offline'],
  ['chat', 'Online'],
  ['xa', 'Offline'],
  ['dnd', 'Busy'],
  ['offline', 'Offline'],
  ['available', 'Online'],
] as const;

/** baresip, a standard SIP user agent, as the SIP user: dialect `simple`. */
describe.each(['udp', 'tcp'] as const)('baresip over %s and an XMPP client of one domain', (transport) => {
  let world: World;
  let bob: Baresip;
  let ann: XmppUser;

  beforeAll(async () => {
    const port = await freePort();
    world = await World.start({ dialect: 'simple', transport, nextHopPort: port, users: ['ann'] });
    ann = await world.signIn('ann');
    bob = await Baresip.start({ port, proxyPort: world.sipPort, transport, contacts: [ANN, NOBODY] });
  }, START_MS);

  afterAll(async () => {
    await bob?.stop();
    await world?.stop();
  });

  test('PRES-20 to PRES-23: Bob watches Ann; she allows it, he sees her online', async () => {
    await isAskedBy(ann, BOB, 'subscribed');
    await bob.presence(ANN, 'Online');
  });

  test('PRES-1, PRES-3: Ann adds Bob, who has not said yet how he is', async () => {
    await adds(ann, BOB);
    await ann.takePresence(BOB, 'subscribed');
    expect(await sees(ann, BOB)).toBe('offline');
    expect(await subscriptionOf(ann, BOB)).toBe('both');
  });

  test.each([['open', 'available'], ['closed', 'offline'], ['open', 'available']] as const)('RFC 8048 Table 2: Bob publishes %s', async (basic, shown) => {
    await bob.publish(basic);
    expect(await sees(ann, BOB)).toBe(shown);
  });

  test('RFC 8048 Table 1: Bob is shown what Ann sets', async () => {
    for (const [state, shown] of STATES) {
      await shows(ann, state);
      await bob.presence(ANN, shown);
    }
    expect(await sees(ann, BOB)).toBe('available'); // she has come back, and is told anew
  });

  test('IM-1: texts pass in both directions, UTF-8, emoji, markup and line breaks', async () => {
    await writes(ann, BOB, `${TEXT}\nand a second line`);
    expect(await bob.message()).toEqual({ from: ANN, text: `${TEXT}\nand a second line` });
    await bob.say(ANN, `${TEXT}\nand a second line`);
    expect(await readsTexts(ann, BOB, 1)).toEqual([`${TEXT}\nand a second line`]);
  });

  test('IM-6, promise 2: several at once keep their order, in either direction', async () => {
    const texts = ['one', 'two', 'three', 'four', 'five', 'six'];
    await Promise.all(texts.map((text) => writes(ann, BOB, text)));
    for (const text of texts) expect(await bob.message()).toEqual({ from: ANN, text });
    await Promise.all(texts.map((text) => bob.say(ANN, text)));
    expect(await readsTexts(ann, BOB, texts.length)).toEqual(texts);
  });

  test('ERR-1, promise 1: Bob writes to an XMPP user who does not exist and is shown the refusal', async () => {
    await bob.say(NOBODY, 'Is anybody there?');
    expect(await bob.refusal()).toMatch(/^404 /);
  });

  test('ERR-3, PRES-4, promise 1: baresip has no user Carol; Ann is told', async () => {
    await writes(ann, CAROL, 'Is anybody there?', 'lost-1');
    expect(await errorFor(ann, 'lost-1')).toBe('service-unavailable');
    await adds(ann, CAROL);
    await ann.takePresence(CAROL, 'unsubscribed');
  });

  test('promise 4, promise 1: baresip quits; Ann sees Bob offline, and her text comes back', async () => {
    await bob.quit();
    expect(await sees(ann, BOB)).toBe('offline');
    await writes(ann, BOB, 'Are you there?', 'gone-1');
    expect(await errorFor(ann, 'gone-1')).toBe('remote-server-timeout');
  });
});
