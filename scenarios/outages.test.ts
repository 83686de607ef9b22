import { shows, unclaimedFrom } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';
import { numbered, seesAtLast, soon, START_MS, tellsBusy, watchesAgain } from './support/recovery';
import { SipPeer } from './support/raw-sip';
import { SipPerson } from './support/sip-person';
import { SipServer } from './support/sipd';
import { DOMAIN, World } from './support/world';

describe('the SIP server is restarted in a moment', () => {
  let world: World;
  let server: SipPeer;
  const answersProbes = (): void => server.serve('OPTIONS', (incoming) => server.reply(incoming, 200));

  beforeAll(async () => {
    server = await SipPeer.start({ name: 'far SIP server' });
    answersProbes();
    world = await World.start({ dialect: 'microsoft', nextHopPort: server.port, sip: { downGraceSeconds: 60 } });
    server.nextHop = { port: world.sipPort, transport: 'tcp' };
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await server.stop().catch(() => undefined);
  });

  test('promise 3: contacts are watched anew, since it has forgotten all; none was shown offline meanwhile', async () => {
    const ann = await world.signIn();
    const { port } = server;
    const contacts = numbered('bob', 3).map((name) => `${name.replace(' ', '')}@${DOMAIN}`);
    for (const contact of contacts) await annAdds({ ann, bob: new SipPerson(server, contact) });
    await server.stop();
    await world.gateway.logged(/"event":"route_down"/);
    server = await SipPeer.start({ name: 'far SIP server', port, nextHop: { port: world.sipPort, transport: 'tcp' } });
    answersProbes();
    const people = contacts.map((contact) => new SipPerson(server, contact));
    await soon(Promise.all(people.map(async (bob) => tellsBusy(bob, await bob.letsWatch()))));
    // The first word about each of them is the new state.
    for (const bob of people) {
      const { attrs } = await ann.take(`state of ${bob.address}`, (stanza) => stanza.is('presence') && String(stanza.attrs['from']).startsWith(bob.address));
      expect(attrs['type']).toBeUndefined();
      expect(unclaimedFrom(ann, bob)).toEqual([]);
    }
  });
});

describe('the SIP stack (drachtio, sipd) is restarted', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', store: 'redis', sipServer: 'process' });
  }, START_MS);
  afterAll(() => world.stop());

  test('promise 3: dialogs that it has forgotten are opened anew or continued by hand, in both directions', async () => {
    const ann = await world.signIn();
    const bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    const { sipServer } = world;
    if (sipServer === undefined) throw new Error('no SIP server of its own');
    sipServer.kill('SIGKILL');
    await sipServer.stop();
    await shows(ann, 'dnd'); // nobody can be told
    world.sipServer = await SipServer.start(sipServer.sipPort, sipServer.adminPort);
    await soon(Promise.all([watchesAgain(ann, bob), bob.isToldAtLast({ draft: 'busy' })]));
  });
});

describe('the gateway is stopped for good', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', workers: 2, store: 'redis', sipServer: 'process' });
  }, START_MS);
  afterAll(() => world.stop());

  test.each(['SIGTERM', 'SIGKILL'] as const)('promise 4: by %s: with the last worker its contacts go offline', async (signal) => {
    const ann = await world.signIn();
    const bob = new SipPerson(world.peer, `bob-${signal.toLowerCase()}@${DOMAIN}`);
    world.peer.serve('BYE', (incoming) => world.peer.reply(incoming, 200));
    const running = world.gateways.filter(({ isRunning }) => isRunning);
    await annAdds({ ann, bob });
    const [first, last] = running;
    first?.kill(signal);
    await first?.exited;
    last?.kill(signal);
    await last?.exited;
    await soon(seesAtLast(ann, bob, 'offline'));
    await Promise.all([world.startWorker('w1'), world.startWorker('w2')]);
  });
});
