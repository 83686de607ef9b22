import type { Sipd, SipdOptions } from '@isthmus/sipd';

import { freePort } from '../../../scenarios/support/ports';
import { SipPeer, token } from '../../../scenarios/support/raw-sip';
import { byId, LinksUnderTest, outOfDialog, SECRET, serverOf, startSipd } from './support/links';

const FROM = 'sip:bob@example.com';
const TO = 'sip:ann@example.com';
const SDP = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n';
const SDP_HEADERS = { 'content-type': 'application/sdp' };

let sipds: Sipd[] = [];
let workers: LinksUnderTest[] = [];
let peers: SipPeer[] = [];

async function startServer(options: Partial<SipdOptions> = {}): Promise<Sipd> {
  const sipd = await startSipd(options);
  sipds.push(sipd);
  return sipd;
}

function worker(servers: readonly Sipd[], options: ConstructorParameters<typeof LinksUnderTest>[1] = {}): LinksUnderTest {
  const made = new LinksUnderTest(servers.map((sipd, index) => serverOf(sipd, `d${index + 1}`)), options);
  workers.push(made);
  return made;
}

/** A SIP peer whose requests go to the server over TCP. */
async function startPeer(sipd: Sipd): Promise<SipPeer> {
  const [, tcp] = sipd.sip;
  if (tcp === undefined) throw new Error('no TCP listener');
  const peer = await SipPeer.start({ nextHop: { transport: 'tcp', port: tcp.port } });
  peers.push(peer);
  return peer;
}

async function oneOfEach(options: Partial<SipdOptions> = {}, settings: Parameters<typeof worker>[1] = {}): Promise<[Sipd, LinksUnderTest, SipPeer]> {
  const sipd = await startServer(options);
  const under = worker([sipd], settings);
  await under.up();
  return [sipd, under, await startPeer(sipd)];
}

const header = (request: { readonly headers: Readonly<Record<string, string>> }, name: string): string => request.headers[name] ?? '';

afterEach(async () => {
  const [started, linked, talking] = [sipds, workers, peers];
  [sipds, workers, peers] = [[], [], []];
  await Promise.all(linked.map((under) => under.links.stop()));
  await Promise.all(talking.map((peer) => peer.stop()));
  await Promise.all(started.map((sipd) => sipd.close()));
});

describe('connecting', () => {
  it('names its connection, anew after every loss (owner of dialogs)', async () => {
    const [sipd, under] = await oneOfEach();
    const [first] = under.links.connections();
    expect(first).toMatch(/^w1\/d1\/[0-9a-f]+-1$/);
    sipd.dropClients();
    expect(await under.change('down')).toMatchObject({ server: 'd1', owner: first });
    await under.change('up');
    const [second] = under.links.connections();
    expect(second).toMatch(/^w1\/d1\/[0-9a-f]+-2$/);
  });

  it('a restarted worker of the same name has other owner names', async () => {
    const [sipd, under] = await oneOfEach();
    const again = worker([sipd]);
    await again.up();
    expect(again.links.connections()).not.toEqual(under.links.connections());
  });

  it('a wrong secret is said once, without the secret, and tried again', async () => {
    const sipd = await startServer();
    const under = new LinksUnderTest([{ ...serverOf(sipd), secret: 'wrong-one' }]);
    workers.push(under);
    under.links.start();
    const { fields } = await under.line('sip_link_down', 'warn');
    expect(fields['why']).toContain('SIP server d1 at 127.0.0.1');
    expect(fields['why']).toContain('refused the secret');
    await under.line('sip_link_down', 'debug');
    await under.line('sip_link_down', 'debug');
    expect(under.lines('sip_link_down', 'warn')).toEqual([]);
    expect(under.links.connections()).toEqual([]);
    expect(JSON.stringify(under.log.unclaimed)).not.toContain('wrong-one');
  });

  it('DR-13: a server that is not there is waited for', async () => {
    const port = await freePort();
    const under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port, secret: SECRET }]);
    workers.push(under);
    under.links.start();
    const { fields } = await under.line('sip_link_down', 'warn');
    expect(fields['why']).toContain('ECONNREFUSED');
    expect(await under.links.request(outOfDialog('MESSAGE', '127.0.0.1:9'))).toEqual({ is: 'unsent', why: 'no SIP server is connected' });
    sipds.push(await startSipd({ admin: { host: '127.0.0.1', port } }));
    await under.change('up');
  });

  it('DR-13: several servers, each in its turn; one that is down is passed over', async () => {
    const [first, second] = [await startServer(), await startServer()];
    const under = worker([first, second]);
    under.links.start();
    await under.change('up');
    await under.change('up');
    expect(new Set([under.links.pick(), under.links.pick()])).toEqual(new Set(['d1', 'd2']));
    const down = under.change('down');
    sipds = [second];
    await first.close();
    await down;
    expect([under.links.pick(), under.links.pick()]).toEqual(['d2', 'd2']);
    expect(under.links.servers()).toMatchObject([{ name: 'd1', up: false }, { name: 'd2', up: true }]);
    expect(await under.links.request(outOfDialog('MESSAGE', '127.0.0.1:9', { server: 'd1' }))).toMatchObject({ is: 'unsent' });
  });

  it.each([
    [{ workerName: 'w 1' }, 'use 1 to 32 of A-Z'],
    [{ servers: [] }, 'at least one is needed'],
    [{ servers: [{ name: 'a', host: 'h', port: 1, secret: 's' }, { name: 'a', host: 'h', port: 2, secret: 's' }] }, 'same name'],
  ])('wrong settings %j are refused in words', (settings, words) => {
    expect(() => new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: 1, secret: 's' }], settings)).toThrow(words);
  });
});

