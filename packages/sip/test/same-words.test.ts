import drachtioSrf = require('drachtio-srf');

import { FakeDrachtio } from './support/fake-drachtio';
import type { FakeClient, Frame } from './support/fake-drachtio';
import { LinksUnderTest, outOfDialog, byId, SECRET } from './support/links';

/**
 * drachtio-server was tried with drachtio-srf (drachtio.md). What it gets from us must be what drachtio-srf would have sent
 * for the same purpose, up to the case of header names.
 */

interface SrfRequestLike {
  uri: string;
  cancel(done: () => void): void;
  on(event: 'response', listener: (response: unknown, ack: (options: object, done: () => void) => void) => void): void;
}
interface SrfLike {
  connect(options: object): void;
  disconnect(): void;
  on(event: string, listener: (error?: Error | null) => void): void;
  message(handler: (request: unknown, response: { send(status: number, options: object, done: () => void): void }) => void): void;
  request(uri: string, options: object, sent: (error: Error | null, request: SrfRequestLike) => void): void;
}
const Srf = drachtioSrf as unknown as new (tags: string[]) => SrfLike;

let server: FakeDrachtio;
let under: LinksUnderTest;
let srf: SrfLike;
let ours: FakeClient;
let theirs: FakeClient;

beforeEach(async () => {
  server = await FakeDrachtio.start();
  under = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: server.port, secret: SECRET }], { stopTimeoutMs: 50 });
  await under.up();
  ours = await server.client();
  srf = new Srf(['w1']);
  srf.on('error', () => undefined);
  const connected = new Promise<void>((resolve) => srf.on('connect', () => resolve()));
  srf.connect({ host: '127.0.0.1', port: server.port, secret: SECRET });
  await connected;
  theirs = await server.client();
});

afterEach(async () => {
  srf.disconnect();
  await under.links.stop();
  await server.stop();
});

/** Without the id of the message, with header names in lower case, and the length, which the server makes anew, at the end. */
function words({ text }: Frame): string {
  const withoutId = text.slice(text.indexOf('|'));
  const end = withoutId.indexOf('\r\n\r\n');
  const lines = withoutId.slice(0, end).split('\r\n');
  const named = lines.map((line) => line.replace(/^[\w-]+(?=: )/, (name) => name.toLowerCase()));
  const isLength = (line: string): boolean => line.startsWith('content-length: ');
  return [...named.filter((line) => !isLength(line)), ...named.filter(isLength)].join('\r\n') + withoutId.slice(end);
}

/** The INVITE is on its way, and then answered 200. */
function accept(client: FakeClient, invite: Frame): void {
  const echo = invite.text.slice(invite.text.indexOf('\r\n') + 2);
  client.write(`r1|response|${invite.id}|OK|application|1|tcp|192.0.2.1|5060|00:00:00.000000|txn-9|Msg sent:|\r\n${echo}`);
}

const HEADERS = { from: '<sip:ann@example.com>;tag=a', to: '<sip:bob@example.com>', 'call-id': 'c1', cseq: '1 MESSAGE', 'content-type': 'text/plain', subject: 'x' };
const OK = ['SIP/2.0 200 OK', 'From: <sip:ann@example.com>;tag=a', 'To: <sip:bob@example.com>;tag=b', 'Call-ID: c1', 'CSeq: 1 INVITE', 'Content-Length: 0', '', ''].join('\r\n');
const PROXY = 'sip:192.0.2.1;transport=tcp';

describe('drachtio.md section 2.2: client messages have the words of drachtio-srf', () => {
  it('a request out of dialog', async () => {
    srf.request('sip:bob@example.com', { method: 'MESSAGE', headers: { ...HEADERS }, body: 'hello', proxy: PROXY }, () => undefined);
    void under.links.request(outOfDialog('MESSAGE', '', { headers: HEADERS, body: 'hello', proxy: PROXY, timeoutMs: 100 }));
    expect(words(await ours.frame('sip'))).toBe(words(await theirs.frame('sip')));
  });

  it('a request in a dialog by id', async () => {
    const headers = { 'content-type': 'text/plain' };
    srf.request('sip:placeholder', { method: 'MESSAGE', headers: { ...headers }, body: 'hello', stackDialogId: 'c1;from-tag=a' }, () => undefined);
    void under.links.request(byId('MESSAGE', 'c1;from-tag=a', { headers, body: 'hello', timeoutMs: 100 }));
    expect(words(await ours.frame('sip'))).toBe(words(await theirs.frame('sip')));
  });

  it('the ACK of a 2xx', async () => {
    srf.request('sip:bob@example.com', { method: 'INVITE', headers: { ...HEADERS }, proxy: PROXY }, (_error, request) => {
      request.on('response', (_response, ack) => {
        request.uri = 'sip:placeholder';
        ack({}, () => undefined);
      });
    });
    void under.links.request(outOfDialog('INVITE', '', { headers: HEADERS, proxy: PROXY }));
    for (const client of [ours, theirs]) {
      accept(client, await client.frame('sip'));
      client.write(`r2|sip|network|1|tcp|192.0.2.1|5060|00:00:00.000000|txn-9|c1;from-tag=a|\r\n${OK}`);
    }
    expect(words(await ours.frame('sip'))).toBe(words(await theirs.frame('sip')));
  });

  it('the CANCEL of an INVITE', async () => {
    srf.request('sip:bob@example.com', { method: 'INVITE', headers: { ...HEADERS }, proxy: PROXY }, (_error, request) => request.cancel(() => undefined));
    void under.links.request(outOfDialog('INVITE', '', { headers: HEADERS, proxy: PROXY, timeoutMs: 20 }));
    for (const client of [ours, theirs]) accept(client, await client.frame('sip'));
    expect(words(await ours.frame('sip'))).toBe(words(await theirs.frame('sip')));
  });

  it('an answer', async () => {
    const more = { subject: 'y', 'content-type': 'text/plain' };
    srf.message((_request, response) => response.send(200, { headers: { ...more, to: ';tag=b' }, body: 'hello' }, () => undefined));
    const lines = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`);
    for (const client of [ours, theirs]) client.request(['MESSAGE sip:ann@example.com SIP/2.0', ...lines, 'Content-Length: 2', '', 'hi'].join('\r\n'), 'txn-1');
    void under.answer(await under.request('MESSAGE'), 200, { ...more, to: '<sip:bob@example.com>;tag=b' }, 'hello');
    expect(words(await ours.frame('sip'))).toBe(words(await theirs.frame('sip')));
  });
});
