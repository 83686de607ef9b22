import { once } from 'node:events';
import { connect } from 'node:net';
import { SipdOptionError } from '../src';
import { answer, App } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpListener, TcpPeer, UdpPeer } from './support/peer';
import { statusOf, token, value } from './support/sip-text';
import { describeSipd, startSipd, type Target } from './support/target';

describeSipd('bounds and hostile peers: limits are sipd\'s own', () => {
  let server: Target;

  async function start(options: Parameters<typeof startSipd>[0] = {}): Promise<void> {
    server = await startSipd(options);
  }
  afterEach(async () => {
    await server.close();
    expect(server.errors).toEqual([]);
  });

  test.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(9000, '\xaa')],
    ['NUL bytes', '\0'.repeat(9000)],
    ['a line without end', 'A'.repeat(70_000)],
  ])('a port scanner that speaks %s is cut off', async (_name, bytes) => {
    await start();
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.write(Buffer.from(bytes, 'latin1'));
    await until('closed', () => peer.closed);
    expect(server.sipd?.counts().transactions).toBe(0);
  });

  test('SEC-11: a head over the limit is answered 513 and the connection closed', async () => {
    await start({ limits: { headBytes: 4096 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = peer.request({ method: 'OPTIONS', headers: [`X-Big: ${'x'.repeat(5000)}`] });
    expect(statusOf(await peer.answerTo(request))).toBe(513);
    await until('closed', () => peer.closed);
  });

  test('SEC-11: a body over the limit is answered 413 before it is read, and the connection closed', async () => {
    await start({ limits: { bodyBytes: 1000 } });
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.write(Buffer.from(
      `MESSAGE sip:a@b.c SIP/2.0\r\nVia: ${peer.via()}\r\nFrom: <sip:b@c.d>;tag=1\r\nTo: <sip:a@b.c>\r\n` +
        'Call-ID: big\r\nCSeq: 1 MESSAGE\r\nContent-Length: 999999999\r\n\r\n',
    ));
    expect(statusOf(await peer.inbox.next())).toBe(413);
    await until('closed', () => peer.closed);
  });

  test.each(['-5', 'abc', '12345678901234', '1\r\nContent-Length: 2'])('a bad Content-Length (%j) is answered 400', async (length) => {
    await start();
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.write(Buffer.from(
      `OPTIONS sip:a@b.c SIP/2.0\r\nVia: ${peer.via()}\r\nFrom: <sip:b@c.d>;tag=1\r\nTo: <sip:a@b.c>\r\n` +
        `Call-ID: bad\r\nCSeq: 1 OPTIONS\r\nContent-Length: ${length}\r\n\r\n`,
    ));
    expect(statusOf(await peer.inbox.next())).toBe(400);
  });

  test('a bare line feed in a header cannot become another header: 400', async () => {
    await start();
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = peer.request({ method: 'OPTIONS', headers: ['Subject: a\nX-Injected: yes'] });
    expect(statusOf(await peer.answerTo(request))).toBe(400);
  });

  test.each(['Via', 'Call-ID', 'CSeq', 'To'])('a request without %s is answered 400 or dropped, and the server lives', async (name) => {
    await start();
    const app = await App.connect(server);
    const peer = await TcpPeer.connect(server.sip.tcp);
    const lines = ['OPTIONS sip:a@b.c SIP/2.0', `Via: ${peer.via()}`, 'From: <sip:b@c.d>;tag=1', 'To: <sip:a@b.c>', 'Call-ID: x', 'CSeq: 1 OPTIONS'];
    peer.write(Buffer.from(`${lines.filter((line) => !line.startsWith(name)).join('\r\n')}\r\n\r\n`));
    const ping = peer.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    expect(statusOf(await peer.answerTo(ping))).toBe(200);
    const before = peer.inbox.all.filter((sip) => value(sip, 'call-id') !== value(ping, 'call-id'));
    expect(before.map(statusOf)).toEqual(name === 'Via' ? [] : [400]);
    app.close();
  });

  test('a UDP datagram cut short is answered 400; bytes behind the body are dropped', async () => {
    await start();
    const app = await App.connect(server);
    const udp = await UdpPeer.open(server.sip.udp);
    const head = (length: number): string =>
      `MESSAGE sip:a@b.c SIP/2.0\r\nVia: ${udp.via()}\r\nFrom: <sip:b@c.d>;tag=1\r\nTo: <sip:a@b.c>\r\n` +
      `Call-ID: ${token()}\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`;
    udp.write(Buffer.from(`${head(10)}short`));
    expect(statusOf(await udp.inbox.next())).toBe(400);
    udp.write(Buffer.from(`${head(5)}helloGARBAGE`));
    expect((await app.gets('MESSAGE')).req.body).toBe('hello');
    app.close();
    udp.close();
  });

  test('with the most transactions under way, more requests are answered 503', async () => {
    await start({ limits: { transactions: 3 } });
    const app = await App.connect(server);
    const peer = await TcpPeer.connect(server.sip.tcp);
    for (let index = 0; index < 3; index += 1) peer.request({ method: 'MESSAGE', callId: token() });
    expect(statusOf(await peer.answerTo(peer.request({ method: 'MESSAGE' })))).toBe(503);
    await expect(app.send(`sip:b@127.0.0.1:${peer.port};transport=tcp`, { method: 'OPTIONS' })).rejects.toThrow('Error creating sip transaction');
    await answer(await app.gets('MESSAGE'), 200);
    peer.request({ method: 'MESSAGE' });
    await until('room again', () => app.given.all.length === 4);
    app.close();
  });

  test('with the most dialogs open, INVITE and SUBSCRIBE are answered 503, MESSAGE is not', async () => {
    await start({ limits: { dialogs: 1 } });
    const app = await App.connect(server);
    const peer = await TcpPeer.connect(server.sip.tcp);
    const first = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`] });
    await answer(await app.gets('SUBSCRIBE'), 200);
    await peer.answerTo(first);
    expect(statusOf(await peer.answerTo(peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence'] })))).toBe(503);
    expect(statusOf(await peer.answerTo(peer.request({ method: 'INVITE' })))).toBe(503);
    peer.request({ method: 'MESSAGE' });
    await app.gets('MESSAGE');
    app.close();
  });

  test('connections over the limit are refused; silent ones are closed in time and make room', async () => {
    await start({ limits: { connections: 2, silentMs: 1_000 } });
    const silent = [await TcpPeer.connect(server.sip.tcp), await TcpPeer.connect(server.sip.tcp)];
    const third = await TcpPeer.connect(server.sip.tcp);
    await until('third refused', () => third.closed);
    silent[0]?.write(Buffer.from('OPTIONS sip:half SIP/2.0\r\nVia: '));
    await until('silent ones closed', () => silent.every((peer) => peer.closed));
    const app = await App.connect(server);
    const late = await TcpPeer.connect(server.sip.tcp);
    late.request({ method: 'OPTIONS' });
    await app.gets('OPTIONS');
    app.close();
  });

  test('clients over the limit are refused', async () => {
    await start({ limits: { clients: 1 } });
    const first = await Control.open(server);
    await first.ask('ping');
    const second = await Control.open(server);
    await until('second refused', () => second.closed);
    expect(first.closed).toBe(false);
    first.close();
  });

  test('a client frame over the limit closes the connection', async () => {
    await start({ limits: { frameBytes: 1000 } });
    const client = await Control.open(server);
    client.socket.write('1001#');
    await until('closed', () => client.closed);
    expect(client.frames.all).toEqual([]);
  });

  test('a client that does not read gets no new requests, and is disconnected when it goes on', async () => {
    await start({ limits: { clientBacklogBytes: 100_000 } });
    const deaf = connect(server.port, '127.0.0.1');
    await once(deaf, 'connect');
    deaf.on('error', () => undefined);
    deaf.pause();
    deaf.write(Control.frame('1|route|message'));
    const peer = await TcpPeer.connect(server.sip.tcp);
    const body = 'x'.repeat(50_000);
    await until('503 for want of a client that reads', () => {
      peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body });
      return peer.inbox.all.some((sip) => statusOf(sip) === 503);
    });
    deaf.destroy();
  });

  test('a SIP peer that does not read is disconnected', async () => {
    await start({ limits: { peerBacklogBytes: 200_000 } });
    const app = await App.connect(server);
    const far = await TcpListener.start();
    await app.send(far.uri, { method: 'OPTIONS' });
    const peer = await far.accepted.next();
    peer.socket.pause();
    await until('disconnected', () => {
      const options = { method: 'MESSAGE', headers: { 'Content-Type': 'text/plain' }, body: 'x'.repeat(100_000) };
      app.send(far.uri, options).catch(() => undefined);
      return far.accepted.all.length > 1;
    });
    far.close();
    app.close();
  });
});

describeSipd('bad options: one clear message each', () => {
  const admin = { host: '127.0.0.1', port: 0 };
  const sip = [{ protocol: 'tcp' as const, host: '127.0.0.1', port: 0 }];
  test.each([
    ['empty secret', { secret: '' }, /secret is empty/],
    ['no listener', { sip: [] }, /no SIP listener/],
    ['host name', { admin: { host: 'localhost', port: 0 } }, /not an IP address/],
    ['port', { sip: [{ protocol: 'tcp' as const, host: '127.0.0.1', port: 70_000 }] }, /out of range/],
    ['timer', { timers: { t1: 0 } }, /timer t1/],
  ])('%s', async (_name, options, text) => {
    await expect(startSipd({ admin, sip, ...options })).rejects.toThrow(SipdOptionError);
    await expect(startSipd({ admin, sip, ...options })).rejects.toThrow(text);
  });

  test.each(['udp', 'tcp'] as const)('a %s port in use is named, and nothing stays open', async (protocol) => {
    const first = await startSipd();
    const listener = { protocol, host: '127.0.0.1', port: first.sip[protocol] };
    await expect(startSipd({ sip: [...sip, listener] })).rejects.toThrow(`cannot listen on SIP ${protocol}:127.0.0.1:${listener.port}: the port is in use`);
    await first.close();
    const second = await startSipd({ sip: [...sip, listener] });
    await second.close();
  });
});
