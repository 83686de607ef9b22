import { answer, App } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpPeer, UdpPeer } from './support/peer';
import { requestText, statusOf, tagOf, token, value } from './support/sip-text';
import { describeSipd, LONG_AFTER_T1X64, T1X64, target, type Target } from './support/target';

let server: Target;
let app: App;
let tcp: TcpPeer;
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
  tcp = await TcpPeer.connect(server.sip.tcp);
  udp = await UdpPeer.open(server.sip.udp);
});
afterEach(async () => {
  await app.leave();
  tcp.close();
  udp.close();
});

describe('server transactions', () => {
  test('MIM-18 INVITE is answered 100 at once, without To tag', async () => {
    const invite = udp.request({ method: 'INVITE', headers: [`Contact: ${udp.contact}`] });
    const trying = await udp.provisionalTo(invite);
    expect(statusOf(trying)).toBe(100);
    expect(value(trying, 'to')).toBe(value(invite, 'to'));
    await answer(await app.gets('INVITE'), 486);
    const busy = await udp.answerTo(invite);
    udp.request({ method: 'ACK', via: [value(invite, 'via')], callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(busy, 'to') });
  });

  test('MIM-23 a repeated request is given to the app once and its answer repeated', async () => {
    const bytes = requestText({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'once' }, udp.via());
    udp.write(bytes);
    const given = await app.gets('MESSAGE');
    udp.write(bytes);
    await answer(given, 200);
    const ok = await udp.inbox.next((sip) => statusOf(sip) === 200);
    udp.write(bytes);
    const again = await udp.inbox.next((sip) => statusOf(sip) === 200);
    expect(again.raw).toEqual(ok.raw);
    expect(app.given.all).toHaveLength(1);
  });

  test('MIM-23 a Via without branch is matched by the rules of RFC 2543: repeats absorbed, ACK and CANCEL find their INVITE', async () => {
    const via = [`SIP/2.0/UDP 127.0.0.1:${udp.port}`];
    const parts = { method: 'INVITE', via, callId: token(), from: `<sip:bob@example.com>;tag=${token()}`, headers: [`Contact: ${udp.contact}`] };
    const bytes = requestText(parts, '');
    udp.write(bytes);
    udp.write(bytes);
    const given = await app.gets('INVITE');
    const cancel = udp.request({ ...parts, method: 'CANCEL' });
    expect(statusOf(await udp.answerTo(cancel))).toBe(200);
    expect((await app.cancelled.next()).stackTxnId).toBe(given.req.stackTxnId);
    const terminated = await udp.inbox.next((sip) => statusOf(sip) === 487);
    udp.request({ ...parts, method: 'ACK', to: value(terminated, 'to') });
    await expectQuiet(487);
    expect(app.given.all.filter(({ req }) => req.method === 'INVITE')).toHaveLength(1);
  });

  test('branchless Vias below the topmost are echoed byte for byte (microsoft-observed A5)', async () => {
    const below = 'SIP/2.0/tls  10.0.0.9:1234 ;ms-received-port=99;ms-received-cid=A00';
    const request = tcp.request({ method: 'OPTIONS', via: [tcp.via(), below] });
    await answer(await app.gets('OPTIONS'), 200);
    const ok = await tcp.answerTo(request);
    expect(ok.raw.toString()).toContain(`Via: ${below}\r\n`);
  });

  test('MIM-19 CANCEL: 200 and 487 by the server, cancel event to the app', async () => {
    const invite = tcp.request({ method: 'INVITE', headers: [`Contact: ${tcp.contact}`] });
    const given = await app.gets('INVITE');
    const same = { via: [value(invite, 'via')], callId: value(invite, 'call-id'), from: value(invite, 'from') };
    const cancel = tcp.request({ method: 'CANCEL', ...same });
    expect(statusOf(await tcp.answerTo(cancel))).toBe(200);
    const terminated = await tcp.answerTo(invite);
    expect(statusOf(terminated)).toBe(487);
    expect(tagOf(value(terminated, 'to'))).not.toBe('');
    expect((await app.cancelled.next()).stackTxnId).toBe(given.req.stackTxnId);
    await expect(answer(given, 200)).rejects.toThrow('Response not sent due to unknown transaction');
  });

  test('MIM-19 CANCEL of an unknown INVITE is answered 481', async () => {
    expect(statusOf(await tcp.answerTo(tcp.request({ method: 'CANCEL' })))).toBe(481);
  });

  test('MIM-19 CANCEL after our 200: 481, then BYE with a Reason, unsolicited BYE to the app', async () => {
    const invite = tcp.request({ method: 'INVITE', headers: [`Contact: ${tcp.contact}`] });
    await answer(await app.gets('INVITE'), 200, { headers: { 'Content-Type': 'application/sdp' }, body: 'v=0\r\n' });
    await tcp.answerTo(invite);
    const same = { via: [value(invite, 'via')], callId: value(invite, 'call-id'), from: value(invite, 'from') };
    expect(statusOf(await tcp.answerTo(tcp.request({ method: 'CANCEL', ...same })))).toBe(481);
    const bye = await tcp.gets('BYE');
    expect(value(bye, 'reason')).not.toBe('');
    tcp.respond(bye, '200 OK');
    expect((await app.gets('BYE')).req.source).toBe('application');
  });

  test('MIM-20 MIM-21 the ACK of an error answer stops its repetition and never reaches the app', async () => {
    const invite = udp.request({ method: 'INVITE', headers: [`Contact: ${udp.contact}`] });
    await answer(await app.gets('INVITE'), 486);
    const busy = await udp.answerTo(invite);
    await udp.inbox.next((sip) => statusOf(sip) === 486);
    udp.request({ method: 'ACK', via: [value(invite, 'via')], callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(busy, 'to') });
    await expectQuiet(486);
    expect(app.given.all.filter(({ req }) => req.method === 'ACK')).toEqual([]);
  });

  test('MIM-21 the ACK of a 2xx goes to the owner with a new txnId and the dialogId', async () => {
    const invite = tcp.request({ method: 'INVITE', headers: [`Contact: ${tcp.contact}`] });
    const given = await app.gets('INVITE');
    await answer(given, 200);
    const ok = await tcp.answerTo(invite);
    tcp.request({ method: 'ACK', callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(ok, 'to') });
    const { req } = await app.gets('ACK');
    expect(req.stackDialogId).toBe(`${value(invite, 'call-id')};from-tag=${tagOf(value(invite, 'from'))}`);
    expect(req.stackTxnId).not.toBe(given.req.stackTxnId);
  });

  test('MIM-22 on UDP a 200 to INVITE is repeated until its ACK', async () => {
    const invite = udp.request({ method: 'INVITE', headers: [`Contact: ${udp.contact}`] });
    await answer(await app.gets('INVITE'), 200);
    const ok = await udp.answerTo(invite);
    await udp.answerTo(invite);
    await udp.answerTo(invite);
    udp.request({ method: 'ACK', callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(ok, 'to') });
    await app.gets('ACK');
    await expectQuiet(200);
  });

  test('MIM-22 without ACK: BYE with Reason after 64*T1, unsolicited BYE to the owner, dialog gone', async () => {
    const invite = udp.request({ method: 'INVITE', headers: [`Contact: ${udp.contact}`] });
    const given = await app.gets('INVITE');
    await answer(given, 200);
    const bye = await udp.inbox.next((sip) => sip.start.startsWith('BYE '), LONG_AFTER_T1X64);
    expect(value(bye, 'reason')).toContain('ACK timeout');
    udp.respond(bye, '200 OK');
    const unsolicited = await app.gets('BYE');
    expect(unsolicited.req.source).toBe('application');
    expect(unsolicited.req.stackTxnId).toBe('unsolicited');
    const id = `${value(invite, 'call-id')};from-tag=${tagOf(value(invite, 'from'))}`;
    await expect(app.inDialog(id, { method: 'INFO' })).rejects.toMatchObject({ code: 'ENODIALOG' });
  });

  test('MIM-22 a re-INVITE that is acknowledged makes up for an earlier 2xx that was not', async () => {
    const parts = { method: 'INVITE', callId: token(), from: `<sip:bob@example.com>;tag=${token()}`, headers: [`Contact: ${tcp.contact}`] };
    const invite = tcp.request(parts);
    await answer(await app.gets('INVITE'), 200);
    const to = value(await tcp.answerTo(invite), 'to');
    const again = tcp.request({ ...parts, to, cseq: 2 });
    await answer(await app.gets('INVITE'), 200);
    await tcp.answerTo(again);
    tcp.request({ ...parts, method: 'ACK', to, cseq: 2, headers: [] });
    const { req } = await app.gets('ACK');
    await new Promise((resolve) => setTimeout(resolve, 1.2 * T1X64));
    expect(tcp.inbox.all.filter((sip) => sip.start.startsWith('BYE'))).toEqual([]);
    expect((await app.inDialog(req.stackDialogId, { method: 'INFO' })).req.method).toBe('INFO');
  });

  test('an initial INVITE for a dialog that still waits for its ACK is answered 491', async () => {
    const parts = { method: 'INVITE', callId: token(), from: `<sip:bob@example.com>;tag=${token()}`, headers: [`Contact: ${tcp.contact}`] };
    const invite = tcp.request(parts);
    await answer(await app.gets('INVITE'), 200);
    const ok = await tcp.answerTo(invite);
    expect(statusOf(await tcp.answerTo(tcp.request({ ...parts, cseq: 2 })))).toBe(491);
    tcp.request({ ...parts, method: 'ACK', to: value(ok, 'to'), headers: [] });
    await app.gets('ACK');
  });

  /** Waits as long as several repetitions would take, then asserts that the count has not moved. */
  async function expectQuiet(status: number): Promise<void> {
    const count = (): number => udp.inbox.all.filter((sip) => statusOf(sip) === status).length;
    // One request and answer after the other gives the server time; what was on its way has arrived by then.
    await roundTrips(3);
    const before = count();
    await roundTrips(5, T1X64 / 16);
    expect(count()).toBe(before);
  }

  async function roundTrips(times: number, pause = 0): Promise<void> {
    for (let index = 0; index < times; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const ping = udp.request({ method: 'OPTIONS' });
      await answer(await app.gets('OPTIONS', (req) => req.get('call-id') === value(ping, 'call-id')), 404);
      await udp.answerTo(ping);
    }
  }
});

