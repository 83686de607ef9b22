import { a, DnsServer, srv } from '../packages/gateway/test/support/dns-server';

import { NextHop } from './support/next-hops';
import { freePort } from './support/ports';
import { soon, START_MS } from './support/recovery';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const RECORD = '_sip._tcp.pool.example';

/** One route whose host is a name with SRV records (RFC 3263, SEC-19). */
describe('the next hops are found in DNS', () => {
  let dns: DnsServer;
  let world: World;
  let hops: readonly [NextHop, NextHop, NextHop];
  let ann: XmppUser;
  let count = 0;
  const announce = (...places: readonly (readonly [hop: NextHop, priority: number])[]): void => {
    dns.records = [...places.map(([{ port }, priority]) => srv(RECORD, 'host.example', port, priority)), a('host.example', '127.0.0.1', 1)];
  };

  beforeAll(async () => {
    const sipPort = await freePort();
    dns = await DnsServer.start();
    hops = [await NextHop.start('first', sipPort), await NextHop.start('second', sipPort), await NextHop.start('third', sipPort)];
    announce([hops[0], 10], [hops[1], 20]);
    const routes = [{ name: 'pool', host: 'pool.example', srv: true, dialect: 'simple', streamOnly: true }];
    const sip = { dnsServers: [dns.place], peerRefreshSeconds: 1 };
    world = await World.start({ dialect: 'simple', nextHopPort: hops[0].port, sipPort, routes, sip });
    ann = await world.signIn();
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all([...hops.map((hop) => hop.kill()), dns.stop()]);
  });

  /** Writes to fresh contacts until a text reaches this hop. */
  async function usable(hop: NextHop): Promise<void> {
    for (;;) {
      count += 1;
      for (const each of hops) each.texts.length = 0;
      await ann.sendChat(`bob${count}@${DOMAIN}`, `text ${count}`, `m${count}`);
      while (hops.every(({ texts }) => texts.length === 0)) await new Promise((resolve) => setTimeout(resolve, 5));
      if (hop.texts.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  test('SEC-19, promises 1 and 3: by priority, the next when the first is dead, back again; DNS away; other records', async () => {
    await soon(usable(hops[0]));
    await hops[0].kill();
    await soon(usable(hops[1]));
    await hops[0].revive(world.sipPort);
    await soon(usable(hops[0]));
    dns.silent = true;
    await world.gateway.logged(/"event":"next_hop_unresolved"/);
    await soon(usable(hops[0]));
    dns.silent = false;
    announce([hops[2], 10]);
    await usable(hops[2]);
    expect(dns.asked.filter((question) => !/ (_sip\._tcp\.pool|pool|host)\.example$/.test(question))).toEqual([]);
  });
});
