import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { asksFor, Cast, unclaimedFrom } from './support/cast';
import { askFromElsewhere } from './support/foreign-host';
import type { Incoming, SipPeer } from './support/raw-sip';
import { TEXT_SESSION } from './support/sip-chat';
import type { Header } from './support/sip-message';
import type { SipPerson } from './support/sip-person';
import { bounceOf, refusalOf } from './support/stanza-error';
import { COMPONENT, DOMAIN } from './support/world';
import type { XmppUser } from './support/xmpp-user';

/** Who may speak to whom, and what is not carried at all. */

const SDP = { 'Content-Type': 'application/sdp' };
const PRESENCE = { Event: 'presence', Expires: '3600' };
/** One of each kind of request that opens something. */
const OPENERS = [
  ['SUBSCRIBE', PRESENCE, ''],
  ['MESSAGE', { 'Content-Type': 'text/plain' }, 'hello'],
  ['INVITE', SDP, TEXT_SESSION],
] as const;

/** A far server that knows the user as little as we do and has a route to us: it sends our request back (the manual, Request Routing). */
async function routeBack(peer: SipPeer, incoming: Incoming, more: readonly string[] = []): Promise<number> {
  const { message } = incoming;
  const kept = ['From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Event', 'Expires', 'Content-Type', ...more];
  const headers = message.headers.filter(([name]) => kept.includes(name)).map(([name, value]): Header => [name, value]);
  const { response } = await peer.exchange(message.startLine, headers, { headers: { 'Max-Forwards': '69', ...contactOf(headers) }, body: message.body });
  await peer.reply(incoming, response.status);
  return response.status;
}

const contactOf = (headers: readonly Header[]): Record<string, string> => {
  const contact = headers.find(([name]) => name === 'Contact')?.[1];
  return contact === undefined ? {} : { Contact: contact };
};

describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  /** Stanzas to an address that the worker has handed over. */
  const handedTo = (address: string): readonly unknown[] => cast.world.gateway.lines.filter(({ event, to }) => event === 'stanza_sent' && to === address);

  /** Something of Bob's that does reach Ann, so that what was to reach her before has had its chance. */
  async function marker(ann: XmppUser, bob: SipPerson): Promise<void> {
    await bob.isTold(await bob.watches(ann.bareJid));
    await ann.takePresence(bob.address, 'subscribe');
  }

  describe('users that do not exist', () => {
    it.each(OPENERS)('%s of a SIP user to nobody: 404, and no stanza (promise 5)', async (method, headers, body) => {
      const { ann, bob } = await cast.couple();
      const { response } = await bob.peer.request(method, { from: bob.uri, to: `sip:nobody@${DOMAIN}`, headers, body });
      expect(response.status).toBe(404);
      await marker(ann, bob);
      expect(handedTo(`nobody@${DOMAIN}`)).toEqual([]);
    });

    it('a text to one whom neither side knows comes back within one round (SEC-8, loop)', async () => {
      const { ann, bob } = await cast.couple();
      const method = dialect === 'microsoft' ? 'INVITE' : 'MESSAGE';
      await ann.sendChat(bob.address, 'anybody there?', 'loop');
      expect([403, 404]).toContain(await routeBack(bob.peer, await bob.receive(method)));
      const { condition, body } = await bounceOf(ann, 'loop');
      expect({ condition, body }).toEqual({ condition: 'service-unavailable', body: 'anybody there?' });
      expect(bob.unclaimed(method)).toEqual([]);
    });

    it('SEC-8: so does one that a proxy hands on as it is: known by our mark, and item-not-found', async () => {
      const { ann, bob } = await cast.couple();
      const method = dialect === 'microsoft' ? 'INVITE' : 'MESSAGE';
      await ann.sendChat(bob.address, 'anybody there?', 'loop');
      expect(await routeBack(bob.peer, await bob.receive(method), ['Isthmus-Mark'])).toBe(482);
      expect(await bounceOf(ann, 'loop')).toMatchObject({ condition: 'item-not-found', body: 'anybody there?' });
      expect(bob.unclaimed(method)).toEqual([]);
    });

    it('so does a request to watch him (SEC-8, loop)', async () => {
      const { ann, bob } = await cast.couple();
      await asksFor(ann, bob);
      expect([403, 404]).toContain(await routeBack(bob.peer, await bob.receive('SUBSCRIBE')));
      await ann.takePresence(bob.address, 'unsubscribed');
      expect(bob.unclaimed('SUBSCRIBE')).toEqual([]);
    });
  });

  describe('nobody speaks in the name of a local account (promise 5, SEC-3)', () => {
    it.each(OPENERS)('%s: 403, and no stanza', async (method, headers, body) => {
      const { ann, bob } = await cast.couple();
      const { ann: eve } = await cast.couple();
      const names = [`sip:${eve.bareJid}`, `sip:${eve.bareJid.toUpperCase()}`, `sip:${eve.bareJid}:5060;transport=tcp`, `sip:%61nn${eve.bareJid.slice(3)}`];
      for (const from of names) {
        const { response } = await bob.peer.request(method, { from, to: `sip:${ann.bareJid}`, headers, body });
        expect([from, response.status]).toEqual([from, 403]);
      }
      await marker(ann, bob);
      expect(ann.stanzas.unclaimed.filter(({ attrs }) => String(attrs['from']).startsWith(eve.bareJid))).toEqual([]);
    });

    it.each(OPENERS)('%s of a foreign domain: 403', async (method, headers, body) => {
      const { ann, bob } = await cast.couple();
      const { response } = await bob.peer.request(method, { from: 'sip:bob@example.org', to: `sip:${ann.bareJid}`, headers, body });
      expect(response.status).toBe(403);
    });

    it.each(OPENERS)('%s from a host that no list names: 403, and no stanza', async (method) => {
      const { ann, bob } = await cast.couple();
      const answer = await askFromElsewhere(cast.world.sipPort, method, bob.uri, `sip:${ann.bareJid}`, PRESENCE);
      expect(answer.status).toBe(403);
      const { bob: other } = await cast.couple();
      await marker(ann, other);
      expect(unclaimedFrom(ann, bob)).toEqual([]);
    });

    it.each(OPENERS)('%s to a sips: address: refused, and no stanza (SEC-2)', async (method, headers, body) => {
      const { ann, bob } = await cast.couple();
      const asked = { from: bob.uri, headers, body };
      const inTo = await bob.peer.request(method, { ...asked, to: `sips:${ann.bareJid}`, uri: `sip:${ann.bareJid}` });
      const inUri = await bob.peer.request(method, { ...asked, to: `sip:${ann.bareJid}`, uri: `sips:${ann.bareJid}` });
      expect([inTo.response.status, inUri.response.status]).toEqual([488, 488]);
      await marker(ann, bob);
      expect(unclaimedFrom(ann, bob)).toEqual([]);
    });
  });

  describe('what is not carried', () => {
    const get = (to: string, child: Element): Element => xml('iq', { type: 'get', to }, child);

    it('group chat: service-unavailable (IM-12)', async () => {
      const { ann, bob } = await cast.couple();
      await ann.send(xml('message', { to: bob.address, type: 'groupchat', id: 'group' }, xml('body', {}, 'hello all')));
      expect((await bounceOf(ann, 'group')).condition).toBe('service-unavailable');
      await ann.send(xml('presence', { to: `${bob.address}/ann`, id: 'join' }, xml('x', { xmlns: 'http://jabber.org/protocol/muc' })));
      const refusal = await ann.take('refusal of the join', ({ attrs }) => attrs['type'] === 'error' && attrs['id'] === 'join');
      expect(refusal.getChild('error')?.getChild('service-unavailable')).toBeDefined();
    });

    it.each(['get', 'set'])('an unknown IQ of type %s: service-unavailable (ERR-5)', async (type) => {
      const { ann, bob } = await cast.couple();
      for (const to of [bob.address, `${bob.address}/sip`, COMPONENT]) {
        expect(await refusalOf(ann.request(xml('iq', { type, to }, xml('query', { xmlns: 'urn:example:unknown' }))))).toBe('service-unavailable');
      }
    });

    it('but a ping, a card and service discovery of a SIP contact are answered (XEP-0199, XEP-0054, XEP-0030)', async () => {
      const { ann, bob } = await cast.couple();
      expect((await ann.request(get(bob.address, xml('ping', { xmlns: 'urn:xmpp:ping' })))).attrs['type']).toBe('result');
      const card = await ann.request(get(bob.address, xml('vCard', { xmlns: 'vcard-temp' })));
      expect(card.getChild('vCard')?.getChildText('JABBERID')).toBe(bob.address);
      const info = await ann.request(get(`${bob.address}/sip`, xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })));
      expect(info.getChild('query')?.getChild('identity')?.attrs).toMatchObject({ category: 'client' });
      const features = info.getChild('query')?.getChildren('feature').map(({ attrs }) => attrs['var']);
      expect(features).toContain('http://jabber.org/protocol/chatstates');
    });

    it('nothing in these answers tells an offline SIP contact from none (SEC-7)', async () => {
      const { ann, bob } = await cast.couple();
      const ask = async (address: string): Promise<string> => {
        const answer = await ann.request(get(address, xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })));
        return String(answer.getChild('query'));
      };
      expect(await ask(bob.address)).toBe(await ask(`nobody@${DOMAIN}`));
    });

    it('the gateway names itself and its version (XEP-0030, XEP-0092)', async () => {
      const { ann } = await cast.couple();
      const info = await ann.request(get(COMPONENT, xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })));
      expect(info.getChild('query')?.getChild('identity')?.attrs).toMatchObject({ category: 'gateway', type: 'simple' });
      const version = await ann.request(get(COMPONENT, xml('query', { xmlns: 'jabber:iq:version' })));
      expect(version.getChild('query')?.getChildText('version')).toMatch(/^\d+\.\d+\.\d+/);
    });
  });
});
