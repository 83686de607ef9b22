import type { Sipd } from '@isthmus/sipd';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

import { Authority, pemOf } from '../../../scenarios/support/certificates';
import { FakeDrachtio } from './support/fake-drachtio';
import { LinksUnderTest, SECRET, serverOf, startSipd } from './support/links';

let authority: Authority;
let sipd: Sipd;
let under: LinksUnderTest;
let peer: TLSSocket;
let count = 0;

beforeAll(async () => {
  authority = Authority.create();
  const own = authority.issue({ names: ['DNS:isthmus.example.com'] });
  sipd = await startSipd({
    sip: [{ protocol: 'tls', host: '127.0.0.1', port: 0 }],
    tls: { ...own, ca: authority.ca, clientCertificates: 'optional' },
  });
  under = new LinksUnderTest([serverOf(sipd)], { stopTimeoutMs: 50 });
  await under.up();
});
afterEach(() => peer?.destroy());
afterAll(async () => {
  await under.links.stop();
  await sipd.close();
  authority.remove();
});

async function connectWith(names: readonly string[]): Promise<void> {
  const shown = names.length === 0 ? {} : pemOf(authority.issue({ names }));
  peer = connect({ host: '127.0.0.1', port: sipd.sip[0]?.port ?? 0, servername: 'isthmus.example.com', ca: authority.pem, ...shown });
  await once(peer, 'secureConnect');
}

function say(method: string, more: readonly string[] = []): void {
  count += 1;
  const head = [
    `${method} sip:ann@example.com SIP/2.0`,
    `Via: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK${count}`,
    'From: <sip:bob@example.com>;tag=bob',
    `To: <sip:ann@example.com>${method === 'OPTIONS' ? '' : ';tag=ann'}`,
    'Call-ID: names',
    `CSeq: ${count} ${method}`,
    'Contact: <sip:bob@127.0.0.1:5061;transport=tls>',
    ...more,
  ];
  peer.write([...head, 'Content-Length: 0', '', ''].join('\r\n'));
}

describe('source.tlsNames', () => {
  it('SEC-3: tells the names that the certificate of a TLS peer has proven, in and out of dialogs', async () => {
    await connectWith(['DNS:fe.example.com', 'DNS:pool.example.com']);
    say('OPTIONS');
    const names = ['fe.example.com', 'pool.example.com'];
    expect((await under.request('OPTIONS')).source).toEqual({ address: '127.0.0.1', port: peer.localPort, transport: 'tls', tlsNames: names });
    say('SUBSCRIBE', ['Event: presence']);
    const subscribe = await under.request('SUBSCRIBE');
    await under.answer(subscribe, 200, { expires: '600' });
    say('SUBSCRIBE', ['Event: presence']);
    const refresh = await under.request('SUBSCRIBE');
    expect([refresh.stackId, refresh.source.tlsNames]).toEqual(['names;from-tag=bob', names]);
    await under.answer(refresh, 200, { expires: '600' });
  });

  it('SEC-3: is absent for a peer that has shown no certificate, whatever it writes', async () => {
    await connectWith([]);
    say('OPTIONS', ['X-Names: |||||||||||||tls=fe.example.com']);
    expect((await under.request('OPTIONS')).source).toEqual({ address: '127.0.0.1', port: peer.localPort, transport: 'tls' });
  });

  it('is absent with drachtio-server, which has no field for it', async () => {
    const fake = await FakeDrachtio.start();
    const other = new LinksUnderTest([{ name: 'd1', host: '127.0.0.1', port: fake.port, secret: SECRET }], { stopTimeoutMs: 50 });
    await other.up();
    const client = await fake.client();
    client.request('OPTIONS sip:ann@example.com SIP/2.0\r\nCall-ID: 1\r\nX-Names: tls=fe.example.com\r\n\r\n', 'txn');
    expect((await other.request('OPTIONS')).source).not.toHaveProperty('tlsNames');
    await other.links.stop();
    await fake.stop();
  });
});
