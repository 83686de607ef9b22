import dgram = require('node:dgram');
import { once } from 'node:events';
import net = require('node:net');
import { answer, App } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpListener, TcpPeer, UdpPeer } from './support/peer';
import { statusOf, tagOf, token, value } from './support/sip-text';
import { describeSipd, startSipd, type Target } from './support/target';

const PART = 'OPTIONS sip:half SIP/2.0\r\nX: ';

describeSipd('peers that take their time or more than their share: limits are sipd\'s own', () => {
  let server: Target;
  let app: App;
  let drip: NodeJS.Timeout | undefined;

  async function start(options: Parameters<typeof startSipd>[0] = {}): Promise<void> {
    server = await startSipd(options);
    app = await App.connect(server);
  }
  afterEach(async () => {
    clearInterval(drip);
    app.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  test.each([
    ['one byte of a message after the other', PART, 'x'],
    ['nothing but keep-alives', '\r\n\r\n', '\r\n\r\n'],
  ])('%s gain a connection no time', async (_name, first, more) => {
    await start({ limits: { silentMs: 400 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.write(Buffer.from(first));
    drip = setInterval(() => peer.write(Buffer.from(more)), 20);
    await until('closed', () => peer.closed);
  });

  test('a slow body of a known peer is cut off too', async () => {
    await start({ limits: { silentMs: 400 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = peer.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    await peer.answerTo(request);
    peer.write(Buffer.from('MESSAGE sip:a@b.c SIP/2.0\r\nContent-Length: 100000\r\n\r\n'));
    drip = setInterval(() => peer.write(Buffer.from('x')), 20);
    await until('closed', () => peer.closed);
  });

  test('a line end behind a message is no beginning of the next: the connection stays', async () => {
    await start({ limits: { silentMs: 1_000 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = peer.request({ method: 'OPTIONS' });
    peer.write(Buffer.from('\r\n'));
    await answer(await app.gets('OPTIONS'), 200);
    await peer.answerTo(request);
    // One after the other: when the second of those that came later has been closed, the time of the first is long over.
    for (let count = 0; count < 2; count += 1) {
      const later = await TcpPeer.connect(server.sip.tcp);
      await until('a silent connection closed', () => later.closed);
    }
    expect(peer.closed).toBe(false);
    const again = peer.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    expect(statusOf(await peer.answerTo(again))).toBe(200);
  });

  test('MIM-24: a new connection that stays silent is not closed under a request of ours: 408, not 503', async () => {
    await start({ limits: { silentMs: 1000 } }); // 64*T1 is 1280 ms
    const far = await TcpListener.start();
    expect(await (await app.send(far.uri, { method: 'OPTIONS' })).status()).toBe(408);
    far.close();
  });

  test('unfinished messages are bounded over all connections', async () => {
    await start({ limits: { unfinishedBytes: 10_000 } });
    const [first, second] = [await TcpPeer.connect(server.sip.tcp), await TcpPeer.connect(server.sip.tcp)];
    const head = (): string => `MESSAGE sip:a@b.c SIP/2.0\r\nVia: ${first.via()}\r\nFrom: <sip:b@c.d>;tag=1\r\nTo: <sip:a@b.c>\r\n` +
      'Call-ID: parts\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 8000\r\n\r\n';
    first.write(Buffer.from(head() + 'x'.repeat(6000)));
    // Connections are read apart: an answer on the first proves that its part has come.
    const ping = await TcpPeer.connect(server.sip.tcp);
    const request = ping.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    await ping.answerTo(request);
    second.write(Buffer.from(head() + 'x'.repeat(6000)));
    await until('the second closed', () => second.closed);
    expect(first.closed).toBe(false);
    first.write(Buffer.from('x'.repeat(2000)));
    expect((await app.gets('MESSAGE')).req.body).toHaveLength(8000);
    const third = await TcpPeer.connect(server.sip.tcp);
    third.write(Buffer.from(head() + 'x'.repeat(8000))); // what was held is given back
    expect((await app.gets('MESSAGE')).req.body).toHaveLength(8000);
  });

  test('promise 6: an address that leaves many messages unfinished does not cost another one its connection', async () => {
    await start({ limits: { unfinishedBytes: 20_000 } });
    const head = (peer: TcpPeer): string => `MESSAGE sip:a@b.c SIP/2.0\r\nVia: ${peer.via()}\r\nFrom: <sip:b@c.d>;tag=1\r\nTo: <sip:a@b.c>\r\n` +
      'Call-ID: parts\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 8000\r\n\r\n';
    const greedy: TcpPeer[] = [];
    for (let count = 0; count < 3; count += 1) {
      const peer = await TcpPeer.connect(server.sip.tcp);
      peer.write(Buffer.from(head(peer) + 'x'.repeat(6_000)));
      greedy.push(peer);
    }
    const ping = await TcpPeer.connect(server.sip.tcp);
    const request = ping.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    await ping.answerTo(request);
    const honest = new TcpPeer(net.connect({ port: server.sip.tcp, host: '127.0.0.1', localAddress: '127.0.0.2' }));
    await once(honest.socket, 'connect');
    honest.write(Buffer.from(head(honest) + 'x'.repeat(7_000)));
    await until('one of the greedy ones, or the other, closed', () => [...greedy, honest].some(({ closed }) => closed));
    expect([honest.closed, greedy.filter(({ closed }) => closed).length]).toEqual([false, 1]);
    honest.write(Buffer.from('x'.repeat(1_000)));
    expect((await app.gets('MESSAGE')).req.body).toHaveLength(8_000);
    for (const each of [...greedy, ping, honest]) each.close();
  });

  test('a route set that a dialog would have to keep is bounded: 400, and no dialog of ours by such an answer', async () => {
    await start();
    const peer = await TcpPeer.connect(server.sip.tcp);
    const routes = Array.from({ length: 300 }, (_, index) => `Record-Route: <sip:proxy-number-${index}.example.com;lr>`);
    const request = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`, ...routes] });
    expect(statusOf(await peer.answerTo(request))).toBe(400);
    const far = await TcpListener.start();
    const sent = await app.send(far.uri, { method: 'SUBSCRIBE', headers: { Event: 'presence' } });
    const accepted = await far.accepted.next();
    accepted.respond(await accepted.gets('SUBSCRIBE'), '200 OK', [`Contact: <${far.uri}>`, ...routes]);
    expect(await sent.status()).toBe(200);
    expect(server.sipd?.counts().dialogs).toBe(0);
    far.close();
  });

  test('connections of peers leave room for those that we open', async () => {
    await start({ limits: { connections: 1 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = peer.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    await peer.answerTo(request);
    const far = await TcpListener.start();
    const sent = await app.send(far.uri, { method: 'OPTIONS' });
    const accepted = await far.accepted.next();
    accepted.respond(await accepted.gets('OPTIONS'), '200 OK');
    expect(await sent.status()).toBe(200);
    const refused = await TcpPeer.connect(server.sip.tcp);
    await until('refused', () => refused.closed);
    far.close();
  });

  test.each(['0', '65536', '99999'])('MIM-17: nobody waits for an answer to port %s: the request is dropped', async (port) => {
    await start();
    const udp = await UdpPeer.open(server.sip.udp);
    udp.request({ method: 'MESSAGE', callId: 'nowhere', via: [`SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${token()}`] });
    udp.request({ method: 'MESSAGE', callId: 'somewhere' });
    const given = await app.gets('MESSAGE');
    expect(given.req.get('call-id')).toBe('somewhere');
    await answer(given, 200);
    udp.close();
  });

  test('MIM-40: a BYE for which there is no room ends nothing: its copy does', async () => {
    await start({ limits: { transactions: 3 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    const invite = peer.request({ method: 'INVITE', headers: [`Contact: ${peer.contact}`] });
    await answer(await app.gets('INVITE'), 200);
    const ids = { callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(await peer.answerTo(invite), 'to') };
    expect(tagOf(ids.to)).not.toBe('');
    peer.request({ method: 'ACK', ...ids });
    await app.gets('ACK');
    for (let count = 0; count < 3; count += 1) peer.request({ method: 'MESSAGE' });
    const full = peer.request({ method: 'BYE', cseq: 2, ...ids });
    expect(statusOf(await peer.answerTo(full))).toBe(503);
    await answer(await app.gets('MESSAGE'), 200);
    const again = peer.request({ method: 'BYE', cseq: 3, ...ids });
    await answer(await app.gets('BYE'), 200);
    expect(statusOf(await peer.answerTo(again))).toBe(200);
  });

  test('MIM-5: with `strict` a client that never authenticates is cut off in time', async () => {
    await start({ strict: true, limits: { silentMs: 1_000 } });
    const mute = await Control.open(server);
    await until('closed', () => mute.closed);
    await answer(await requestOf(server, app), 200); // one that has authenticated stays
  });

  async function requestOf(from: Target, by: App): Promise<Awaited<ReturnType<App['gets']>>> {
    const peer = await TcpPeer.connect(from.sip.tcp);
    peer.request({ method: 'OPTIONS' });
    return by.gets('OPTIONS');
  }
});

describeSipd('what the system may throw at a server', () => {
  afterEach(() => jest.restoreAllMocks());

  test('an error of a listening socket, such as too many open files, is logged and costs nothing else', async () => {
    const create = jest.spyOn(net, 'createServer');
    const server = await startSipd();
    for (const { value: listener } of create.mock.results) (listener as net.Server).emit('error', new Error('accept EMFILE'));
    expect(server.errors.map((line) => line.split(' ')[0])).toEqual(['accept_failed', 'accept_failed']);
    const app = await App.connect(server);
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    app.close();
    await server.close();
  });

  test('MIM-25: a second ICMP error, and one that comes late, harm nobody', async () => {
    const server = await startSipd();
    const app = await App.connect(server);
    const far = await UdpPeer.open(server.sip.udp);
    const create = jest.spyOn(dgram, 'createSocket');
    const sent = await app.send(`sip:bob@127.0.0.1:${far.port}`, { method: 'OPTIONS' });
    await far.gets('OPTIONS');
    const probe = create.mock.results[0]?.value as dgram.Socket;
    probe.emit('error', new Error('connection refused'));
    expect(await sent.status()).toBe(503);
    probe.emit('error', new Error('connection refused'));
    far.close();
    app.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  test('a name that is found after the end leads nowhere', async () => {
    let found: ((addresses: readonly string[]) => void) | undefined;
    const server = await startSipd({ natDetection: false, resolve: () => new Promise((resolve) => (found = resolve)) });
    const app = await App.connect(server);
    const far = await TcpListener.start();
    const sent = await app.send(far.uri, { method: 'INVITE' });
    const first = await far.accepted.next();
    first.respond(await first.gets('INVITE'), '200 OK', [`Contact: <sip:bob@far.test:${far.port};transport=tcp>`]);
    const { ack } = await sent.final();
    ack();
    await until('its way is looked up', () => found !== undefined);
    const closed = once(first.socket, 'close');
    await server.close();
    await closed;
    found?.(['127.0.0.1']);
    await new Promise((resolve) => setImmediate(resolve));
    const probe = net.connect(far.port, '127.0.0.1'); // a connection of the server would have come before this one
    await once(probe, 'connect');
    await until('the probe', () => far.accepted.all.length > 1);
    expect(far.accepted.all).toHaveLength(2);
    probe.destroy();
    far.close();
    app.close();
  });

  test('to close twice, and after a restart, is to close once', async () => {
    const server = await startSipd();
    server.sipd?.restart();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });
});
