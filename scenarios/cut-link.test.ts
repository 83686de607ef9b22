import { Hosts } from './support/namespaces';
import { NextHop } from './support/next-hops';
import { freePort } from './support/ports';
import { START_MS } from './support/recovery';
import { Stopwatch } from './support/stopwatch';
import { until } from './support/until';
import { DOMAIN, World } from './support/world';

const SECONDS = 1_000;
const SILENCE_SECONDS = 1;
/** What may pass beside the time that is set. */
const LENIENCE_SECONDS = 4;

/** The primary is another host, and the cable to it is pulled: no connection is refused, nothing is said at all. */
describe('a cut link to the next hop', () => {
  let hosts: Hosts;
  let backup: NextHop;
  let world: World;
  const far: string[] = [];

  beforeAll(async () => {
    hosts = Hosts.make('far');
    await hosts.sipServer('far', 5060, (text) => far.push(text));
    const sipPort = await freePort();
    backup = await NextHop.start('backup', sipPort);
    const listen = ['127.0.0.1', hosts.gateway].map((host) => ({ transport: 'tcp', host, port: sipPort }));
    const common = { dialect: 'simple', streamOnly: true };
    const routes = [
      { ...common, name: 'primary', host: hosts.address('far'), priority: 10 },
      { ...common, name: 'backup', host: '127.0.0.1', port: backup.port },
    ];
    const sip = { server: { type: 'embedded', listen }, nextHopTimeoutSeconds: SILENCE_SECONDS };
    world = await World.start({ dialect: 'simple', nextHopPort: backup.port, sipPort, routes, sip });
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all([backup.kill(), hosts.remove()]);
  });

  const told = (event: string): number => world.gateway.lines.filter((line) => line.event === event && line.route === 'primary').length;

  test('promises 1 and 3: what was on its way goes to the backup within the set time, and the primary is used again with the link', async () => {
    const ann = await world.signIn();
    const write = (n: number): Promise<void> => ann.sendChat(`bob${n}@${DOMAIN}`, `text ${n}`, `m${n}`);
    const has = (texts: readonly string[], n: number) => () => texts.some((text) => text.includes(`text ${n}`));
    await until('the primary is known', () => told('route_up') > 0);
    await write(1);
    await until('the primary has the first', has(far, 1));

    hosts.cut('far');
    const stopwatch = new Stopwatch();
    await write(2);
    await until('the backup has the second', has(backup.texts, 2));
    expect(stopwatch.unhinderedMs).toBeLessThan((SILENCE_SECONDS + LENIENCE_SECONDS) * SECONDS);
    await until('the primary is found dead', () => told('route_down') > 0);
    await write(3);
    await until('the backup has the third', has(backup.texts, 3));

    hosts.join('far');
    await until('the primary is found alive', () => told('route_up') > 1);
    await write(4);
    await until('the primary has the fourth', has(far, 4));
    expect(backup.texts).toHaveLength(2);
  });
});
