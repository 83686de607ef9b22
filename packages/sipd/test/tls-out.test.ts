import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { TlsOptions as ServerOptions } from 'node:tls';
import { Authority, type IssuedCertificate, pemOf } from '../../../scenarios/support/certificates';
import { App } from './support/app';
import { until } from './support/inbox';
import { TcpListener, TlsListener, TlsPeer } from './support/peer';
import { describeSipd, type Target } from './support/target';
import { type LogLine, testAuthority, tlsSipd, tlsTarget } from './support/tls-target';


let authority: Authority;
let stranger: Authority;
let fe: IssuedCertificate;
let far: TlsListener;
let server: Target;
let app: App;
let log: LogLine[];

beforeAll(() => {
  authority = testAuthority();
  stranger = Authority.create('Another CA');
  fe = authority.issue({ names: ['DNS:fe.example.com', 'IP:127.0.0.1'] });
});
afterAll(() => {
  authority.remove();
  stranger.remove();
});

/** The far end: demands a certificate, as Lync does, unless told otherwise. */
async function listen(shown: IssuedCertificate, options: ServerOptions = {}): Promise<TlsListener> {
  far = await TlsListener.start({ ...pemOf(shown), ca: authority.pem, requestCert: true, rejectUnauthorized: true, ...options });
  return far;
}

afterEach(async () => {
  app.close();
  far.close();
  await server.close();
  expect(server.errors).toEqual([]);
});

/** What drachtio-server does too, when it verifies certificates (drachtio.md DR-33, section 4.3). */
describe('a connection that the server opens over TLS', () => {
  beforeEach(async () => {
    server = await tlsTarget(authority);
    app = await App.connect(server);
  });

  test('SEC-1: a request and its answer cross when either side shows a certificate that the other believes', async () => {
    await listen(fe);
    const sent = await app.send('sip:bob@example.com', { method: 'MESSAGE', proxy: far.uri(), headers: { 'Content-Type': 'text/plain' }, body: 'hello' });
    const peer = await far.accepted.next();
    const message = await peer.gets('MESSAGE');
    expect(message.headers.find(([name]) => name === 'Via')?.[1]).toMatch(/^SIP\/2\.0\/TLS /);
    peer.respond(message, '200 OK');
    expect(await sent.status()).toBe(200);
  });

  test('MIM-43: later requests use the same connection', async () => {
    await listen(fe);
    for (let count = 0; count < 3; count += 1) {
      const sent = await app.send('sip:bob@example.com', { method: 'OPTIONS', proxy: far.uri() });
      await until('connected', () => far.accepted.all.length > 0);
      const [peer] = far.accepted.all;
      peer?.respond(await peer.gets('OPTIONS'), '200 OK');
      expect(await sent.status()).toBe(200);
    }
    expect(far.accepted.all).toHaveLength(1);
  });

  test.each([
    ['self-signed', () => authority.selfSigned({ names: ['DNS:fe.example.com', 'IP:127.0.0.1'] })],
    ['expired', () => authority.issue({ names: ['IP:127.0.0.1'], validFrom: -9, validTo: -1 })],
    ['of an unknown authority', () => stranger.issue({ names: ['IP:127.0.0.1'] })],
  ])('SEC-1: nothing is sent to a far end whose certificate is %s: synthetic 503', async (_name, issue) => {
    await listen(issue(), { requestCert: false });
    const sent = await app.send('sip:bob@example.com', { method: 'OPTIONS', proxy: far.uri() });
    const { res } = await sent.final();
    expect(res.status).toBe(503);
    expect(res.source_address).toBe(''); // it is the server's own
    expect(far.accepted.all.flatMap(({ inbox }) => inbox.all)).toEqual([]);
  });
});

