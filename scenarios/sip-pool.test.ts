import { AnchoredServer } from './support/anchored';
import { annAdds } from './support/contact-list';
import { seesAtLast, soon, START_MS, tellsBusy } from './support/recovery';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { DOMAIN, World } from './support/world';

describe('two SIP servers, each behind its anchor', () => {
  let servers: readonly [AnchoredServer, AnchoredServer];
  let world: World;

  beforeAll(async () => {
    servers = [await AnchoredServer.start(), await AnchoredServer.start()];
    world = await World.start({ dialect: 'microsoft', store: 'redis', foreignSipServer: servers[0] });
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all(servers.map((server) => server.stop()));
  });

  test('promise 3, DESIGN 5: the second one joins by SIGHUP; the first one dies: its watches and sessions are reopened by the other', async () => {
    const { gateway } = world;
    const ann = await world.signIn();
    const bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    const before = await annAdds({ ann, bob });
    const list = servers.map(({ adminPort }, index) => ({ name: `d${index + 1}`, host: '127.0.0.1', port: adminPort, secret: { file: 'sipd-secret' } }));
    const config = world.config('w1');
    await gateway.reload({ ...config, sip: { ...(config['sip'] as object), server: { type: 'drachtio', servers: list } } });
    await gateway.logged(/"server":"d2".*"event":"sip_link_up"/);

    servers[0].kill('SIGKILL');
    const watch = await soon(bob.letsWatch());
    expect(watch.callId).not.toBe(before.callId);
    await tellsBusy(bob, watch);
    await seesAtLast(ann, bob, 'dnd');
    await ann.sendChat(bob.address, 'By the other one');
    expect((await soon(new SipChat('microsoft', bob, `ann@${DOMAIN}`).hears())).text).toBe('By the other one');
  });
});
