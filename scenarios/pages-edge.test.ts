import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { allows, Cast } from './support/cast';
import { bounceOf } from './support/stanza-error';

const CHAT_STATES = 'http://jabber.org/protocol/chatstates';
const DISCO = 'http://jabber.org/protocol/disco#info';
const HOUR = 3_600_000;

/** Texts out of dialog that are late, refused, redirected, unanswered or come twice, and what is told of their senders. */
describe('page mode', () => {
  let cast: Cast;
  beforeAll(async () => {
    cast = await Cast.start({ dialect: 'simple', route: { receipts: 'report' }, sip: { requestTimeoutSeconds: 3 }, messaging: { lateErrors: 'drop' } });
  });
  afterAll(() => cast.stop());

  it('IM-10: a text that has expired on its way is refused and not shown; one that was held back tells when it was written', async () => {
    const { ann, chat } = await cast.couple();
    const written = new Date(Date.now() - HOUR);
    const headers = { 'Content-Type': 'text/plain', Date: written.toUTCString() };
    expect((await chat.writes('too late', { ...headers, Expires: '10' })).status).toBe(480);
    expect((await chat.writes('late, but in time', { ...headers, Expires: '7200' })).status).toBe(200);
    const shown = await ann.take('text', (each) => each.is('message') && each.getChild('body') !== undefined);
    expect([shown.getChildText('body'), Date.parse(String(shown.getChild('delay')?.attrs['stamp']))]).toEqual(['late, but in time', Math.floor(written.getTime() / 1000) * 1000]);
  });

  it('IM-6, IM-11: what nobody answers comes back, and the next text goes out', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'anybody?', 'mute');
    await ann.sendChat(bob.address, 'now?');
    expect((await bob.receive('MESSAGE')).message.text).toBe('anybody?');
    expect(await bounceOf(ann, 'mute')).toMatchObject({ condition: 'remote-server-timeout', body: 'anybody?' });
    expect((await chat.hears()).text).toBe('now?');
  });

  it('ERR-4: a redirection is told and not followed', async () => {
    const { ann, bob } = await cast.couple();
    const { bob: carol } = await cast.couple();
    await ann.sendChat(bob.address, 'hello', 'moved');
    await bob.peer.reply(await bob.receive('MESSAGE'), 302, { headers: { Contact: `<${carol.uri}>` } });
    expect(await bounceOf(ann, 'moved')).toMatchObject({ from: bob.address, condition: 'redirect', body: 'hello' });
    expect([...bob.unclaimed('MESSAGE'), ...carol.unclaimed('MESSAGE')]).toEqual([]);
  });

  it.each([
    [486, 'service-unavailable'],
    [503, 'internal-server-error'],
    [600, 'service-unavailable'],
    [606, 'not-acceptable'],
  ])('IM-11, ERR-7: %i: the text comes back (%s), and is not sent again', async (status, condition) => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'hello', 'refused');
    await chat.hears(status);
    expect(await bounceOf(ann, 'refused')).toEqual({ from: bob.address, condition, body: 'hello' });
    expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });

  it('IM-26: the client of a user who types goes away without a word: the SIP user is told that it is over', async () => {
    const { ann, bob, chat } = await cast.couple();
    await bob.watches(ann.bareJid);
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    await bob.isToldAtLast({ basic: 'open' });
    await chat.writes('hello');
    await ann.takeMessage('hello');
    await ann.send(xml('message', { to: bob.address, type: 'chat' }, xml('composing', { xmlns: CHAT_STATES })));
    expect(await chat.seesTyping()).toBe(true);
    await ann.stop();
    expect(await chat.seesTyping()).toBe(false);
  });

  it('messaging.lateErrors drop: what comes back after our 200 is told to nobody', async () => {
    const { ann, bob, chat } = await cast.couple();
    await chat.writes('keep this');
    const { id, from } = (await ann.takeMessage('keep this')).attrs;
    const why = xml('error', { type: 'wait' }, xml('resource-constraint', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' }));
    await ann.send(xml('message', { to: from, type: 'error', id }, why));
    await ann.sendChat(bob.address, 'sent after it');
    expect((await chat.hears()).text).toBe('sent after it');
    expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });

  it('XEP-0184, XEP-0115: a contact whose side reports promises receipts, under the digest that its presence names', async () => {
    const { ann, bob } = await cast.couple();
    const info = (node?: string) => ann.request(xml('iq', { type: 'get', to: `${bob.address}/sip` }, xml('query', { xmlns: DISCO, ...(node && { node }) })));
    const features = (answer: Element) => answer.getChild('query')?.getChildren('feature').map(({ attrs }) => attrs['var']);
    expect(features(await info())).toContain('urn:xmpp:receipts');
    await ann.sendPresence({ to: bob.address, type: 'subscribe' });
    const watch = await bob.letsWatch();
    await bob.tells(watch, { contentType: 'application/pidf+xml', body: `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${bob.uri}"><tuple id="a"><status><basic>open</basic></status></tuple></presence>` });
    const presence = await ann.take('available', (each) => each.is('presence') && each.attrs['type'] === undefined && String(each.attrs['from']).startsWith(bob.address));
    const { node, ver } = presence.getChild('c')?.attrs ?? {};
    expect(features(await info(`${node}#${ver}`))).toEqual(features(await info()));
  });

  it.each<[string, Element[], string]>([
    ['F13 a reply (XEP-0461): the words as they are', [xml('body', {}, '> lunch?\nyes'), xml('reply', { xmlns: 'urn:xmpp:reply:0', id: 'x' })], '> lunch?\nyes'],
    ['a retraction (XEP-0424): its fallback text', [xml('body', {}, 'This was retracted'), xml('retract', { xmlns: 'urn:xmpp:message-retract:1', id: 'x' })], 'This was retracted'],
    ['a reaction (XEP-0444): the emoji', [xml('reactions', { xmlns: 'urn:xmpp:reactions:0', id: 'x' }, xml('reaction', {}, '👍'))], '👍'],
    ['a file (XEP-0363): its address', [xml('body', {}, 'https://files.example.com/a.png'), xml('x', { xmlns: 'jabber:x:oob' }, xml('url', {}, 'https://files.example.com/a.png'))], 'https://files.example.com/a.png'],
  ])('IM-4: %s', async (_what, children, text) => {
    const { ann, bob, chat } = await cast.couple();
    await ann.send(xml('message', { to: bob.address, type: 'chat', id: 'f' }, ...children));
    expect((await chat.hears()).text.replaceAll('\r\n', '\n')).toContain(text);
  });
});
