import { answer, App } from './support/app';
import { until } from './support/inbox';
import { type Peer, TcpPeer, UdpPeer } from './support/peer';
import { readSip, requestText, statusOf, token, value, type Sip } from './support/sip-text';
import { describeSipd, startSipd, type Target } from './support/target';
import { TORTURE, type TortureCase } from './torture';

/** Promise 7, any bytes: the torture messages of RFC 4475 and RFC 5118 against sipd, by datagram and by stream. */
describeSipd('torture messages', () => {
  let server: Target;
  let app: App;

  beforeAll(async () => {
    server = await startSipd({ limits: { silentMs: 1000 } });
    app = await App.connect(server);
  });
  afterAll(async () => {
    app.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  const title = ({ section, what, element, overTcp }: TortureCase): string => `${section}: ${what}: ${overTcp ?? element}`;

  test.each(TORTURE.map((each) => [`${each.section}: ${each.what}: ${each.element}`, each] as const))('UDP, %s', async (_title, { bytes, element }) => {
    const peer = await UdpPeer.open(server.sip.udp);
    peer.write(bytes({ transport: 'UDP', host: '127.0.0.1', port: peer.port }));
    await comesOutAs(element, peer);
    peer.close();
  });

  test.each(TORTURE.map((each) => [title(each), each] as const))('TCP, %s', async (_title, { bytes, element, overTcp, endsStream }) => {
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.write(bytes({ transport: 'TCP', host: '127.0.0.1', port: peer.port }));
    if (overTcp !== 'closed') await comesOutAs(element, peer, endsStream);
    else await isClosed(peer);
    expect(overTcp === undefined || peer.inbox.all.filter(isFinal).length === 0).toBe(true);
    peer.close();
  });

  test('RFC 4475 3.2.1: two requests whose branch is the bare magic cookie are two, not one that comes again', async () => {
    const peer = await TcpPeer.connect(server.sip.tcp);
    const via = [`SIP/2.0/TCP 127.0.0.1:${peer.port};branch=z9hG4bK`];
    const requests = ['bare-1', 'bare-2'].map((callId) => peer.request({ method: 'MESSAGE', callId, via }));
    for (const request of requests) {
      const given = await app.gets('MESSAGE');
      expect(given.req.get('call-id')).toBe(value(request, 'call-id'));
      await answer(given, 200);
      expect(statusOf(await peer.answerTo(request))).toBe(200);
    }
    peer.close();
  });

  test('RFC 4475 3.1.1.1: a Content-Length that goes on in the next line counts as well', async () => {
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = readSip(requestText({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'folded' }, peer.via()));
    peer.write(Buffer.from(request.raw.toString('latin1').replace('Content-Length: 6', 'Content-Length:\r\n  6'), 'latin1'));
    const given = await app.gets('MESSAGE');
    expect(given.req.body).toBe('folded');
    await answer(given, 200);
    expect(statusOf(await peer.answerTo(request))).toBe(200);
    await isAlive(peer);
    peer.close();
  });

  /** What became of the message; then the next request is answered, by the same way or a new one. */
  async function comesOutAs(outcome: TortureCase['element'], peer: UdpPeer | TcpPeer, endsStream?: true): Promise<void> {
    if (outcome === 'given') {
      const given = await app.given.next();
      await answer(given, 480);
      expect(statusOf(await peer.inbox.next(isFinal))).toBe(480);
    } else if (outcome !== 'dropped') {
      expect(statusOf(await peer.inbox.next(isFinal))).toBe(outcome);
    }
    if (endsStream === true && peer instanceof TcpPeer) await isClosed(peer);
    else await isAlive(peer);
  }

  async function isClosed(peer: TcpPeer): Promise<void> {
    await until('closed', () => peer.closed);
    await isAlive(await TcpPeer.connect(server.sip.tcp));
  }

  const isFinal = (sip: Sip): boolean => statusOf(sip) >= 200;

  /** Whatever came before has been dealt with when this one is answered: nothing else has reached the application. */
  async function isAlive(peer: Peer): Promise<void> {
    const before = app.given.all.length;
    const ping = peer.request({ method: 'OPTIONS', callId: token() });
    const given = await app.given.next();
    expect(given.req.get('call-id')).toBe(value(ping, 'call-id'));
    expect(app.given.all).toHaveLength(before + 1);
    await answer(given, 200);
    expect(statusOf(await peer.answerTo(ping))).toBe(200);
  }
});
