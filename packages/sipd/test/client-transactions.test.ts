import { freePort } from '../../../scenarios/support/ports';
import { App } from './support/app';
import { TcpListener, TcpPeer, UdpPeer } from './support/peer';
import { type Sip, statusOf, tagOf, value, values } from './support/sip-text';
import { describeSipd, LONG_AFTER_T1X64, SHORT, startSipd, T1X64, target, type Target } from './support/target';

let server: Target;
let app: App;
let far: TcpListener;
let udp: UdpPeer;

beforeAll(async () => {
  server = await target();
});
afterAll(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});
beforeEach(async () => {
  app = await App.connect(server);
  far = await TcpListener.start();
  udp = await UdpPeer.open(server.sip.udp);
});
afterEach(async () => {
  await app.leave();
  far.close();
  udp.close();
});

const branchOf = (sip: Sip): string => /branch=([^;]+)/.exec(value(sip, 'via'))?.[1] ?? '';

describe('client transactions', () => {
  test('MIM-24 on UDP a request is repeated until its answer', async () => {
    const sent = await app.send(udp.uri, { method: 'OPTIONS' });
    const first = await udp.gets('OPTIONS');
    const second = await udp.gets('OPTIONS');
    expect(second.raw).toEqual(first.raw);
    udp.respond(second, '200 OK');
    expect(await sent.status()).toBe(200);
  });

  test('MIM-24 no answer on UDP: it is sent again until a synthetic 408, and no sooner than Timer E says', async () => {
    const sent = await app.send(udp.uri, { method: 'MESSAGE', headers: { 'Content-Type': 'text/plain' }, body: 'hello?' });
    const { res } = await sent.replies.next(() => true, LONG_AFTER_T1X64);
    expect(res.status).toBe(408);
    const sends = udp.inbox.all.filter((sip) => sip.start.startsWith('MESSAGE')).length;
    // Late timers make fewer: at T1, 2*T1, 4*T1, then every T2, eleven fit into 64*T1.
    expect(sends).toBeGreaterThanOrEqual(4);
    expect(sends).toBeLessThanOrEqual(11);
  });

  test.each(['OPTIONS', 'INVITE'])('MIM-24 no answer on TCP: one %s, then 408 after 64*T1', async (method) => {
    const start = Date.now();
    const sent = await app.send(far.uri, { method });
    const { res } = await sent.replies.next(() => true, LONG_AFTER_T1X64);
    expect(res.status).toBe(408);
    expect(Date.now() - start).toBeGreaterThanOrEqual(T1X64 - 5);
    const peer = await far.accepted.next();
    expect(peer.inbox.all).toHaveLength(1);
  });

  test.each(['tcp', 'udp'])('MIM-25 a refused %s port gives a synthetic 503: from no address, no foreign headers', async (transport) => {
    const uri = `sip:bob@127.0.0.1:${await freePort()};transport=${transport}`;
    const sent = await app.send(uri, { method: 'MESSAGE', headers: { 'Content-Type': 'text/plain' }, body: 'x' });
    const { res } = await sent.final();
    expect(res.status).toBe(503);
    expect([res.source_address, res.source_port]).toEqual(['', 0]);
    expect(res.has('server') || res.has('retry-after')).toBe(false);
  });

  test('MIM-25 a name that does not exist gives 503 DNS Error', async () => {
    const sent = await app.send('sip:bob@no-such-host.invalid;transport=tcp', { method: 'OPTIONS' });
    const { res } = await sent.replies.next();
    expect([res.status, res.reason]).toEqual([503, 'DNS Error']);
    expect(sent.req.protocol).toBe('unknown');
  });

  test('MIM-25 a 503 of the far end keeps its headers', async () => {
    const sent = await app.send(far.uri, { method: 'OPTIONS' });
    const peer = await far.accepted.next();
    peer.respond(await peer.gets('OPTIONS'), '503 Busy', ['Retry-After: 7']);
    const { res } = await sent.final();
    expect([res.status, res.get('retry-after'), tagOf(res.get('to') ?? '')]).toEqual([503, '7', 'far']);
  });

  test('MIM-20 a final error to INVITE is acknowledged by the server, on UDP as often as it comes', async () => {
    const sent = await app.send(udp.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const invite = await udp.gets('INVITE');
    udp.respond(invite, '486 Busy Here');
    const ack = await udp.gets('ACK');
    expect(await sent.status()).toBe(486);
    expect(ack.start).toBe(invite.start.replace('INVITE', 'ACK'));
    expect(branchOf(ack)).toBe(branchOf(invite));
    expect(tagOf(value(ack, 'to'))).toBe('far');
    expect(value(ack, 'cseq')).toBe(value(invite, 'cseq').replace('INVITE', 'ACK'));
    udp.respond(invite, '486 Busy Here');
    expect((await udp.gets('ACK')).raw).toEqual(ack.raw);
    expect(sent.replies.all).toHaveLength(1);
  });

  test('MIM-20 the ACK of a 2xx comes from the app; a repeated 2xx brings the same ACK again', async () => {
    const sent = await app.send(udp.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const invite = await udp.gets('INVITE');
    udp.respond(invite, '200 OK', [`Contact: ${udp.contact}`]);
    const { res, ack } = await sent.final();
    expect(res.stackDialogId).toBe(`${value(invite, 'call-id')};from-tag=${tagOf(value(invite, 'from'))}`);
    ack();
    const first = await udp.gets('ACK');
    expect(branchOf(first)).not.toBe(branchOf(invite));
    expect(first.start).toBe(`ACK sip:bob@127.0.0.1:${udp.port};transport=udp SIP/2.0`);
    expect(value(first, 'cseq')).toBe(value(invite, 'cseq').replace('INVITE', 'ACK'));
    udp.respond(invite, '200 OK', [`Contact: ${udp.contact}`]);
    expect((await udp.gets('ACK')).raw).toEqual(first.raw);
    expect(sent.replies.all).toHaveLength(1);
  });

  test('RFC 3261 13.2.2.4: a 2xx of another branch of the INVITE is acknowledged and ended; the app hears of the first only', async () => {
    const sent = await app.send(udp.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const invite = await udp.gets('INVITE');
    udp.respond(invite, '200 OK', [`Contact: ${udp.contact}`]);
    const { ack } = await sent.final();
    ack();
    await udp.gets('ACK');
    udp.respond(invite, '200 OK', [`Contact: ${udp.contact}`], 'other-branch');
    const forked = await udp.gets('ACK');
    expect([tagOf(value(forked, 'to')), value(forked, 'cseq')]).toEqual(['other-branch', value(invite, 'cseq').replace('INVITE', 'ACK')]);
    const bye = await udp.gets('BYE');
    expect([tagOf(value(bye, 'to')), value(bye, 'call-id')]).toEqual(['other-branch', value(invite, 'call-id')]);
    udp.respond(bye, '200 OK');
    expect(sent.replies.all).toHaveLength(1);
  });

  test('MIM-19 CANCEL by the app leaves after the first provisional answer; 487 comes back', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const peer = await far.accepted.next();
    const invite = await peer.gets('INVITE');
    await new Promise<void>((resolve, reject) => sent.req.cancel((error) => (error ? reject(error as Error) : resolve())));
    expect(peer.inbox.all).toHaveLength(1);
    peer.respond(invite, '180 Ringing');
    const cancel = await peer.gets('CANCEL');
    expect(branchOf(cancel)).toBe(branchOf(invite));
    expect(values(cancel, 'via')).toHaveLength(1);
    expect(cancel.start).toBe(invite.start.replace('INVITE', 'CANCEL'));
    expect(value(cancel, 'to')).toBe(value(invite, 'to'));
    peer.respond(cancel, '200 OK');
    peer.respond(invite, '487 Request Terminated');
    expect(await sent.status()).toBe(487);
    expect(tagOf(value(await peer.gets('ACK'), 'to'))).toBe('far');
  });

  test('MIM-19 after a CANCEL the far end has 64*T1 to answer the INVITE, then the app gets 408', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const peer = await far.accepted.next();
    peer.respond(await peer.gets('INVITE'), '180 Ringing');
    await sent.replies.next(({ res }) => res.status === 180);
    sent.req.cancel();
    peer.respond(await peer.gets('CANCEL'), '200 OK');
    expect((await sent.replies.next(({ res }) => res.status >= 200, LONG_AFTER_T1X64)).res.status).toBe(408);
  });

  test('CANCEL of a transaction that has ended fails: unable to cancel', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const peer = await far.accepted.next();
    peer.respond(await peer.gets('INVITE'), '486 Busy Here');
    await sent.final();
    const failed = new Promise((resolve) => sent.req.cancel((error) => resolve(error)));
    expect(String(await failed)).toContain('unable to cancel unknown transaction id');
  });

  test('provisional answers reach the app in order, with the dialog id', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const peer = await far.accepted.next();
    const invite = await peer.gets('INVITE');
    peer.respond(invite, '180 Ringing');
    peer.respond(invite, '183 Session Progress');
    peer.respond(invite, '480 Gone');
    await sent.final();
    expect(sent.replies.all.map(({ res }) => res.status)).toEqual([180, 183, 480]);
  });

  test('glare: an INVITE from the far end while ours is open is a call of its own', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const peer = await far.accepted.next();
    const ours = await peer.gets('INVITE');
    const theirs = peer.request({ method: 'INVITE', headers: [`Contact: <${far.uri}>`] });
    const given = await app.gets('INVITE');
    given.res.send(491, {});
    peer.respond(ours, '491 Request Pending');
    expect(statusOf(await peer.answerTo(theirs))).toBe(491);
    expect(await sent.status()).toBe(491);
  });

  test('glare inside a dialog: both re-INVITEs are answered, the dialog stays', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE', body: 'v=0\r\n' });
    const peer = await far.accepted.next();
    const invite = await peer.gets('INVITE');
    peer.respond(invite, '200 OK', [`Contact: <${far.uri}>`]);
    const { res, ack } = await sent.final();
    ack();
    await peer.gets('ACK');
    const ours = await app.inDialog(res.stackDialogId, { method: 'INVITE', body: 'v=0\r\n' });
    const seen = await peer.gets('INVITE');
    const dialog = { callId: value(invite, 'call-id'), from: `${value(invite, 'to')};tag=far`, to: value(invite, 'from') };
    const theirs = peer.request({ method: 'INVITE', ...dialog, headers: [`Contact: <${far.uri}>`] });
    const given = await app.gets('INVITE');
    expect(given.req.stackDialogId).toBe(res.stackDialogId);
    given.res.send(491, {});
    peer.respond(seen, '491 Request Pending');
    expect(statusOf(await peer.answerTo(theirs))).toBe(491);
    expect(await ours.status()).toBe(491);
    const info = await app.inDialog(res.stackDialogId, { method: 'INFO' });
    peer.respond(await peer.gets('INFO'), '200 OK');
    expect(await info.status()).toBe(200);
  });
});

