import { answer, App } from './support/app';
import { Control } from './support/control';
import { TcpListener, TcpPeer, UdpPeer } from './support/peer';
import { type Sip, statusOf, tagOf, token, value, values } from './support/sip-text';
import { target, type Target } from './support/target';

let server: Target;
let app: App;
let far: TcpListener;
let tcp: TcpPeer;

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
  tcp = await TcpPeer.connect(server.sip.tcp);
});
afterEach(async () => {
  await app.leave();
  far.close();
  tcp.close();
});

/** What the far end gets when the application sends this. */
async function sent(options: { method: string; headers?: Record<string, string>; body?: string; proxy?: string }, uri = far.uri): Promise<Sip> {
  await app.send(uri, options);
  const peer = await far.accepted.next();
  return peer.gets(options.method);
}

/** What the far end gets when the application answers its request like this. */
async function answered(method: string, status: number, headers: Record<string, string> = {}, extra: string[] = []): Promise<Sip> {
  const request = tcp.request({ method, headers: [`Contact: ${tcp.contact}`, ...extra] });
  await answer(await app.gets(method), status, { headers });
  return tcp.answerTo(request);
}

describe('what the server adds and drops', () => {
  test('MIM-29 our Via has a branch with the magic cookie, and rport on UDP', async () => {
    const udp = await UdpPeer.open(server.sip.udp);
    expect(value(await sent({ method: 'OPTIONS' }), 'via')).toMatch(
      new RegExp(`^SIP/2\\.0/TCP 127\\.0\\.0\\.1:${server.sip.tcp};branch=z9hG4bK[^;]+$`),
    );
    await app.send(udp.uri, { method: 'OPTIONS' });
    const request = await udp.gets('OPTIONS');
    expect(value(request, 'via')).toMatch(/^SIP\/2\.0\/UDP 127\.0\.0\.1:\d+;branch=z9hG4bK[^;]+;rport$|;rport;branch=/);
    udp.respond(request, '200 OK');
    udp.close();
  });

  test('MIM-29 rport and received are filled in for app and far end', async () => {
    const via = `SIP/2.0/TCP 10.1.2.3:4444;rport;branch=z9hG4bK${token()}`;
    const request = tcp.request({ method: 'OPTIONS', via: [via] });
    const given = await app.gets('OPTIONS');
    expect(given.req.get('via')).toContain(`rport=${tcp.port}`);
    expect(given.req.get('via')).toContain('received=127.0.0.1');
    await answer(given, 200);
    const ok = value(await tcp.answerTo(request), 'via');
    expect(ok).toContain('SIP/2.0/TCP 10.1.2.3:4444');
    expect(ok).toContain(`rport=${tcp.port}`);
    expect(ok).toContain('received=127.0.0.1');
  });

  test('MIM-29 only the first element of a Via line is filled in', async () => {
    const rest = 'SIP/2.0/UDP  second.example.com;branch=z9hG4bKq , SIP/2.0/TLS third:5061';
    const request = tcp.request({ method: 'OPTIONS', via: [`SIP/2.0/TCP 10.1.2.3;branch=z9hG4bK${token()},${rest}`] });
    await answer(await app.gets('OPTIONS'), 200);
    expect((await tcp.answerTo(request)).raw.toString()).toMatch(new RegExp(`received=127\\.0\\.0\\.1,\\s?${rest.replace(/[.]/g, '\\.')}`));
  });

  test('MIM-30 Max-Forwards 70, tags and Call-ID are added; MIM-34 From and To defaults', async () => {
    const request = await sent({ method: 'OPTIONS' });
    expect(value(request, 'max-forwards')).toBe('70');
    expect(tagOf(value(request, 'from'))).not.toBe('');
    expect(value(request, 'from')).toContain(`127.0.0.1:${server.sip.tcp}`);
    expect(value(request, 'to')).toContain(far.uri);
    expect(tagOf(value(request, 'to'))).toBe('');
    expect(value(request, 'call-id')).not.toBe('');
  });

  test('MIM-30 what the app gives is kept: Max-Forwards, From tag, To tag, Call-ID', async () => {
    const headers = { 'Max-Forwards': '9', From: '<sip:ann@example.com>;tag=mine', To: '<sip:bob@example.com>;tag=yours', 'Call-ID': token() };
    const request = await sent({ method: 'OPTIONS', headers });
    for (const [name, expected] of Object.entries(headers)) expect(value(request, name)).toBe(expected);
  });

  test('MIM-30 the To tag of the app\'s response is taken, else one is made and kept from 180 to the final answer', async () => {
    expect(tagOf(value(await answered('OPTIONS', 200, { To: '<sip:ann@example.com>;tag=chosen' }), 'to'))).toBe('chosen');
    const request = tcp.request({ method: 'INVITE', headers: [`Contact: ${tcp.contact}`] });
    const given = await app.gets('INVITE');
    await answer(given, 180);
    const ringing = await tcp.inbox.next((sip) => statusOf(sip) === 180);
    await answer(given, 486);
    const busy = await tcp.answerTo(request);
    expect(tagOf(value(ringing, 'to'))).not.toBe('');
    expect(value(busy, 'to')).toBe(value(ringing, 'to'));
  });

  test('MIM-31 CSeq out of dialog: the app\'s number, else one from the clock', async () => {
    expect(value(await sent({ method: 'OPTIONS', headers: { CSeq: '60 OPTIONS' } }), 'cseq')).toBe('60 OPTIONS');
    const other = await TcpListener.start();
    await app.send(other.uri, { method: 'OPTIONS' });
    const cseq = value(await (await other.accepted.next()).gets('OPTIONS'), 'cseq');
    expect(Number.parseInt(cseq, 10)).toBeGreaterThan(100_000);
    expect(cseq).toMatch(/^\d+ OPTIONS$/);
    other.close();
  });

  test.each(['INVITE', 'SUBSCRIBE'])('MIM-32 %s gets a Contact', async (method) => {
    expect(value(await sent({ method }), 'contact')).toMatch(new RegExp(`<sip:[^>]*127\\.0\\.0\\.1:${server.sip.tcp}`));
  });

  test.each(['NOTIFY', 'MESSAGE', 'OPTIONS', 'INFO', 'PUBLISH'])('MIM-32 %s gets no Contact, and no header nobody asked for', async (method) => {
    const request = await sent({ method });
    for (const name of ['contact', 'user-agent', 'allow', 'supported', 'date']) expect(values(request, name)).toEqual([]);
  });

  test('MIM-32 the app\'s Contact wins', async () => {
    expect(values(await sent({ method: 'INVITE', headers: { Contact: '<sip:me@example.com>' } }), 'contact')).toEqual(['<sip:me@example.com>']);
  });

  test('MIM-32 Contact in 2xx to SUBSCRIBE, not in errors and not in 2xx to others', async () => {
    expect(values(await answered('SUBSCRIBE', 200, { Expires: '0' }, ['Event: presence']), 'contact')).toHaveLength(1);
    expect(values(await answered('SUBSCRIBE', 489, {}, ['Event: x']), 'contact')).toHaveLength(0);
    expect(values(await answered('MESSAGE', 200), 'contact')).toHaveLength(0);
  });

  test('MIM-33 Via, Route, Record-Route, RSeq, Content-Length of the app are dropped', async () => {
    const dropped = { Via: 'SIP/2.0/TCP evil', Route: '<sip:evil;lr>', 'Record-Route': '<sip:evil;lr>', RSeq: '7' };
    const request = await sent({ method: 'MESSAGE', headers: { ...dropped, 'Content-Type': 'text/plain' }, body: 'grüße' });
    expect(request.raw.toString()).not.toContain('evil');
    expect(value(request, 'rseq')).toBe('');
    expect(values(request, 'content-length')).toEqual(['7']);
    expect(request.body).toBe('grüße');
    const ok = await answered('MESSAGE', 200, dropped);
    expect(ok.raw.toString()).not.toContain('evil');
  });

  test('MIM-34 @localhost becomes our host and port', async () => {
    const headers = { From: '<sip:ann@localhost>', To: 'sip:bob@localhost', Contact: '<sip:ann@localhost>', 'P-Asserted-Identity': '<sip:ann@localhost>' };
    const request = await sent({ method: 'INVITE', headers });
    for (const name of Object.keys(headers)) expect(value(request, name)).toContain('@127.0.0.1');
    expect(request.raw.toString()).not.toContain('localhost');
  });

  test('MIM-35 a body needs a Content-Type, unless it starts with v=0', async () => {
    await expect(app.send(far.uri, { method: 'MESSAGE', body: 'hi' })).rejects.toThrow('missing content-type');
    expect(value(await sent({ method: 'INVITE', body: 'v=0\r\n' }), 'content-type')).toBe('application/sdp');
  });

  test('MIM-36 a target that is the server itself is refused', async () => {
    const uri = `sip:bob@127.0.0.1:${server.sip.tcp};transport=tcp`;
    await expect(app.send(uri, { method: 'OPTIONS' })).rejects.toThrow('can not send request to myself');
  });

  test.each(['tls', 'sctp'])('MIM-36 transport %s is not available', async (transport) => {
    const error = app.send(`sip:bob@127.0.0.1:5999;transport=${transport}`, { method: 'OPTIONS' });
    await expect(error).rejects.toThrow('requested protocol/transport not available');
  });

  test.each(['SERVICE', 'BENOTIFY', 'DANCE'])('MIM-36 unknown method %s: invalid request-uri', async (method) => {
    await expect(app.send(far.uri, { method })).rejects.toThrow('invalid request-uri');
  });

  test('MIM-36 an unknown dialog: ENODIALOG', async () => {
    await expect(app.inDialog('nope;from-tag=nope', { method: 'INFO' })).rejects.toMatchObject({ code: 'ENODIALOG' });
  });

  test('a From that cannot be read is refused with the reason', async () => {
    await expect(app.send(far.uri, { method: 'OPTIONS', headers: { From: '<sip:ann' } })).rejects.toThrow('invalid from value');
  });

  test('MIM-37 proxy sets the next hop, leaves the Request-URI, adds no Route', async () => {
    const request = await sent({ method: 'OPTIONS', proxy: far.uri }, 'sip:carol@elsewhere.example.com');
    expect(request.start).toBe('OPTIONS sip:carol@elsewhere.example.com SIP/2.0');
    expect(values(request, 'route')).toEqual([]);
  });

  test('MIM-44 request meta: source address, port, protocol, receivedOn', async () => {
    const udp = await UdpPeer.open(server.sip.udp);
    tcp.request({ method: 'OPTIONS' });
    const overTcp = (await app.gets('OPTIONS')).req;
    expect([overTcp.source_address, overTcp.source_port, overTcp.protocol]).toEqual(['127.0.0.1', tcp.port, 'tcp']);
    expect(overTcp.receivedOn).toBe(`127.0.0.1:${server.sip.tcp}`);
    udp.request({ method: 'OPTIONS' });
    const overUdp = (await app.gets('OPTIONS')).req;
    expect([overUdp.source_port, overUdp.protocol, overUdp.receivedOn]).toEqual([udp.port, 'udp', `127.0.0.1:${server.sip.udp}`]);
    udp.close();
  });
});