describe('requests of ours', () => {
  it('come back with the far answer and with what was really sent', async () => {
    const [, under, peer] = await oneOfEach();
    const [owner] = under.links.connections();
    const result = under.links.request(outOfDialog('MESSAGE', peer.address, { headers: { 'content-type': 'text/plain' }, body: 'Grüße 🚀' }));
    const incoming = await peer.receive('MESSAGE');
    expect(incoming.message.text).toBe('Grüße 🚀');
    await peer.reply(incoming, 202, { headers: { 'X-Mood': 'good' }, body: 'thanks' });
    expect(await result).toMatchObject({
      is: 'answered',
      status: 202,
      body: 'thanks',
      synthetic: false,
      server: 'd1',
      owner,
      headers: { 'x-mood': 'good' },
      sent: { 'call-id': incoming.message.callId, cseq: incoming.message.header('CSeq') },
    });
  });

  it('DR-1: no response is lost when it comes in one read with the API reply', async () => {
    const [, under, peer] = await oneOfEach({ switches: { coalesce: true } });
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 200));
    const results = await Promise.all(Array.from({ length: 200 }, () => under.links.request(outOfDialog('MESSAGE', peer.address))));
    expect(results.filter((result) => result.is === 'answered')).toHaveLength(200);
  });

  it('frames cut at every byte are read', async () => {
    const [, under, peer] = await oneOfEach({ switches: { split: true } });
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 200, { headers: { Subject: 'Größe 🚀' } }));
    expect(await under.links.request(outOfDialog('MESSAGE', peer.address))).toMatchObject({ status: 200, headers: { subject: 'Größe 🚀' } });
  });

  it('DR-4: our own deadline ends the wait', async () => {
    const [, under, peer] = await oneOfEach();
    expect(await under.links.request(outOfDialog('MESSAGE', peer.address, { timeoutMs: 100 }))).toEqual({ is: 'timeout' });
    expect(under.links.servers()).toMatchObject([{ inFlight: 0 }]);
  });

  it('DR-4: a lost connection ends the wait at once', async () => {
    const [sipd, under, peer] = await oneOfEach();
    const result = under.links.request(outOfDialog('MESSAGE', peer.address, { timeoutMs: 600_000 }));
    await peer.receive('MESSAGE');
    sipd.dropClients();
    expect(await result).toEqual({ is: 'timeout', linkLost: true });
  });

  it('DR-28: an answer that the server made itself is marked', async () => {
    const [, under, peer] = await oneOfEach();
    const nobody = await freePort();
    const made = await under.links.request(outOfDialog('MESSAGE', `127.0.0.1:${nobody}`));
    expect(made).toMatchObject({ is: 'answered', status: 503, synthetic: true });
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 503, { headers: { 'Retry-After': '7' } }));
    const real = await under.links.request(outOfDialog('MESSAGE', peer.address));
    expect(real).toMatchObject({ is: 'answered', status: 503, synthetic: false, headers: { 'retry-after': '7' } });
  });

  it('DR-36: a dialog that the server has lost is told apart', async () => {
    const [, under] = await oneOfEach();
    expect(await under.links.request(byId('MESSAGE', 'gone;from-tag=x'))).toEqual({ is: 'no-dialog' });
  });

  it('what cannot be sent says why', async () => {
    const [, under, peer] = await oneOfEach();
    const refused = await under.links.request(outOfDialog('MESSAGE', peer.address, { body: 'no type' }));
    expect(refused).toEqual({ is: 'unsent', why: 'missing content-type' });
  });

  it('DR-11: no value makes a header, a start line or a field of its own', async () => {
    const [, under, peer] = await oneOfEach();
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 200, { headers: { 'X-Seen': incoming.message.header('subject') } }));
    const sent = await under.links.request(outOfDialog('MESSAGE', peer.address, { headers: { subject: 'hi\r\nX-Evil: 1\nX-Worse: 2' } }));
    expect(sent).toMatchObject({ status: 200 });
    if (sent.is !== 'answered') throw new Error(sent.is);
    expect(Object.keys(sent.sent)).not.toEqual(expect.arrayContaining(['x-evil']));
    expect(sent.sent['subject']).toBe('hi X-Evil: 1 X-Worse: 2');
    const bad: Parameters<typeof outOfDialog>[2][] = [
      { uri: 'sip:bob@example.com\r\nX-Evil: 1' },
      { proxy: 'sip:127.0.0.1|x' },
      { proxy: 'sip:127.0.0.1\r\nX: 1' },
      { stackId: 'a|b' },
      { headers: { 'X-A: 1\r\nX-B': '2' } },
    ];
    for (const more of bad) expect(await under.links.request(outOfDialog('MESSAGE', peer.address, more))).toMatchObject({ is: 'unsent' });
    expect(await under.links.request(outOfDialog('MESS AGE', peer.address))).toMatchObject({ is: 'unsent' });
    expect(peer.unclaimed).toEqual([]);
  });

  it('promise 6: no more than the bound wait at a time', async () => {
    const [, under, peer] = await oneOfEach({}, { maxInFlight: 1 });
    const first = under.links.request(outOfDialog('MESSAGE', peer.address));
    expect(await under.links.request(outOfDialog('MESSAGE', peer.address))).toMatchObject({ is: 'unsent', why: expect.stringContaining('1 requests wait') });
    await peer.reply(await peer.receive('MESSAGE'), 200);
    expect(await first).toMatchObject({ status: 200 });
  });
});

