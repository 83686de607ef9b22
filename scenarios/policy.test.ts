import xml from '@xmpp/xml';

import { allows, Cast, refuses, rosterState, unclaimedFrom } from './support/cast';
import { decides, fills, opens, setsPolicy } from './support/commands';
import { bobAdds, CLOSED, OPEN } from './support/contact-list';
import type { Notice } from './support/sip-person';
import { COMPONENT } from './support/world';
import type { XmppUser } from './support/xmpp-user';

/** The manual, "Availability Subscriptions and Policy": who sees an XMPP user, and who decides about it. */
describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  const expectUndecided = (notice: Notice): void => {
    if (dialect === 'microsoft') expect(notice).toMatchObject({ substate: 'active', said: CLOSED });
    else expect(notice).toMatchObject({ substate: 'pending', said: undefined });
  };
  const listed = async (user: XmppUser): Promise<string> => ((await opens(user, 'watchers')).options['watchers'] ?? []).join();

  it('the request shows by what name the SIP user calls himself (XEP-0172)', async () => {
    const { ann, bob } = await cast.couple();
    const headers = { Event: 'presence', Accept: 'application/pidf+xml', Expires: '3600', From: `"Bob <B> Builder" <${bob.uri}>;tag=named` };
    await bob.peer.request('SUBSCRIBE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers });
    const request = await ann.takePresence(bob.address, 'subscribe');
    expect(request.getChildText('nick', 'http://jabber.org/protocol/nick')).toBe('Bob <B> Builder');
  });

  it('she lets everybody in: he sees her at once, he is in her roster, and she is not asked (PRES-22, PRES-23)', async () => {
    const { ann, bob } = await cast.couple();
    await setsPolicy(ann, { 'auto-authorize': ['on'] });
    const watch = await bob.watches(ann.bareJid);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
    expect(await rosterState(ann, bob)).toBe('from');
    expect(unclaimedFrom(ann, bob)).toEqual([]);
    expect((await bob.watchesOn(watch, 0)).status).toBe(200);
  });

  it('she lets everybody in and is offline: he sees her when she signs in, and she is not asked', async () => {
    const { user, address, bob } = cast.strangers();
    const before = await cast.world.signIn(user);
    await setsPolicy(before, { 'auto-authorize': ['on'] });
    await before.stop();
    await bob.watches(address);
    await bob.isToldAtLast(CLOSED);
    const ann = await cast.world.signIn(user);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
    expect(unclaimedFrom(ann, bob)).toEqual([]);
  });

  it('she lets in whom she has listed, and is asked about the others', async () => {
    const { ann, bob } = await cast.couple();
    const { bob: other } = cast.strangers();
    await setsPolicy(ann, { allow: [bob.address.toUpperCase()] });
    await bob.watches(ann.bareJid);
    await bob.isToldAtLast(OPEN);
    await other.watches(ann.bareJid);
    expectUndecided(await other.isTold());
    await ann.takePresence(other.address, 'subscribe');
    expect(unclaimedFrom(ann, bob)).toEqual([]);
    await setsPolicy(ann, { allow: [] });
    await ann.sendPresence({ type: 'unavailable' });
    expect((await bob.isTold()).said).toEqual(CLOSED);
    expect(await rosterState(ann, bob)).toBe('from');
  });

  it('a request that waits is granted by command, on all her devices (PRES-23)', async () => {
    const { ann, bob } = await cast.couple();
    const phone = await cast.world.signIn(ann.bareJid.split('@')[0], 'phone');
    await bob.watches(ann.bareJid);
    expectUndecided(await bob.isTold());
    await ann.takePresence(bob.address, 'subscribe');
    expect(await listed(ann)).toMatch(`${bob.address}: waits for your answer; 1 device, until `);
    await decides(ann, 'allow', bob.address);
    await bob.isToldAtLast(OPEN);
    for (const device of [ann, phone]) {
      const push = await device.take('roster push', (iq) => iq.is('iq') && iq.getChild('query')?.getChild('item')?.attrs['jid'] === bob.address);
      expect(push.getChild('query')?.getChild('item')?.attrs['subscription']).toBe('from');
    }
    expect(await listed(ann)).toMatch(`${bob.address}: sees you; 1 device`);
  });

  it('blocked by command he sees her offline at once; taken off the list he sees her again, and nobody is asked (PRES-25)', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bobAdds({ ann, bob });
    await decides(ann, 'block', bob.address);
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    expect(await listed(ann)).toMatch(`${bob.address}: blocked by policy`);
    expect(await rosterState(ann, bob)).toBe('from');
    await setsPolicy(ann, { block: [] });
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: OPEN });
    expect(unclaimedFrom(ann, bob)).toEqual([]);
  });

  it('blocked before he came, he sees her offline and she is not asked; unblocked, she is (PRES-22, PRES-25)', async () => {
    const { ann, bob } = await cast.couple();
    await setsPolicy(ann, { block: ['*@example.com'] });
    const watch = await bob.watches(ann.bareJid);
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    const { bob: other } = cast.strangers();
    expect(await other.isTold(await other.watches(ann.bareJid))).toMatchObject({ said: CLOSED });
    expect(unclaimedFrom(ann, bob)).toEqual([]);
    await setsPolicy(ann, { block: [] });
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
  });

  it('she takes her permission back: offline at once, out of her roster, also after a refresh (PRES-25)', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bobAdds({ ann, bob });
    await decides(ann, 'revoke', bob.address);
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    expect(await rosterState(ann, bob)).not.toBe('from');
    expect((await bob.watchesOn(watch, 3600)).status).toBe(200);
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    expect(unclaimedFrom(ann, bob).filter((stanza) => stanza === 'presence subscribe')).toEqual([]);
  });

  it('a refusal is forgotten by command: she is asked when he watches again (PRES-22)', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bob.watches(ann.bareJid);
    await bob.isTold(watch);
    await ann.takePresence(bob.address, 'subscribe');
    await refuses(ann, bob);
    if (dialect === 'simple') expect((await bob.isTold(watch)).said).toEqual(CLOSED);
    await decides(ann, 'ask', bob.address);
    expect((await bob.watchesOn(watch, 3600)).status).toBe(200);
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
  });

  it('refused while he stands on her list he is refused; by command she lets him see her after all (PRES-25)', async () => {
    const { ann, bob } = await cast.couple();
    await setsPolicy(ann, { allow: [bob.address] });
    const watch = await bob.watches(ann.bareJid);
    await bob.isToldAtLast(OPEN);
    await refuses(ann, bob);
    expect((await bob.isTold(watch)).said).toEqual(CLOSED);
    await decides(ann, 'allow', bob.address);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
    expect(await rosterState(ann, bob)).toBe('from');
  });

  it('her refusal counts more than her letting everybody in', async () => {
    const { ann, bob } = await cast.couple();
    await setsPolicy(ann, { 'auto-authorize': ['on'] });
    const watch = await bob.watches(ann.bareJid);
    await bob.isToldAtLast(OPEN);
    await refuses(ann, bob);
    expect((await bob.isTold(watch)).said).toEqual(CLOSED);
    expect((await bob.watchesOn(watch, 3600)).status).toBe(200);
    expect((await bob.isTold(watch)).said).toEqual(CLOSED);
    expect(await rosterState(ann, bob)).not.toBe('from');
  });

  it('blocked in the XMPP server (XEP-0191) he sees her offline; unblocked he sees her again', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bobAdds({ ann, bob });
    const item = (name: string) => xml('iq', { type: 'set' }, xml(name, { xmlns: 'urn:xmpp:blocking' }, xml('item', { jid: bob.address })));
    await ann.request(item('block'));
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    await ann.request(item('unblock'));
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: OPEN });
  });

  it('blocked in the XMPP server, a newcomer is not let in by policy, and she is not asked', async () => {
    const { ann, bob } = await cast.couple();
    await setsPolicy(ann, { 'auto-authorize': ['on'] });
    await ann.request(xml('iq', { type: 'set' }, xml('block', { xmlns: 'urn:xmpp:blocking' }, xml('item', { jid: bob.address }))));
    expectUndecided(await bob.isTold(await bob.watches(ann.bareJid)));
    const { bob: friend } = cast.strangers();
    await friend.watches(ann.bareJid);
    await friend.isToldAtLast(OPEN);
    expect([await rosterState(ann, bob), bob.unclaimed('NOTIFY'), unclaimedFrom(ann, bob)]).toEqual([undefined, [], []]);
  });

  it('her client finds the commands (XEP-0030, XEP-0050)', async () => {
    const { ann } = await cast.couple();
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/disco#items', node: 'http://jabber.org/protocol/commands' });
    const answer = await ann.request(xml('iq', { type: 'get', to: COMPONENT }, query));
    expect(answer.getChild('query')?.getChildren('item').map(({ attrs }) => attrs['name'])).toEqual(['My availability policy', 'Who watches me']);
    const domain = await ann.request(xml('iq', { type: 'get', to: 'example.com' }, xml('query', { xmlns: 'http://jabber.org/protocol/disco#items' })));
    expect(domain.getChild('query')?.getChildren('item').map(({ attrs }) => attrs['jid'])).toContain(COMPONENT);
    await expect(opens(ann, 'counters')).rejects.toMatchObject({ condition: 'forbidden' });
  });
});