describe('what passes through', () => {
  test('MIM-27 no OPTIONS answer of its own; Max-Forwards 0, Require, Route and a missing From tag reach the app', async () => {
    tcp.write(Buffer.from(
      `OPTIONS sip:ann@example.com SIP/2.0\r\nVia: ${tcp.via()}\r\nFrom: <sip:bob@example.com>\r\nTo: <sip:ann@example.com>\r\n` +
        'Call-ID: mim27\r\nCSeq: 9 OPTIONS\r\nMax-Forwards: 0\r\nRequire: teleport\r\nRoute: <sip:someone.else;lr>\r\nContent-Length: 0\r\n\r\n',
    ));
    const given = await app.gets('OPTIONS', (req) => req.get('call-id') === 'mim27');
    expect([given.req.get('max-forwards'), given.req.get('require'), given.req.get('route')]).toEqual(['0', 'teleport', '<sip:someone.else;lr>']);
    await answer(given, 420);
    expect((await tcp.inbox.next((sip) => value(sip, 'call-id') === 'mim27')).start).toMatch(/ 420 /);
  });

  test.each([
    ['unclosed bracket', '<sip:bob@example.com;tag=1'],
    ['unclosed quote', '"Bob <sip:bob@example.com>;tag=1'],
    ['no URI', 'Bob;tag=1'],
    ['empty', ''],
  ])('MIM-28 a malformed From (%s) is answered 400', async (_name, from) => {
    const request = tcp.request({ method: 'OPTIONS', from });
    expect((await tcp.inbox.next((sip) => value(sip, 'call-id') === value(request, 'call-id'))).start).toMatch(/^SIP\/2\.0 400/);
    expect(app.given.all).toEqual([]);
  });

  test('MIM-28 a double CRLF is a ping and gets a CRLF', async () => {
    tcp.write(Buffer.from('\r\n\r\n'));
    expect((await tcp.other.next()).toString()).toBe('\r\n');
  });

  test('compact header names and folded lines are understood and passed on in full', async () => {
    const id = token();
    tcp.write(Buffer.from(
      `MESSAGE sip:ann@example.com SIP/2.0\r\nv: ${tcp.via()}\r\nf: <sip:bob@example.com>;tag=x\r\nt: <sip:ann@example.com>\r\n` +
        `i: ${id}\r\nCSeq: 1 MESSAGE\r\no: presence\r\ns: one\r\n two\r\n\tthree\r\nc: text/plain\r\nl: 5\r\n\r\nhello`,
    ));
    const { req } = await app.gets('MESSAGE', (each) => each.get('call-id') === id);
    expect([req.get('event'), req.get('content-type'), req.body]).toEqual(['presence', 'text/plain', 'hello']);
    expect(req.get('subject')).toBe('one two three');
  });

  test('UTF-8 in display names, headers and bodies, ms- headers and GRUUs pass intact, both ways', async () => {
    const from = '"Grüße 😀 \\"q\\"" <sip:bob@example.com;opaque=user:epid:Zm9v;gruu>;tag=1;epid=0123';
    const body = '{"€": "😀"}';
    tcp.request({ method: 'MESSAGE', from, headers: ['ms-Text-Format: text/plain; msgr=WAA', 'Content-Type: text/plain'], body });
    const { req } = await app.gets('MESSAGE');
    expect([req.get('from'), req.get('ms-text-format'), req.body]).toEqual([from, 'text/plain; msgr=WAA', body]);
    const out = await sent({ method: 'MESSAGE', headers: { From: from, 'ms-text-format': 'x', 'Content-Type': 'text/plain' }, body });
    expect([value(out, 'from'), value(out, 'ms-text-format'), out.body]).toEqual([from, 'x', body]);
  });

  test('a body of 200 KB passes both ways', async () => {
    const body = 'ä😀line\n'.repeat(20_000);
    tcp.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body });
    expect((await app.gets('MESSAGE')).req.body).toBe(body);
  });

  test('a client message without a colon in a header line is refused, not sent', async () => {
    const raw = await Control.open(server);
    const { fields } = await raw.ask(`sip||\r\nOPTIONS ${far.uri} SIP/2.0\r\nno colon here\r\n\r\n`);
    expect(fields[3]).toBe('NOK');
    raw.close();
  });
});
