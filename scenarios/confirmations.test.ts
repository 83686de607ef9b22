import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { allows, asksFor, Cast } from './support/cast';
import type { Couple } from './support/cast';
import { TEXT_SESSION } from './support/sip-chat';
import type { SipMessage } from './support/sip-message';
import { bounceOf } from './support/stanza-error';
import { until } from './support/until';
import type { XmppUser } from './support/xmpp-user';

const RECEIPTS = 'urn:xmpp:receipts';
const OFFLINE = 'urn:ietf:params:xml:ns:xmpp-stanzas';

/** Ann watches Bob, and he lets her. */
async function annSeesBob({ ann, bob }: Couple): Promise<void> {
  await asksFor(ann, bob);
  const watch = await bob.letsWatch();
  await bob.tells(watch, undefined, 'active;expires=3600');
  await ann.takePresence(bob.address, 'subscribed');
}

/** Bob watches Ann, and she lets him. */
async function bobSeesAnn({ ann, bob }: Couple): Promise<void> {
  await bob.watches(ann.bareJid);
  await ann.takePresence(bob.address, 'subscribe');
  await allows(ann, bob);
  await bob.isToldAtLast({ basic: 'open' });
}

const asksReceipt = (ann: XmppUser, to: string, text: string, id: string) =>
  ann.send(xml('message', { to, type: 'chat', id }, xml('body', {}, text), xml('request', { xmlns: RECEIPTS })));

const receiptFor = (ann: XmppUser, id: string): Promise<Element> =>
  ann.take(`receipt for ${id}`, (each) => each.getChild('received', RECEIPTS)?.attrs['id'] === id);

const receipts = (ann: XmppUser): readonly Element[] => ann.stanzas.unclaimed.filter((each) => each.getChild('received', RECEIPTS) !== undefined);

/** The client returns a text that it was given. */
async function returns(ann: XmppUser, text: string): Promise<void> {
  const { id, from } = (await ann.takeMessage(text)).attrs;
  const error = xml('error', { type: 'wait' }, xml('resource-constraint', { xmlns: OFFLINE }), xml('text', { xmlns: OFFLINE }, 'My disk is full'));
  await ann.send(xml('message', { to: from, type: 'error', id }, error));
}

