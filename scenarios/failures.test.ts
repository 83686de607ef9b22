import { shows } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';
import { seesAtLast, soon, START_MS, tellsBusy, watchesAgain } from './support/recovery';
import { SipPeer } from './support/raw-sip';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { bounceOf } from './support/stanza-error';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const ANN = `ann@${DOMAIN}`;
const PLAIN = { 'Content-Type': 'text/plain' };

describe('the SIP server goes away', () => {
  let server: SipPeer;
  let serverPort: number;
  let world: World;
  let ann: XmppUser;
  /** The people are those of the server that runs now. */
  const person = (name: string): SipPerson => new SipPerson(server, `${name}@${DOMAIN}`);

  const answersProbes = (): void => server.serve('OPTIONS', (incoming) => server.reply(incoming, 200));

  /** At the same address again. What comes before it answers probes is left without an answer. */
  async function serverStarts(): Promise<void> {
    server = await SipPeer.start({ name: 'far SIP server', port: serverPort, nextHop: { port: world.sipPort, transport: 'tcp' } });
  }

  beforeAll(async () => {
    server = await SipPeer.start({ name: 'far SIP server' });
    answersProbes();
    serverPort = server.port;
    world = await World.start({ dialect: 'microsoft', nextHopPort: serverPort, sip: { requestTimeoutSeconds: 2, inviteTimeoutSeconds: 3 } });
    server.nextHop = { port: world.sipPort, transport: 'tcp' };
    ann = await world.signIn();
  }, START_MS);

  afterAll(async () => {
    await world.stop();
    await server.stop().catch(() => undefined); // a test that failed has left it stopped
  });

  test('promises 1, 3 and 4: it refuses connections, and comes back', async () => {
    await annAdds({ ann, bob: person('bob') });
    await bobAdds({ ann, bob: person('bob') });
    await server.stop();
    await ann.sendChat(`bob@${DOMAIN}`, 'Are you there?', 'm1');
    expect(await bounceOf(ann, 'm1')).toMatchObject({ condition: 'remote-server-timeout', body: 'Are you there?' });
    await seesAtLast(ann, person('bob'), 'offline');
    await shows(ann, 'dnd');

    await serverStarts();
    answersProbes();
    const bob = person('bob');
    await soon(
      Promise.all([
        watchesAgain(ann, bob),
        bob.isToldAtLast({ draft: 'busy' }),
      ]),
    );
    await ann.sendChat(bob.address, 'Welcome back');
    expect((await new SipChat('microsoft', bob, ANN).hears()).text).toBe('Welcome back');
    await shows(ann);
  });

  test('promises 1, 3 and 4: it takes connections and stays silent, and wakes up', async () => {
    await annAdds({ ann, bob: person('carol') });
    await server.stop();
    await serverStarts();
    const carol = person('carol');
    await ann.sendChat(carol.address, 'Are you there?', 'm2');
    expect(await bounceOf(ann, 'm2')).toMatchObject({ condition: 'remote-server-timeout' });
    await seesAtLast(ann, carol, 'offline');

    answersProbes();
    await soon(watchesAgain(ann, carol));
  });
});

describe('the XMPP server goes away', () => {
  let world: World;
  let ann: XmppUser;
  let bob: SipPerson;
  let chat: SipChat;

  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', prosody: { extraModules: ['offline'] } });
    ann = await world.signIn();
    bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    chat = new SipChat('microsoft', bob, ANN);
  }, START_MS);
  afterAll(() => world.stop());

  test('XD-14, promises 1, 3 and 4: it crashes, and comes back', async () => {
    await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    await world.server.saved();
    world.server.kill('SIGKILL');
    const answered = chat.writes('Are you there?');
    await bob.isToldAtLast({ basic: 'closed' });
    // One outcome: what waited is given back, what comes now is not taken, and neither is delivered later.
    expect([(await answered).status, (await chat.writes('Still there?')).status]).toEqual([503, 503]);
    await world.server.restart();
    await soon(recovery());
    expect((await chat.writes('There you are')).status).toBe(200);
    await ann.takeMessage('There you are');
    expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message')).map(String)).toEqual([]);
    await ann.sendChat(bob.address, 'I am back');
    expect((await chat.hears()).text).toBe('I am back');

    async function recovery(): Promise<void> {
      expect((await bob.answers('SUBSCRIBE', 200)).header('Expires')).toBe('0'); // nobody is signed in yet
      ann = await world.signIn();
      await watchesAgain(ann, bob);
      await bob.isToldAtLast({ basic: 'open' });
    }
  });
});

describe('Redis goes away', () => {
  let world: World;
  let ann: XmppUser;
  let bob: SipPerson;
  let chat: SipChat;

  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', store: 'redis', sipServer: 'process' });
    ann = await world.signIn();
    bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    chat = new SipChat('microsoft', bob, ANN);
  }, START_MS);
  afterAll(() => world.stop());

  test('promises 1, 3 and 4: it is restarted', async () => {
    const watch = await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    await world.redis.suspend();
    await ann.sendChat(bob.address, 'Too early', 'm1');
    expect(await bounceOf(ann, 'm1')).toMatchObject({ condition: 'resource-constraint' });
    const refused = await chat.person.peer.request('MESSAGE', { from: bob.uri, to: `sip:${ANN}`, headers: PLAIN, body: 'Too early' });
    expect([refused.response.status, Number(refused.response.header('Retry-After')) > 0]).toEqual([503, true]);
    await shows(ann, 'dnd');
    expect((await tellsBusy(bob, watch)).status).toBe(503);

    await world.redis.resume();
    await soon(
      Promise.all([
        bob.isToldAtLast({ draft: 'busy' }),
        watchesAgain(ann, bob),
      ]),
    );
    await ann.sendChat(bob.address, 'In time');
    expect((await chat.hears()).text).toBe('In time');
    const complaints = world.gateway.lines.filter(({ level }) => level === 'error');
    expect(new Set(complaints.map(({ event }) => event))).toEqual(new Set(['store_unavailable']));
  });

  test('promise 3, decision 096: a watch that is refreshed while it is restarted goes on', async () => {
    const watch = await bob.watches(ANN);
    await bob.isTold(watch);
    await world.redis.suspend();
    const refused = await chat.person.peer.request('MESSAGE', { from: bob.uri, to: `sip:${ANN}`, headers: PLAIN, body: 'Away?' });
    expect(refused.response.status).toBe(503);
    const [{ status }] = await Promise.all([bob.watchesOn(watch, 3600), world.redis.resume()]);
    expect(status).toBe(200);
    await shows(ann, 'away');
    await bob.isToldAtLast({ basic: 'open', draft: 'away' });
  });

  test('a worker starts meanwhile: it says so once, waits, and becomes ready', async () => {
    await world.redis.suspend();
    const worker = await world.startWorker('w2', /"event":"xmpp_link_up"/);
    const { status, body } = await worker.readyz();
    expect(status).toBe(503);
    expect(body.parts).toContainEqual({ name: 'store', ready: false, why: expect.stringContaining('ECONNREFUSED') });
    await world.redis.resume();
    await worker.logged(/"event":"worker_ready"/);
    const complaints = worker.lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(level));
    expect(complaints.map(({ event }) => event)).toEqual(['store_unavailable']);
    expect((await worker.readyz()).status).toBe(200);
  });
});
