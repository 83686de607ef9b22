import { allows, asksFor, sees } from './support/cast';
import { open } from './support/contact-list';
import { SipPeer } from './support/raw-sip';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

/** Two domains in one instance: each has users on both servers, and a SIP server of its own. */

const NET = 'example.net';

describe('two served domains', () => {
  let world: World;
  let lync: SipPeer;
  let standard: SipPeer;
  let ann: XmppUser;
  let nat: XmppUser;
  beforeAll(async () => {
    const answering = async (name: string): Promise<SipPeer> => {
      const peer = await SipPeer.start({ name });
      peer.serve('OPTIONS', (incoming) => peer.reply(incoming, 200));
      return peer;
    };
    [lync, standard] = await Promise.all([answering('lync'), answering('standard')]);
    const route = (name: string, domain: string, { port }: SipPeer, dialect: string) => ({ name, domains: [domain], host: '127.0.0.1', port, dialect, streamOnly: true });
    world = await World.start({
      dialect: 'microsoft',
      nextHopPort: lync.port,
      furtherDomains: { [NET]: { nat: 'nat' } },
      routes: [route('lync', DOMAIN, lync, 'microsoft'), route('standard', NET, standard, 'simple')],
    });
    for (const peer of [lync, standard]) peer.nextHop = { port: world.sipPort, transport: 'tcp' };
    [ann, nat] = [await world.signIn('ann'), await world.signIn('nat', 'desk', NET)];
  });
  afterAll(async () => {
    for (const peer of [lync, standard]) for (const method of ['NOTIFY', 'SUBSCRIBE', 'BYE']) peer.serve(method, (incoming) => peer.reply(incoming, 200));
    await world.stop();
    await Promise.all([lync.stop(), standard.stop()]);
  });

  const bobOf = (domain: string, name = 'bob'): SipPerson => new SipPerson(domain === NET ? standard : lync, `${name}@${domain}`);
  const chatOf = (bob: SipPerson, user: XmppUser): SipChat => new SipChat(bob.peer === standard ? 'simple' : 'microsoft', bob, user.bareJid);
  const PAIRS: readonly (readonly [who: string, user: () => XmppUser, domain: string])[] = [
    [`ann@${DOMAIN} and bob@${DOMAIN}`, () => ann, DOMAIN],
    [`ann@${DOMAIN} and bob@${NET}`, () => ann, NET],
    [`nat@${NET} and bob@${DOMAIN}`, () => nat, DOMAIN],
    [`nat@${NET} and bob@${NET}`, () => nat, NET],
  ];

  it.each(PAIRS)('%s write to each other; the route is that of the SIP user (promise 5)', async (_who, who, domain) => {
    const [user, bob] = [who(), bobOf(domain)];
    const chat = chatOf(bob, user);
    await user.sendChat(bob.address, `to ${bob.address}`);
    expect((await chat.hears()).text).toBe(`to ${bob.address}`);
    expect((await chat.writes(`to ${user.bareJid}`)).status).toBe(200);
    expect((await user.takeMessage(`to ${user.bareJid}`)).attrs['from']).toBe(bob.address);
  });

  it.each(PAIRS)('%s see each other (PRES-1, PRES-20)', async (_who, who, domain) => {
    const [user, bob] = [who(), bobOf(domain, 'bea')];
    await asksFor(user, bob);
    await bob.tells(await bob.letsWatch(), open(bob, 'here'));
    await user.takePresence(bob.address, 'subscribed');
    expect(await sees(user, bob, 'here')).toMatchObject({ available: true });
    await bob.watches(user.bareJid);
    await user.takePresence(bob.address, 'subscribe');
    await allows(user, bob);
    await bob.isToldAtLast({ basic: 'open' });
  });

  it('SEC-3: an account of either domain is nobody in SIP', async () => {
    const bob = bobOf(DOMAIN);
    for (const [from, to] of [[nat.bareJid, ann.bareJid], [ann.bareJid, nat.bareJid]]) {
      const { response } = await bob.peer.request('MESSAGE', { from: `sip:${from}`, to: `sip:${to}`, headers: { 'Content-Type': 'text/plain' }, body: 'forged' });
      expect(response.status).toBe(403);
    }
  });

  it('an account of one domain is none in the other: 404', async () => {
    const bob = bobOf(DOMAIN);
    const { response } = await bob.peer.request('MESSAGE', { from: bob.uri, to: `sip:ann@${NET}`, headers: { 'Content-Type': 'text/plain' }, body: 'hello' });
    expect(response.status).toBe(404);
  });
});

describe('a further domain that the plug-in does not serve', () => {
  it('XD-8: the worker does not go online, and says which domain it is', async () => {
    const world = await World.start({ dialect: 'simple', furtherDomains: { [NET]: {} }, workers: 0, prosody: { furtherDomains: {} } });
    try {
      const gateway = await world.startWorker('w1', /"event":"xmpp_link_down"/);
      expect(gateway.log).toContain(`the partition plug-in is not active for ${NET}`);
    } finally {
      await world.stop();
    }
  });
});
