import { Cast } from './support/cast';
import { TEXT_SESSION } from './support/sip-chat';
import { uriOf } from './support/sip-message';
import { bounceOf } from './support/stanza-error';

describe('sessions of dialect microsoft', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft' })));
  afterAll(() => cast.stop());

  it('the first text opens one, the second goes in it', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'first');
    const invite = await bob.receive('INVITE');
    expect(invite.message.uri).toBe(bob.uri);
    expect(uriOf(invite.message.header('From'))).toBe(`sip:${ann.bareJid}`);
    expect(invite.message.text).toMatch(/^m=message \d+ sip null\r$/m);
    chat.session = await bob.peer.accept(invite, { headers: { 'Content-Type': 'application/sdp' }, body: TEXT_SESSION });
    expect((await bob.receive('ACK')).message.callId).toBe(invite.message.callId);
    const first = await chat.hears();
    await ann.sendChat(bob.address, 'second');
    const second = await chat.hears();
    expect([first.text, second.text]).toEqual(['first', 'second']);
    expect([first.callId, second.callId]).toEqual([invite.message.callId, invite.message.callId]);
    expect(bob.unclaimed('INVITE')).toEqual([]);
  });

  it("the SIP user's INVITE is answered at once, and her answer goes into his session (IM-21, observed A2, A3)", async () => {
    const { ann, bob, chat } = await cast.couple();
    const session = await chat.calls();
    await chat.writes('hello Ann');
    await ann.takeMessage('hello Ann');
    await ann.sendChat(bob.address, 'hello Bob');
    const heard = await chat.hears();
    expect([heard.text, heard.callId]).toEqual(['hello Bob', session.callId]);
    expect(bob.unclaimed('INVITE')).toEqual([]);
  });

  it('his BYE ends it, and her next text opens a new one (observed A4)', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'before');
    await chat.hears();
    const before = chat.session;
    expect((await before?.request('BYE'))?.status).toBe(200);
    chat.session = undefined;
    await ann.sendChat(bob.address, 'after');
    const heard = await chat.hears();
    expect(heard.text).toBe('after');
    expect(heard.callId).not.toBe(before?.callId);
  });

  it('a session that the far side has forgotten (481) is opened again, and the text is sent again', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'before');
    await chat.hears();
    await ann.sendChat(bob.address, 'after');
    await chat.hears(481);
    chat.session = undefined;
    expect((await chat.hears()).text).toBe('after');
  });

  it.each([404, 480, 486, 603])('an INVITE refused by %i brings every waiting text back (IM-11); strangers learn no reason (ERR-3)', async (status) => {
    const { ann, bob } = await cast.couple();
    const { bob: carol, chat: marker } = await cast.couple();
    await ann.sendChat(bob.address, 'one', 'id-1');
    const invite = await bob.receive('INVITE');
    await ann.sendChat(bob.address, 'two', 'id-2');
    await ann.sendChat(carol.address, 'sent after the two');
    await marker.hears();
    const condition = 'service-unavailable';
    await bob.peer.reply(invite, status);
    expect(await bounceOf(ann, 'id-1')).toEqual({ from: bob.address, condition, body: 'one' });
    expect(await bounceOf(ann, 'id-2')).toEqual({ from: bob.address, condition, body: 'two' });
  });

  it('a text in a session that is unknown gets 481, so that the client opens a new one (observed B)', async () => {
    const { bob, chat } = await cast.couple();
    const session = await chat.calls();
    await session.request('BYE');
    expect((await session.request('MESSAGE', { headers: { 'Content-Type': 'text/plain' }, body: 'late' })).status).toBe(481);
    expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });

  it.each([
    ['audio', 'm=audio 5060 RTP/AVP 0'],
    ['MSRP', 'm=message 5060 TCP/MSRP *'],
    ['none', 'a=sendrecv'],
  ])('an INVITE for other media is refused by 488: %s', async (_what, media) => {
    const { ann, bob } = await cast.couple();
    const body = TEXT_SESSION.replace(/m=.*\r\n/, `${media}\r\n`);
    const { response } = await bob.peer.request('INVITE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { 'Content-Type': 'application/sdp' }, body });
    expect(response.status).toBe(488);
  });
});
