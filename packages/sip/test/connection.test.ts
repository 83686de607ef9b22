import { FakeDrachtio } from './support/fake-drachtio';
import type { FakeClient } from './support/fake-drachtio';
import { LinksUnderTest, outOfDialog, SECRET } from './support/links';

const HEAD = [
  'MESSAGE sip:ann@example.com SIP/2.0',
  'Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1',
  'From: <sip:bob@example.com>;tag=1',
  'To: <sip:ann@example.com>',
  'Call-ID: 1',
  'CSeq: 1 MESSAGE',
];
const message = (...lines: readonly string[]): string => [...HEAD, ...lines].join('\r\n');

let server: FakeDrachtio;
let under: LinksUnderTest;

async function linked(options: ConstructorParameters<typeof LinksUnderTest>[1] & { readonly replies?: boolean } = {}): Promise<FakeClient> {
  server = await FakeDrachtio.start(options.replies ?? true);
  under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: server.port, secret: SECRET }], { stopTimeoutMs: 50, ...options });
  await under.up();
  return server.client();
}

afterEach(async () => {
  await under.links.stop();
  await server.stop();
});

describe('one control connection', () => {
  it('DR-2: registers its verbs once, and tells the worker name as tag', async () => {
    const client = await linked();
    expect((await client.frame('authenticate')).fields.slice(2)).toEqual([SECRET, 'w1']);
    const verbs: string[] = [];
    for (let count = 0; count < 8; count += 1) verbs.push((await client.frame('route')).fields[2] ?? '');
    expect(verbs.sort()).toEqual(['info', 'invite', 'message', 'notify', 'options', 'publish', 'register', 'subscribe']);
    expect(client.frames.unclaimed).toEqual([]);
  });

  it('DR-2: is up when the server has acknowledged every verb, and not before', async () => {
    server = await FakeDrachtio.start(true, true);
    under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: server.port, secret: SECRET }], { stopTimeoutMs: 50 });
    under.links.start();
    const client = await server.client();
    const routes = await Promise.all(Array.from({ length: 8 }, () => client.frame('route')));
    const [last, ...others] = routes;
    if (last === undefined) throw new Error('no verb');
    for (const route of others) client.reply(route, 'OK');
    client.request(message('', ''), 'early'); // read behind the replies
    await under.request('MESSAGE');
    expect(under.links.connections()).toEqual([]);
    client.reply(last, 'OK');
    await under.change('up');
  });

  it('DR-2: a server that refuses a verb is left, and says so', async () => {
    server = await FakeDrachtio.start(true, true);
    under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: server.port, secret: SECRET }]);
    under.links.start();
    const client = await server.client();
    client.reply(await client.frame('route'), 'NOK|too many routes');
    await client.closed;
    expect((await under.line('sip_link_down', 'warn')).fields['why']).toContain('refused to give us requests');
  });

  it('DR-3: a connection that comes up after drain takes no requests', async () => {
    server = await FakeDrachtio.start(true, true);
    under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: server.port, secret: SECRET }], { stopTimeoutMs: 50 });
    under.links.start();
    const client = await server.client();
    const routes = await Promise.all(Array.from({ length: 8 }, () => client.frame('route')));
    under.links.drain();
    for (const route of routes) client.reply(route, 'OK');
    await client.frame('remove_route');
  });

  it('a listener that throws costs neither the other listeners nor the way back', async () => {
    const client = await linked();
    under.links.onChange(() => {
      throw new Error('a listener failed');
    });
    const changes: string[] = [];
    under.links.onChange(({ is }) => changes.push(is));
    client.socket.destroy();
    await under.change('down');
    await under.change('up');
    expect(changes).toEqual(['down', 'up']);
    expect((await under.line('sip_change_handle_failed', 'error')).fields).toMatchObject({ server: 'd1', error: expect.any(Error) });
  });

  it('a server that is connected and silent is left', async () => {
    const client = await linked({ replies: false, pingMs: 30 });
    await client.frame('ping');
    expect(await under.change('down')).toMatchObject({ why: expect.stringContaining('silent for 60 ms') });
    await client.closed;
  });

  it('a server that answers pings is kept', async () => {
    const client = await linked({ pingMs: 500 });
    for (let count = 0; count < 3; count += 1) await client.frame('ping');
    expect(under.changes.unclaimed).toEqual([]);
  });

  it('a server that accepts and never authenticates is given up after the deadline', async () => {
    server = await FakeDrachtio.start();
    const muted = await FakeDrachtio.start();
    under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: muted.port, secret: SECRET }], { connectTimeoutMs: 50 });
    const silenced = muted.client().then((client) => client.socket.removeAllListeners('data'));
    under.links.start();
    await silenced;
    const { fields } = await under.line('sip_link_down', 'warn');
    expect(fields['why']).toContain('not connected within 50 ms');
    await muted.stop();
  });

  it.each([
    ['a frame length that is no number', 'abc#xyz'],
    ['a negative frame length', '-5#xyz'],
    ['an unknown kind of message', '14#id|nonsense|xx'],
  ])('promise 7: %s costs the connection, not the worker', async (_what, bytes) => {
    const client = await linked();
    client.socket.write(bytes);
    expect(await under.change('down')).toMatchObject({ why: expect.stringContaining('broke the protocol') });
    await under.change('up');
  });

  it('promise 7, DR-22: SIP that the library cannot read gets 400 and shows up in no output', async () => {
    const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const client = await linked();
    client.request(message('this is no header', 'Content-Length: 6', '', 'secret'), 'txn-1');
    const refusal = await client.frame('sip');
    expect(refusal.text).toMatch(/\|sip\|txn-1\|\r\nSIP\/2.0 400 Bad Request\r\n/);
    client.request(message('Content-Length: 5', '', 'after'), 'txn-2');
    expect((await under.request('MESSAGE')).body).toBe('after');
    expect(printed).not.toHaveBeenCalled();
    const { fields } = await under.line('sip_message_unreadable', 'warn');
    expect(JSON.stringify(fields)).not.toContain('secret');
    printed.mockRestore();
  });

  it('DR-14: multipart bodies arrive as they are; the library does not take them apart', async () => {
    const client = await linked();
    const body = `--b\r\nContent-Type:${' '.repeat(100)}\r\n\r\nhello\r\n--b--\r\n`;
    client.request(message('Content-Type: multipart/alternative; boundary=b', `Content-Length: ${body.length}`, '', body), 'txn-1');
    const request = await under.request('MESSAGE');
    expect(request.body).toBe(body);
    expect(request.headers['content-type']).toMatch(/^multipart\/alternative; boundary=b$/i);
  });

  it('promise 7: a multipart body made to be slow to read is read at once', async () => {
    const client = await linked({ limits: 'none' });
    const lines = Array.from({ length: 60 }, () => ' '.repeat(8_000)).join('\n');
    const body = `--b\r\nContent-Type:${lines}x`;
    const before = process.cpuUsage();
    client.request(message('Content-Type: multipart/mixed; boundary=b', `Content-Length: ${body.length}`, '', body), 'txn-1');
    expect((await under.request('MESSAGE')).body).toHaveLength(body.length);
    const { user, system } = process.cpuUsage(before); // microseconds: what other programs take does not count
    expect(user + system).toBeLessThan(2_000_000);
  });

  it('RFC 3261 sections 7.3.1 and 7.3.3: compact, repeated and folded headers', async () => {
    const client = await linked();
    client.request(message('o: presence', 'e: gzip', 'Supported: a', 'k: b', 'Subject: one', '\ttwo', 'X-Odd: x', 'Content-Length: 0', '', ''), 'txn-1');
    expect((await under.request('MESSAGE')).headers).toMatchObject({
      event: 'presence',
      'content-encoding': 'gzip',
      supported: 'a,b',
      subject: 'one two',
      'x-odd': 'x',
    });
  });

  it('DR-4: a server that never replies to an API call holds nobody longer than the deadline', async () => {
    await linked();
    const result = await under.links.request(outOfDialog('MESSAGE', '192.0.2.1', { timeoutMs: 50 }));
    expect(result).toEqual({ is: 'timeout' });
  });

  it('RFC 3261 section 13.2.2.4: the ACK of a 2xx is sent in the dialog, to the remote target', async () => {
    const client = await linked();
    const inviting = under.links.request(outOfDialog('INVITE', '192.0.2.1'));
    const invite = await client.frame('sip');
    const echo = invite.text.slice(invite.text.indexOf('\r\n') + 2);
    client.write(`r1|response|${invite.id}|OK|application|1|tcp|192.0.2.1|5060|00:00:00.000000|txn-9|Msg sent:|\r\n${echo}`);
    const ok = ['SIP/2.0 200 OK', ...HEAD.slice(1, 5), 'CSeq: 1 INVITE', 'Content-Length: 0', '', ''].join('\r\n');
    client.write(`r2|sip|network|1|tcp|192.0.2.1|5060|00:00:00.000000|txn-9|1;from-tag=1|\r\n${ok}`);
    const ack = await client.frame('sip');
    expect(ack.text).toMatch(/\|sip\|\|1;from-tag=1\r\nACK sip:placeholder SIP\/2.0\r\n/);
    expect(await inviting).toMatchObject({ is: 'answered', status: 200, stackId: '1;from-tag=1' });
  });

  it('an UPDATE in the early dialog of our INVITE reaches the handler', async () => {
    const client = await linked();
    const inviting = under.links.request(outOfDialog('INVITE', '192.0.2.1', { headers: { 'call-id': 'early' }, timeoutMs: 1_000 }));
    const invite = await client.frame('sip');
    const echo = invite.text.slice(invite.text.indexOf('\r\n') + 2);
    client.write(`${'r'.repeat(8)}|response|${invite.id}|OK|application|1|tcp|192.0.2.1|5060|00:00:00.000000|txn-9|Msg sent:|\r\n${echo}`);
    const update = message('Content-Length: 0', '', '').replace(/MESSAGE/g, 'UPDATE').replace('Call-ID: 1', 'Call-ID: early');
    client.request(update, 'txn-u');
    expect(await under.request('UPDATE')).toMatchObject({ transaction: { id: 'txn-u' } });
    expect(await inviting).toEqual({ is: 'timeout' });
    const cancel = await client.frame('sip', (frame) => frame.text.includes('CANCEL'));
    expect(cancel.fields[2]).toBe('txn-9');
  });
});