describe('dialect microsoft', () => {
  let cast: Cast;
  beforeAll(async () => {
    cast = await Cast.start({ dialect: 'microsoft', messaging: { deliverWithinSeconds: 6 }, sip: { inviteTimeoutSeconds: 5, requestTimeoutSeconds: 30 } });
  });
  afterAll(() => cast.stop());

  it('XEP-0184: the 200 to a text confirms it to the client that asked; a failure does not', async () => {
    const couple = await cast.couple();
    const { ann, bob, chat } = couple;
    await annSeesBob(couple);
    await asksReceipt(ann, bob.address, 'hello', 'r-1');
    await chat.hears();
    const receipt = await receiptFor(ann, 'r-1');
    expect([receipt.attrs['from'], receipt.attrs['to'], receipt.getChild('request', RECEIPTS)]).toEqual([bob.address, ann.jid, undefined]);
    await asksReceipt(ann, bob.address, 'busy?', 'r-2');
    await chat.hears(486);
    expect(await bounceOf(ann, 'r-2')).toMatchObject({ condition: 'recipient-unavailable' });
    expect(receipts(ann)).toEqual([]);
  });

  it('SEC-6: a user who may not see the contact gets no receipt', async () => {
    const { ann, bob, chat } = await cast.couple();
    await asksReceipt(ann, bob.address, 'hello', 'r-1');
    await chat.hears();
    await chat.writes('the answer, which came later');
    await ann.takeMessage('the answer, which came later');
    expect(receipts(ann)).toEqual([]);
  });

  it('IM-9: a text that comes back after our 200 is told to the SIP user in his session, once, with the reason', async () => {
    const couple = await cast.couple();
    const { ann, bob, chat } = couple;
    await bobSeesAnn(couple);
    const session = await chat.calls();
    expect((await chat.writes('keep this')).status).toBe(200);
    await returns(ann, 'keep this');
    const notice = await chat.hears();
    expect([notice.text, notice.callId]).toEqual(['The message could not be delivered: My disk is full', session.callId]);
    expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });

  it('ERR-5: a notice that he refuses comes back to nobody', async () => {
    const { ann, bob, chat } = await cast.couple();
    await chat.calls();
    await chat.writes('keep this');
    await returns(ann, 'keep this');
    expect((await chat.hears(486)).text).toBe('The message could not be delivered');
    await chat.writes('still there?');
    await ann.takeMessage('still there?');
    expect(ann.stanzas.unclaimed.filter((each) => each.attrs['type'] === 'error')).toEqual([]);
    expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });

  it('microsoft-dialect 2.3: 101, 180 and a late answer; what was written meanwhile goes out in order, the first text once', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'one');
    const invite = await bob.receive('INVITE');
    const diagnostics = '13004;reason="Request was proxied to one or more registered endpoints"';
    await bob.peer.reply(invite, 101, { headers: { 'ms-diagnostics': diagnostics } });
    await bob.peer.reply(invite, 180);
    await ann.sendChat(bob.address, 'two');
    const taken = (): number => cast.world.gateway.lines.filter(({ event, on, to }) => event === 'stanza_received' && on === 'xmpp.message' && to === bob.address).length;
    await until('the worker has both', () => taken() === 2);
    chat.session = await bob.peer.accept(invite, { headers: { 'Content-Type': 'application/sdp' }, body: TEXT_SESSION });
    expect([(await chat.hears()).text, (await chat.hears()).text]).toEqual(['one', 'two']);
  });

  it('RFC 3261 13.2.2.4: of a forked INVITE the first 200 wins; the dialog of another one is acknowledged and ended', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'to one of your devices');
    const invite = await bob.receive('INVITE');
    const answer = { headers: { 'Content-Type': 'application/sdp' }, body: TEXT_SESSION };
    chat.session = await bob.peer.accept(invite, answer);
    expect((await chat.hears()).text).toBe('to one of your devices');
    const second = { ...invite, localTag: 'second-device' };
    await bob.peer.reply(second, 200, answer);
    const ofSecond = (message: SipMessage): boolean => message.header('To').includes('second-device');
    expect((await bob.receive('ACK', ofSecond)).message.callId).toBe(invite.message.callId);
    await bob.peer.reply(await bob.receive('BYE', ofSecond), 200);
    await ann.sendChat(bob.address, 'and again');
    expect((await chat.hears()).text).toBe('and again');
    expect(bob.unclaimed('BYE')).toEqual([]);
  });

  it('microsoft-dialect 3.5: ms-diagnostics of a refusal stands in the log with the trace of the text, and does not reach the user', async () => {
    const { ann, bob } = await cast.couple();
    await ann.sendChat(bob.address, 'hello?', 'd-1');
    await bob.peer.reply(await bob.receive('INVITE'), 404, { headers: { 'ms-diagnostics': '1003;reason="User does not exist";source="fe.example.com"' } });
    const stanza = await ann.take('the error', (each) => each.attrs['id'] === 'd-1');
    expect(String(stanza)).not.toMatch(/1003|fe\.example\.com/);
    await cast.world.gateway.logged(/"level":"info".*"diagnostics":"1003;reason=\\"User does not exist/);
  });

  it('promise 1: a text that waits behind one that nobody answers is returned when its time is over, and not sent later', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'opens');
    await chat.hears();
    await ann.sendChat(bob.address, 'not answered yet');
    const first = await bob.receive('MESSAGE');
    await ann.sendChat(bob.address, 'too late', 'late-1');
    expect(await bounceOf(ann, 'late-1')).toEqual({ from: bob.address, condition: 'remote-server-timeout', body: 'too late' });
    await bob.peer.reply(first, 200);
    await ann.sendChat(bob.address, 'in time');
    expect((await chat.hears()).text).toBe('in time');
  });
});

