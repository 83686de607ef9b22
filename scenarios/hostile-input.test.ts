import xml from '@xmpp/xml';

import { Cast, sees } from './support/cast';
import { annAdds, AVAILABLE, bobAdds, open } from './support/contact-list';
import { draftPidf } from './support/presence-documents';
import type { PresenceDocument } from './support/presence-documents';
import { ONLY } from './support/server-differences';
import type { SipDialog } from './support/sip-dialog';
import type { SipMessage } from './support/sip-message';

/** Promise 7: any bytes. No input crashes the worker, closes the shared XMPP stream, or leaks into a header. */

let cast: Cast;
/** A name that only escapes can write (XEP-0106). */
const ODD = "o\\27dd\\20\\22one\\22;";

beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft' }, [ODD])));
afterAll(() => cast.stop());

/** The worker and its one stream to the XMPP server have lived through it, and nothing failed that should not have. */
afterEach(() => {
  const { gateway } = cast.world;
  expect(gateway.isRunning).toBe(true);
  expect(gateway.lines.filter(({ event }) => /_failed$|^xmpp_link_(down|refused)$/.test(event))).toEqual([]);
});

describe('requests that are wrong', () => {
  const TEXT = { 'Content-Type': 'text/plain' };
  /** Of a dialog that we never had, or have forgotten. */
  const GONE = '<sip:ann1@example.com>;tag=gone';
  type Wrong = readonly [what: string, method: string, headers: Readonly<Record<string, string>>, status: number, demanded?: string];
  const WRONG: readonly Wrong[] = [
    ['From without a tag', 'MESSAGE', { ...TEXT, From: '<sip:bob@example.com>' }, 400],
    ['From that is no address', 'MESSAGE', { ...TEXT, From: '<<sip:bob@@example.com>;tag=1' }, 400],
    ['From with a line break in its user part', 'MESSAGE', { ...TEXT, From: '<sip:bob%0D%0A@example.com>;tag=1' }, 400],
    ['From with a NUL in its user part', 'MESSAGE', { ...TEXT, From: '<sip:bob%00@example.com>;tag=1' }, 400],
    ['From with octets that are no UTF-8', 'MESSAGE', { ...TEXT, From: '<sip:%FF%C0%AF@example.com>;tag=1' }, 400],
    ['a method that is not offered', 'PUBLISH', { Event: 'presence' }, 405, 'Allow'],
    ['Max-Forwards at its end (SEC-8)', 'MESSAGE', { ...TEXT, 'Max-Forwards': '0' }, 483],
    ['an extension that is required', 'MESSAGE', { ...TEXT, Require: 'eventlist' }, 420, 'Unsupported'],
    ['another event package (PRES-20)', 'SUBSCRIBE', { Event: 'dialog' }, 489, 'Allow-Events'],
    ['no event package', 'SUBSCRIBE', {}, 489, 'Allow-Events'],
    ['Expires that is no number', 'SUBSCRIBE', { Event: 'presence', Expires: 'soon' }, 400],
    ['an image (IM-7)', 'MESSAGE', { 'Content-Type': 'image/png' }, 415, 'Accept'],
    ['a compressed text', 'MESSAGE', { ...TEXT, 'Content-Encoding': 'gzip' }, 415, 'Accept'],
    ['a media type that is none', 'MESSAGE', { 'Content-Type': 'text' }, 400],
    ['a NOTIFY that nobody asked for (SEC-12)', 'NOTIFY', { Event: 'presence', 'Subscription-State': 'active' }, 481],
    ['a session that is none', 'BYE', { To: GONE }, 481],
    ['a session that is none', 'INFO', { To: GONE, 'Content-Type': 'application/xml' }, 481],
    ['a session that is none', 'MESSAGE', { ...TEXT, To: GONE }, 481],
    ['a session that is none', 'INVITE', { To: GONE, 'Content-Type': 'application/sdp' }, 481],
  ];

  it.each(WRONG.map(([what, method, headers, status, demanded = 'Via']) => ({ what, method, headers, status, demanded })))('$method with $what: $status, with $demanded', async ({ method, headers, status, demanded }) => {
    const { ann, bob } = await cast.couple();
    const { response } = await bob.peer.request(method, { from: bob.uri, to: `sip:${ann.bareJid}`, headers, body: method === 'INFO' || method === 'MESSAGE' ? 'x' : '' });
    expect(response.status).toBe(status);
    expect(response.header(demanded)).not.toBe('');
  });

  const JUNK: readonly (readonly [what: string, bytes: Buffer])[] = [
    ['noise', Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 167 + 13) % 256))],
    ['NULs', Buffer.alloc(1_000)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
    ['a start line alone', Buffer.from('MESSAGE sip:ann@example.com SIP/2.0\r\n\r\n')],
    ['a length that is negative', Buffer.from('MESSAGE sip:ann@example.com SIP/2.0\r\nContent-Length: -1\r\n\r\n')],
    ['an answer to nothing', Buffer.from('SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\n\r\n')],
    ['a header of 40 KB', Buffer.from(`MESSAGE sip:ann@example.com SIP/2.0\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`)],
  ];

  it.each(JUNK)('%s, by UDP and by TCP: the next request is answered', async (_what, bytes) => {
    const { ann, chat } = await cast.couple();
    const { peer } = chat.person;
    const port = cast.world.sipPort;
    await peer.sendBytes(bytes, { port, transport: 'udp' }).catch(() => undefined); // more than a datagram holds
    await peer.sendBytes(bytes, { port, transport: 'tcp' });
    peer.cut();
    expect((await chat.writes('still there?')).status).toBe(200);
    await ann.takeMessage('still there?');
  });
});

