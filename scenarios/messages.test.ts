import xml from '@xmpp/xml';

import { Cast } from './support/cast';
import type { SipMessage } from './support/sip-message';
import { bounceOf } from './support/stanza-error';

const CHAT_STATES = 'http://jabber.org/protocol/chatstates';
const TEXTS: readonly (readonly [what: string, text: string])[] = [
  ['letters of many scripts', 'Grüße, Łódź, Ελλάδα, Привет, שלום, مرحبا, नमस्ते, 日本語'],
  ['emoji, joined and flagged', 'Lunch? 🍜 👩‍👩‍👧‍👦 🏳️‍🌈 🇨🇭 e\u0301'],
  ['markup characters', '<b>&amp; "quoted" \'single\' </body> ]]> <![CDATA[x]]> <!-- c --> &#0;'],
  ['blanks and tabs', '  two before,\ttab,   three within'],
  ['something like a header', 'Route: <sip:evil@example.com>\nContent-Length: 0'],
  ['8 KB', 'Ünd so weiter. '.repeat(512)],
];
const LINES = 'one\ntwo\n\nfour';
const FIFTY = Array.from({ length: 50 }, (_, index) => `message ${index + 1}`);

const textOf = (message: SipMessage): string => message.text.replaceAll('\r\n', '\n');
const chatState = (name: string) => xml(name, { xmlns: CHAT_STATES });

describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  describe('texts', () => {
    it.each(TEXTS)('%s arrive as they were written, both ways', async (_what, text) => {
      const { ann, bob, chat } = await cast.couple();
      await ann.sendChat(bob.address, text);
      const heard = await chat.hears();
      expect(textOf(heard)).toBe(text.replace(/\n+$/, ''));
      expect(heard.header('Content-Type')).toMatch(/^text\/plain;\s*charset=utf-8/i);
      expect((await chat.writes(text)).status).toBe(200);
      const got = await ann.takeMessage(text.replace(/\n+$/, ''));
      expect([got.attrs['type'], got.attrs['from']]).toEqual(['chat', bob.address]);
    });

    it('line breaks are CR LF in SIP and LF in XMPP', async () => {
      const { ann, bob, chat } = await cast.couple();
      await ann.sendChat(bob.address, LINES);
      expect((await chat.hears()).text).toBe('one\r\ntwo\r\n\r\nfour');
      await chat.writes('one\r\ntwo\r\n\r\nfour');
      await ann.takeMessage(LINES);
    });

    it('HTML becomes plain text (IM-4, SEC-13)', async () => {
      const { ann, chat } = await cast.couple();
      await chat.writes('<html><body><b>Bold</b> &amp; <i>plain</i><script>alert(1)</script></body></html>', { 'Content-Type': 'text/html; charset=UTF-8' });
      await ann.takeMessage('Bold & plain');
    });

    it('a text longer than the limit is refused to its sender on either side (IM-5, promise 6)', async () => {
      const { ann, bob, chat } = await cast.couple();
      await ann.sendChat(bob.address, 'x'.repeat(10_001), 'long');
      expect(await bounceOf(ann, 'long')).toMatchObject({ from: bob.address, condition: 'policy-violation' });
      expect((await chat.writes('x'.repeat(10_001))).status).toBe(413);
    });
  });

  describe('order (promise 2)', () => {
    it('fifty messages of the XMPP user arrive in the order sent, one at a time (IM-6)', async () => {
      const { ann, bob, chat } = await cast.couple();
      for (const text of FIFTY) await ann.sendChat(bob.address, text);
      const heard: string[] = [];
      for (const _text of FIFTY) heard.push((await chat.hears()).text);
      expect(heard).toEqual(FIFTY);
    });

    it('the second message waits for the answer to the first (IM-6)', async () => {
      const { ann, bob, chat } = await cast.couple();
      const { bob: carol, chat: marker } = await cast.couple();
      if (dialect === 'microsoft') await Promise.all([ann.sendChat(bob.address, 'opens'), chat.hears()]);
      await ann.sendChat(bob.address, 'first');
      await ann.sendChat(bob.address, 'second');
      const first = await bob.receive('MESSAGE');
      await ann.sendChat(carol.address, 'marker');
      await marker.hears();
      expect(bob.unclaimed('MESSAGE')).toEqual([]);
      await bob.peer.reply(first, 200);
      expect((await chat.hears()).text).toBe('second');
    });

    it('fifty messages of the SIP user, sent without waiting, arrive in the order sent (observed A9)', async () => {
      const { ann, bob, chat } = await cast.couple();
      if (dialect === 'microsoft') await chat.calls();
      const answers = await Promise.all(FIFTY.map((text) => chat.writes(text)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const got: (string | null)[] = [];
      for (const _text of FIFTY) got.push((await ann.take('text', (each) => each.is('message') && each.getChildText('body') !== null)).getChildText('body'));
      expect(got).toEqual(FIFTY);
      expect(bob.unclaimed('MESSAGE')).toEqual([]);
    });
  });

  describe('typing', () => {
    it('of the SIP user is shown when it begins and when it ends (IM-25)', async () => {
      const { ann, chat } = await cast.couple();
      await chat.writes('hello');
      await ann.sendPresence();
      const state = async (name: string): Promise<void> => void (await ann.take(name, (each) => each.is('message') && each.getChild('body') === undefined && each.getChild(name, CHAT_STATES) !== undefined));
      expect((await chat.types(true)).status).toBe(200);
      await state('composing');
      expect((await chat.types(false)).status).toBe(200);
      await state(dialect === 'microsoft' ? 'paused' : 'active');
    });

    it('of the XMPP user is told when it begins and when it ends (IM-25)', async () => {
      const { ann, bob, chat } = await cast.couple();
      await ann.send(xml('message', { to: bob.address, type: 'chat' }, xml('body', {}, 'hello'), chatState('active')));
      await chat.hears();
      await chat.writes('hello');
      await ann.send(xml('message', { to: bob.address, type: 'chat' }, chatState('composing')));
      expect(await chat.seesTyping()).toBe(true);
      await ann.send(xml('message', { to: bob.address, type: 'chat' }, chatState('paused')));
      expect(await chat.seesTyping()).toBe(false);
    });
  });

  describe('a refused message comes back with its id and text (IM-11); who may not see the contact learns nothing of him (ERR-3)', () => {
    it.each([
      [404, 'service-unavailable'],
      [415, 'not-acceptable'],
      [486, 'service-unavailable'],
      [500, 'internal-server-error'],
      [603, 'service-unavailable'],
    ])('%i: %s', async (status, condition) => {
      const { ann, bob, chat } = await cast.couple();
      await ann.sendChat(bob.address, 'are you there?', 'question');
      await chat.hears(status);
      expect(await bounceOf(ann, 'question')).toEqual({ from: bob.address, condition, body: 'are you there?' });
    });
  });
});
