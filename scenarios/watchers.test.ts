import xml from '@xmpp/xml';

import { allows, Cast, refuses, rosterState, sees, shows, unclaimedFrom } from './support/cast';
import { annAdds, AVAILABLE, bobAdds, CLOSED, open, OPEN } from './support/contact-list';
import type { Notice } from './support/sip-person';

/** A SIP user watches an XMPP user (standards, section 4.2). */
describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  /** What a watcher is told before the user has decided. */
  const expectUndecided = (notice: Notice): void => {
    if (dialect === 'microsoft') expect(notice).toMatchObject({ substate: 'active', said: CLOSED });
    else expect(notice).toMatchObject({ substate: 'pending', said: undefined });
  };

  it('is answered 200 and told at once, and she is asked; allowed, he sees her (observed A1, PRES-20 to PRES-23)', async () => {
    const { ann, bob } = await cast.couple();
    const { request, response } = await bob.peer.request('SUBSCRIBE', {
      from: bob.uri,
      to: `sip:${ann.bareJid}`,
      headers: { Event: 'presence', Accept: 'application/pidf+xml' },
    });
    expect(response.status).toBe(200);
    expect(response.header('Expires')).toBe('3600');
    expect(response.header('Contact')).toMatch(/^<sip:.+>$/);
    const first = await bob.isTold();
    expectUndecided(first);
    expect(first.message.callId).toBe(request.callId);
    expect(first.message.header('Event')).toBe('presence');
    expect(first.message.header('Subscription-State')).toMatch(/;expires=3600$/);
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
    expect(await rosterState(ann, bob)).toBe('from');
  });

  it('and she watches him: both (mutual presence)', async () => {
    const { ann, bob } = await cast.couple();
    await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    expect(await rosterState(ann, bob)).toBe('both');
  });

  it('asks while she is offline: she is asked when she signs in (stored request)', async () => {
    const { user, address, bob } = cast.strangers();
    await bob.watches(address);
    expectUndecided(await bob.isTold());
    const ann = await cast.world.signIn(user);
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    expect(await bob.isToldAtLast(OPEN)).toMatchObject({ substate: 'active' });
  });

  it('asks again in the dialog, and she is not asked again (PRES-22)', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bobAdds({ ann, bob });
    expect((await bob.watchesOn(watch, 1800)).status).toBe(200);
    expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: OPEN });
    await annAdds({ ann, bob });
    expect(unclaimedFrom(ann, bob)).toEqual([]);
  });

  it('ends it: 200 and a last NOTIFY; she still sees him, whom she watches herself (PRES-27)', async () => {
    const { ann, bob } = await cast.couple();
    const outward = await annAdds({ ann, bob });
    const inward = await bobAdds({ ann, bob });
    expect((await bob.watchesOn(inward, 0)).status).toBe(200);
    expect(await bob.isTold(inward)).toMatchObject({ substate: 'terminated', reason: 'timeout', said: CLOSED });
    await bob.tells(outward, open(bob, 'I am still here'));
    expect(await sees(ann, bob, 'I am still here')).toMatchObject(AVAILABLE);
  });

  it('looks once without a subscription: told what is known, and nobody is asked (PRES-29)', async () => {
    const { ann, bob } = await cast.couple();
    await bobAdds({ ann, bob });
    const look = await bob.watches(ann.bareJid, { expires: 0 });
    expect(await bob.isTold(look)).toMatchObject({ substate: 'terminated', reason: 'timeout', said: OPEN });
    const { bob: stranger } = cast.strangers();
    const strange = await stranger.watches(ann.bareJid, { expires: 0 });
    expect(await stranger.isTold(strange)).toMatchObject({ substate: 'terminated', said: CLOSED });
    await annAdds({ ann, bob });
    expect(unclaimedFrom(ann, stranger)).toEqual([]);
  });

  it('sees the best of her resources, and closed when the last has left (PRES-44, PRES-47)', async () => {
    const { ann: desk, bob } = await cast.couple();
    const inward = await bobAdds({ ann: desk, bob });
    const busy = dialect === 'microsoft' ? { ...OPEN, draft: 'busy' } : { ...OPEN, rpid: 'busy', show: 'dnd' };
    await shows(desk, 'dnd');
    expect((await bob.isTold(inward)).said).toEqual(busy);
    const phone = await cast.world.signIn(desk.bareJid.split('@')[0], 'phone');
    expect((await bob.isTold(inward)).said).toEqual(OPEN);
    await phone.sendPresence({ type: 'unavailable' });
    expect((await bob.isTold(inward)).said).toEqual(busy);
    await desk.sendPresence({ type: 'unavailable' });
    expect(await bob.isTold(inward)).toMatchObject({ substate: 'active', said: CLOSED });
  });

  it('is told the last state when she closes her stream without a word', async () => {
    const { ann, bob } = await cast.couple();
    const inward = await bobAdds({ ann, bob });
    await ann.stop();
    expect(await bob.isTold(inward)).toMatchObject({ substate: 'active', said: CLOSED });
  });

  it('is taken off her list: he sees her offline, and is not told that he was removed (PRES-25)', async () => {
    const { ann, bob } = await cast.couple();
    const inward = await bobAdds({ ann, bob });
    await refuses(ann, bob);
    expect(await bob.isTold(inward)).toMatchObject({ substate: 'active', said: CLOSED });
    expect(await rosterState(ann, bob)).not.toBe('from');
  });

  it('is removed from her roster: both directions end (PRES-10, PRES-25)', async () => {
    const { ann, bob } = await cast.couple();
    const outward = await annAdds({ ann, bob });
    const inward = await bobAdds({ ann, bob });
    const item = xml('item', { jid: bob.address, subscription: 'remove' });
    await ann.request(xml('iq', { type: 'set' }, xml('query', { xmlns: 'jabber:iq:roster' }, item)));
    const end = await bob.answers('SUBSCRIBE', 200);
    expect([end.callId, end.header('Expires')]).toEqual([outward.callId, '0']);
    await bob.tells(outward, open(bob), 'terminated;reason=timeout');
    expect(await bob.isTold(inward)).toMatchObject({ substate: 'active', said: CLOSED });
    expect(await rosterState(ann, bob)).toBeUndefined();
  });
});
