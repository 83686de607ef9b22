import { randomUUID } from 'node:crypto';
import { App } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpListener, TcpPeer } from './support/peer';
import { describeSipd, startSipd, target, type Target } from './support/target';

let server: Target;
let client: Control;

beforeAll(async () => {
  server = await target();
});
afterAll(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});
beforeEach(async () => {
  client = await Control.open(server);
});
afterEach(() => client.close());

const authenticate = (): string => `authenticate|${server.secret}|tag1,tag2`;

describe('control protocol', () => {
  test('MIM-5 authenticate is answered OK with two hostport lists and a version', async () => {
    const { fields } = await client.ask(authenticate());
    expect(fields[3]).toBe('OK');
    expect(fields[4]).toMatch(/(udp|tcp)\/[\d.]+:\d+/);
    expect(fields[5]).toMatch(/^v\d+\.\d+\.\d+/);
    expect(fields[6]).toContain(`tcp/127.0.0.1:${server.sip.tcp}`);
    expect(fields[6]).toContain(`udp/127.0.0.1:${server.sip.udp}`);
  });

  test('MIM-5 a wrong secret is answered NO and the connection closed', async () => {
    const { fields } = await client.ask('authenticate|wrong|');
    expect(fields.slice(3, 5)).toEqual(['NO', 'incorrect secret']);
    await until('connection closed', () => client.closed);
  });

  test('MIM-5 a client that never authenticates may register and is given requests', async () => {
    expect((await client.ask('route|message')).fields[3]).toBe('OK');
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'hi' });
    expect((await client.sip('MESSAGE')).text).toContain('\r\n\r\nhi');
    peer.close();
  });

  test('MIM-6 ping is answered OK|pong', async () => {
    expect((await client.ask('ping')).fields.slice(3)).toEqual(['OK', 'pong']);
  });

  test('MIM-6 an unknown message type is answered NO and the connection closed', async () => {
    expect((await client.ask('dance|now')).fields[3]).toBe('NO');
    await until('connection closed', () => client.closed);
  });

  test('MIM-6 remove_route removes all verbs of the client', async () => {
    await client.ask('route|info');
    await client.ask('route|options');
    expect((await client.ask('remove_route|info')).fields[3]).toBe('OK');
    const peer = await TcpPeer.connect(server.sip.tcp);
    const answer = await peer.answerTo(peer.request({ method: 'OPTIONS' }));
    expect(answer.start).toMatch(/^SIP\/2\.0 503/);
    peer.close();
  });

  test('MIM-1 frames are understood however TCP cuts them, also inside a UTF-8 character', async () => {
    const listener = await TcpListener.start();
    const id = randomUUID();
    const message = `${id}|sip||\r\nMESSAGE ${listener.uri} SIP/2.0\r\nContent-Type: text/plain\r\n\r\ngrüße 😀`;
    for (const byte of Control.frame(message)) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.reply(id)).text).toContain('grüße 😀');
    const far = await listener.accepted.next();
    expect((await far.gets('MESSAGE')).body).toBe('grüße 😀');
    listener.close();
  });

  test('MIM-1 several frames in one segment are all answered', async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID());
    client.socket.write(Buffer.concat(ids.map((id) => Control.frame(`${id}|ping`))));
    const replies = await Promise.all(ids.map((id) => client.reply(id)));
    expect(replies.map(({ fields }) => fields[4])).toEqual(ids.map(() => 'pong'));
  });

  test.each(['abc#hello', '-1#', '#', '0#', '12345678901234567890'])('MIM-1 a bad length (%s) closes the connection', async (bytes) => {
    client.socket.write(bytes);
    await until('connection closed', () => client.closed);
    expect(client.closed).toBe(true);
  });

  test('MIM-3 a request out of dialog carries an empty dialogId and the local address and port', async () => {
    await client.ask('route|message');
    const peer = await TcpPeer.connect(server.sip.tcp);
    peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'hi' });
    const { fields } = await client.sip('MESSAGE');
    expect(fields.slice(1, 3)).toEqual(['sip', 'network']);
    expect(fields.slice(4, 7)).toEqual(['tcp', '127.0.0.1', String(peer.port)]);
    expect(fields[7]).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
    expect(fields[8]).toMatch(/^[0-9a-f-]{36}$/);
    expect(fields.slice(9, 12)).toEqual(['', '127.0.0.1', String(server.sip.tcp)]);
    peer.close();
  });

  test('MIM-4 the reply to a request has its fields in place and echoes what was sent', async () => {
    const listener = await TcpListener.start();
    const { fields, text } = await client.ask(`sip||\r\nOPTIONS ${listener.uri} SIP/2.0\r\nCall-ID: abc-${server.port}\r\n\r\n`);
    expect(fields.slice(3, 5)).toEqual(['OK', 'application']);
    expect(fields.slice(6, 9)).toEqual(['tcp', '127.0.0.1', String(listener.port)]);
    expect(fields[10]).toMatch(/^[0-9a-f-]{36}$/);
    expect(fields[11]).toBe('Msg sent:');
    const far = await listener.accepted.next();
    const sent = await far.gets('OPTIONS');
    expect(text).toBe(sent.raw.toString());
    expect(text).toMatch(/Via: SIP\/2\.0\/TCP 127\.0\.0\.1:\d+;branch=z9hG4bK/);
    listener.close();
  });

  test('MIM-4 the reply to a response has its fields in place and echoes what was sent', async () => {
    await client.ask('route|message');
    const peer = await TcpPeer.connect(server.sip.tcp);
    const request = peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'hi' });
    const { fields } = await client.sip('MESSAGE');
    const reply = await client.ask(`sip|${fields[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(reply.fields.slice(3, 5)).toEqual(['OK', 'application']);
    expect(reply.fields[10]).toBe(fields[8]);
    expect(reply.fields.slice(11, 14)).toEqual(['', '', 'Msg sent:']);
    expect(reply.text).toBe((await peer.answerTo(request)).raw.toString());
    peer.close();
  });

  test('MIM-7 nothing is kept for a client that has gone', async () => {
    const listener = await TcpListener.start();
    client.send(`sip||\r\nOPTIONS ${listener.uri} SIP/2.0\r\n\r\n`);
    const far = await listener.accepted.next();
    const request = await far.gets('OPTIONS');
    client.close();
    const later = await Control.open(server);
    await later.ask('ping');
    far.respond(request, '200 OK');
    await later.ask('ping');
    expect(later.frames.all.every(({ fields }) => fields[1] === 'response')).toBe(true);
    later.close();
    listener.close();
  });
});

describeSipd('strict, which drachtio-server does not have', () => {
  test('SEC: a client that has not authenticated is refused, one that has is served', async () => {
    const strict = await startSipd({ strict: true });
    const stranger = await Control.open(strict);
    expect((await stranger.ask('route|message')).fields.slice(3)).toEqual(['NO', 'not authenticated']);
    await until('connection closed', () => stranger.closed);
    const app = await App.connect(strict);
    const peer = await TcpPeer.connect(strict.sip.tcp);
    peer.request({ method: 'OPTIONS' });
    expect((await app.gets('OPTIONS')).req.method).toBe('OPTIONS');
    app.close();
    peer.close();
    await strict.close();
  });
});
