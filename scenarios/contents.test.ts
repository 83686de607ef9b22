import xml from '@xmpp/xml';

import { Cast } from './support/cast';
import { bounceOf } from './support/stanza-error';

/** Contents that lose something on their way, and those that are too large for it. */
describe('what a text becomes on its way', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple', route: { streamOnly: false }, messaging: { emoticons: 'emoji' } })));
  afterAll(() => cast.stop());

  it('IM-5, M04: what would exceed 1,300 bytes outside of a session comes back; what is sent does not exceed them', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'x'.repeat(1_300), 'long');
    expect(await bounceOf(ann, 'long')).toMatchObject({ from: bob.address, condition: 'policy-violation' });
    await ann.sendChat(bob.address, 'x'.repeat(700), 'short');
    const heard = await chat.hears();
    expect(heard.text).toHaveLength(700);
    const lines = [heard.startLine, ...heard.headers.map(([name, value]) => `${name}: ${value}`), '', ''];
    expect(Buffer.byteLength(lines.join('\r\n')) + heard.body.length).toBeLessThanOrEqual(1_300);
  });

  it('IM-4: RTF, as Lync writes it, is shown as plain text with its link', async () => {
    const { ann, chat } = await cast.couple();
    const rtf = [
      '{\\rtf1\\fbidis\\ansi\\ansicpg1252\\deff0\\deflang1033{\\fonttbl{\\f0\\fnil\\fcharset0 Segoe UI;}{\\f1\\fnil\\fcharset204 Arial;}}',
      '{\\colortbl ;\\red0\\green0\\blue0;}{\\*\\generator Riched20 15.0.4420}\\viewkind4\\uc1',
      "\\pard\\ltrpar\\cf1\\f0\\fs20 It\\'92s \\b fine\\b0 , \\f1\\'c0\\f0  \\u-10179?\\u-8704?\\par",
      '{\\field{\\*\\fldinst{HYPERLINK "http://example.com/x"}}{\\fldrslt{\\ul here}}}\\par{\\*\\lyncflags rtf=1}}',
    ].join('\r\n');
    expect((await chat.writes(rtf, { 'Content-Type': 'text/rtf' })).status).toBe(200);
    await ann.takeMessage('It\u2019s fine, \u0410 \u{1f600}\nhere <http://example.com/x>');
  });

  it('IM-4: of several forms the plain one is shown; a picture beside a text is refused with what can be read (IM-7)', async () => {
    const { ann, chat } = await cast.couple();
    const body = (subtype: string, ...parts: string[]) => [{ 'Content-Type': `multipart/${subtype}; boundary=b` }, `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`] as const;
    const plain = 'Content-Type: text/plain\r\n\r\nplain';
    const [headers, alternative] = body('alternative', 'Content-Type: text/html\r\n\r\n<b>rich</b>', plain);
    expect((await chat.writes(alternative, headers)).status).toBe(200);
    await ann.takeMessage('plain');
    const [mixedHeaders, mixed] = body('mixed', plain, 'Content-Type: image/png\r\n\r\n....');
    const refusal = await chat.writes(mixed, mixedHeaders);
    expect([refusal.status, refusal.header('Accept')]).toEqual([415, expect.stringContaining('multipart/alternative')]);
  });

  it('a correction is marked, an encrypted message comes back to its sender (F01, F08, SEC-16)', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.send(xml('message', { to: bob.address, type: 'chat', id: 'c' }, xml('body', {}, 'at five'), xml('replace', { xmlns: 'urn:xmpp:message-correct:0', id: 'x' })));
    expect((await chat.hears()).text).toBe('* at five');
    const encrypted = xml('encrypted', { xmlns: 'eu.siacs.conversations.axolotl' }, xml('payload', {}, 'QUJD'));
    await ann.send(xml('message', { to: bob.address, type: 'chat', id: 'e' }, encrypted, xml('body', {}, 'I sent you an encrypted message')));
    expect(await bounceOf(ann, 'e')).toMatchObject({ condition: 'policy-violation' });
  });

  it('emoticons are emoji here and codes there, where the setting says so', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'lunch 👍 http://example.com/🙂');
    expect((await chat.hears()).text).toBe('lunch (Y) http://example.com/🙂');
    await chat.writes('fine :) http://example.com/:)');
    await ann.takeMessage('fine 🙂 http://example.com/:)');
  });
});
