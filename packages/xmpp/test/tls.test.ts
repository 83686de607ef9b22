import { connect, type AddressInfo, createServer as createPlainServer } from 'node:net';
import { createServer, type Server, type TlsOptions } from 'node:tls';

import { Authority, pemOf } from '../../../scenarios/support/certificates';
import { Prosody } from '../../../scenarios/support/prosody';
import { XmppUser } from '../../../scenarios/support/xmpp-user';
import { chat, DOMAIN, LinkUnderTest, SECRET, USER_DOMAIN } from './support/links';

const ANN = 'ann@example.com';

let authority: Authority;
let stranger: Authority;
let wrapper: Server | undefined;
let under: LinkUnderTest | undefined;

beforeAll(() => {
  authority = Authority.create();
  stranger = Authority.create('Another CA');
});
afterEach(async () => {
  await under?.link.stop();
  wrapper?.close();
  [under, wrapper] = [undefined, undefined];
});
afterAll(() => {
  authority.remove();
  stranger.remove();
});

/** What stunnel does: takes TLS and hands its content on to a component port. */
async function wrap(options: TlsOptions, behind = 9): Promise<number> {
  const server = createServer(options, (outside) => {
    const inside = connect(behind, '127.0.0.1');
    outside.pipe(inside).pipe(outside);
    for (const [one, other] of [[outside, inside], [inside, outside]] as const) one.on('error', () => undefined).on('close', () => other.destroy());
  });
  server.on('tlsClientError', () => undefined);
  wrapper = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('a component link wrapped in TLS', () => {
  test('SEC-1: to a real Prosody: stanzas cross in both directions, by pieces of every size', async () => {
    const prosody = await Prosody.start({ domain: USER_DOMAIN, component: DOMAIN, secret: SECRET, partitioned: true, users: { ann: 'pw' } });
    const port = await wrap(pemOf(authority.issue({ names: ['DNS:xmpp.example.com'] })), prosody.componentPort);
    under = new LinkUnderTest({ port, tls: { ca: authority.pem, name: 'xmpp.example.com' } });
    await under.link.start();
    const ann = await XmppUser.connect({ port: prosody.c2sPort, domain: USER_DOMAIN, user: 'ann', password: 'pw', resource: 'r' });
    await ann.sendPresence();
    const text = 'Grüße 日本 '.repeat(800);
    await under.link.send(chat(`bob@${USER_DOMAIN}`, ANN, text));
    await ann.takeMessage(text);
    await ann.send(chat(ANN, `bob@${USER_DOMAIN}`, text));
    expect((await under.stanza('message')).getChildText('body')).toBe(text);
    await ann.stop();
    await under.link.stop();
    await prosody.stop();
  });

  test.each([
    ['an unknown authority', () => stranger.issue({ names: ['IP:127.0.0.1'] }), /its certificate was issued by an authority that is not in xmpp\.tls\.ca/],
    ['no authority', () => authority.selfSigned({ names: ['IP:127.0.0.1'] }), /its certificate is self-signed: name it, or the authority that issues it, in xmpp\.tls\.ca/],
    ['another name', () => authority.issue({ names: ['DNS:other.example.com'] }), /is not in the cert's (list|altnames)/],
    ['the past', () => authority.issue({ names: ['IP:127.0.0.1'], validFrom: -9, validTo: -1 }), /its certificate has expired/],
    ['the future', () => authority.issue({ names: ['IP:127.0.0.1'], validFrom: 1, validTo: 9 }), /its certificate is not valid yet/],
  ])('SEC-1: nothing is said to a server with a certificate of %s, and the log says why', async (_name, issue, why) => {
    const port = await wrap(pemOf(issue()));
    let asked = 0;
    wrapper?.on('secureConnection', (socket) => socket.on('data', () => (asked += 1)));
    under = new LinkUnderTest({ port, tls: { ca: authority.pem } });
    void under.link.start().catch(() => undefined);
    const { fields } = await under.line('xmpp_link_down', 'warn');
    expect(fields['why']).toMatch(why);
    expect(asked).toBe(0);
  });

  test('a port without TLS', async () => {
    const plain = createPlainServer((socket) => socket.on('error', () => undefined).end('<stream:stream>'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    under = new LinkUnderTest({ port: (plain.address() as AddressInfo).port, tls: { ca: authority.pem } });
    void under.link.start().catch(() => undefined);
    expect((await under.line('xmpp_link_down', 'warn')).fields['why']).toMatch(/speaks no TLS on this port/);
    plain.close();
  });

  test('it comes back when the wrapper does, with the certificate that is there then', async () => {
    const prosody = await Prosody.start({ domain: USER_DOMAIN, component: DOMAIN, secret: SECRET, partitioned: true, users: {} });
    const port = await wrap(pemOf(stranger.issue({ names: ['IP:127.0.0.1'] })), prosody.componentPort);
    under = new LinkUnderTest({ port, tls: { ca: authority.pem } });
    const online = under.link.start();
    await under.line('xmpp_link_down', 'warn');
    wrapper?.setSecureContext(pemOf(authority.issue({ names: ['IP:127.0.0.1'] })));
    await online;
    expect(under.link.status).toBe('online');
    await under.link.stop();
    await prosody.stop();
  });
});
