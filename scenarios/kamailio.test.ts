import { allows, asksFor, refuses, rosterState, sees, shows } from './support/cast';
import { AVAILABLE, bobAdds, CLOSED, open, OPEN } from './support/contact-list';
import type { Device } from './support/kamailio-user';
import { Partition } from './support/kamailio-world';
import { rpidPidf } from './support/presence-documents';
import type { PresenceDocument } from './support/presence-documents';
import { seesAtLast, START_MS } from './support/recovery';
import { uriOf } from './support/sip-message';
import { bounceOf } from './support/stanza-error';
import { DOMAIN } from './support/world';

/** A real partition: Kamailio, with the configuration of docs/kamailio.md, is the SIP half of Prosody's domain. */

/** Has an account on neither side. */
const NOBODY = `nobody@${DOMAIN}`;

const busy = (bob: Device, note: string): PresenceDocument => rpidPidf(bob.uri, { ...OPEN, activity: 'busy', note });

describe.each(['tcp', 'udp'] as const)('isthmus and Kamailio over %s', (between) => {
  let partition: Partition;
  beforeAll(async () => (partition = await Partition.start({ transport: between })), START_MS);
  afterAll(() => partition?.stop());

  describe('Kamailio as notifier: an XMPP user watches a SIP user', () => {
    test('PRES-1, PRES-3, PRES-10: what he publishes is what she sees, until she takes him off', async () => {
      const { ann, bob } = await partition.couple();
      await bob.publishes(open(bob, 'At my desk'));
      await asksFor(ann, bob);
      await ann.takePresence(bob.address, 'subscribed');
      expect(await sees(ann, bob, 'At my desk')).toMatchObject(AVAILABLE);
      expect(await rosterState(ann, bob)).toBe('to');
      await bob.publishes(busy(bob, 'In a meeting'));
      expect(await sees(ann, bob, 'In a meeting')).toMatchObject({ available: true, show: 'dnd' });
      expect(await partition.kamailio.watchersOf(bob.address)).toEqual([ann.bareJid]);
      await ann.sendPresence({ to: bob.address, type: 'unsubscribe' });
      await ann.takePresence(bob.address, 'unavailable');
      await partition.kamailio.untilUnwatched(bob.address);
      expect(await rosterState(ann, bob)).not.toBe('to');
    });

    test('PRES-3: who has published nothing may be watched, and is offline until he does', async () => {
      const { ann, bob } = await partition.couple();
      await asksFor(ann, bob);
      await ann.takePresence(bob.address, 'subscribed');
      expect(await sees(ann, bob)).toEqual({ available: false });
      await bob.publishes(open(bob, 'Good morning'));
      expect(await sees(ann, bob, 'Good morning')).toMatchObject(AVAILABLE);
    });

    test('promise 4: he says that he goes, or goes without a word: offline', async () => {
      const { ann, bob } = await partition.couple();
      await bob.publishes(open(bob));
      await asksFor(ann, bob);
      expect(await sees(ann, bob)).toEqual(AVAILABLE);
      await bob.withdraws();
      expect(await sees(ann, bob)).toMatchObject({ available: false });
      await bob.publishes(open(bob, 'For a moment'), 1);
      expect(await sees(ann, bob, 'For a moment')).toMatchObject(AVAILABLE);
      expect(await sees(ann, bob)).toMatchObject({ available: false });
    });

    test('PRES-47: two devices publish: what is left when one is withdrawn, and when the other one lapses', async () => {
      const { ann, bob: desk } = await partition.couple();
      const phone = await partition.device(desk.user);
      await desk.publishes(busy(desk, 'In a meeting'));
      await asksFor(ann, desk);
      await seesAtLast(ann, desk, 'dnd');
      await phone.publishes(open(phone, 'On my way'));
      await desk.withdraws();
      await seesAtLast(ann, desk, 'available');
      await phone.publishes(open(phone, 'Nearly there'), 1);
      await seesAtLast(ann, desk, 'offline');
    });

    test('PRES-4, SEC-8: whom neither side knows: the request is denied in one round', async () => {
      const { ann } = await partition.couple();
      await ann.sendPresence({ to: `strange-${NOBODY}`, type: 'subscribe' });
      await ann.takePresence(`strange-${NOBODY}`, 'unsubscribed');
    });

    test('PRES-7, PRES-9: she is offline and nobody watches; she is back and sees him at once', async () => {
      const { ann, bob } = await partition.couple();
      await bobAdds({ ann, bob });
      await bob.publishes(open(bob));
      await asksFor(ann, bob);
      await sees(ann, bob);
      await ann.sendPresence({ type: 'unavailable' });
      await partition.kamailio.untilUnwatched(bob.address);
      await bob.publishes(busy(bob, 'Meanwhile'));
      await ann.sendPresence();
      expect(await sees(ann, bob, 'Meanwhile')).toMatchObject({ show: 'dnd' });
    });
  });

  describe.each(['tcp', 'udp'] as const)('Kamailio as the way of the subscriber, %s: a SIP user watches an XMPP user', (transport) => {
    test('PRES-20 to PRES-23: asked, allowed, told; everything in the dialog goes through Kamailio', async () => {
      const { ann, bob } = await partition.couple(transport);
      const watch = await bob.watches(ann.bareJid);
      expect(watch.state.routes.map(uriOf)).toEqual([expect.stringContaining(`:${partition.kamailio.usersPort}`), expect.stringContaining(`:${partition.kamailio.gatewayPort}`)]);
      const first = await bob.isTold(watch);
      expect(first).toMatchObject({ substate: 'pending', said: undefined });
      await ann.takePresence(bob.address, 'subscribe');
      await allows(ann, bob);
      const { substate, message } = await bob.isToldAtLast(OPEN);
      expect([substate, message.all('Via')[0]]).toEqual(['active', expect.stringContaining(`127.0.0.1:${partition.kamailio.usersPort}`)]);
      await shows(ann, 'dnd', 'Deep in work');
      await bob.isToldAtLast({ ...OPEN, rpid: 'busy', note: 'Deep in work' });
      expect(await rosterState(ann, bob)).toBe('from');
    });

    test('PRES-20, PRES-21, PRES-27: he refreshes, and ends it', async () => {
      const { ann, bob } = await partition.couple(transport);
      const watch = await bobAdds({ ann, bob });
      const refreshed = await bob.watchesOn(watch, 1800);
      expect([refreshed.status, refreshed.header('Expires')]).toEqual([200, '1800']);
      expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: OPEN });
      expect((await bob.watchesOn(watch, 0)).status).toBe(200);
      expect(await bob.isTold(watch)).toMatchObject({ substate: 'terminated', reason: 'timeout', said: CLOSED });
    });
  });

  describe('Kamailio as the way of the subscriber', () => {
    test('PRES-24, PRES-25: denied, he sees her offline and nothing else', async () => {
      const { ann, bob } = await partition.couple();
      const watch = await bob.watches(ann.bareJid);
      await bob.isTold(watch);
      await ann.takePresence(bob.address, 'subscribe');
      await refuses(ann, bob);
      expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    });

    test('PRES-20: two devices of one SIP user watch, each in a dialog of its own; one ends, the other goes on', async () => {
      const { ann, bob: desk } = await partition.couple();
      const phone = await partition.device(desk.user, { transport: 'udp' });
      const deskWatch = await bobAdds({ ann, bob: desk });
      const phoneWatch = await phone.watches(ann.bareJid);
      expect(await phone.isTold(phoneWatch)).toMatchObject({ substate: 'active', said: OPEN });
      await shows(ann, 'dnd');
      expect((await desk.isTold(deskWatch)).said).toMatchObject({ rpid: 'busy' });
      expect((await phone.isTold(phoneWatch)).said).toMatchObject({ rpid: 'busy' });
      await desk.watchesOn(deskWatch, 0);
      expect(await desk.isTold(deskWatch)).toMatchObject({ substate: 'terminated' });
      await ann.sendPresence({ type: 'unavailable' });
      expect((await phone.isTold(phoneWatch)).said).toEqual(CLOSED);
      expect(desk.unclaimed('NOTIFY')).toEqual([]);
    });

    test('a SIP user watches a colleague on either side, in the same way', async () => {
      const { ann, bob } = await partition.couple();
      const { bob: carol } = await partition.couple();
      await carol.publishes(open(carol, 'SIP'));
      const onXmpp = await bobAdds({ ann, bob });
      const onSip = await bob.watches(carol.address);
      expect((await bob.isTold(onSip)).said).toEqual({ ...OPEN, note: 'SIP' });
      await shows(ann, undefined, 'XMPP');
      expect((await bob.isTold(onXmpp)).said).toEqual({ ...OPEN, note: 'XMPP' });
    });

    test('mutual: each adds the other, and both are on both lists', async () => {
      const { ann, bob } = await partition.couple();
      await bob.publishes(open(bob));
      await bobAdds({ ann, bob });
      await asksFor(ann, bob);
      expect(await sees(ann, bob)).toEqual(AVAILABLE);
      expect(await rosterState(ann, bob)).toBe('both');
    });
  });

  describe('texts through Kamailio', () => {
    test.each(['tcp', 'udp'] as const)('IM-1, promise 2: between an XMPP client and a device on %s, in order', async (transport) => {
      const { ann, bob } = await partition.couple(transport);
      const texts = ['one', 'two', 'three', 'Grüße 😀 <b>&amp;</b>'];
      for (const text of texts) await ann.sendChat(bob.address, text);
      for (const text of texts) expect(await bob.reads()).toBe(text);
      for (const text of texts) expect((await bob.writes(ann.bareJid, text)).status).toBe(200);
      for (const text of texts) expect((await ann.takeMessage(text)).attrs['from']).toBe(bob.address);
    });

    test('IM-8: he is registered on two devices: both have the text, and she gets no error', async () => {
      const { ann, bob: desk } = await partition.couple();
      const phone = await partition.device(desk.user, { transport: 'udp' });
      await phone.registers();
      await ann.sendChat(desk.address, 'Where are you?', 'forked');
      expect(await Promise.all([desk.reads(), phone.reads()])).toEqual(['Where are you?', 'Where are you?']);
      expect((await phone.writes(ann.bareJid, 'Here')).status).toBe(200);
      await ann.takeMessage('Here');
      expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message'))).toEqual([]);
    });

    test('IM-11, ERR-1, promise 1: he has an account and no device: her text comes back', async () => {
      const { ann, bob } = await partition.couple();
      await bob.registers(0);
      await ann.sendChat(bob.address, 'Are you there?', 'nowhere');
      expect(await bounceOf(ann, 'nowhere')).toMatchObject({ condition: 'service-unavailable', body: 'Are you there?' });
    });

    test('SEC-8, promise 1: whom neither side knows: one round, and an error for the sender', async () => {
      const { ann, bob } = await partition.couple();
      await ann.sendChat(NOBODY, 'Hello?', 'nobody');
      expect(await bounceOf(ann, 'nobody')).toMatchObject({ condition: 'service-unavailable' });
      expect((await bob.writes(NOBODY, 'Hello?')).status).toBe(404);
      await partition.world.gateway.logged(new RegExp(`"from":"${bob.address}".*"event":"request_received"`));
      const crossed = partition.world.gateway.lines.filter(({ to, event }) => to === NOBODY && event.startsWith('request_'));
      expect(crossed.map(({ event, from, method }) => [event, from, method ?? ''])).toEqual([
        ['request_sent', ann.bareJid, 'MESSAGE'],
        ['request_received', bob.address, ''],
      ]);
    });

    test('SEC-3: a SIP user cannot speak in the name of an XMPP user', async () => {
      const { ann, bob } = await partition.couple();
      const { response } = await bob.peer.request('MESSAGE', {
        from: `sip:amy@${DOMAIN}`,
        to: `sip:${ann.bareJid}`,
        headers: { 'Content-Type': 'text/plain' },
        body: 'It is me, Amy',
      });
      expect(response.status).toBe(407);
      expect((await bob.writes(ann.bareJid, 'It was me, Bob')).status).toBe(200);
      await ann.takeMessage('It was me, Bob');
      expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message'))).toEqual([]);
    });
  });
});
