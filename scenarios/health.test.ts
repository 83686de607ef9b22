import type { Gateway } from './support/gateway';
import { START_MS } from './support/recovery';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { SipServer } from './support/sipd';
import { DOMAIN, World } from './support/world';

const LINKS = ['isthmus_xmpp_link_up', 'isthmus_sip_servers_up', 'isthmus_store_up'] as const;

describe('/healthz, /readyz, /metrics', () => {
  let world: World;
  let worker: Gateway;

  const page = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${worker.httpPort}${path}`, { method });

  async function metric(name: string): Promise<number> {
    const line = (await worker.metrics()).split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  }

  const links = (): Promise<number[]> => Promise.all(LINKS.map(metric));

  /** Starts the worker while Prosody, SIP server and Redis are away. */
  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', store: 'redis', sipServer: 'process', workers: 0 });
    world.server.kill('SIGKILL');
    await Promise.all([world.redis.suspend(), world.sipServer?.stop()]);
    worker = await world.startWorker('w1', /"event":"sip_link_down"/);
  }, START_MS);
  afterAll(() => world.stop());

  test('nothing is there: healthy, not ready, with the reasons', async () => {
    await worker.logged(/"event":"xmpp_link_down"/);
    expect((await page('/healthz')).status).toBe(200);
    const { status, body } = await worker.readyz();
    expect(status).toBe(503);
    expect(body).toEqual({
      ready: false,
      parts: [
        { name: 'xmpp', ready: false, why: 'the XMPP link is connecting' },
        { name: 'sip', ready: false, why: 'no SIP server is connected' },
        { name: 'store', ready: false, why: expect.stringContaining('ECONNREFUSED') },
      ],
    });
    expect(await links()).toEqual([0, 0, 0]);
  });

  test('one part after the other: ready with the last one', async () => {
    await world.redis.resume();
    await worker.logged(/"event":"store_ready"/);
    expect(await links()).toEqual([0, 0, 1]);
    world.sipServer = await SipServer.start(world.sipPort, world.sipServer?.adminPort);
    await worker.logged(/"event":"sip_link_up"/);
    expect(await links()).toEqual([0, 1, 1]);
    expect((await worker.readyz()).status).toBe(503);
    await world.server.restart();
    await worker.logged(/"event":"worker_ready"/);
    expect(await links()).toEqual([1, 1, 1]);
    const part = (name: string) => ({ name, ready: true });
    expect(await worker.readyz()).toEqual({ status: 200, body: { ready: true, parts: ['xmpp', 'sip', 'store'].map(part) } });
  });

  test('messages and their outcomes are counted', async () => {
    const ann = await world.signIn();
    const bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    await ann.sendChat(bob.address, 'One');
    expect((await new SipChat('microsoft', bob, ann.bareJid).hears()).text).toBe('One');
    await bob.peer.request('MESSAGE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { 'Content-Type': 'text/plain' }, body: 'Two' });
    await ann.takeMessage('Two');
    const count = (direction: string, outcome: string) => metric(`isthmus_messages_total{direction="${direction}",outcome="${outcome}"}`);
    expect([await count('to-sip', 'taken'), await count('to-sip', 'delivered'), await count('to-xmpp', 'delivered')]).toEqual([1, 1, 1]);
  });

  test('other pages and methods are refused', async () => {
    expect((await page('/')).status).toBe(404);
    const posted = await page('/metrics', 'POST');
    expect({ status: posted.status, allow: posted.headers.get('Allow') }).toEqual({ status: 405, allow: 'GET, HEAD' });
  });

  test('a next hop that is down is seen by a metric; the worker stays ready', async () => {
    await worker.logged(/"event":"route_up"/);
    expect(await metric('isthmus_route_up{route="far"}')).toBe(1);
    world.peer.serve('OPTIONS', () => undefined);
    world.peer.cut();
    await worker.logged(/"event":"route_down"/);
    expect(await metric('isthmus_route_up{route="far"}')).toBe(0);
    expect((await worker.readyz()).status).toBe(200);
    world.peer.serve('OPTIONS', (incoming) => world.peer.reply(incoming, 200));
  });

  test('XD-10: while it drains it is not ready; exit code 0', async () => {
    const ann = await world.signIn();
    const carol = new SipPerson(world.peer, `carol@${DOMAIN}`);
    await ann.sendChat(carol.address, 'Wait for me');
    const invite = await carol.receive('INVITE');
    worker.kill('SIGTERM');
    await worker.logged(/"event":"worker_stopping"/);
    expect((await worker.readyz()).body.parts).toContainEqual({ name: 'xmpp', ready: false, why: 'the XMPP link is draining' });
    await carol.peer.reply(invite, 486);
    expect((await worker.exited).code).toBe(0);
  });
});
