import { NextHop } from './support/next-hops';
import { freePort } from './support/ports';
import { soon, START_MS } from './support/recovery';
import { bounceOf } from './support/stanza-error';
import { Stopwatch } from './support/stopwatch';
import { until } from './support/until';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const SILENCE_SECONDS = 1;
/** What may pass beside the time that is set. */
const LENIENCE_MS = 3_000;

/** Several next hops for one domain (DESIGN section 5, manual "High Availability"). */
describe.each(['simple', 'microsoft'] as const)('three next hops, dialect %s', (dialect) => {
  let world: World;
  let hops: readonly [NextHop, NextHop, NextHop];
  let ann: XmppUser;
  let count = 0;

  beforeAll(async () => {
    const sipPort = await freePort();
    hops = [await NextHop.start('first', sipPort), await NextHop.start('second', sipPort), await NextHop.start('third', sipPort)];
    const routes = hops.map(({ name, port }, index) => ({ name, host: '127.0.0.1', port, dialect, priority: 30 - index * 10, streamOnly: true }));
    world = await World.start({ dialect, nextHopPort: hops[0].port, sipPort, routes, sip: { nextHopTimeoutSeconds: SILENCE_SECONDS, requestTimeoutSeconds: 5, inviteTimeoutSeconds: 10 } });
    ann = await world.signIn();
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all(hops.map((hop) => hop.kill()));
  });
  beforeEach(async () => {
    for (const hop of hops) {
      hop.manner = 'answers';
      hop.texts.length = 0;
      hop.requests.length = 0;
    }
  });

  /** Writes to a fresh contact, so that what one test leaves does not reach the next. */
  async function write(): Promise<{ readonly id: string; readonly text: string; readonly since: Stopwatch }> {
    count += 1;
    const message = { id: `m${count}`, text: `text ${count} of ${dialect}`, since: new Stopwatch() };
    await ann.sendChat(`bob${count}@${DOMAIN}`, message.text, message.id);
    return message;
  }
  const reached = (hop: NextHop): boolean => hop.requests.length > 0;
  test('promise 1: one that is dead is passed over at once, and used again when it lives', async () => {
    await soon(usable(hops[0]));
    await hops[0].kill();
    for (const hop of hops) hop.requests.length = 0;
    const { since } = await write();
    await until('the second has it', () => reached(hops[1]));
    expect(since.unhinderedMs).toBeLessThan(SILENCE_SECONDS * 1_000 + LENIENCE_MS);
    await until('it is found dead', () => world.gateway.lines.some(({ event, route }) => event === 'route_down' && route === 'first'));
    await hops[0].revive(world.sipPort);
    await soon(usable(hops[0]));
    expect([reached(hops[1]), reached(hops[2])]).toEqual([false, false]);
  });

  test('promise 1: one that takes connections and says nothing is left after the set time, with the very same request', async () => {
    await soon(usable(hops[0]));
    hops[0].manner = 'silent';
    for (const hop of hops) hop.requests.length = 0;
    const { since } = await write();
    await until('the second has it', () => reached(hops[1]));
    expect(since.tookMs).toBeGreaterThanOrEqual(SILENCE_SECONDS * 1_000);
    expect(since.unhinderedMs).toBeLessThan(SILENCE_SECONDS * 1_000 + LENIENCE_MS);
    expect(hops[1].requests[0]).toBe(hops[0].requests[0]);
  });

  test('RFC 3261 section 21.5.4: 503 with Retry-After: the next one has it, and all others for so long', async () => {
    await soon(usable(hops[0]));
    hops[0].manner = (incoming, peer) => peer.reply(incoming, 503, { headers: { 'Retry-After': '2' } });
    for (const hop of hops) hop.requests.length = 0;
    const { since } = await write();
    await until('the second has it', () => reached(hops[1]));
    expect(hops[1].requests[0]).toBe(hops[0].requests[0]);
    hops[0].manner = 'answers';
    await write();
    await until('the second has the next one', () => hops[1].requests.length === 2);
    if (since.tookMs < 2_000) expect(hops[0].requests).toHaveLength(1);
    await soon(usable(hops[0]));
    expect(since.tookMs).toBeGreaterThanOrEqual(2_000);
  });

  test.each([603, 404, 500])('a %i is not tried elsewhere, and comes back to its sender', async (status) => {
    await soon(usable(hops[0]));
    hops[0].manner = (incoming, peer) => peer.reply(incoming, status);
    for (const hop of hops) hop.requests.length = 0;
    const { id, text } = await write();
    expect(await bounceOf(ann, id)).toMatchObject({ body: text });
    expect([reached(hops[1]), reached(hops[2])]).toEqual([false, false]);
  });

  test('promise 1: all are dead: the sender is told', async () => {
    await Promise.all(hops.map((hop) => hop.kill()));
    const { id } = await write();
    expect(await bounceOf(ann, id)).toMatchObject({ condition: 'remote-server-timeout' });
    await Promise.all(hops.map((hop) => hop.revive(world.sipPort)));
    await soon(usable(hops[0]));
  });

  /** Writes until this one gets it: a doubt about it is over. */
  async function usable(hop: NextHop): Promise<void> {
    for (;;) {
      for (const each of hops) each.requests.length = 0;
      await write();
      await until('one of them has it', () => hops.some(reached));
      if (reached(hop)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});
