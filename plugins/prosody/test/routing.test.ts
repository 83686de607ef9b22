import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import type { XmppUser } from '../../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { PARTITION_NS, stanzaError } from './support/worker';
import type { Worker } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const PING = xml('ping', { xmlns: 'urn:xmpp:ping' });

const subscriptionsOf = async (user: XmppUser): Promise<Record<string, string>> => {
  const items = await user.roster();
  return Object.fromEntries(items.map(({ attrs }) => [attrs['jid'], [attrs['subscription'], attrs['ask']].filter(Boolean).join(' ')]));
};

const presencesFrom = (from: string, { stanzas }: XmppUser): string[] =>
  stanzas.unclaimed.filter(({ name, attrs }) => name === 'presence' && attrs['from'] === from).map(String);

describe('routing between local users and missing users', () => {
  let bench: Bench;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy', 'abe', 'al', 'ada', 'art'], { extraConfig: 'Component "conference.example.com" "muc"' });
  });
  beforeEach(async () => {
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('the domain announces the partition in its disco#info', async () => {
    const ann = await bench.login('ann');
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' });
    const answer = await ann.request(xml('iq', { type: 'get', to: DOMAIN }, query));
    const features = answer.getChild('query')?.getChildren('feature').map(({ attrs }) => String(attrs['var']));
    expect(features).toContain(PARTITION_NS);
  });

  test('stanzas for a missing user, bare and full, reach the component with their addresses and content', async () => {
    const ann = await bench.login('ann');
    const body = 'grüße 😀 <&>';
    const chatState = xml('active', { xmlns: 'http://jabber.org/protocol/chatstates' });
    await ann.send(xml('message', { to: BOB, type: 'chat', id: 'm1' }, xml('body', {}, body), chatState));
    const message = await worker.takeMessage(body);
    expect([message.attrs['from'], message.attrs['to'], message.attrs['type'], message.attrs['id']]).toEqual([ann.jid, BOB, 'chat', 'm1']);
    expect(message.getChild('active', 'http://jabber.org/protocol/chatstates')).toBeDefined();

    await ann.sendChat(BOB_PHONE, 'full');
    expect((await worker.takeMessage('full')).attrs['to']).toBe(BOB_PHONE);

    await ann.sendPresence({ to: BOB });
    await worker.takePresence(ann.jid, BOB);
  });

  test('an address in another letter case is the same missing user, and the same local one', async () => {
    const ann = await bench.login('ann');
    await ann.sendChat(`BOB@${DOMAIN.toUpperCase()}`, 'case');
    expect((await worker.takeMessage('case')).attrs['to']).toBe(BOB);
    await ann.sendChat(`ANN@${DOMAIN.toUpperCase()}`, 'to herself');
    await ann.takeMessage('to herself');
    expect(worker.unclaimedBodies).toEqual([]);
  });

  test('two local users talk, see each other and get carbons; the component sees nothing of it', async () => {
    const amy = await bench.login('amy');
    const amyElsewhere = await bench.login('amy', { resource: 'other' });
    const ann = await bench.login('ann');
    await amyElsewhere.request(xml('iq', { type: 'set' }, xml('enable', { xmlns: 'urn:xmpp:carbons:2' })));
    await ann.sendPresence({ to: amy.bareJid, type: 'subscribe' });
    await amy.takePresence(ann.bareJid, 'subscribe');
    await amy.sendPresence({ to: ann.bareJid, type: 'subscribed' });
    await ann.takePresence(amy.bareJid, 'subscribed');
    await ann.takePresence(amy.bareJid);
    await ann.sendChat(amy.jid, 'local');
    expect((await amy.takeMessage('local')).attrs['from']).toBe(ann.jid);
    await amyElsewhere.take('carbon', (stanza) => stanza.getChild('received', 'urn:xmpp:carbons:2') !== undefined);
    expect((await ann.request(xml('iq', { type: 'get', to: DOMAIN }, PING))).attrs['type']).toBe('result');
    await worker.settle();
    expect(worker.stream.elements.unclaimed.map(String)).toEqual([]);
  });

  test('a local user asks a missing one: ask, then subscription to, presence of both', async () => {
    const abe = await bench.login('abe');
    await abe.sendPresence({ to: BOB, type: 'subscribe' });
    await worker.takePresence(abe.bareJid, BOB, 'subscribe');
    expect(await subscriptionsOf(abe)).toEqual({ [BOB]: 'none subscribe' });

    worker.send(xml('presence', { from: BOB, to: abe.bareJid, type: 'subscribed' }));
    await abe.takePresence(BOB, 'subscribed');
    worker.send(xml('presence', { from: BOB_PHONE, to: abe.bareJid }, xml('show', {}, 'dnd')));
    expect((await abe.takePresence(BOB)).getChildText('show')).toBe('dnd');

    worker.send(xml('presence', { from: BOB, to: abe.bareJid, type: 'subscribe' }));
    await abe.takePresence(BOB, 'subscribe');
    await abe.sendPresence({ to: BOB, type: 'subscribed' });
    await worker.takePresence(abe.bareJid, BOB, 'subscribed');
    await worker.takePresence(abe.jid, BOB);
    expect(await subscriptionsOf(abe)).toEqual({ [BOB]: 'both' });

    await abe.sendPresence({ type: 'unavailable' });
    await worker.takePresence(abe.jid, BOB, 'unavailable');
  });

  test('login of a user with a missing contact sends it presence and a probe', async () => {
    const al = await bench.login('al');
    await al.sendPresence({ to: BOB, type: 'subscribe' });
    await worker.takePresence(al.bareJid, BOB, 'subscribe');
    worker.send(xml('presence', { from: BOB, to: al.bareJid, type: 'subscribed' }));
    await al.takePresence(BOB, 'subscribed');
    await al.stop();
    const again = await bench.login('al');
    await worker.takePresence(again.jid, BOB, 'probe');
  });

  test('XD-1: unsubscribed for a user who does not exist clears the ask', async () => {
    const ada = await bench.login('ada');
    await ada.sendPresence({ to: `nobody@${DOMAIN}`, type: 'subscribe' });
    await worker.takePresence(ada.bareJid, `nobody@${DOMAIN}`, 'subscribe');
    worker.send(xml('presence', { from: `nobody@${DOMAIN}`, to: ada.bareJid, type: 'unsubscribed' }));
    await ada.takePresence(`nobody@${DOMAIN}`, 'unsubscribed');
    expect(await subscriptionsOf(ada)).toEqual({ [`nobody@${DOMAIN}`]: 'none' });
  });

  test('message and subscription request for an offline user are stored and delivered at login', async () => {
    worker.sendChat(BOB_PHONE, `art@${DOMAIN}`, 'while you were out');
    worker.send(xml('presence', { from: BOB, to: `art@${DOMAIN}`, type: 'subscribe' }));
    await worker.settle();
    const art = await bench.login('art');
    const stored = await art.takeMessage('while you were out');
    expect(stored.attrs['from']).toBe(BOB_PHONE);
    expect(stored.getChild('delay', 'urn:xmpp:delay')).toBeDefined();
    await art.takePresence(BOB, 'subscribe');
  });

  test('IQs cross in both directions and their answers come back', async () => {
    const ann = await bench.login('ann');
    const answered = ann.request(xml('iq', { type: 'get', to: BOB }, xml('vCard', { xmlns: 'vcard-temp' })));
    const question = await worker.take('iq get', (stanza) => stanza.is('iq') && stanza.attrs['type'] === 'get');
    expect([question.attrs['from'], question.attrs['to']]).toEqual([ann.jid, BOB]);
    const card = xml('vCard', { xmlns: 'vcard-temp' }, xml('FN', {}, 'Bob'));
    worker.send(xml('iq', { type: 'result', from: BOB, to: ann.jid, id: question.attrs['id'] }, card));
    expect((await answered).getChild('vCard')?.getChildText('FN')).toBe('Bob');

    const answer = await worker.ask('get', BOB_PHONE, ann.jid, xml('query', { xmlns: 'jabber:iq:version' }));
    expect([answer.attrs['from'], answer.attrs['to']]).toEqual([ann.jid, BOB_PHONE]);
  });

  test('a missing user joins a room of the server', async () => {
    const room = 'lobby@conference.example.com';
    worker.send(xml('presence', { from: BOB_PHONE, to: `${room}/bob` }, xml('x', { xmlns: 'http://jabber.org/protocol/muc' })));
    const joined = await worker.take('own presence in the room', ({ name, attrs }) => name === 'presence' && attrs['from'] === `${room}/bob`);
    expect([joined.attrs['to'], joined.attrs['type']]).toEqual([BOB_PHONE, undefined]);
  });

  describe('account query (XD-6)', () => {
    const ask = (jid: string): Element => xml('account', { xmlns: PARTITION_NS, jid });
    const ACCOUNTS: readonly (readonly [string, Record<string, string>])[] = [
      [`ann@${DOMAIN}`, { jid: `ann@${DOMAIN}`, local: 'true', online: 'true' }],
      [`ANN@Example.COM/phone`, { jid: `ann@${DOMAIN}`, local: 'true', online: 'true' }],
      [`amy@${DOMAIN}`, { jid: `amy@${DOMAIN}`, local: 'true', online: 'false' }],
      [BOB, { jid: BOB, local: 'false', online: 'false' }],
      ['ann@elsewhere.example', { jid: 'ann@elsewhere.example', local: 'false', online: 'false' }],
    ];

    test.each(ACCOUNTS)('XD-6: %s', async (jid, expected) => {
      await bench.login('ann');
      const answer = await worker.tell('get', ask(jid));
      const { xmlns, ...attrs } = answer.getChild('account')?.attrs ?? {};
      expect(xmlns).toBe(PARTITION_NS);
      expect(attrs).toEqual(expected);
    });

    test.each([DOMAIN, '@', '', `a b@${DOMAIN}`, `x@${DOMAIN}/`])('XD-6: "%s" is jid-malformed', async (jid) => {
      expect(stanzaError(await worker.tell('get', ask(jid)))).toBe('modify jid-malformed');
    });

    test('XD-6: a query without the attribute is jid-malformed', async () => {
      expect(stanzaError(await worker.tell('get', xml('account', { xmlns: PARTITION_NS })))).toBe('modify jid-malformed');
    });

    test.each(['account', 'drain', 'worker'])('XD-6: a user who sends %s gets service-unavailable', async (name) => {
      const ann = await bench.login('ann');
      const child = xml(name, { xmlns: PARTITION_NS, jid: BOB, name: 'w9' });
      const asked = ann.request(xml('iq', { type: name === 'account' ? 'get' : 'set', to: DOMAIN }, child));
      await expect(asked).rejects.toMatchObject({ condition: 'service-unavailable' });
      await ann.sendChat(BOB, `still served after ${name}`);
      await worker.takeMessage(`still served after ${name}`);
    });

    test('XD-6: a missing user who asks through the gateway gets service-unavailable', async () => {
      const answer = await worker.ask('get', BOB_PHONE, DOMAIN, ask(BOB));
      expect(stanzaError(answer)).toBe('cancel service-unavailable');
    });

    test('an account that another process makes is local as soon as its user logs in', async () => {
      expect((await worker.tell('get', ask(`new@${DOMAIN}`))).getChild('account')?.attrs['local']).toBe('false');
      await bench.prosody.writeAccount('new', 'pencil');
      const user = await bench.login('new');
      await user.stop();
      expect((await worker.tell('get', ask(`new@${DOMAIN}`))).getChild('account')?.attrs['local']).toBe('true');
    });

    test('an account that is deleted is missing at once', async () => {
      await bench.prosody.writeAccount('gone', 'pencil');
      expect((await worker.tell('get', ask(`gone@${DOMAIN}`))).getChild('account')?.attrs['local']).toBe('true');
      await bench.prosody.shell(`user:delete("gone@${DOMAIN}")`);
      expect((await worker.tell('get', ask(`gone@${DOMAIN}`))).getChild('account')?.attrs['local']).toBe('false');
    });
  });

  describe('without a live connection', () => {
    beforeEach(async () => {
      await worker.stream.end();
    });

    test('message and iq get remote-server-timeout, presence gets nothing', async () => {
      const ann = await bench.login('ann');
      await ann.sendPresence({ to: BOB });
      await ann.sendChat(BOB, 'nobody there', 'm2');
      const error = await ann.take('error', (stanza) => stanza.attrs['id'] === 'm2');
      expect([error.attrs['from'], error.attrs['type'], stanzaError(error)]).toEqual([BOB, 'error', 'wait remote-server-timeout']);
      const asked = ann.request(xml('iq', { type: 'get', to: BOB_PHONE }, PING));
      await expect(asked).rejects.toMatchObject({ condition: 'remote-server-timeout' });
      expect(presencesFrom(BOB, ann)).toEqual([]);
    });

    test('the component\'s own addresses answer alike', async () => {
      const ann = await bench.login('ann');
      const asked = ann.request(xml('iq', { type: 'get', to: GATEWAY }, PING));
      await expect(asked).rejects.toMatchObject({ condition: 'remote-server-timeout' });
      await ann.sendPresence({ to: GATEWAY });
      await ann.sendChat(`bob@${GATEWAY}`, 'nobody there', 'm3');
      expect(stanzaError(await ann.take('error', (stanza) => stanza.attrs['id'] === 'm3'))).toBe('wait remote-server-timeout');
      expect(presencesFrom(GATEWAY, ann)).toEqual([]);
    });

    test('an error message for a missing user vanishes', async () => {
      const ann = await bench.login('ann');
      await ann.send(xml('message', { to: BOB, type: 'error', id: 'm4' }, xml('body', {}, 'x')));
      await ann.request(xml('iq', { type: 'get', to: DOMAIN }, PING));
      expect(ann.stanzas.unclaimed.filter((stanza) => stanza.attrs['id'] === 'm4').map(String)).toEqual([]);
    });
  });
});