describeSipd('bounded state: needs settable timers and the server\'s counts', () => {
  test('MIM-15 a request that the app never answers is never answered and forgotten after 2*64*T1', async () => {
    const message = udp.request({ method: 'MESSAGE' });
    const invite = tcp.request({ method: 'INVITE', headers: [`Contact: ${tcp.contact}`] });
    const given = await app.gets('MESSAGE');
    await app.gets('INVITE');
    await until('transactions forgotten', () => server.sipd?.counts().transactions === 0, LONG_AFTER_T1X64);
    expect(udp.count(408, message) + udp.count(500, message) + udp.count(503, message)).toBe(0);
    expect(tcp.inbox.all.filter((sip) => value(sip, 'call-id') === value(invite, 'call-id')).map(statusOf)).toEqual([100]);
    await expect(answer(given, 200)).rejects.toThrow('unknown transaction');
  });

  test('MIM-23 an answered request is known for 64*T1 (Timer J) and counts as a transaction until then; after it, a copy is new', async () => {
    const bytes = requestText({ method: 'MESSAGE' }, udp.via());
    udp.write(bytes);
    await answer(await app.gets('MESSAGE'), 200);
    await udp.inbox.next((sip) => statusOf(sip) === 200);
    expect(server.sipd?.counts().transactions).toBe(1);
    udp.write(bytes);
    await udp.inbox.next((sip) => statusOf(sip) === 200);
    expect(app.given.all).toHaveLength(1);
    await until('transactions forgotten', () => server.sipd?.counts().transactions === 0, LONG_AFTER_T1X64);
    udp.write(bytes);
    await answer(await app.gets('MESSAGE'), 200);
    await udp.inbox.next((sip) => statusOf(sip) === 200);
    expect(app.given.all).toHaveLength(2);
  });

  test('MIM-15 the owner\'s death does not answer its pending requests', async () => {
    const dying = await Control.open(server);
    await dying.ask('route|register');
    await app.leave();
    const register = tcp.request({ method: 'REGISTER' });
    const { fields } = await dying.sip('REGISTER');
    dying.close();
    await until('client gone', () => server.sipd?.counts().clients === 0);
    const other = await Control.open(server);
    expect((await other.ask(`sip|${fields[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`)).fields[3]).toBe('OK');
    expect(statusOf(await tcp.answerTo(register))).toBe(200);
    other.close();
  });
});
