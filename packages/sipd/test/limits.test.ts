import { once } from 'node:events';
import { connect } from 'node:net';
import type { Intake, Limits, ReachedLimit } from '../src';
import { answer, App } from './support/app';
import { until } from './support/inbox';
import { TcpPeer, UdpPeer } from './support/peer';
import { readSip, requestText, statusOf, value, type Sip } from './support/sip-text';
import { describeSipd, startSipd, type Target } from './support/target';

describeSipd('promise 6: what a peer may ask of sipd', () => {
  let server: Target;
  let app: App;
  const peers: { close(): void }[] = [];
  async function start(options: Parameters<typeof startSipd>[0]): Promise<void> {
    server = await startSipd(options);
    app = await App.connect(server);
  }
  async function tcp(): Promise<TcpPeer> {
    const peer = await TcpPeer.connect(server.sip.tcp);
    peers.push(peer);
    return peer;
  }
  async function udp(): Promise<UdpPeer> {
    const peer = await UdpPeer.open(server.sip.udp);
    peers.push(peer);
    return peer;
  }
  /** Answers that request if it is handed over; else nothing comes of it. */
  const answered = async (request: Sip): Promise<boolean> => {
    await answer(await app.gets('OPTIONS', (req) => req.get('call-id') === value(request, 'call-id')), 200).catch(() => undefined);
    return true;
  };
  const asked = async (peer: TcpPeer | UdpPeer, parts: Parameters<TcpPeer['request']>[0]): Promise<number> => statusOf(await peer.answerTo(peer.request(parts)));

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    app.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  describe.each(['TCP', 'UDP'])('SEC-11, over %s', (transport) => {
    const peer = () => (transport === 'TCP' ? tcp() : udp());

    test('too many header fields: 513', async () => {
      await start({ limits: { headerFields: 30 } });
      const headers = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y`);
      const from = await peer();
      expect(await asked(from, { method: 'OPTIONS', headers: headers(40) })).toBe(513);
      const request = from.request({ method: 'OPTIONS', headers: headers(10) });
      await answer(await app.gets('OPTIONS'), 200);
      expect(statusOf(await from.answerTo(request))).toBe(200);
    });

    test('a Request-URI that is too long: 414', async () => {
      await start({ limits: { firstLineBytes: 1_000 } });
      expect(await asked(await peer(), { method: 'OPTIONS', uri: `sip:${'x'.repeat(2_000)}@example.com` })).toBe(414);
    });

    test('first line and header fields that are too long together: 513', async () => {
      await start({ limits: { headBytes: 2_000 } });
      expect(await asked(await peer(), { method: 'OPTIONS', headers: [`X: ${'y'.repeat(3_000)}`] })).toBe(513);
    });
  });

  test('connections of one address are bounded; another address has room, and so have those who come when one has gone', async () => {
    await start({ limits: { connectionsPerAddress: 1 } });
    const first = await tcp();
    const second = await tcp();
    await until('the second closed', () => second.closed);
    const other = connect({ port: server.sip.tcp, host: '127.0.0.1', localAddress: '127.0.0.2' });
    await once(other, 'connect');
    const elsewhere = new TcpPeer(other);
    peers.push(elsewhere);
    for (const peer of [first, elsewhere]) {
      const request = peer.request({ method: 'OPTIONS' });
      await answer(await app.gets('OPTIONS'), 200);
      expect(statusOf(await peer.answerTo(request))).toBe(200);
    }
    first.close();
    // The server learns of its end at a time of its own.
    for (let taken = false; !taken; ) {
      const next = await tcp();
      const request = next.request({ method: 'OPTIONS' });
      taken = await Promise.race([next.inbox.next().then(() => true), once(next.socket, 'close').then(() => false), answered(request)]);
    }
  });

  test('promise 6: connections that are refused between others that are taken make one line, not one each', async () => {
    const lines: string[] = [];
    await start({ limits: { connectionsPerAddress: 1 }, log: (_level, event) => void lines.push(event) });
    const first = await tcp();
    for (let round = 0; round < 5; round += 1) {
      const refused = await tcp();
      await until('closed', () => refused.closed);
      const other = connect({ port: server.sip.tcp, host: '127.0.0.1', localAddress: `127.0.0.${round + 2}` });
      peers.push(new TcpPeer(other));
      await once(other, 'connect');
    }
    await until('told', () => lines.includes('connections_refused'));
    expect([first.closed, lines.filter((event) => event === 'connections_refused').length]).toEqual([false, 1]);
  });

  test('promise 5: strangers leave most connections to the peers, from however many addresses they come', async () => {
    await start({ limits: { connections: 8 }, intake: { message: () => 0, request: () => 0, isStranger: (address) => address !== '127.0.0.99' } });
    const from = async (localAddress: string): Promise<TcpPeer> => {
      const socket = connect({ port: server.sip.tcp, host: '127.0.0.1', localAddress });
      await once(socket, 'connect');
      peers.push(new TcpPeer(socket));
      return peers.at(-1) as TcpPeer;
    };
    const strangers = [await from('127.0.0.1'), await from('127.0.0.2'), await from('127.0.0.3')];
    await until('the third closed', () => strangers[2]?.closed === true);
    for (let count = 0; count < 6; count += 1) {
      const peer = await from('127.0.0.99');
      const request = peer.request({ method: 'OPTIONS' });
      await answered(request);
      expect(statusOf(await peer.answerTo(request))).toBe(200);
    }
    expect(strangers.map(({ closed }) => closed)).toEqual([false, false, true]);
    strangers[0]?.close();
    let inside = false;
    while (!inside) {
      const next = await from('127.0.0.4');
      const request = next.request({ method: 'OPTIONS' });
      inside = await Promise.race([answered(request), once(next.socket, 'close').then(() => false)]);
    }
  });

  describe('what bound was reached is counted', () => {
    const subscribe = (peer: TcpPeer): void => void peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`] });
    const cases: [ReachedLimit, Partial<Limits>, (peer: TcpPeer) => unknown][] = [
      ['connections', { connectionsPerAddress: 1 }, () => tcp()],
      ['size', { firstLineBytes: 1_000 }, (peer) => peer.request({ method: 'OPTIONS', uri: `sip:${'x'.repeat(2_000)}@example.com` })],
      ['size', { bodyBytes: 10 }, (peer) => peer.request({ method: 'MESSAGE', body: 'more than ten bytes' })],
      ['idle', { idleMs: 50, silentMs: 500 }, (peer) => peer.request({ method: 'OPTIONS' })],
      ['unfinished', { silentMs: 50 }, () => undefined],
      ['unfinished_bytes', { unfinishedBytes: 10 }, (peer) => peer.write(Buffer.from('OPTIONS sip:a@example.com SIP/2.0'))],
      ['unsent', { peerBacklogBytes: 10 }, (peer) => peer.request({ method: 'INVITE', headers: [`Contact: ${peer.contact}`] })],
      ['transactions', { transactions: 0 }, (peer) => peer.request({ method: 'OPTIONS' })],
      ['dialogs', { dialogs: 0 }, subscribe],
    ];

    test.each(cases)('promise 6: %s (%j)', async (bound, limits, reach) => {
      const reached: ReachedLimit[] = [];
      await start({ limits, observer: { limit: (each) => reached.push(each), tlsFailed: () => undefined } });
      await reach(await tcp());
      await until('counted', () => reached.length > 0);
      expect(reached[0]).toBe(bound);
    });
  });

  describe('an intake', () => {
    /** Lets in what `open` says, and keeps what it was asked. */
    function intakeOf(message: () => number, request: (method: string) => number = () => 0): Intake & { readonly asked: string[] } {
      const list: string[] = [];
      return {
        asked: list,
        message: (address, proven) => (list.push(`${address} ${proven ? 'proven' : 'unproven'}`), message()),
        request: (address, method) => (list.push(`${address} ${method}`), request(method)),
        isStranger: () => false,
      };
    }

    test('datagrams that come too early are dropped before they are read', async () => {
      let left = 2;
      const intake = intakeOf(() => ((left -= 1) < 0 ? 50 : 0));
      await start({ intake });
      const peer = await udp();
      for (let count = 0; count < 20; count += 1) peer.request({ method: 'MESSAGE', callId: `c${count}` });
      await until('all heard', () => intake.asked.filter((each) => each === '127.0.0.1 unproven').length === 20);
      left = 1;
      peer.request({ method: 'MESSAGE', callId: 'last' });
      const given = [await app.gets('MESSAGE'), await app.gets('MESSAGE'), await app.gets('MESSAGE')];
      expect(given.map(({ req }) => req.get('call-id'))).toEqual(['c0', 'c1', 'last']);
    });

    test('a stream that brings too much is read later: nothing is lost, and the order holds', async () => {
      let open = false;
      const intake = intakeOf(() => (open ? 0 : 5));
      await start({ intake });
      const peer = await tcp();
      const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
      peer.write(Buffer.concat(ids.map((callId) => requestText({ method: 'MESSAGE', callId }, peer.via()))));
      await until('asked again and again', () => intake.asked.length >= 3);
      // What was handed over before comes before the refusal of this one.
      await app.send('sip:probe@127.0.0.1;transport=sctp', { method: 'OPTIONS' }).catch(() => undefined);
      expect(app.given.all).toEqual([]);
      open = true;
      const came: (string | undefined)[] = [];
      while (came.length < ids.length) came.push((await app.gets('MESSAGE')).req.get('call-id'));
      expect(came).toEqual(ids);
    });

    test('promise 6: a stream that is not let in is asked about less and less often', async () => {
      const asked: number[] = [];
      await start({ intake: { message: () => (asked.push(performance.now()), 5), request: () => 0, isStranger: () => true } });
      (await tcp()).request({ method: 'MESSAGE' });
      await until('asked five times', () => asked.length >= 5);
      const pauses = asked.slice(1, 5).map((at, index) => at - (asked[index] ?? 0));
      // A timer may be late but not early, by more than the fraction of a millisecond that clocks differ.
      pauses.forEach((pause, index) => expect(pause).toBeGreaterThan(20 * 2 ** index - 1));
    });

    test('a connection that is closed while it waits is forgotten', async () => {
      await start({ intake: intakeOf(() => 50) });
      const peer = await tcp();
      peer.request({ method: 'MESSAGE' });
      const timers = () => server.sipd?.counts().timers ?? 0;
      await until('it waits', () => timers() > 1);
      peer.socket.destroy();
      server.sipd?.restart();
      expect(timers()).toBe(0);
    });

    test('SEC-5: a request that is not let in gets 503 with Retry-After, and no client hears of it', async () => {
      await start({ intake: intakeOf(() => 0, (method) => (method === 'SUBSCRIBE' ? 7 : 0)) });
      const peer = await udp();
      const refused = await peer.answerTo(peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`] }));
      expect([statusOf(refused), value(refused, 'retry-after')]).toEqual([503, '7']);
      const text = peer.request({ method: 'MESSAGE' });
      await answer(await app.gets('MESSAGE'), 200);
      expect(statusOf(await peer.answerTo(text))).toBe(200);
      expect(server.sipd?.counts().dialogs).toBe(0);
    });

    test('what goes on in dialogs, and copies of what was taken, are not asked about', async () => {
      const intake = intakeOf(() => 0);
      await start({ intake });
      const peer = await udp();
      const headers = ['Event: presence', `Contact: ${peer.contact}`];
      const first = requestText({ method: 'SUBSCRIBE', headers }, peer.via());
      const sent = readSip(first);
      peer.write(first);
      await answer(await app.gets('SUBSCRIBE'), 200, { headers: { Expires: '60' } });
      const ok = await peer.answerTo(sent);
      peer.write(first);
      await peer.answerTo(sent);
      const ids = { callId: value(sent, 'call-id'), from: value(sent, 'from'), to: value(ok, 'to') };
      const refresh = peer.request({ method: 'SUBSCRIBE', cseq: 2, headers, ...ids });
      await answer(await app.gets('SUBSCRIBE'), 200, { headers: { Expires: '60' } });
      expect(statusOf(await peer.answerTo(refresh))).toBe(200);
      expect(intake.asked.filter((each) => each.endsWith('SUBSCRIBE'))).toEqual(['127.0.0.1 SUBSCRIBE']);
    });
  });
});
