import xml from '@xmpp/xml';

import { allows, asksFor, rosterState, sees, shows } from './support/cast';
import { open } from './support/contact-list';
import { Ejabberd } from './support/ejabberd';
import { SipChat } from './support/sip-chat';
import { uriOf } from './support/sip-message';
import { SipPerson } from './support/sip-person';
import { bounceOf } from './support/stanza-error';
import { DOMAIN, SECRET, World } from './support/world';
import type { WorldOptions } from './support/world';
import type { XmppUser } from './support/xmpp-user';

/** Subdomain mode: a plain XEP-0114 component on servers without a plug-in; SIP users appear below it. */

const COMPONENT = 'sip.example.com';
const OTHER = 'other.example';
/** In which domain XMPP users appear to SIP users. */
const SHOWN = 'xmpp.example.com';
const CHAT_STATES = 'http://jabber.org/protocol/chatstates';
const USERS = { ann: 'ann', amy: 'amy' };

const SERVERS = {
  Prosody: async (): Promise<Partial<WorldOptions>> => ({ server: 'prosody', prosody: { partitioned: false } }),
  ejabberd: async (): Promise<Partial<WorldOptions>> => ({ xmppServer: await Ejabberd.start({ domain: DOMAIN, component: COMPONENT, secret: SECRET, users: USERS, partitioned: false }) }),
};

const MATRIX = (['Prosody', 'ejabberd'] as const).flatMap((server) => (['microsoft', 'simple'] as const).map((dialect) => [server, dialect] as const));

describe.each(MATRIX)('%s without the plug-in, dialect %s', (server, dialect) => {
  let world: World;
  let ann: XmppUser;
  let number = 0;
  beforeAll(async () => {
    world = await World.start({
      ...(await SERVERS[server]()),
      dialect,
      component: COMPONENT,
      xmpp: { mode: 'subdomain' },
      subdomain: { sipDomains: [DOMAIN, OTHER], appearAs: { [DOMAIN]: SHOWN } },
    });
    ann = await world.signIn('ann');
  });
  afterAll(() => world.stop());

  /** A fresh SIP user, and how Ann sees him. */
  function someone(domain = DOMAIN): { readonly bob: SipPerson; readonly seen: SipPerson; readonly chat: SipChat } {
    number += 1;
    const bob = new SipPerson(world.peer, `bob${number}@${domain}`);
    const seen = new SipPerson(world.peer, domain === DOMAIN ? `bob${number}@${COMPONENT}` : `bob${number}\\40${domain}@${COMPONENT}`);
    return { bob, seen, chat: new SipChat(dialect, bob, `ann@${SHOWN}`) };
  }

  describe.each([DOMAIN, OTHER])('a SIP user of %s', (domain) => {
    it('chats both ways, under his own address and hers (ADDR-1, ADDR-4)', async () => {
      const { seen, chat } = someone(domain);
      await ann.sendChat(seen.address, 'hello SIP');
      const heard = await chat.hears();
      expect(heard.text).toBe('hello SIP');
      expect((await chat.writes('hello XMPP')).status).toBe(200);
      expect((await ann.takeMessage('hello XMPP')).attrs['from']).toBe(seen.address);
    });

    it('writes first', async () => {
      const { seen, chat } = someone(domain);
      expect((await chat.writes('hello Ann')).status).toBe(200);
      expect((await ann.takeMessage('hello Ann')).attrs['from']).toBe(seen.address);
      await ann.sendChat(seen.address, 'hello you');
      expect((await chat.hears()).text).toBe('hello you');
    });

    it('is seen (PRES-1, PRES-3)', async () => {
      const { bob, seen } = someone(domain);
      await asksFor(ann, seen);
      const incoming = await bob.receive('SUBSCRIBE');
      expect([incoming.message.uri, uriOf(incoming.message.header('From'))]).toEqual([bob.uri, `sip:ann@${SHOWN}`]);
      const watch = await bob.peer.accept(incoming, { headers: { Expires: '3600' } });
      await bob.tells(watch, open(bob, 'at my desk'));
      await ann.takePresence(seen.address, 'subscribed');
      expect(await sees(ann, seen, 'at my desk')).toMatchObject({ available: true });
      expect(await rosterState(ann, seen)).toBe('to');
    });

    it('sees, when he is let (PRES-20)', async () => {
      const { bob, seen } = someone(domain);
      await bob.watches(`ann@${SHOWN}`);
      await ann.takePresence(seen.address, 'subscribe');
      await allows(ann, seen);
      await bob.isToldAtLast({ basic: 'open' });
      await ann.sendPresence({ type: 'unavailable' });
      await bob.isToldAtLast({ basic: 'closed' });
      await shows(ann);
    });
  });

  it('typing crosses both ways', async () => {
    const { seen, chat } = someone();
    await ann.send(xml('message', { to: seen.address, type: 'chat' }, xml('body', {}, 'now'), xml('active', { xmlns: CHAT_STATES })));
    await chat.hears();
    await chat.writes('yes');
    await ann.send(xml('message', { to: seen.address, type: 'chat' }, xml('composing', { xmlns: CHAT_STATES })));
    expect(await chat.seesTyping()).toBe(true);
    await chat.types(true);
    await ann.take('typing', (stanza) => stanza.is('message') && stanza.attrs['from'] === seen.address && stanza.getChild('composing', CHAT_STATES) !== undefined);
  });

  it('the component is a gateway (XEP-0030, XEP-0100)', async () => {
    const info = await ann.request(xml('iq', { type: 'get', to: COMPONENT }, xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })));
    expect(info.getChild('query')?.getChild('identity')?.attrs).toMatchObject({ category: 'gateway', type: 'simple' });
    expect(info.getChild('query')?.getChildren('feature').map(({ attrs }) => attrs['var'])).toContain('jid\\20escaping');
  });

  it('SEC-3: a SIP user of no listed domain, or with the name of another one, is refused', async () => {
    const { bob } = someone();
    for (const from of ['sip:eve@elsewhere.example', `sip:eve%40${OTHER}@${DOMAIN}`, `sip:eve@${COMPONENT}`]) {
      const { response } = await bob.peer.request('MESSAGE', { from, to: `sip:ann@${SHOWN}`, headers: { 'Content-Type': 'text/plain' }, body: 'forged' });
      expect([from, response.status]).toEqual([from, 403]);
    }
  });

  it('an XMPP user is found under the address that SIP users see, and under no other: 404', async () => {
    const { bob } = someone();
    for (const to of [`sip:ann@${DOMAIN}`, 'sip:ann@elsewhere.example']) {
      const { response } = await bob.peer.request('MESSAGE', { from: bob.uri, to, headers: { 'Content-Type': 'text/plain' }, body: 'anybody?' });
      expect([to, response.status]).toEqual([to, 404]);
    }
  });

  it('a text that the SIP side refuses comes back to its sender (promise 1)', async () => {
    const { bob, seen } = someone();
    await ann.sendChat(seen.address, 'anybody?', 'refused');
    await bob.answers(dialect === 'microsoft' ? 'INVITE' : 'MESSAGE', 404);
    expect(await bounceOf(ann, 'refused')).toMatchObject({ from: seen.address, body: 'anybody?' });
  });

  it('nothing of it is left unhandled: the worker has met no error', () => {
    expect(world.gateway.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
