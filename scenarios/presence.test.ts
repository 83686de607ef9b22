import { allows, asksFor, Cast, refuses, rosterState, sees, shows, unclaimedFrom } from './support/cast';
import type { Couple } from './support/cast';
import { rpidPidf } from './support/presence-documents';
import type { SipDialog } from './support/sip-dialog';
import { uriOf } from './support/sip-message';
import type { SipPerson } from './support/sip-person';

const OPEN = { basic: 'open' } as const;
const CLOSED = { basic: 'closed' } as const;
const AVAILABLE = { available: true };

const open = (bob: SipPerson, note?: string) => rpidPidf(bob.uri, { ...OPEN, ...(note !== undefined && { note }) });

/** Ann adds Bob: he lets her watch, and she sees him available. */
async function annAdds({ ann, bob }: Pick<Couple, 'ann' | 'bob'>): Promise<SipDialog> {
  await asksFor(ann, bob);
  const watch = await bob.letsWatch();
  await bob.tells(watch, open(bob));
  await ann.takePresence(bob.address, 'subscribed');
  expect(await sees(ann, bob)).toEqual(AVAILABLE);
  return watch;
}

/** Bob adds Ann: she allows it, and he is told that she is available. */
async function bobAdds({ ann, bob }: Pick<Couple, 'ann' | 'bob'>): Promise<SipDialog> {
  const watch = await bob.watches(ann.bareJid);
  await bob.isTold(watch);
  await ann.takePresence(bob.address, 'subscribe');
  await allows(ann, bob);
  await bob.isToldAtLast(OPEN);
  return watch;
}

describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  /** What a watcher is told before the user has decided. */
  const expectUndecided = (notice: Awaited<ReturnType<SipPerson['isTold']>>): void => {
    if (dialect === 'microsoft') expect(notice).toMatchObject({ substate: 'active', said: CLOSED });
    else expect(notice).toMatchObject({ substate: 'pending', said: undefined });
  };

  describe('an XMPP user watches a SIP user', () => {
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

    it('keeps what she saw when a NOTIFY is empty (PRES-14)', async () => {
      const { ann, bob } = await cast.couple();
      const watch = await annAdds({ ann, bob });
      expect((await bob.tells(watch)).status).toBe(200);
      await bob.tells(watch, open(bob, 'after the empty one'));
      expect(await sees(ann, bob, 'after the empty one')).toMatchObject(AVAILABLE);
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
      await bobAdds({ ann, bob });
      await ann.sendPresence({ type: 'unavailable' });
      const end = await bob.answers('SUBSCRIBE', 200);
      expect([end.callId, end.header('Expires')]).toEqual([outward.callId, '0']);
      await bob.tells(outward, open(bob), 'terminated;reason=timeout');
      await ann.sendPresence();
      await bob.tells(await bob.letsWatch(), open(bob, 'still here'));
      expect(await sees(ann, bob, 'still here')).toMatchObject(AVAILABLE);
      expect(await rosterState(ann, bob)).toBe('both');
    });
  });

  describe('a SIP user watches an XMPP user', () => {
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
  });
});