describe('sizes, against a server with the limits of drachtio-server', () => {
  const body = (bytes: number): string => 'x'.repeat(bytes);
  const page = (peer: SipPeer, bytes: number): ReturnType<typeof outOfDialog> =>
    outOfDialog('MESSAGE', peer.address, { headers: { 'content-type': 'text/plain' }, body: body(bytes) });

  it('DR-16: a message over 12,000 bytes is not sent, and the connection lives on', async () => {
    const [, under, peer] = await oneOfEach({ switches: { ring: true, pipeline: true } });
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 200));
    expect(await under.links.request(page(peer, 12_300))).toMatchObject({ is: 'unsent', why: expect.stringContaining('too large') });
    expect(await under.links.request(page(peer, 11_000))).toMatchObject({ status: 200 });
  });

  it('DR-16: counts bytes, not characters', async () => {
    const [, under, peer] = await oneOfEach({ switches: { ring: true } });
    const out = outOfDialog('MESSAGE', peer.address, { headers: { 'content-type': 'text/plain' }, body: '道'.repeat(4_100) });
    expect(await under.links.request(out)).toMatchObject({ is: 'unsent', why: expect.stringContaining('too large') });
  });

  it('DR-17: large messages at one time, requests and answers, all arrive', async () => {
    const [, under, peer] = await oneOfEach({ switches: { ring: true, pipeline: true } });
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 200));
    under.links.onRequest((request) => void under.answer(request, 200, { 'content-type': 'text/plain' }, body(6_000)));
    const sizes = [6_000, 100, 4_500, 4_500, 8_000, 100, 3_000, 11_000];
    const ours = Array.from({ length: 40 }, (_none, index) => under.links.request(page(peer, sizes[index % sizes.length] ?? 0)));
    const theirs = Array.from({ length: 10 }, () => peer.request('OPTIONS', { from: FROM, to: TO }));
    const results = await Promise.all(ours);
    expect(results.filter((result) => result.is === 'answered' && result.status === 200)).toHaveLength(40);
    for (const { response } of await Promise.all(theirs)) expect(response.text).toHaveLength(6_000);
    expect(under.changes.unclaimed).toEqual([]);
  });

  it('DR-16: an answer that is too large fails, and the sender still gets an answer', async () => {
    const [, under, peer] = await oneOfEach({ switches: { ring: true, pipeline: true } }, { answerMs: 2_000 });
    const exchange = peer.request('OPTIONS', { from: FROM, to: TO });
    const request = await under.request('OPTIONS');
    const result = await under.answer(request, 200, { 'content-type': 'text/plain' }, body(13_000));
    expect(result).toMatchObject({ ok: false, why: expect.stringContaining('too large') });
    expect((await exchange).response.status).toBe(500);
  });

  it('without limits (sipd) a large body passes', async () => {
    const [, under, peer] = await oneOfEach({}, { limits: 'none' });
    peer.serve('MESSAGE', (incoming) => void peer.reply(incoming, 200));
    expect(await under.links.request(page(peer, 60_000))).toMatchObject({ status: 200 });
  });
});

