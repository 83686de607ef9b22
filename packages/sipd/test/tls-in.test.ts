import { connect } from 'node:net';
import { Authority, type IssuedCertificate, pemOf } from '../../../scenarios/support/certificates';
import type { Intake } from '../src';
import { answer, App } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpPeer, TlsPeer } from './support/peer';
import { statusOf, value } from './support/sip-text';
import { describeSipd, startSipd, type Target } from './support/target';
import { type LogLine, testAuthority, tlsSipd, tlsTarget } from './support/tls-target';


let authority: Authority;
let fe: IssuedCertificate;

beforeAll(() => {
  authority = testAuthority();
  fe = authority.issue({ names: ['DNS:fe.example.com', 'DNS:Pool.Example.com'] });
});
afterAll(() => authority.remove());

/** What drachtio-server does too, when it verifies certificates (drachtio.md DR-33). */
describe('a peer that connects over TLS', () => {
  let server: Target;
  let app: App;

  beforeEach(async () => {
    server = await tlsTarget(authority);
    app = await App.connect(server);
  });
  afterEach(async () => {
    app.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('SEC-1: a request and its answer cross %s; the answer comes back on the same connection', async (version) => {
    const peer = await TlsPeer.secure(server.sip.tls, { ca: authority.pem, ...pemOf(fe), minVersion: version, maxVersion: version, checkServerIdentity: () => undefined });
    const request = peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'hello' });
    const given = await app.gets('MESSAGE');
    expect(given.req).toMatchObject({ protocol: 'tls', source_address: '127.0.0.1' });
    await answer(given, 200);
    expect(statusOf(await peer.answerTo(request))).toBe(200);
    peer.close();
  });

  test('requests in a dialog go back over the connection of a peer that has shown its certificate, with TLS in Via (RFC 5923)', async () => {
    const peer = await TlsPeer.secure(server.sip.tls, { ca: authority.pem, ...pemOf(fe), checkServerIdentity: () => undefined });
    const subscribe = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`] });
    const given = await app.gets('SUBSCRIBE');
    await answer(given, 200, { headers: { Expires: '600' } });
    const ok = await peer.answerTo(subscribe);
    expect(value(ok, 'contact')).toMatch(/;transport=tls>$/);
    const headers = { Event: 'presence', 'Subscription-State': 'active;expires=600' };
    const notify = await app.inDialog(given.req.stackDialogId || `${value(subscribe, 'call-id')};from-tag=${/tag=(\w+)/.exec(value(subscribe, 'from'))?.[1]}`, { method: 'NOTIFY', headers });
    const got = await peer.gets('NOTIFY');
    expect(value(got, 'via')).toMatch(/^SIP\/2\.0\/TLS /);
    peer.respond(got, '200 OK');
    expect(await notify.status()).toBe(200);
    peer.close();
  });

  test('SEC-1: plain text on the TLS port gets no answer but a closed connection', async () => {
    const peer = await TcpPeer.connect(server.sip.tls);
    peer.request({ method: 'OPTIONS' });
    await until('closed', () => peer.closed);
    expect(app.given.all).toEqual([]);
  });

  test.each([
    ['a self-signed certificate', () => authority.selfSigned({ names: ['DNS:fe.example.com'] })],
    ['an expired certificate', () => authority.issue({ names: ['DNS:fe.example.com'], validFrom: -9, validTo: -1 })],
    ['a certificate that is not valid yet', () => authority.issue({ names: ['DNS:fe.example.com'], validFrom: 1, validTo: 9 })],
    ['a certificate that is for servers only', () => authority.issue({ names: ['DNS:fe.example.com'], usages: ['serverAuth'] })],
    ['no certificate', () => undefined],
  ])('SEC-1, SEC-18: a peer with %s is sent away before its request reaches anybody', async (_name, issue) => {
    const shown = issue();
    const peer = await TlsPeer.secure(server.sip.tls, { ca: authority.pem, ...(shown && pemOf(shown)), checkServerIdentity: () => undefined });
    peer.request({ method: 'OPTIONS' });
    await until('closed', () => peer.closed);
    expect(app.given.all).toEqual([]);
  });
});

describeSipd("what is sipd's own about peers that connect over TLS", () => {
  let server: Target;
  let app: App;
  let log: LogLine[];
  let failures: readonly string[];

  async function start(options: Parameters<typeof tlsSipd>[1] = {}, limits = {}, intake?: Intake): Promise<void> {
    ({ server, log, failures } = await tlsSipd(authority, options, limits, intake));
    app = await App.connect(server);
  }
  afterEach(async () => {
    app.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  const secure = (shown?: IssuedCertificate, options: object = {}): Promise<TlsPeer> =>
    TlsPeer.secure(server.sip.tls, { ca: authority.pem, ...(shown && pemOf(shown)), checkServerIdentity: () => undefined, ...options });
  const refusals = (): readonly unknown[] => log.filter(({ event }) => event === 'tls_refused').map(({ fields }) => fields['why']);

  test.each([
    ['self-signed', () => authority.selfSigned({ names: ['DNS:fe.example.com'] }), /self-signed/],
    ['of an unknown authority', () => other().issue({ names: ['DNS:fe.example.com'] }), /authority that is not in the CA file/],
    ['expired', () => authority.issue({ validFrom: -9, validTo: -1 }), /has expired/],
    ['not valid yet', () => authority.issue({ validFrom: 1, validTo: 9 }), /not valid yet; or the clock here is wrong/],
    ['for servers only', () => authority.issue({ usages: ['serverAuth'] }), /lacks the extended key usage/],
    ['missing', () => undefined, /shows no certificate, and one is required/],
  ])('SEC-1: a client certificate that is %s is refused with one clear line, and each time counted', async (_name, issue, why) => {
    await start();
    for (let count = 0; count < 3; count += 1) {
      const peer = await secure(issue());
      await until('closed', () => peer.closed);
    }
    expect(refusals()).toEqual([expect.stringMatching(why)]);
    expect(failures).toEqual(['by-peer', 'by-peer', 'by-peer']);
    expect(log.find(({ event }) => event === 'tls_refused')).toMatchObject({ level: 'warn', fields: { peer: '127.0.0.1' } });
  });

  test.each([
    ['plain text', Buffer.from('OPTIONS sip:a@example.com SIP/2.0\r\n\r\n'), /speaks no TLS on this port/],
    ['TLS 1.1', clientHello(0x0302), /version of TLS that is too old/],
    ['a half of a handshake', clientHello(0x0303).subarray(0, 40), /did not end in time/],
    ['nothing', Buffer.alloc(0), /did not end in time/],
  ])('SEC-18: a peer that sends %s is refused with one clear line', async (_name, bytes, why) => {
    await start({ handshakeMs: 300 });
    const peer = await TcpPeer.connect(server.sip.tls);
    peer.write(bytes);
    await until('closed', () => peer.closed);
    await until('told', () => refusals().length > 0);
    expect(refusals()).toEqual([expect.stringMatching(why)]);
  });

  test('promise 6: handshakes that are not over are bounded, and others come in again when they have ended', async () => {
    await start({ handshakes: 2, handshakeMs: 2_000 });
    const silent = [await TcpPeer.connect(server.sip.tls), await TcpPeer.connect(server.sip.tls)];
    const third = connect(server.sip.tls, '127.0.0.1');
    await new Promise((resolve) => third.once('close', resolve));
    expect(silent.map(({ closed }) => closed)).toEqual([false, false]);
    expect(refusals()).toEqual([expect.stringMatching(/2 TLS handshakes are under way, which is the limit/)]);
    await until('the silent ones closed', () => silent.every(({ closed }) => closed));
    const peer = await secure(fe);
    peer.request({ method: 'OPTIONS' });
    await app.gets('OPTIONS');
    peer.close();
  });

  test('promise 6: one address that opens handshakes and ends none does not keep another one out', async () => {
    await start({ handshakes: 3, handshakeMs: 60_000 });
    const silent: TcpPeer[] = [];
    for (let count = 0; count < 3; count += 1) silent.push(await TcpPeer.connect(server.sip.tls));
    const peer = await secure(fe, { localAddress: '127.0.0.2' });
    peer.request({ method: 'OPTIONS' });
    await app.gets('OPTIONS');
    await until('one of the silent ones closed', () => silent.some(({ closed }) => closed));
    expect(silent.map(({ closed }) => closed)).toEqual([true, false, false]);
    for (const each of [peer, ...silent]) each.close();
  });

  test('promise 6: addresses that all have no more than their share are not closed for a newcomer', async () => {
    await start({ handshakes: 2, handshakeMs: 60_000 });
    const silent = [await TcpPeer.connect(server.sip.tls), new TcpPeer(connect({ port: server.sip.tls, host: '127.0.0.1', localAddress: '127.0.0.2' }))];
    await until('both under way', () => silent.every(({ socket }) => socket.readyState === 'open'));
    const third = connect({ port: server.sip.tls, host: '127.0.0.1', localAddress: '127.0.0.3' });
    await new Promise((resolve) => third.once('close', resolve));
    expect(silent.map(({ closed }) => closed)).toEqual([false, false]);
    for (const each of silent) each.close();
  });

  test('promise 6: connections under handshake count as connections', async () => {
    await start({ handshakeMs: 60_000 }, { connections: 1 });
    const silent = await TcpPeer.connect(server.sip.tls);
    const second = connect(server.sip.tls, '127.0.0.1');
    await new Promise((resolve) => second.once('close', resolve));
    expect(silent.closed).toBe(false);
    silent.close();
  });

  test('promise 6: connections of one address are counted from the first byte of the handshake until they are closed', async () => {
    await start({ handshakeMs: 60_000 }, { connectionsPerAddress: 1 });
    const silent = await TcpPeer.connect(server.sip.tls);
    const second = connect(server.sip.tls, '127.0.0.1');
    await new Promise((resolve) => second.once('close', resolve));
    expect(silent.closed).toBe(false);
    silent.close();
    for (let rounds = 0; rounds < 3; rounds += 1) {
      let peer: TlsPeer | undefined;
      while (peer === undefined) peer = await secure(fe).catch(() => undefined);
      peer.request({ method: 'OPTIONS' });
      await app.gets('OPTIONS');
      peer.close();
    }
  });

  describe('the names that a certificate has proven (RFC 5922 section 7.1) reach the worker', () => {
    /** Field 13 of the first line of what the server hands over. */
    async function namesTold(shown: IssuedCertificate | undefined): Promise<string | undefined> {
      const control = await Control.open(server);
      await control.ask('route|options');
      const peer = await secure(shown);
      peer.request({ method: 'OPTIONS', headers: ['X-Names: tls=forged.example.com|tls=forged.example.com'] });
      const { fields } = await control.sip('OPTIONS ');
      peer.close();
      control.close();
      return fields[13];
    }

    beforeEach(async () => {
      ({ server, log } = await tlsSipd(authority, { clientCertificates: 'optional' }));
      app = await App.connect(server, []);
    });

    test.each([
      ['DNS names, in lower case', { names: ['DNS:fe.example.com', 'DNS:Pool.Example.com'] }, 'tls=fe.example.com,pool.example.com'],
      ['the domains of SIP URIs before DNS names', { names: ['URI:sip:example.com', 'DNS:fe.example.com'] }, 'tls=example.com'],
      ['no user\'s URI and no other scheme', { names: ['URI:sip:bob@example.com', 'URI:https://example.org', 'DNS:a.example.com'] }, 'tls=a.example.com'],
      ['the common name only where there is no subjectAltName', { commonName: 'old.example.com' }, 'tls=old.example.com'],
      ['not the common name beside a subjectAltName', { commonName: 'old.example.com', names: ['IP:127.0.0.1'] }, undefined],
      ['no wildcards (section 7.2)', { names: ['DNS:*.example.com', 'DNS:b.example.com'] }, 'tls=b.example.com'],
      ['nothing that is no name', { commonName: 'Bob|tls=x' }, undefined],
    ])('%s', async (_name, wish, told) => {
      expect(await namesTold(authority.issue(wish))).toBe(told);
    });

    test('SEC-3: none without a certificate, and no header of a peer makes one', async () => {
      expect(await namesTold(undefined)).toBeUndefined();
    });
  });

  test('clientCertificates optional: a peer may show none, but not a bad one', async () => {
    await start({ clientCertificates: 'optional' });
    const nameless = await secure();
    const request = nameless.request({ method: 'OPTIONS' });
    await answer(await app.gets('OPTIONS'), 200);
    expect(statusOf(await nameless.answerTo(request))).toBe(200);
    const bad = await secure(authority.selfSigned({ names: ['DNS:fe.example.com'] }));
    await until('closed', () => bad.closed);
    nameless.close();
  });

  test.each(['optional', 'none'] as const)('SEC-18: with clientCertificates %s whoever has shown none is as unknown over TLS as over TCP', async (clientCertificates) => {
    const proofs: boolean[] = [];
    await start({ clientCertificates }, {}, { message: (_address, proven) => (proofs.push(proven), 0), request: () => 0, isStranger: () => false });
    for (const shown of [undefined, fe]) {
      const peer = await secure(shown);
      peer.request({ method: 'OPTIONS' });
      await app.gets('OPTIONS');
      peer.close();
    }
    expect(proofs).toEqual([false, clientCertificates === 'optional']);
  });

  test('SEC-19: requests of ours do not go back over the connection of a peer that has proven nothing', async () => {
    await start({ clientCertificates: 'none' });
    const peer = await secure();
    const subscribe = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', 'Contact: <sip:bob@127.0.0.1:9;transport=tls>'] });
    const given = await app.gets('SUBSCRIBE');
    const ok = await answer(given, 200);
    const id = `${ok.get('call-id')};from-tag=${/tag=(\w+)/.exec(value(subscribe, 'from'))?.[1]}`;
    const sent = await app.inDialog(id, { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'active' } });
    expect(await sent.status()).toBe(503);
    expect(peer.inbox.all.filter(({ start: line }) => line.startsWith('NOTIFY'))).toEqual([]);
    peer.close();
  });

  test('a server with a name shows it in Via and Contact: peers look for it in the certificate', async () => {
    await start({ name: 'isthmus.example.com' });
    const peer = await secure(fe);
    const subscribe = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`] });
    const given = await app.gets('SUBSCRIBE');
    await answer(given, 200);
    expect(value(await peer.answerTo(subscribe), 'contact')).toBe(`<sip:isthmus.example.com:${server.sip.tls};transport=tls>`);
    peer.close();
  });

  test('the certificate is chosen by the name that the peer asks for (SNI, RFC 6066 section 3)', async () => {
    const further = authority.issue({ names: ['DNS:sip.example.org'], commonName: 'second' });
    await start({ further: [further] });
    const shown = async (servername?: string): Promise<unknown> => {
      const peer = await secure(fe, servername === undefined ? {} : { servername });
      const { CN } = peer.tls.getPeerCertificate().subject;
      peer.close();
      return CN;
    };
    expect(await shown()).toBe('first');
    expect(await shown('isthmus.example.com')).toBe('first');
    expect(await shown('SIP.example.org')).toBe('second');
    expect(await shown('unknown.example.net')).toBe('first');
  });
});

const other = (): Authority => (secondAuthority ??= Authority.create('Another CA'));
let secondAuthority: Authority | undefined;
afterAll(() => secondAuthority?.remove());

/** A ClientHello that offers no more than this version (RFC 5246 section 7.4.1.2): libraries of today do not make old ones. */
function clientHello(version: number): Buffer {
  const suites = Buffer.from([0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f, 0x00, 0x35]);
  const body = Buffer.concat([word(version), Buffer.alloc(32, 7), Buffer.from([0]), word(suites.length), suites, Buffer.from([1, 0])]);
  const handshake = Buffer.concat([Buffer.from([1, 0]), word(body.length), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), word(handshake.length), handshake]);
}

function word(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
