import { asksFor, Cast, rosterState, sees, shows, unclaimedFrom } from './support/cast';
import { annAdds, AVAILABLE, bobAdds, CLOSED, open, OPEN } from './support/contact-list';
import { uriOf } from './support/sip-message';

/** An XMPP user watches a SIP user (standards, section 4.1). */
describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect, availability: { retryMinSeconds: 1 } })));
  afterAll(() => cast.stop());

  it('asks, is allowed, and sees him (PRES-1, PRES-3)', async () => {
    const { ann, bob } = await cast.couple();
    await asksFor(ann, bob);
    const incoming = await bob.receive('SUBSCRIBE');
    expect(incoming.message.uri).toBe(bob.uri);
    expect(uriOf(incoming.message.header('From'))).toBe(`sip:${ann.bareJid}`);
    expect(incoming.message.header('Event')).toBe('presence');
    expect(incoming.message.header('Accept')).toContain('application/pidf+xml');
    expect(incoming.message.header('Expires')).toBe('3600');
    const watch = await bob.peer.accept(incoming, { headers: { Expires: '3600' } });
    expect((await bob.tells(watch, open(bob, 'At my desk'))).status).toBe(200);
    await ann.takePresence(bob.address, 'subscribed');
    expect(await sees(ann, bob, 'At my desk')).toMatchObject(AVAILABLE);
    expect(await rosterState(ann, bob)).toBe('to');
  });

  it('hears nothing while he has not decided (PRES-2)', async () => {
    const { ann, bob } = await cast.couple();
    await asksFor(ann, bob);
    const watch = await bob.letsWatch();
    expect((await bob.tells(watch, undefined, 'pending;expires=3600')).status).toBe(200);
    expect((await bob.tells(watch, open(bob))).status).toBe(200);
    const first = await ann.take('the first word of him', ({ attrs }) => String(attrs['from']).startsWith(bob.address));
    expect(first.attrs['type']).toBe('subscribed');
  });

  it.each([403, 404, 489, 603])('is refused by %i: his request is denied for good (PRES-4)', async (status) => {
    const { ann, bob } = await cast.couple();
    await asksFor(ann, bob);
    await bob.answers('SUBSCRIBE', status);
    await ann.takePresence(bob.address, 'unsubscribed');
    expect(await rosterState(ann, bob)).not.toBe('to');
  });

  it('is refused later: terminated;reason=rejected (PRES-12)', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await annAdds({ ann, bob });
    expect((await bob.tells(watch, undefined, 'terminated;reason=rejected')).status).toBe(200);
    await ann.takePresence(bob.address, 'unavailable');
    await ann.takePresence(bob.address, 'unsubscribed');
  });

  it.each(['deactivated', 'timeout'])('watches on in a new dialog after terminated;reason=%s, and is told nothing (PRES-12)', async (reason) => {
    const { ann, bob } = await cast.couple();
    const old = await annAdds({ ann, bob });
    await bob.tells(old, undefined, `terminated;reason=${reason}`);
    const watch = await bob.letsWatch();
    expect(watch.callId).not.toBe(old.callId);
    await bob.tells(watch, open(bob, 'back'));
    expect(await sees(ann, bob, 'back')).toMatchObject(AVAILABLE);
  });

  it('a NOTIFY is empty: as before, or (simple) the server has nothing to say any more (PRES-14, decision 020)', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await annAdds({ ann, bob });
    expect((await bob.tells(watch)).status).toBe(200);
    if (dialect === 'simple') expect(await sees(ann, bob)).toEqual({ available: false });
    await bob.tells(watch, open(bob, 'after the empty one'));
    expect(await sees(ann, bob, 'after the empty one')).toMatchObject(AVAILABLE);
    expect(unclaimedFrom(ann, bob)).toEqual([]);
  });

  it('asks once more with the time that a 423 demands (PRES-5)', async () => {
    const { ann, bob } = await cast.couple();
    await asksFor(ann, bob);
    const incoming = await bob.receive('SUBSCRIBE');
    await bob.peer.reply(incoming, 423, { headers: { 'Min-Expires': '7200' } });
    const again = await bob.receive('SUBSCRIBE');
    expect(again.message.header('Expires')).toBe('7200');
    await bob.peer.reply(again, 200, { headers: { Expires: '7200' } });
  });

  it('is shown to a second resource from memory (PRES-11, probe)', async () => {
    const { ann, bob } = await cast.couple();
    await annAdds({ ann, bob });
    const phone = await cast.world.signIn(ann.bareJid.split('@')[0], 'phone');
    expect(await sees(phone, bob)).toEqual(AVAILABLE);
    expect(bob.unclaimed('SUBSCRIBE')).toEqual([]);
  });

  it('takes him off: SUBSCRIBE with Expires 0 in the dialog, and the other direction stays (PRES-10)', async () => {
    const { ann, bob } = await cast.couple();
    const outward = await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    expect(await rosterState(ann, bob)).toBe('both');
    await ann.sendPresence({ to: bob.address, type: 'unsubscribe' });
    const end = await bob.answers('SUBSCRIBE', 200);
    expect([end.callId, end.header('Expires')]).toEqual([outward.callId, '0']);
    expect((await bob.tells(outward, open(bob), 'terminated;reason=timeout')).status).toBe(200);
    await ann.takePresence(bob.address, 'unavailable');
    await shows(ann, 'away');
    await bob.isToldAtLast(OPEN);
    expect(await rosterState(ann, bob)).toBe('from');
  });

  it('goes offline: the watch ends, the permission stays, and it begins anew when she is back (PRES-7, PRES-9)', async () => {
    const { ann, bob } = await cast.couple();
    const outward = await annAdds({ ann, bob });
    const inward = await bobAdds({ ann, bob });
    await ann.sendPresence({ type: 'unavailable' });
    expect((await bob.isTold(inward)).said).toEqual(CLOSED);
    const end = await bob.answers('SUBSCRIBE', 200);
    expect([end.callId, end.header('Expires')]).toEqual([outward.callId, '0']);
    await bob.tells(outward, open(bob), 'terminated;reason=timeout');
    await ann.sendPresence();
    await bob.isToldAtLast(OPEN);
    await bob.tells(await bob.letsWatch(), open(bob, 'still here'));
    expect(await sees(ann, bob, 'still here')).toMatchObject(AVAILABLE);
    expect(await rosterState(ann, bob)).toBe('both');
  });
});