describe('sessions of ours', () => {
  it('MIM-21, DR-5: the ACK goes at once to the remote target; requests by id; the far side in the dialog reaches the handler', async () => {
    const [, under, peer] = await oneOfEach();
    const [owner] = under.links.connections();
    const invited = under.links.request(outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP }));
    const dialog = await peer.accept(await peer.receive('INVITE'), { headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    const ack = await peer.receive('ACK');
    expect(ack.message.uri).toBe(`sip:${peer.address};transport=tcp`);
    const result = await invited;
    if (result.is !== 'answered') throw new Error(result.is);
    expect(result).toMatchObject({ status: 200, stackId: `${dialog.callId};from-tag=ours` });

    const message = under.links.request(byId('MESSAGE', result.stackId, { headers: { 'content-type': 'text/plain' }, body: 'hi' }));
    await peer.reply(await peer.receive('MESSAGE'), 200);
    expect(await message).toMatchObject({ status: 200, stackId: result.stackId });

    for (const method of ['INFO', 'MESSAGE', 'NOTIFY', 'SUBSCRIBE', 'INVITE', 'OPTIONS', 'UPDATE', 'REFER', 'BYE']) {
      const asked = dialog.request(method, { headers: { Event: 'presence', 'Subscription-State': 'active' } });
      const request = await under.request(method);
      expect(request).toMatchObject({ stackId: result.stackId, owner, transaction: { server: 'd1' } });
      expect(await under.answer(request, 486)).toEqual({ ok: true });
      expect((await asked).status).toBe(486);
    }
  });

  it('a listener of provisional answers that throws does not cost the connection', async () => {
    const [, under, peer] = await oneOfEach();
    const result = under.links.request(outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP }), () => {
      throw new Error('a listener failed');
    });
    const invite = await peer.receive('INVITE');
    await peer.reply(invite, 180);
    await under.line('sip_provisional_handle_failed', 'error');
    await peer.reply(invite, 486);
    expect(await result).toMatchObject({ is: 'answered', status: 486 });
  });

  it('RFC 3261 section 9.1: an INVITE that passes its deadline is cancelled', async () => {
    const [, under, peer] = await oneOfEach();
    const provisional: number[] = [];
    const out = outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP, timeoutMs: 1_000 });
    const result = under.links.request(out, (status) => provisional.push(status));
    const invite = await peer.receive('INVITE');
    await peer.reply(invite, 180);
    expect(await result).toEqual({ is: 'timeout', heard: true });
    expect(provisional).toContain(180);
    const cancel = await peer.receive('CANCEL');
    expect(cancel.message.callId).toBe(invite.message.callId);
    await peer.reply(cancel, 200);
    await peer.reply(invite, 487);
  });

  it('RFC 3261 section 15: a 2xx that comes after the deadline is acknowledged and ended', async () => {
    const [, under, peer] = await oneOfEach();
    const out = outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP, timeoutMs: 1_000 });
    const result = under.links.request(out);
    const invite = await peer.receive('INVITE');
    await peer.reply(invite, 180);
    expect(await result).toEqual({ is: 'timeout', heard: true });
    await peer.reply(await peer.receive('CANCEL'), 200);
    await peer.accept(invite, { headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    await peer.receive('ACK');
    const bye = await peer.receive('BYE');
    expect(bye.message.callId).toBe(invite.message.callId);
    await peer.reply(bye, 200);
  });
});