describe('presence documents that are wrong: answered, and the next one is shown', () => {
  const note = (text: string) => (uri: string): PresenceDocument => draftPidf(uri, { basic: 'open', activity: 'busy', note: text });
  const raw = (body: string, contentType = 'application/pidf+xml') => (): PresenceDocument => ({ contentType, body });
  const LAUGHS = `<!DOCTYPE p [<!ENTITY a "${'ha'.repeat(1_000)}"><!ENTITY b "${'&a;'.repeat(1_000)}">]>`;
  const WRONG: readonly (readonly [what: string, documentOf: (uri: string) => PresenceDocument])[] = [
    ['no XML', raw('not <xml')],
    ['an element that does not end', raw('<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple id="1"><status><basic>open')],
    ['a DOCTYPE (SEC-10)', raw(`${LAUGHS}<presence xmlns="urn:ietf:params:xml:ns:pidf"><note>&b;</note></presence>`)],
    ['an external entity (SEC-10)', raw('<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/passwd">]><presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple id="1"><status><basic>open</basic></status><note>&f;</note></tuple></presence>')],
    ['10,000 levels (SEC-10)', raw('<a>'.repeat(10_000) + '</a>'.repeat(10_000))],
    ['of an unknown media type', raw('open', 'application/x-unknown')],
    ['a reference to a control character', note('one &#1; two')],
    ['a reference to U+FFFE', note('one &#xFFFE; two')],
    ['a reference to half a surrogate pair', note('one &#xD800; two')],
    ['a reference to NUL', note('one &#0; two')],
  ];

  it.each(WRONG)('%s', async (what, documentOf) => {
    const { ann, bob } = await cast.couple();
    const watch = await annAdds({ ann, bob });
    const answer = await bob.tells(watch, documentOf(bob.uri));
    expect([200, 400, 413, 415]).toContain(answer.status);
    await bob.tells(watch, open(bob, `after ${what}`));
    expect(await sees(ann, bob, `after ${what}`)).toMatchObject(AVAILABLE);
  });
});

describe('characters that XML does not allow are left out (SEC-10)', () => {
  const HOSTILE: readonly (readonly [what: string, bytes: Buffer, cleaned: RegExp])[] = [
    ['control characters', Buffer.from('one\x01\x02\x08\x0b\x0c\x0e\x1f two'), /^one two$/],
    ['U+FFFE and U+FFFF', Buffer.from('one\uFFFE\uFFFF two'), /^one two$/],
    ['half a surrogate pair', Buffer.from([0x6f, 0x6e, 0x65, 0xed, 0xa0, 0x80, 0x20, 0x74, 0x77, 0x6f]), /^one\uFFFD* two$/],
    ['octets that are no UTF-8', Buffer.from([0x6f, 0x6e, 0x65, 0xff, 0xfe, 0xc0, 0xaf, 0x20, 0x74, 0x77, 0x6f]), /^one\uFFFD* two$/],
  ];

  it.each(HOSTILE)('in a text: %s', async (_what, bytes, cleaned) => {
    const { ann, chat } = await cast.couple();
    const session = await chat.calls();
    expect((await session.request('MESSAGE', { headers: { 'Content-Type': 'text/plain; charset=UTF-8' }, body: bytes })).status).toBe(200);
    const got = await ann.take('text', (stanza) => stanza.is('message') && stanza.getChild('body') !== undefined);
    expect(got.getChildText('body')).toMatch(cleaned);
  });

  it.each(HOSTILE)('in a note: %s', async (_what, bytes, cleaned) => {
    const { ann, bob } = await cast.couple();
    const watch = await annAdds({ ann, bob });
    const [before = '', after = ''] = draftPidf(bob.uri, { basic: 'open', activity: 'busy', note: '|' }).body.split('|');
    expect((await notify(watch, Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]))).status).toBe(200);
    const got = await ann.take('busy', (stanza) => stanza.is('presence') && stanza.getChildText('show') === 'dnd');
    expect(got.getChildText('status')).toMatch(cleaned);
  });

  it('in a display name', async () => {
    const { ann, bob } = await cast.couple();
    const headers = { From: `"B\x01ob <&> 'B'" <${bob.uri}>;tag=x1`, Event: 'presence', Expires: '3600' };
    await bob.peer.open('SUBSCRIBE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers });
    await bob.isTold();
    const asked = await ann.takePresence(bob.address, 'subscribe');
    expect(asked.getChildText('nick', 'http://jabber.org/protocol/nick')).toBe("Bob <&> 'B'");
  });

  const notify = (watch: SipDialog, body: Buffer): Promise<SipMessage> =>
    watch.request('NOTIFY', { headers: { Event: 'presence', 'Subscription-State': 'active;expires=3600', 'Content-Type': 'application/pidf+xml' }, body });
});

