import xml from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN } from './support/bench';
import { PARTITION_NS } from './support/worker';
import type { Worker } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const PING = xml('ping', { xmlns: 'urn:xmpp:ping' });

const subscriptionsOf = async (user: XmppUser): Promise<Record<string, string>> => {
  const items = await user.roster();
  return Object.fromEntries(items.map(({ attrs }) => [attrs['jid'], [attrs['subscription'], attrs['ask']].filter(Boolean).join(' ')]));
};

describe('routing between local users and missing users', () => {
  let bench: Bench;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy', 'abe', 'al', 'ada', 'art'], { rooms: 'conference.example.com' });
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
    const joined = await worker.takePresence(`${room}/bob`, BOB_PHONE);
    expect(joined.getChild('x', 'http://jabber.org/protocol/muc#user')).toBeDefined();
  });
});