describe('a next hop that says nothing', () => {
  it.each(['MESSAGE', 'INVITE'])('%s: is given up long before the deadline', async (method) => {
    const [, under, peer] = await oneOfEach();
    const out = outOfDialog(method, peer.address, { timeoutMs: 600_000, silenceMs: 100 });
    const result = under.links.request(out);
    await peer.receive(method);
    expect(await result).toEqual({ is: 'timeout' });
  });

  it('RFC 3261 section 17.1.1: 100 Trying is a sign of life: the answer is waited for, as long as the request may take', async () => {
    const [, under, peer] = await oneOfEach();
    const out = outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP, timeoutMs: 600_000, silenceMs: 1_000 });
    const heard = new Promise<number>((resolve) => {
      void under.links.request(out, resolve).then((result) => expect(result).toMatchObject({ status: 486 }));
    });
    const silent = under.links.request(outOfDialog('MESSAGE', peer.address, { timeoutMs: 600_000, silenceMs: 2_000 }));
    const invite = await peer.receive('INVITE');
    await peer.reply(invite, 100);
    expect(await heard).toBe(100);
    await silent; // its silence lasted longer than that of the INVITE might
    expect(under.links.servers()).toMatchObject([{ inFlight: 1 }]);
    await peer.reply(invite, 486);
    await under.links.stop();
  });

  it('the deadline of the request counts still after 100 Trying', async () => {
    const [, under, peer] = await oneOfEach();
    const out = outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP, timeoutMs: 2_000, silenceMs: 1_000 });
    const result = under.links.request(out);
    await peer.reply(await peer.receive('INVITE'), 100);
    expect(await result).toEqual({ is: 'timeout', heard: true });
  });

  it('its 2xx that comes late is ended by hand: the id may name the session at another next hop', async () => {
    const [, under, peer] = await oneOfEach();
    const out = outOfDialog('INVITE', peer.address, { headers: SDP_HEADERS, body: SDP, timeoutMs: 600_000, silenceMs: 100 });
    const result = under.links.request(out);
    const invite = await peer.receive('INVITE');
    expect(await result).toEqual({ is: 'timeout' });
    const dialog = await peer.accept(invite, { headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    await peer.receive('ACK');
    const bye = await peer.receive('BYE');
    expect(bye.message.callId).toBe(invite.message.callId);
    expect(bye.message.header('To')).toContain(dialog.localTag);
    expect(bye.message.header('CSeq')).toBe(`${invite.message.cseq.number + 1} BYE`);
    expect(bye.message.header('From')).toBe(invite.message.header('From'));
    await peer.reply(bye, 200);
  });
});

