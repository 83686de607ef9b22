import xml from '@xmpp/xml';

import { Cast } from './support/cast';
import type { Couple } from './support/cast';
import type { Incoming } from './support/raw-sip';
import type { Fields } from './support/sip-compose';
import { TEXT_SESSION } from './support/sip-chat';
import { SipMessage } from './support/sip-message';
import { bounceOf } from './support/stanza-error';
import type { XmppUser } from './support/xmpp-user';

const CHAT_STATES = 'http://jabber.org/protocol/chatstates';
const SDP = { 'Content-Type': 'application/sdp' };
const OFFER = { headers: SDP, body: TEXT_SESSION };
const PLAIN = { 'Content-Type': 'text/plain; charset=UTF-8' };
/** Most messages that wait for one recipient here. */
const QUEUE = 3;

const says = (ann: XmppUser, to: string, text: string, state: string) =>
  ann.send(xml('message', { to, type: 'chat' }, xml('body', {}, text), xml(state, { xmlns: CHAT_STATES })));
const errors = (ann: XmppUser): number => ann.stanzas.unclaimed.filter(({ attrs }) => attrs['type'] === 'error').length;

/** Sessions of dialect microsoft whose far side is slow, refuses, changes its mind or wants something else. */
describe('sessions of dialect microsoft', () => {
  let cast: Cast;
  beforeAll(async () => {
    cast = await Cast.start({
      dialect: 'microsoft',
      sip: { inviteTimeoutSeconds: 5, requestTimeoutSeconds: 3 },
      messaging: { maxQueuedMessages: QUEUE, deliverWithinSeconds: 30 },
    });
  });
  afterAll(() => cast.stop());

  /** An INVITE of his, and its answer. */
  async function invites({ ann, bob }: Couple, headers: Fields, body: string): Promise<number> {
    const { response } = await bob.peer.request('INVITE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { ...SDP, ...headers }, body });
    return response.status;
  }

  /** A session that Ann has opened. */
  async function opened(): Promise<Couple> {
    const couple = await cast.couple();
    await couple.ann.sendChat(couple.bob.address, 'opens');
    await couple.chat.hears();
    return couple;
  }

  describe('microsoft-dialect 2.3: the toast', () => {
    it('IM-11: nobody clicks: the INVITE is cancelled when its time is over, every text comes back, and the next one asks anew', async () => {
      const { ann, bob, chat } = await cast.couple();
      await ann.sendChat(bob.address, 'one', 't-1');
      const invite = await bob.receive('INVITE');
      await bob.peer.reply(invite, 180);
      await ann.sendChat(bob.address, 'two', 't-2');
      await bob.peer.reply(await bob.receive('CANCEL'), 200);
      await bob.peer.reply(invite, 487);
      for (const [id, body] of [['t-1', 'one'], ['t-2', 'two']] as const) {
        expect(await bounceOf(ann, id)).toMatchObject({ from: bob.address, body });
      }
      await ann.sendChat(bob.address, 'three');
      const heard = await chat.hears();
      expect([heard.text, heard.callId === invite.message.callId]).toEqual(['three', false]);
    });

    it('promise 6: so many texts wait, one more comes back at once; those that waited arrive in order', async () => {
      const { ann, bob, chat } = await cast.couple();
      await ann.sendChat(bob.address, 'text 1');
      const invite = await bob.receive('INVITE');
      for (let text = 2; text <= QUEUE; text += 1) await ann.sendChat(bob.address, `text ${text}`);
      await ann.sendChat(bob.address, 'one too many', 'full');
      expect(await bounceOf(ann, 'full')).toEqual({ from: bob.address, condition: 'resource-constraint', body: 'one too many' });
      chat.session = await bob.peer.accept(invite, OFFER);
      const heard: string[] = [];
      while (heard.length < QUEUE) heard.push((await chat.hears()).text);
      expect(heard).toEqual(['text 1', 'text 2', 'text 3']);
    });
  });

  describe('a session that turns out to be dead', () => {
    it.each([408, 480, 481])('%i to a text: BYE, a new session, and the text once more', async (status) => {
      const { ann, bob, chat } = await opened();
      const dead = chat.session;
      await ann.sendChat(bob.address, `lost by ${status}`);
      await chat.hears(status);
      expect((await bob.answers('BYE', 481)).callId).toBe(dead?.callId);
      chat.session = undefined;
      const again = await chat.hears();
      expect([again.text, again.callId === dead?.callId]).toEqual([`lost by ${status}`, false]);
      expect([errors(ann), bob.unclaimed('INVITE').length, bob.unclaimed('MESSAGE').length]).toEqual([0, 0, 0]);
    });

    it('promise 1: no answer at all: once more in a new session, marked in the log, then it comes back', async () => {
      const { ann, bob, chat } = await opened();
      await ann.sendChat(bob.address, 'hello?', 'mute');
      await bob.receive('MESSAGE');
      await bob.answers('BYE', 200);
      await chat.takesCall();
      expect((await bob.receive('MESSAGE')).message.text).toBe('hello?');
      expect(await bounceOf(ann, 'mute')).toMatchObject({ condition: 'remote-server-timeout', body: 'hello?' });
      expect(bob.unclaimed('MESSAGE')).toEqual([]);
      await cast.world.gateway.logged(new RegExp(`"to":"${bob.address}".*"event":"message_repeated"`));
    });
  });

  it.each([
    [415, 'not-acceptable'],
    [488, 'not-acceptable'],
    [500, 'internal-server-error'],
    [503, 'internal-server-error'],
    [504, 'remote-server-timeout'],
    [606, 'not-acceptable'],
  ])('IM-11, ERR-1: an INVITE refused by %i: %s, and no second INVITE', async (status, condition) => {
    const { ann, bob } = await cast.couple();
    await ann.sendChat(bob.address, 'hello', 'refused');
    await bob.peer.reply(await bob.receive('INVITE'), status);
    expect(await bounceOf(ann, 'refused')).toEqual({ from: bob.address, condition, body: 'hello' });
    expect(bob.unclaimed('INVITE')).toEqual([]);
  });

  it('observed A2: a second INVITE of the same peer replaces his session; the old one gets BYE, her text goes into the new one', async () => {
    const { ann, bob, chat } = await cast.couple();
    const first = await chat.calls();
    const second = await chat.calls();
    expect((await bob.answers('BYE', 200)).callId).toBe(first.callId);
    await ann.sendChat(bob.address, 'where are you?');
    expect((await chat.hears()).callId).toBe(second.callId);
  });

  it('RFC 3261 14.2: a re-INVITE is answered in its dialog and keeps the session; one for another medium is refused and keeps it too', async () => {
    const { ann, bob, chat } = await cast.couple();
    const session = await chat.calls();
    const answer = await session.request('INVITE', OFFER);
    await session.ack();
    expect([answer.status, answer.text]).toEqual([200, expect.stringMatching(/^m=message \d+ sip null\r$/m)]);
    const audio = TEXT_SESSION.replace(/m=.*\r\n/, 'm=audio 5060 RTP/AVP 0\r\n');
    expect((await session.request('INVITE', { headers: SDP, body: audio })).status).toBe(488);
    await ann.sendChat(bob.address, 'still here?');
    expect((await chat.hears()).callId).toBe(session.callId);
    expect(bob.unclaimed('BYE')).toEqual([]);
  });

  it('IM-23: his BYE is told to a client that shows chat states as gone, with the thread that is over', async () => {
    const { ann, bob, chat } = await cast.couple();
    const session = await chat.calls();
    await chat.writes('hello');
    const { attrs } = await ann.takeMessage('hello');
    await says(ann, bob.address, 'hi', 'active');
    await chat.hears();
    expect((await session.request('BYE')).status).toBe(200);
    const gone = await ann.take('gone', (each) => each.getChild('gone', CHAT_STATES) !== undefined);
    expect([gone.attrs['from'], gone.attrs['type'], gone.getChildText('thread'), gone.getChild('body')]).toEqual([attrs['from'], 'chat', session.callId, undefined]);
  });

  it('promise 1: a text that he sends again (same Call-ID and CSeq) is answered 200 and shown once', async () => {
    const { ann, bob, chat } = await cast.couple();
    const session = await chat.calls();
    expect((await chat.writes('only once')).status).toBe(200);
    session.cseq -= 1;
    expect((await chat.writes('only once')).status).toBe(200);
    await ann.takeMessage('only once');
    const page = { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { ...PLAIN, 'Call-ID': `page-${bob.address}`, From: `<${bob.uri}>;tag=p1`, CSeq: '7 MESSAGE' }, body: 'a page' };
    for (const _time of [1, 2]) expect((await bob.peer.request('MESSAGE', page)).response.status).toBe(200);
    await ann.takeMessage('a page');
    await chat.writes('and then this');
    await ann.takeMessage('and then this');
    expect(ann.stanzas.unclaimed.filter((each) => each.getChild('body') !== undefined)).toEqual([]);
  });

  it('traps T2, T3, T5, observed A5: an INVITE as Lync writes it: accepted, the route and every Via given back byte for byte, its text not taken', async () => {
    const { ann, bob, chat } = await cast.couple();
    const { peer } = bob;
    const route = `<sip:${peer.address};transport=tcp;opaque=state:Si:F:Ci.R1:Ieh.x;lr;ms-route-sig="a,b;c">;tag=11E4B1`;
    const via = `SIP/2.0/TLS 192.0.2.9:50000;ms-received-port=50000;ms-received-cid=2600;ms-internal-info="q;r,s"`;
    const first = Buffer.from('Lunch?').toString('base64');
    const lync = {
      Via: [`SIP/2.0/TCP ${peer.address};branch=z9hG4bKlync;branched=FALSE`, via],
      'Record-Route': route,
      EndPoints: `<${bob.uri}>, <sip:${ann.bareJid}>`,
      'Roster-Manager': bob.uri,
      'Ms-Conversation-ID': 'AdQ1',
      Supported: 'ms-embedded-first-message, ms-delayed-accept, timer, com.microsoft.rtc-multiparty, ms-conf-invite',
      'ms-text-format': `text/plain; charset=UTF-8; ms-body=${first}`,
      'ms-im-format': [`text/html; charset=UTF-8; ms-body=${first}`, `text/rtf; ms-body=${first}`],
    };
    const exchange = await peer.request('INVITE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { ...SDP, ...lync }, body: TEXT_SESSION });
    const { response } = exchange;
    expect([response.status, response.all('Record-Route'), response.all('Via').slice(1)]).toEqual([200, [route], [via]]);
    expect(response.all('Supported').join()).not.toMatch(/ms-|multiparty/i);
    // His own requests reach us from the front end, which is this route.
    const unrouted = response.headers.filter(([name]) => name !== 'Record-Route');
    chat.session = peer.dialogOf({ ...exchange, response: new SipMessage(response.startLine, unrouted, response.body) });
    await chat.session.ack();
    expect((await chat.writes('Lunch?')).status).toBe(200);
    await ann.takeMessage('Lunch?');
    await ann.sendChat(bob.address, 'Yes');
    const yes = await chat.hears();
    expect([yes.text, yes.callId, yes.all('Route')]).toEqual(['Yes', chat.session.callId, [expect.stringContaining('ms-route-sig="a,b;c"')]]);
    expect(ann.stanzas.unclaimed.filter((each) => each.getChildText('body') === 'Lunch?')).toEqual([]);
  });

  describe('microsoft-dialect 2.7: what is refused, so that nothing half works', () => {
    const others = ['bob', 'carol', 'dave'].map((name) => `<sip:${name}@example.com>`).join(', ');
    const transfer = '--b\r\nContent-Type: application/sdp\r\n\r\nx\r\n--b\r\nContent-Type: application/ms-filetransfer+xml\r\n\r\n<x/>\r\n--b--\r\n';
    const conference = '<Conferencing version="2.0"><focus-uri>sip:ann@example.com;gruu;opaque=app:conf:focus:id:1</focus-uri></Conferencing>';

    it.each<[string, number, Fields, string]>([
      ['a session of many, demanded', 420, { Require: 'com.microsoft.rtc-multiparty' }, TEXT_SESSION],
      ['a session of three', 488, { EndPoints: others }, TEXT_SESSION],
      ['an INVITE that somebody else has triggered', 488, { TriggeredInvite: 'TRUE' }, TEXT_SESSION],
      ['an invitation to a conference', 488, { 'Content-Type': 'application/ms-conf-invite+xml' }, conference],
      ['a file', 488, { 'Content-Type': 'multipart/mixed; boundary=b' }, transfer],
    ])('%s: %i; her texts have a session of their own', async (_what, status, headers, body) => {
      const couple = await cast.couple();
      const { ann, bob, chat } = couple;
      expect(await invites(couple, headers, body)).toBe(status);
      await ann.sendChat(bob.address, 'just the two of us');
      expect((await chat.hears()).text).toBe('just the two of us');
    });

    it.each([
      ['MESSAGE', 'text/x-msmsgsinvite', 'Invitation-Command: INVITE'],
      ['INFO', 'application/x-ms-mim', '<action/>'],
      ['INFO', 'application/ms-filetransfer+xml', '<x/>'],
    ])('%s with %s in a session: 415, and the session goes on', async (method, type, body) => {
      const { ann, chat } = await cast.couple();
      const session = await chat.calls();
      expect((await session.request(method, { headers: { 'Content-Type': type }, body })).status).toBe(415);
      expect((await chat.writes('by text, then')).status).toBe(200);
      await ann.takeMessage('by text, then');
    });

    it('what would demand it is not offered either: our INVITE and our answers name no such option', async () => {
      const { ann, bob } = await cast.couple();
      await ann.sendChat(bob.address, 'hello');
      const invite: Incoming = await bob.receive('INVITE');
      const { message } = invite;
      expect([message.header('Supported'), message.header('Require')].join()).not.toMatch(/ms-|multiparty/i);
      expect(message.text).not.toMatch(/ms-imdn|x-msmsgsinvite|image/);
      await bob.peer.reply(invite, 486);
    });
  });
});

describe('times of a session', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft', messaging: { sessionIdleSeconds: 2, typingTimeoutSeconds: 1 } })));
  afterAll(() => cast.stop());

  it('IM-23: an idle session is ended by BYE; the next text opens a new one, and nobody was told that he has gone', async () => {
    const { ann, bob, chat } = await cast.couple();
    await says(ann, bob.address, 'before', 'active');
    const before = await chat.hears();
    expect((await bob.answers('BYE', 200)).callId).toBe(before.callId);
    chat.session = undefined;
    await ann.sendChat(bob.address, 'after');
    expect((await chat.hears()).callId).not.toBe(before.callId);
    expect(ann.stanzas.unclaimed.filter((each) => each.getChild('gone', CHAT_STATES) !== undefined)).toEqual([]);
  });

  it('IM-26: typing without news is over after its time', async () => {
    const { ann, bob, chat } = await cast.couple();
    await says(ann, bob.address, 'hello', 'active');
    await chat.hears();
    await chat.types(true);
    const state = (name: string) => ann.take(name, (each) => each.getChild(name, CHAT_STATES) !== undefined);
    await state('composing');
    await state('paused');
  });
});
