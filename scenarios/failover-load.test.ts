import { NextHop } from './support/next-hops';
import { freePort } from './support/ports';
import { START_MS } from './support/recovery';
import { until } from './support/until';
import { DOMAIN, World } from './support/world';

/** Than in an hour, which is when the other one would look by itself. */
const MUCH_SOONER_MS = 60_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function threeHops(sipPort: number): Promise<readonly [NextHop, NextHop, NextHop]> {
  return [await NextHop.start('first', sipPort), await NextHop.start('second', sipPort), await NextHop.start('third', sipPort)];
}

const routesTo = (hops: readonly NextHop[]): readonly Record<string, unknown>[] =>
  hops.map(({ name, port }, index) => ({ name, host: '127.0.0.1', port, dialect: 'simple', priority: 30 - index * 10, streamOnly: true }));

describe('three next hops under load', () => {
  let world: World;
  let hops: readonly [NextHop, NextHop, NextHop];

  beforeAll(async () => {
    const sipPort = await freePort();
    hops = await threeHops(sipPort);
    world = await World.start({ dialect: 'simple', nextHopPort: hops[0].port, sipPort, routes: routesTo(hops), log: { level: 'info' } });
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all(hops.map((hop) => hop.kill()));
  });

  const routeStates = (name: string, event: string): number => world.gateway.lines.filter((line) => line.event === event && line.route === name).length;

  test('promises 1 and 2: killed and revived in every order, one at least alive: no message is lost nor overtaken, and none comes back', async () => {
    const ann = await world.signIn();
    const contacts = Array.from({ length: 5 }, (_, n) => `carol${n}@${DOMAIN}`);
    const sent: { readonly text: string; readonly at: number }[] = [];
    let writing = true;
    const load = (async () => {
      for (let n = 0; writing; n += 1) {
        const text = `${n % contacts.length} ${n}`;
        sent.push({ text, at: Date.now() });
        await ann.sendChat(contacts[n % contacts.length] ?? '', text, `l${n}`);
        await sleep(15);
      }
    })();
    for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as const) {
      const [one, two] = [hops[order[0]], hops[order[1]]];
      for (const hop of [one, two] as const) {
        const downs = routeStates(hop.name, 'route_down');
        await hop.kill();
        await until(`${hop.name} is found dead`, () => routeStates(hop.name, 'route_down') > downs);
      }
      for (const hop of [one, two] as const) {
        const ups = routeStates(hop.name, 'route_up');
        await hop.revive(world.sipPort);
        await until(`${hop.name} is found alive`, () => routeStates(hop.name, 'route_up') > ups);
      }
    }
    writing = false;
    await load;
    const arrivals = (): ReadonlySet<string> => new Set(hops.flatMap(({ texts }) => texts));
    await until('all have arrived', () => sent.every(({ text }) => arrivals().has(text)));
    const bounced = ann.stanzas.unclaimed.filter((stanza) => stanza.is('message') && stanza.attrs['type'] === 'error');
    expect(bounced).toEqual([]);
    expect(sent.length).toBeGreaterThan(100);
    // What each hop has is in the order in which it was written to each contact; a text that was sent again keeps its Call-ID.
    for (const { texts } of hops) {
      for (const [index] of contacts.entries()) {
        const numbers = texts.filter((text) => text.startsWith(`${index} `)).map((text) => Number(text.split(' ')[1]));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }
    }
  });
});

describe('two workers', () => {
  let world: World;
  let hops: readonly [NextHop, NextHop, NextHop];

  beforeAll(async () => {
    hops = await threeHops(await freePort());
    const sip = { healthIntervalSeconds: 3_600 };
    world = await World.start({ dialect: 'simple', nextHopPort: hops[0].port, routes: routesTo(hops), workers: 2, store: 'redis', sipServer: 'process', sip });
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all(hops.map((hop) => hop.kill()));
  });

  test('DESIGN section 5: what one finds of a next hop the other one asks about at once, long before its turn', async () => {
    const ann = await world.signIn();
    const tells = (event: string): boolean => world.gateways.every(({ lines }) => lines.some((line) => line.event === event && line.route === 'first'));
    await until('both know the first', () => tells('route_up'));
    await hops[0].kill();
    await ann.sendChat(`bob@${DOMAIN}`, 'one message, by one worker', 'm1');
    await until('both know that it is dead', () => tells('route_down'));
    const times = world.gateways.map(({ lines }) => Date.parse(String(lines.find(({ event, route }) => event === 'route_down' && route === 'first')?.['time'])));
    expect(Math.abs((times[0] ?? 0) - (times[1] ?? 0))).toBeLessThan(MUCH_SOONER_MS);
    expect(hops[1].texts).toHaveLength(1);
  });
});