describe('requests of the far side', () => {
  it('reach the handler with source and transaction; the answer goes back with our tag (DR-10)', async () => {
    const [, under, peer] = await oneOfEach();
    const [owner] = under.links.connections();
    const exchange = peer.request('MESSAGE', { from: FROM, to: TO, headers: { 'Content-Type': 'text/plain', o: 'presence' }, body: 'hallo 🚀' });
    const request = await under.request('MESSAGE');
    expect(request).toMatchObject({ uri: TO, body: 'hallo 🚀', owner, source: { address: '127.0.0.1', transport: 'tcp' }, headers: { event: 'presence' } });
    expect(request.stackId).toBeUndefined();
    const headers = { ...request.headers, to: `${header(request, 'to')};tag=mine;x=y`, 'x-a': 'b\r\nX-Evil: 1', via: 'SIP/2.0/TCP evil' };
    expect(await under.answer(request, 200, headers)).toEqual({ ok: true });
    const { response } = await exchange;
    expect(response.header('To')).toBe(`<${TO}>;tag=mine`);
    expect(response.header('X-A')).toBe('b X-Evil: 1');
    expect(response.all('From')).toHaveLength(1);
    expect(response.all('Via')).toHaveLength(1);
    expect(response.all('X-Evil')).toEqual([]);
  });

  it('DR-12: a second answer is told to have failed', async () => {
    const [, under, peer] = await oneOfEach();
    const exchange = peer.request('MESSAGE', { from: FROM, to: TO });
    const request = await under.request('MESSAGE');
    expect(await under.answer(request, 200)).toEqual({ ok: true });
    await exchange;
    expect(await under.answer(request, 200)).toMatchObject({ ok: false, why: expect.stringContaining('unknown transaction') });
  });

  it('drachtio.md 3.2: another worker answers by the transaction alone, the owner alive or dead', async () => {
    const [sipd, owner, peer] = await oneOfEach({}, { reconnect: { minMs: 600_000, maxMs: 600_000 }, stopTimeoutMs: 50 });
    const [first, second] = [peer.request('MESSAGE', { from: FROM, to: TO }), peer.request('MESSAGE', { from: FROM, to: TO })];
    const [one, two] = [await owner.request('MESSAGE'), await owner.request('MESSAGE')];
    const other = worker([sipd], { workerName: 'w2' });
    await other.up();
    expect(await other.answer(one, 200, { to: `${header(one, 'to')};tag=theirs` })).toEqual({ ok: true });
    sipd.dropClients();
    await Promise.all([owner.change('down'), other.change('down')]);
    await other.change('up');
    expect(await other.answer(two, 200, { to: `${header(two, 'to')};tag=theirs` })).toEqual({ ok: true });
    for (const { response } of await Promise.all([first, second])) expect(response.header('To')).toBe(`<${TO}>;tag=theirs`);
  });

  it('drachtio.md 3.4: a request from before a reconnect is answered over the new connection', async () => {
    const [sipd, under, peer] = await oneOfEach();
    const exchange = peer.request('MESSAGE', { from: FROM, to: TO });
    const request = await under.request('MESSAGE');
    sipd.dropClients();
    await under.change('down');
    expect(await under.answer(request, 200)).toMatchObject({ ok: false, why: expect.stringContaining('not connected') });
    await under.change('up');
    expect(await under.answer(request, 200)).toEqual({ ok: true });
    expect((await exchange).response.status).toBe(200);
  });

  it('DR-22: what the handler leaves is answered 500, counted and logged', async () => {
    const [, under, peer] = await oneOfEach({}, { answerMs: 100 });
    const { response } = await peer.request('MESSAGE', { from: FROM, to: TO });
    expect(response.status).toBe(500);
    expect(under.links.servers()).toMatchObject([{ unanswered: 1, open: 0 }]);
    await under.line('sip_request_unanswered', 'error');
  });

  it('a handler that throws, at once or later: 500 and one log line', async () => {
    const [, under, peer] = await oneOfEach();
    const failures = [
      (): never => {
        throw new Error('at once');
      },
      (): Promise<void> => Promise.reject(new Error('later')),
    ];
    for (const fail of failures) {
      under.links.onRequest(fail);
      expect((await peer.request('MESSAGE', { from: FROM, to: TO })).response.status).toBe(500);
      await under.line('sip_handle_failed', 'error');
    }
  });

  it('promise 6: without room for more the far side gets 503 with Retry-After', async () => {
    const [, under, peer] = await oneOfEach({}, { maxOpen: 1 });
    const first = peer.request('MESSAGE', { from: FROM, to: TO });
    const request = await under.request('MESSAGE');
    const { response } = await peer.request('MESSAGE', { from: FROM, to: TO });
    expect(response.status).toBe(503);
    expect(response.header('Retry-After')).toBe('5');
    await under.answer(request, 200);
    expect((await first).response.status).toBe(200);
    expect(under.links.servers()).toMatchObject([{ refused: 1, open: 0 }]);
  });

  it('promise 6: nor where the bodies that wait have too many bytes together; with the answer there is room again', async () => {
    const [, under, peer] = await oneOfEach({}, { maxOpenBytes: 10 });
    const page = (body: string): ReturnType<SipPeer['request']> => peer.request('MESSAGE', { from: FROM, to: TO, headers: { 'Content-Type': 'text/plain' }, body });
    const first = page('\u00f6'.repeat(5));
    const request = await under.request('MESSAGE');
    expect((await page('x')).response.status).toBe(503);
    await under.answer(request, 200);
    expect((await first).response.status).toBe(200);
    const next = page('x');
    await under.answer(await under.request('MESSAGE'), 200);
    expect((await next).response.status).toBe(200);
  });

  it('MIM-21: the ACK of our 2xx reaches the handler and needs no answer', async () => {
    const [, under, peer] = await oneOfEach();
    const opening = peer.open('INVITE', { from: FROM, to: TO, headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    const invite = await under.request('INVITE');
    expect(await under.answer(invite, 200, SDP_HEADERS, SDP)).toEqual({ ok: true });
    const dialog = await opening;
    await dialog.ack();
    const ack = await under.request('ACK');
    expect(ack.stackId).toBe(`${dialog.callId};from-tag=${dialog.localTag}`);
    expect(under.links.servers()).toMatchObject([{ open: 0 }]);
    const bye = dialog.request('BYE');
    await under.answer(await under.request('BYE'), 200);
    expect((await bye).status).toBe(200);
  });

  it('MIM-19: the CANCEL of an INVITE reaches the handler with the transaction of the INVITE', async () => {
    const [, under, peer] = await oneOfEach();
    const branch = `z9hG4bK${token()}`;
    const via = `SIP/2.0/TCP ${peer.address};branch=${branch}`;
    const inviting = peer.request('INVITE', { from: FROM, to: TO, headers: { Via: via, 'Content-Type': 'application/sdp' }, body: SDP });
    const invite = await under.request('INVITE');
    const [from, callId] = [header(invite, 'from'), header(invite, 'call-id')];
    const { nextHop } = peer;
    if (nextHop === undefined) throw new Error('no next hop');
    const cancelHeaders = [['From', from], ['To', `<${TO}>`], ['Call-ID', callId], ['CSeq', '1 CANCEL']] as const;
    await peer.send(`CANCEL ${TO} SIP/2.0`, cancelHeaders, nextHop, { headers: { Via: via } });
    const cancel = await under.request('CANCEL');
    expect(cancel.transaction).toEqual(invite.transaction);
    await inviting; // the server has answered it
    expect(under.links.servers()).toMatchObject([{ open: 0 }]);
    expect(await under.answer(invite, 200, SDP_HEADERS, SDP)).toMatchObject({ ok: false });
  });

  it('MIM-22: a BYE that the server made itself reaches the handler; its answer goes nowhere', async () => {
    const [sipd, under, peer] = await oneOfEach({ timers: { t1: 10 } });
    const opening = peer.open('INVITE', { from: FROM, to: TO, hop: { transport: 'udp', port: sipd.sip[0]?.port ?? 0 }, headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    await under.answer(await under.request('INVITE'), 200, SDP_HEADERS, SDP);
    await opening; // and never acknowledged
    const bye = await under.request('BYE');
    expect(bye.transaction.id).toBe('unsolicited');
    expect(under.links.servers()).toMatchObject([{ open: 0 }]);
    expect(await under.answer(bye, 200)).toEqual({ ok: true });
  });
});

describe('several workers', () => {
  const served = async (first: LinksUnderTest, second: LinksUnderTest, peer: SipPeer, count: number): Promise<[number, number]> => {
    const counts: [number, number] = [0, 0];
    [first, second].forEach((under, index) => {
      under.links.onRequest(async (request) => {
        counts[index === 0 ? 0 : 1] += 1;
        await under.answer(request, 200);
      });
    });
    for (let sent = 0; sent < count; sent += 1) expect((await peer.request('MESSAGE', { from: FROM, to: TO })).response.status).toBe(200);
    return counts;
  };

  // Both are registered when both are up: a link is up when the server has acknowledged its verbs.
  it('DR-2: each has every verb registered once, after a reconnect too', async () => {
    const [sipd, first, peer] = await oneOfEach();
    const second = worker([sipd], { workerName: 'w2' });
    await second.up();
    sipd.dropClients();
    await Promise.all([first.change('up'), second.change('up')]);
    expect(await served(first, second, peer, 20)).toEqual([10, 10]);
  });

  it('DR-3: after drain new requests go to the other, and dialogs still reach their owner', async () => {
    const [sipd, first, peer] = await oneOfEach();
    const opening = peer.open('INVITE', { from: FROM, to: TO, headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    await first.answer(await first.request('INVITE'), 200, SDP_HEADERS, SDP);
    const dialog = await opening;
    await dialog.ack();
    await first.request('ACK');
    const second = worker([sipd], { workerName: 'w2' });
    await second.up();
    first.links.drain();
    const inDialog = dialog.request('INFO');
    await first.answer(await first.request('INFO'), 200);
    expect((await inDialog).status).toBe(200);
    expect(await served(first, second, peer, 10)).toEqual([0, 10]);
  });

  it('DR-2, DR-3: a worker that is not ready gets no new requests, also after a reconnect, and its share again when it is', async () => {
    const [sipd, first, peer] = await oneOfEach();
    const second = worker([sipd], { workerName: 'w2' });
    await second.up();
    // Until the server has heard of it, which a request on another connection may overtake.
    const heard = async (ready: boolean): Promise<void> => {
      while ((await served(first, second, peer, 2))[0] > 0 !== ready);
    };
    first.links.setReady(false);
    await heard(false);
    expect(await served(first, second, peer, 6)).toEqual([0, 6]);
    sipd.dropClients();
    await Promise.all([first, second].map(async (each) => (await each.change('down'), each.change('up'))));
    await heard(false);
    expect(await served(first, second, peer, 6)).toEqual([0, 6]);
    first.links.setReady(true);
    await heard(true);
    expect(await served(first, second, peer, 10)).toEqual([5, 5]);
  });

  it('promise 1: while it stops a text in a session is refused at once, and a refresh is still taken', async () => {
    const [, under, peer] = await oneOfEach();
    const opening = peer.open('INVITE', { from: FROM, to: TO, headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    await under.answer(await under.request('INVITE'), 200, SDP_HEADERS, SDP);
    const dialog = await opening;
    await dialog.ack();
    await under.request('ACK');
    const held = dialog.request('OPTIONS');
    const open = await under.request('OPTIONS');
    const stopped = under.links.stop();
    expect((await dialog.request('MESSAGE')).status).toBe(481);
    const refreshing = dialog.request('SUBSCRIBE');
    await under.answer(await under.request('SUBSCRIBE'), 200);
    expect((await refreshing).status).toBe(200);
    await under.answer(open, 200);
    expect((await held).status).toBe(200);
    await stopped;
  });

  it('stop waits for the handler, then answers the rest 503', async () => {
    const [, under, peer] = await oneOfEach({}, { stopTimeoutMs: 200 });
    const [answered, left] = [peer.request('MESSAGE', { from: FROM, to: TO }), peer.request('INFO', { from: FROM, to: TO })];
    const request = await under.request('MESSAGE');
    await under.request('INFO');
    const stopped = under.links.stop();
    await under.answer(request, 200);
    expect((await answered).response.status).toBe(200);
    expect((await left).response.status).toBe(503);
    await stopped;
    expect(under.links.connections()).toEqual([]);
  });
});