describe('variant lcs', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft', variant: 'lcs', route: { assumeSentSeconds: 1 } })));
  afterAll(() => cast.stop());

  it('microsoft-dialect 2.1: our offer and our answer say x-ms-message', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'hello');
    const invite = await bob.receive('INVITE');
    expect(invite.message.text).toMatch(/^m=x-ms-message \d+ sip null\r$/m);
    await bob.peer.reply(invite, 486);
    const body = TEXT_SESSION.replace('m=message', 'm=x-ms-message');
    const { response } = await bob.peer.request('INVITE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { 'Content-Type': 'application/sdp' }, body });
    expect([response.status, response.text]).toEqual([200, expect.stringMatching(/^m=x-ms-message \d+ sip null\r$/m)]);
    expect(chat.session).toBeUndefined();
  });

  it('RFC 3264 section 6: an offer of the newer form is answered in the newer form', async () => {
    const { ann, bob } = await cast.couple();
    const { response } = await bob.peer.request('INVITE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { 'Content-Type': 'application/sdp' }, body: TEXT_SESSION });
    expect([response.status, response.text]).toEqual([200, expect.stringMatching(/^m=message \d+ sip null\r$/m)]);
  });

  it('microsoft-dialect 2.6: a client that never answers MESSAGE gets each text once, in one session', async () => {
    const { ann, bob, chat } = await cast.couple();
    for (const text of ['one', 'two', 'three']) await ann.sendChat(bob.address, text);
    const session = await chat.takesCall();
    const heard: SipMessage[] = [];
    for (let count = 0; count < 3; count += 1) heard.push((await bob.receive('MESSAGE')).message);
    expect(heard.map(({ text, callId }) => [text, callId])).toEqual(['one', 'two', 'three'].map((text) => [text, session.callId]));
    expect([...bob.unclaimed('INVITE'), ...bob.unclaimed('BYE')]).toEqual([]);
    expect(ann.stanzas.unclaimed.filter((each) => each.attrs['type'] === 'error')).toEqual([]);
  });
});

describe('dialect simple', () => {
  const CPIM = { 'Content-Type': 'message/cpim' };
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple', route: { receipts: 'report', messageStatus: 202 } })));
  afterAll(() => cast.stop());

  const cpim = (headers: string, body: string): string => `From: <sip:bob@example.com>\r\nNS: imdn <urn:ietf:params:imdn>\r\n${headers}\r\n${body}`;

  it('RFC 5438, IM-28: her client asks, his reports, she gets the receipt; a text that asks for none stays plain', async () => {
    const couple = await cast.couple();
    const { ann, bob, chat } = couple;
    await annSeesBob(couple);
    await ann.sendChat(bob.address, 'plain');
    expect((await chat.hears()).header('Content-Type')).toMatch(/^text\/plain/);
    await asksReceipt(ann, bob.address, 'hello', 'r-1');
    const message = await chat.hears();
    const messageId = /^imdn\.Message-ID: (\S+)\r$/m.exec(message.text)?.[1];
    expect(message.header('Content-Type')).toBe('message/cpim');
    expect(message.text).toMatch(/^imdn\.Disposition-Notification: positive-delivery\r$/m);
    expect(message.text).toMatch(/\r\n\r\nhello$/);
    expect(receipts(ann)).toEqual([]);
    const report = `<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${messageId}</message-id><delivery-notification><status><delivered/></status></delivery-notification></imdn>`;
    expect((await chat.writes(cpim('imdn.Message-ID: rep-1\r\n', `Content-Type: message/imdn+xml\r\n\r\n${report}`), CPIM)).status).toBe(200);
    await receiptFor(ann, 'r-1');
  });

  it('RFC 5438, IM-28: he asks for a report, her client confirms, he gets it', async () => {
    const couple = await cast.couple();
    const { ann, bob, chat } = couple;
    await bobSeesAnn(couple);
    const wish = 'imdn.Message-ID: his-1\r\nimdn.Disposition-Notification: positive-delivery\r\n';
    expect((await chat.writes(cpim(wish, 'Content-Type: text/plain\r\n\r\nhello Ann'), CPIM)).status).toBe(202);
    const stanza = await ann.takeMessage('hello Ann');
    expect(stanza.getChild('request', RECEIPTS)).toBeDefined();
    await ann.send(xml('message', { to: bob.address, type: 'chat' }, xml('received', { xmlns: RECEIPTS, id: stanza.attrs['id'] })));
    const report = await chat.hears();
    expect(report.text).toContain('<message-id>his-1</message-id>');
    expect(report.text).toContain('<delivered/>');
    expect(report.text).not.toContain('Disposition-Notification');
  });

  it('IM-8: a text that the XMPP server has taken is answered as the route says', async () => {
    const { ann, chat } = await cast.couple();
    expect((await chat.writes('hello')).status).toBe(202);
    await ann.takeMessage('hello');
  });

  it('IM-9: out of dialog he is told out of dialog; a stranger learns no reason (ERR-3)', async () => {
    const { ann, bob, chat } = await cast.couple();
    await chat.writes('keep this');
    await returns(ann, 'keep this');
    expect((await chat.hears()).text).toBe('The message could not be delivered');
    expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });
});