describeSipd("what is sipd's own about connections that it opens over TLS", () => {
  let failures: readonly string[];
  async function start(options: Parameters<typeof tlsSipd>[1] = {}): Promise<IssuedCertificate> {
    const made = await tlsSipd(authority, options);
    ({ server, log } = made);
    failures = made.failures;
    app = await App.connect(server);
    return made.own;
  }

  const options = (port = far.port, host = 'fe.example.com', more = ''): Promise<{ status: number; reason: string }> =>
    app
      .send('sip:bob@example.com', { method: 'OPTIONS', proxy: `sip:${host}:${port};transport=tls${more}` })
      .then((sent) => sent.final())
      .then(({ res }) => ({ status: res.status, reason: res.reason }));

  /** The far end answers every request from now on. */
  function serve(): void {
    far.accepted.tap = (peer) => {
      peer.inbox.tap = (request) => peer.respond(request, '200 OK');
    };
  }

  const told = (): readonly unknown[] => log.filter(({ event }) => event === 'tls_failed').map(({ fields }) => fields['why']);

  describe('SEC-1, SEC-18: what goes wrong stands in the reason phrase and in one line of the log, and is counted', () => {
    const good = { names: ['DNS:fe.example.com'] };
    test.each<[string, () => IssuedCertificate, ServerOptions, RegExp]>([
      ['wrong name', () => authority.issue({ names: ['DNS:other.example.com', 'DNS:third.example.com'] }), {}, /its certificate is for other\.example\.com, third\.example\.com, not for fe\.example\.com$/],
      ['wildcard (RFC 5922 section 7.2)', () => authority.issue({ names: ['DNS:*.example.com'] }), {}, /for \*\.example\.com only, and SIP allows no wildcard, not for fe\.example\.com$/],
      ['the name only as common name beside a subjectAltName', () => authority.issue({ names: ['DNS:a.example.com'], commonName: 'fe.example.com' }), {}, /for a\.example\.com, not for/],
      ['expired', () => authority.issue({ ...good, validFrom: -9, validTo: -1 }), {}, /has expired$/],
      ['not yet valid', () => authority.issue({ ...good, validFrom: 1, validTo: 9 }), {}, /is not valid yet; or the clock here is wrong$/],
      ['self-signed', () => authority.selfSigned(good), {}, /is self-signed, and not in the CA file here$/],
      ['unknown CA', () => stranger.issue(good), {}, /authority that is not in the CA file here, or it sends no intermediate certificates$/],
      ['for clients only', () => authority.issue({ ...good, usages: ['clientAuth'] }), {}, /lacks the extended key usage of a TLS server or client$/],
      ['TLS 1.1 only', () => fe, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, /only a version of TLS that is too old, or none that is allowed here$/],
    ])('%s', async (_name, issue, more, why) => {
      await start();
      await listen(issue(), more);
      for (let count = 0; count < 2; count += 1) expect(await options()).toEqual({ status: 503, reason: expect.stringMatching(why) });
      expect(told()).toEqual([expect.stringMatching(why)]);
      expect(failures).toEqual(['by-us', 'by-us']);
      expect(log.find(({ event }) => event === 'tls_failed')).toMatchObject({ level: 'warn', fields: { peer: `127.0.0.1:${far.port}`, host: 'fe.example.com' } });
      expect(far.accepted.all.flatMap(({ inbox }) => inbox.all)).toEqual([]);
    });

    test.each<[string, string[] | undefined, ServerOptions['maxVersion'], RegExp]>([
      ['none that is for clients, TLS 1.3', ['serverAuth'], 'TLSv1.3', /demands a client certificate, and none is configured here$/],
      ['none that is for clients, TLS 1.2', ['serverAuth'], 'TLSv1.2', /refused the handshake: it may demand another client certificate/],
      ['one that is refused without a word', undefined, 'TLSv1.3', /closed the connection (right after|during) the TLS handshake: it may not accept our certificate/],
    ])('our own certificate: %s', async (_name, usages, maxVersion, why) => {
      const own = authority.issue({ names: ['DNS:isthmus.example.com'], ...(usages && { usages }) });
      await start(own);
      await listen(fe, { maxVersion, ...(usages === undefined && { ca: stranger.pem }) });
      expect(await options()).toEqual({ status: 503, reason: expect.stringMatching(why) });
    });

    test('a far end that refuses our certificate by an alert', async () => {
      await start();
      await listen(fe, { ca: stranger.pem, rejectUnauthorized: false });
      const alert = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 48]))); // fatal, unknown_ca (RFC 8446 section 6.2)
      });
      await new Promise<void>((resolve) => alert.listen(0, '127.0.0.1', resolve));
      const { port } = alert.address() as { port: number };
      expect(await options(port)).toEqual({ status: 503, reason: 'it refused our certificate: it does not know the authority that issued it' });
      alert.close();
    });

    test('plain text, silence, nobody', async () => {
      await start({ handshakeMs: 1_000 });
      await listen(fe);
      const plain = createServer((socket) => socket.on('error', () => undefined).resume().end('SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
      const silent = await TcpListener.start();
      await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
      const { port } = plain.address() as { port: number };
      expect((await options(port)).reason).toBe('it speaks no TLS on this port');
      expect((await options(silent.port)).reason).toBe('its TLS handshake did not end in time');
      plain.close();
      await new Promise((resolve) => plain.once('close', resolve));
      expect((await options(port)).reason).toBe('connection refused');
      silent.close();
    });

    test('a name that a certificate tries to smuggle into the reason phrase stays one line of ASCII', async () => {
      await start();
      await listen(authority.issue({ names: ['URI:sip:evil%0d%0aX'], commonName: 'b' }));
      expect((await options()).reason).toMatch(/^[\x20-\x7e]+$/);
    });
  });

  test('the name that is asked for (SNI) is the host of the next hop, or what the worker says', async () => {
    await start();
    const asked: string[] = [];
    await listen(fe, { SNICallback: (name, use) => (asked.push(name), use(null)) });
    serve();
    expect((await options()).status).toBe(200);
    expect(asked).toEqual(['fe.example.com']);
    far.close();
    await listen(authority.issue({ names: ['URI:sip:example.com'] }), { SNICallback: (name, use) => (asked.push(name), use(null)) });
    serve();
    expect((await options(far.port, '127.0.0.1', ';tls-name=example.com')).status).toBe(200);
    expect(asked.slice(1)).toEqual(['example.com']);
    const [peer] = far.accepted.all;
    expect(peer?.inbox.all.map(({ raw }) => raw.toString()).join('')).not.toContain('tls-name');
  });

  test('SEC-19: a connection is used again only for the name that its peer has proven, and for its bare address', async () => {
    await start();
    await listen(authority.issue({ names: ['DNS:fe.example.com', 'DNS:pool.example.com'] }));
    serve();
    expect((await options(far.port, 'fe.example.com')).status).toBe(200);
    expect((await options(far.port, '127.0.0.1')).status).toBe(200);
    expect(far.accepted.all).toHaveLength(1);
    expect((await options(far.port, 'evil.example.com')).reason).toMatch(/not for evil\.example\.com/);
    expect((await options(far.port, 'pool.example.com')).status).toBe(200);
    expect(far.accepted.all.map(({ inbox }) => inbox.all.length)).toEqual([2, 1]);
  });

  test('SEC-1: a dialog that was made over TLS goes on over TLS at the same place, also when a Record-Route there names TCP', async () => {
    await start();
    await listen(fe);
    const sent = await app.send('sip:bob@example.com', { method: 'SUBSCRIBE', proxy: far.uri('fe.example.com'), headers: { Event: 'presence' } });
    const peer = await far.accepted.next();
    const route = `Record-Route: <sip:127.0.0.1:${far.port};transport=tcp;lr>`;
    peer.respond(await peer.gets('SUBSCRIBE'), '200 OK', ['Contact: <sip:bob@192.0.2.9>', route]);
    const { res } = await sent.final();
    const refresh = await app.inDialog(res.stackDialogId, { method: 'SUBSCRIBE', headers: { Event: 'presence' } });
    peer.respond(await peer.gets('SUBSCRIBE'), '200 OK', ['Contact: <sip:bob@192.0.2.9>']);
    expect(await refresh.status()).toBe(200);
    expect(far.accepted.all).toHaveLength(1);
  });

  test('an address without a name that was proven there needs a certificate for the address', async () => {
    await start();
    await listen(authority.issue({ names: ['DNS:fe.example.com'] }));
    expect((await options(far.port, '127.0.0.1')).reason).toMatch(/not for 127\.0\.0\.1, an address: say by which name it is to be known$/);
  });

  test('changed files are used for connections from then on; those that are open stay, and bad files change nothing', async () => {
    const own = await start({ reloadMs: 50 });
    await listen(fe);
    serve();
    expect((await options()).status).toBe(200);
    const renewed = authority.issue({ names: ['DNS:isthmus.example.com'], commonName: 'renewed' });
    const shownTo = (peer: TlsPeer | undefined): unknown => peer?.tls.getPeerCertificate().subject.CN;
    const shownBy = async (): Promise<unknown> => {
      const peer = await TlsPeer.secure(server.sip.tls, { ca: authority.pem, ...pemOf(fe), checkServerIdentity: () => undefined });
      const shown = shownTo(peer);
      peer.close();
      return shown;
    };
    copyFileSync(renewed.key, own.key); // does not fit the certificate that is still there
    await until('refused', () => log.some(({ event }) => event === 'certificates_refused'));
    expect(log.find(({ event }) => event === 'certificates_refused')?.fields['why']).toMatch(/tls\.key: the key in .* does not belong to the certificate/);
    expect(await shownBy()).toBe('first');
    copyFileSync(renewed.certificate, own.certificate);
    await until('loaded', () => log.filter(({ event }) => event === 'certificates_loaded').length === 2);
    expect(await shownBy()).toBe('renewed');
    expect((await options()).status).toBe(200);
    const [open] = far.accepted.all;
    expect([far.accepted.all.length, shownTo(open)]).toEqual([1, 'first']);
    open?.close();
    await until('gone', () => open?.closed === true);
    expect((await options()).status).toBe(200);
    expect(shownTo(far.accepted.all.at(-1))).toBe('renewed');
  });

  test('reloadCertificates reads at once; a certificate that soon expires is complained about', async () => {
    const own = await start();
    await listen(fe);
    const short = authority.issue({ names: ['DNS:isthmus.example.com'], validTo: 3 });
    copyFileSync(short.key, own.key);
    copyFileSync(short.certificate, own.certificate);
    expect(log.filter(({ event }) => event === 'certificate_expires')).toEqual([]);
    server.sipd?.reloadCertificates();
    expect(log.filter(({ event }) => event === 'certificate_expires')).toMatchObject([{ level: 'warn' }]);
  });

  test('a certificate of its own for connections that are opened', async () => {
    await start({ ...authority.issue({ usages: ['serverAuth'] }), client: authority.issue({ commonName: 'as a client', usages: ['clientAuth'] }) });
    await listen(fe);
    serve();
    expect((await options()).status).toBe(200);
    expect(far.accepted.all[0]?.tls.getPeerCertificate().subject.CN).toBe('as a client');
  });
});