describe.each(['microsoft', 'simple'] as const)('policy for all users, dialect %s', (dialect) => {
  const ADMIN = 'ann1@example.com';
  let cast: Cast;
  let admin: XmppUser;
  const evil = 'bob9@example.com';

  beforeAll(async () => {
    cast = await Cast.start({ dialect, policy: { autoAuthorize: true, block: [evil.toUpperCase()] }, administrators: [ADMIN] });
    admin = (await cast.couple()).ann;
  });
  afterAll(() => cast.stop());

  it('everybody is let in, and a user may say otherwise for herself', async () => {
    const { ann, bob } = await cast.couple();
    await bob.watches(ann.bareJid);
    await bob.isToldAtLast(OPEN);
    expect(unclaimedFrom(ann, bob)).toEqual([]);
    const { ann: shy, bob: other } = await cast.couple();
    await setsPolicy(shy, { 'auto-authorize': ['off'] });
    await other.watches(shy.bareJid);
    await shy.takePresence(other.address, 'subscribe');
  });

  it('who is blocked for all is blocked also where a user lets him in (PRES-25)', async () => {
    const { ann } = await cast.couple();
    const { bob } = await takeBob(evil);
    await setsPolicy(ann, { allow: [bob.address] });
    expect(await bob.isTold(await bob.watches(ann.bareJid))).toMatchObject({ substate: 'active', said: CLOSED });
    const { bob: friend } = cast.strangers();
    await friend.watches(ann.bareJid);
    await friend.isToldAtLast(OPEN);
    expect(bob.unclaimed('NOTIFY')).toEqual([]);
  });

  it("an administrator changes a user's policy, and running watches follow", async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bob.watches(ann.bareJid);
    await bob.isToldAtLast(OPEN);
    const whose = await opens(admin, 'policy-of-user');
    const form = await fills(admin, whose, { user: [ann.bareJid] });
    expect((await fills(admin, form, { block: [bob.address] })).status).toBe('completed');
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    expect((await opens(ann, 'policy')).values['block']).toEqual([bob.address]);
  });

  it('an administrator looks at the whole', async () => {
    const { status, values } = await opens(admin, 'counters');
    expect([status, Number(values['count-1']?.[0]) > 0]).toEqual(['completed', true]);
  });

  /** The strangers up to the one of this address. */
  async function takeBob(address: string): Promise<{ readonly bob: ReturnType<Cast['strangers']>['bob'] }> {
    for (;;) {
      const next = cast.strangers();
      if (next.bob.address === address) return next;
    }
  }
});

describe('two workers on Redis', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft', store: 'redis', sipServer: 'process', workers: 2 })));
  afterAll(() => cast.stop());

  it('what one worker was told holds on the other', async () => {
    const people = [await cast.couple(), await cast.couple(), await cast.couple(), await cast.couple()];
    for (const { ann, bob } of people) {
      await setsPolicy(ann, { 'auto-authorize': ['on'] });
      const watch = await bob.watches(ann.bareJid);
      await bob.isToldAtLast(OPEN);
      await setsPolicy(ann, { block: [bob.address] });
      expect(await bob.isTold(watch)).toMatchObject({ said: CLOSED });
    }
  });
});