describeSipd('MIM-26 several A records: needs a name server of the test\'s own, so an injected look-up', () => {
  async function withRecords(records: readonly string[], act: (app: App) => Promise<void>): Promise<void> {
    const many = await startSipd({ resolve: () => Promise.resolve(records), timers: SHORT });
    const client = await App.connect(many);
    await act(client);
    await client.leave();
    await many.close();
    expect(many.errors).toEqual([]);
  }

  test('MIM-26 the next target is tried on refusal, within one transaction', async () => {
    await withRecords(['127.0.0.2', '127.0.0.1'], async (client) => {
      const sent = await client.send(far.uri.replace('127.0.0.1', 'far.example.com'), { method: 'OPTIONS' });
      const peer = await far.accepted.next();
      peer.respond(await peer.gets('OPTIONS'), '200 OK');
      expect(await sent.status()).toBe(200);
      expect(sent.replies.all).toHaveLength(1);
    });
  });

  test.each(['MESSAGE', 'INVITE'])('MIM-26 the next target is tried on 503 to %s', async (method) => {
    await withRecords(['127.0.0.1', '127.0.0.1'], async (client) => {
      const sent = await client.send(far.uri.replace('127.0.0.1', 'far.example.com'), { method });
      const peer = await far.accepted.next();
      const first = await peer.gets(method);
      peer.respond(first, '503 Busy');
      const second = await peer.gets(method);
      expect(branchOf(second)).not.toBe(branchOf(first));
      peer.respond(second, '404 Not Here');
      expect(await sent.status()).toBe(404);
      expect(sent.replies.all).toHaveLength(1);
    });
  });

  test('one query serves several requests to a name, and they leave in order', async () => {
    let queries = 0;
    const resolve = async (): Promise<readonly string[]> => {
      queries += 1;
      await new Promise((done) => setTimeout(done, 20));
      return ['127.0.0.1'];
    };
    const many = await startSipd({ resolve });
    const client = await App.connect(many);
    const uri = far.uri.replace('127.0.0.1', 'far.example.com');
    for (let index = 1; index <= 5; index += 1) await client.send(uri, { method: 'OPTIONS', headers: { CSeq: `${index} OPTIONS` } });
    const peer = await far.accepted.next();
    for (let index = 1; index <= 5; index += 1) expect(value(await peer.gets('OPTIONS'), 'cseq')).toBe(`${index} OPTIONS`);
    expect(queries).toBe(1);
    await client.leave();
    await many.close();
  });

  test('MIM-26 the next target is tried on timeout; the last failure is what the app sees', async () => {
    await withRecords(['127.0.0.1', '127.0.0.2'], async (client) => {
      const sent = await client.send(far.uri.replace('127.0.0.1', 'far.example.com'), { method: 'OPTIONS' });
      expect((await sent.replies.next(() => true, LONG_AFTER_T1X64)).res.status).toBe(503);
    });
  });
});

test('a connection that breaks while a request waits gives 503, and the next request opens a new one', async () => {
  const sent = await app.send(far.uri, { method: 'OPTIONS' });
  const peer: TcpPeer = await far.accepted.next();
  await peer.gets('OPTIONS');
  peer.close();
  expect(await sent.status()).toBe(503);
  const again = await app.send(far.uri, { method: 'OPTIONS' });
  const fresh = await far.accepted.next();
  fresh.respond(await fresh.gets('OPTIONS'), '200 OK');
  expect(await again.status()).toBe(200);
});
