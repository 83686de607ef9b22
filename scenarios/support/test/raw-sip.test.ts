import { SipPeer } from '../raw-sip';
import { SipMessage, tagOf } from '../sip-message';
import type { Transport } from '../sip-sockets';

const ANN = 'sip:ann@example.com';
const BOB = 'sip:bob@example.com';

describe.each<Transport>(['udp', 'tcp'])('two scripted peers over %s', (transport) => {
  let ann: SipPeer;
  let bob: SipPeer;

  beforeEach(async () => {
    [ann, bob] = [await SipPeer.start({ name: 'ann' }), await SipPeer.start({ name: 'bob' })];
    ann.nextHop = { port: bob.port, transport };
  });

  afterEach(async () => {
    await ann.stop();
    await bob.stop();
  });

  test('a request outside a dialog is received, answered, and the answer comes back', async () => {
    const asked = ann.request('MESSAGE', { from: ANN, to: BOB, headers: { 'Content-Type': 'text/plain' }, body: 'Grüße 😀' });
    const incoming = await bob.receive('MESSAGE');
    expect(incoming.flow.transport).toBe(transport);
    expect(incoming.message.uri).toBe(BOB);
    expect(incoming.message.text).toBe('Grüße 😀');
    await bob.reply(incoming, 404, { headers: { 'Retry-After': '7' } });
    const { request, response } = await asked;
    expect(response.startLine).toBe('SIP/2.0 404 Not Found');
    expect(response.header('Retry-After')).toBe('7');
    expect(response.callId).toBe(request.callId);
    expect(tagOf(response.header('To'))).toBe(incoming.localTag);
  });

  test('a subscription: dialog both ways, with the same tags, CSeq counted on either side', async () => {
    const opened = ann.open('SUBSCRIBE', { from: ANN, to: BOB, headers: { Event: 'presence', Expires: '600' } });
    const server = await bob.accept(await bob.receive('SUBSCRIBE'), { headers: { Expires: '600' } });
    const client = await opened;
    expect([client.localTag, client.remoteTag]).toEqual([server.remoteTag, server.localTag]);

    const notified = server.request('NOTIFY', { headers: { Event: 'presence', 'Subscription-State': 'active' } });
    const notify = await ann.receive('NOTIFY', (message) => message.callId === client.callId);
    expect(notify.message.uri).toBe(`sip:${ann.address};transport=${transport}`);
    await ann.reply(notify, 200);
    expect((await notified).status).toBe(200);

    const refreshed = client.request('SUBSCRIBE', { headers: { Event: 'presence', Expires: '0' } });
    const refresh = await bob.receive('SUBSCRIBE');
    expect(refresh.message.cseq).toEqual({ number: 2, method: 'SUBSCRIBE' });
    expect(tagOf(refresh.message.header('To'))).toBe(server.localTag);
    await bob.reply(refresh, 200);
    expect((await refreshed).status).toBe(200);
  });

  test('an INVITE that is refused is acknowledged in its own transaction; one that is accepted by the test', async () => {
    const refused = ann.request('INVITE', { from: ANN, to: BOB });
    await bob.reply(await bob.receive('INVITE'), 486);
    expect((await refused).response.status).toBe(486);
    const ack = await bob.receive('ACK');
    expect(ack.message.header('Via')).toBe((await refused).request.header('Via'));

    const accepted = ann.open('INVITE', { from: ANN, to: BOB });
    const server = await bob.accept(await bob.receive('INVITE'));
    await (await accepted).ack();
    expect((await bob.receive('ACK')).message.header('To')).toContain(server.localTag);
  });

  test('the Route set of a dialog is the Record-Route, reversed for the caller', async () => {
    const routes = [`<sip:127.0.0.1:${bob.port};transport=${transport};lr>`, '<sip:far.example.com;lr>'];
    const opened = ann.open('SUBSCRIBE', { from: ANN, to: BOB });
    const incoming = await bob.receive('SUBSCRIBE');
    await bob.reply(incoming, 200, { headers: { 'Record-Route': [...routes].reverse() } });
    const client = await opened;
    const refreshed = client.request('SUBSCRIBE');
    const refresh = await bob.receive('SUBSCRIBE');
    expect(refresh.message.all('Route')).toEqual(routes);
    await bob.reply(refresh, 200);
    await refreshed;
  });

  test('a request repeated is received once and answered as before', async () => {
    const bytes = message('MESSAGE', transport).encode();
    await ann.sendBytes(bytes);
    await bob.reply(await bob.receive('MESSAGE'), 200);
    await ann.sendBytes(bytes);
    await ann.sendBytes(message('OPTIONS', transport).encode());
    await bob.receive('OPTIONS');
    expect(bob.unclaimed).toEqual([]);
  });

  test('requests of a method that is served reach no receive', async () => {
    bob.serve('OPTIONS', (incoming) => bob.reply(incoming, 200));
    expect((await ann.request('OPTIONS', { from: ANN, to: BOB })).response.status).toBe(200);
    expect(bob.unclaimed).toEqual([]);
  });

  test('a wait that is not met says what did come', async () => {
    await ann.sendBytes(message('OPTIONS', transport).encode());
    await bob.receive('OPTIONS');
    await ann.sendBytes(message('INFO', transport).encode());
    await expect(bob.receive('MESSAGE', undefined, 300)).rejects.toThrow(/bob: no MESSAGE request[^]*INFO sip:bob@example.com/);
  });
});

test('a stream cut anywhere gives the same messages, keep-alives between them left out', async () => {
  const bob = await SipPeer.start();
  const hop = { port: bob.port, transport: 'tcp' } as const;
  const ann = await SipPeer.start({ nextHop: hop });
  const stream = Buffer.concat([message('MESSAGE', 'tcp', 'one é').encode(), Buffer.from('\r\n\r\n'), message('MESSAGE', 'tcp', 'two').encode()]);
  for (let at = 0; at < stream.length; at += 7) await ann.sendBytes(stream.subarray(at, at + 7));
  expect((await bob.receive('MESSAGE')).message.text).toBe('one é');
  expect((await bob.receive('MESSAGE')).message.text).toBe('two');
  await ann.stop();
  await bob.stop();
});

test('a peer that answers nothing fails the request at its deadline', async () => {
  const bob = await SipPeer.start();
  const ann = await SipPeer.start({ nextHop: { port: bob.port, transport: 'udp' } });
  await expect(ann.request('MESSAGE', { from: ANN, to: BOB, deadlineMs: 200 })).rejects.toThrow('no final answer to MESSAGE');
  await ann.stop();
  await bob.stop();
});

let sequence = 0;

function message(method: string, transport: Transport, body = ''): SipMessage {
  sequence += 1;
  return new SipMessage(
    `${method} ${BOB} SIP/2.0`,
    [
      ['v', `SIP/2.0/${transport.toUpperCase()} 127.0.0.1:9;branch=z9hG4bK${sequence}`],
      ['f', `<${ANN}>;tag=a`],
      ['t', `<${BOB}>`],
      ['i', `call-${sequence}`],
      ['CSeq', `1 ${method}`],
    ],
    Buffer.from(body),
  );
}