describe('text of an XMPP user never becomes a header (SEC-9)', () => {
  const EVIL = 'hi\r\nRoute: <sip:evil@example.org>\r\n\r\nbody';
  const inLanguage = (tag: string): Record<string, string> => (ONLY.passesWrongLanguages ? { 'xml:lang': tag } : {});

  it('subject, thread, id and language', async () => {
    const { ann, bob, chat } = await cast.couple();
    const message = xml('message', { to: bob.address, type: 'chat', id: 'z9hG4bK\nRoute: x', ...inLanguage('en\r\nRoute: x') });
    message.append(xml('subject', {}, EVIL));
    message.append(xml('thread', {}, `t ${EVIL} "${'x'.repeat(500)}`));
    message.append(xml('body', {}, EVIL));
    await ann.send(message);
    const heard = await chat.hears();
    expect(heard.all('Route').filter((route) => /evil|^x$/.test(route))).toEqual([]);
    expect(heard.all('Subject')).toHaveLength(1);
    expect(heard.header('Content-Language')).not.toContain('Route');
    expect(heard.callId).toMatch(/^[A-Za-z0-9]+$/);
    expect(heard.header('Via')).not.toContain('Route');
    expect(heard.text).toBe(EVIL);
  });

  it('the resource', async () => {
    const { ann } = await cast.couple();
    const { bob, chat } = await cast.couple();
    const odd = await cast.world.signIn(ann.bareJid.split('@')[0], 'a;lr?b=c>d"e');
    await odd.sendChat(bob.address, 'from an odd place');
    const heard = await chat.hears();
    expect(heard.header('From')).toMatch(new RegExp(`^<sip:${ann.bareJid}[^>]*>;tag=[A-Za-z0-9]+$`));
    expect(heard.header('From')).not.toMatch(/[?"]|d>/);
  });

  const NICK = xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, EVIL);
  const REPLY = [xml('reply', { xmlns: 'urn:xmpp:reply:0', to: EVIL, id: EVIL }), xml('fallback', { xmlns: 'urn:xmpp:fallback:0', for: EVIL }, xml('body', { start: EVIL, end: EVIL }))];
  const HTML = xml('html', { xmlns: 'http://jabber.org/protocol/xhtml-im' }, xml('body', { xmlns: 'http://www.w3.org/1999/xhtml' }, EVIL));
  it.each([
    ['display name and HTML', EVIL, [xml('body', {}, 'harmless'), NICK, HTML], 'harmless'],
    ['a reply and its fallback', EVIL, [xml('body', {}, `> ${EVIL}\nyes`), ...REPLY], `> ${EVIL}\nyes`],
    ['the address of a file', EVIL, [xml('body', {}, 'see'), xml('x', { xmlns: 'jabber:x:oob' }, xml('url', {}, `https://${EVIL}`))], 'see'],
    ['a correction', EVIL, [xml('body', {}, 'better'), xml('replace', { xmlns: 'urn:xmpp:message-correct:0', id: EVIL })], '* better'],
  ])('%s', async (_what, id, children, text) => {
    const { ann, bob, chat } = await cast.couple();
    await ann.send(xml('message', { to: bob.address, type: 'chat', id }, ...children));
    const heard = await chat.hears();
    expectNoEvil(heard);
    expect(heard.text.replaceAll('\r\n', '\n')).toBe(text.replaceAll('\r\n', '\n'));
  });

  it('status, activity, show and capabilities', async () => {
    const { ann, bob } = await cast.couple();
    const watch = await bobAdds({ ann, bob });
    const activity = xml('activity', { xmlns: 'http://jabber.org/protocol/activity' }, xml('talking', {}, EVIL), xml('text', {}, EVIL));
    await ann.sendPresence({ ...inLanguage(EVIL), id: EVIL }, xml('show', {}, 'dnd'), xml('status', inLanguage(EVIL), EVIL), activity, xml('c', { xmlns: 'http://jabber.org/protocol/caps', node: EVIL, ver: EVIL, hash: EVIL }));
    const { message } = await bob.isTold(watch);
    expectNoEvil(message);
  });

  it('a user whose name holds what a header could not', async () => {
    const { bob, chat } = await cast.couple();
    const odd = await cast.world.signIn(ODD, `x">${ONLY.takesForbiddenResources ? '\u2028' : ''}Route: x`);
    await odd.sendChat(bob.address, 'from an odd name');
    const heard = await chat.hears();
    expectNoEvil(heard);
    expect(heard.header('From')).toMatch(/^<sip:o'dd%20%22one%22%3B@example\.com>;tag=[A-Za-z0-9]+$|^<sip:o'dd%20%22one%22;@example\.com>;tag=[A-Za-z0-9]+$/);
  });

  function expectNoEvil({ headers }: SipMessage): void {
    expect(headers.filter(([name, value]) => /evil/.test(`${name}${value}`) || name === 'Route')).toEqual([]);
  }
});
