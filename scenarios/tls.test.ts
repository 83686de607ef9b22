import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect as connectPlain } from 'node:net';
import { connect, createServer, type Server } from 'node:tls';

import { Authority, pemOf } from './support/certificates';
import { freePort } from './support/ports';
import { START_MS } from './support/recovery';
import { describeWithSipe } from './support/sipe-suite';
import { SipeWorld } from './support/sipe-world';
import { World } from './support/world';
import { adds, errorFor, isAskedBy, readsTexts, sees, shows, writes } from './support/xmpp-steps';
import type { XmppUser } from './support/xmpp-user';

const { BOB } = SipeWorld;
const OURS = 'isthmus.example.com';
const THEIRS = 'fe.example.com';

let authority: Authority;
let stranger: Authority;
beforeAll(() => {
  authority = Authority.create();
  stranger = Authority.create('Another CA');
});
afterAll(() => {
  authority.remove();
  stranger.remove();
});

/** A worker that speaks TLS only, in the name of isthmus.example.com. */
function sipSection(port: number, peers: readonly object[] = []): Readonly<Record<string, unknown>> {
  const tls = { ...authority.issue({ names: [`DNS:${OURS}`] }), ca: authority.ca, name: OURS };
  return { server: { type: 'embedded', listen: [{ transport: 'tls', host: '127.0.0.1', port }], tls }, peers };
}

describeWithSipe('SIPE behind a front end that speaks mutual TLS, as Lync does', () => {
  let scene: SipeWorld;
  let ann: XmppUser;
  let sipPort: number;

  beforeAll(async () => {
    sipPort = await freePort();
    const fe = authority.issue({ names: [`DNS:${THEIRS}`] });
    const files = ['--tls-ca', authority.ca, '--tls-cert', fe.certificate, '--tls-key', fe.key];
    scene = await SipeWorld.start({
      mode: '2007',
      // Our Contact has our name, which the front end does not look up: it goes on by its static route.
      frontEnd: ['--peer-tls', '--route-tls', '--pin-route', '--route-name', OURS, ...files],
      sipPort,
      sip: sipSection(sipPort, [{ name: 'front-end', tlsNames: [THEIRS] }]),
      route: { transport: 'tls', tls: { name: THEIRS } },
    });
    ann = await scene.world.signIn('ann');
  }, START_MS);
  afterAll(() => scene?.stop());

  test('SEC-1: each sees the other', async () => {
    scene.bob.command(`add sip:${ann.bareJid}`);
    await isAskedBy(ann, BOB, 'subscribed');
    await adds(ann, BOB);
    expect(await sees(ann, BOB)).toBe('available');
    await shows(ann, 'away');
    await scene.bob.event('buddy-status', { who: `sip:${ann.bareJid}`, status: 'away' });
    scene.bob.command('status busy');
    expect(await sees(ann, BOB)).toBe('dnd');
  });

  test('SEC-1: texts cross in both directions', async () => {
    await writes(ann, BOB, 'Grüße über TLS');
    expect(await scene.bob.event('message')).toMatchObject({ text: 'Grüße über TLS' });
    scene.bob.command(`im sip:${ann.bareJid} and back`);
    expect(await readsTexts(ann, BOB, 1)).toEqual(['and back']);
  });

  test('every hop of ours says TLS and the name that our certificate is for', async () => {
    const sent = (await scene.bench.crossed('from isthmus')).filter(({ method }) => method !== undefined && method !== '');
    const vias = sent.map((message) => message.header('Via')).filter((via) => via.includes('SIP/2.0/TLS'));
    expect(vias.length).toBeGreaterThan(2);
    for (const via of vias) expect(via).toContain(`SIP/2.0/TLS ${OURS}:${sipPort}`);
  });

  test('SEC-1, SEC-18: a peer with a certificate of another authority, and one without TLS, are sent away; the log says why, the metric how often', async () => {
    const bad = connect({ host: '127.0.0.1', port: sipPort, ca: authority.pem, servername: OURS, ...pemOf(stranger.issue({ names: [`DNS:${THEIRS}`] })) });
    bad.on('error', () => undefined);
    await once(bad, 'close');
    const plain = connectPlain(sipPort, '127.0.0.1').on('error', () => undefined);
    plain.write('OPTIONS sip:ann@example.com SIP/2.0\r\n\r\n');
    await once(plain.resume(), 'close');
    await scene.world.gateway.logged(/"event":"tls_refused".*authority that is not in the CA file here|authority that is not in the CA file here.*"event":"tls_refused"/);
    await scene.world.gateway.logged(/speaks no TLS on this port/);
    expect(await scene.world.gateway.metrics()).toContain('isthmus_sip_tls_failures_total{opened="by-peer"} 2');
    expect(await readsAgain()).toEqual(['still here']);
  });

  async function readsAgain(): Promise<readonly string[]> {
    scene.bob.command(`im sip:${ann.bareJid} still here`);
    return readsTexts(ann, BOB, 1);
  }
});

describe('a next hop with the certificate of somebody else', () => {
  let far: Server;
  let world: World;
  let ann: XmppUser;

  beforeAll(async () => {
    far = createServer({ ...pemOf(authority.issue({ names: ['DNS:other.example.com'] })), ca: authority.pem });
    far.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
    const sipPort = await freePort();
    const route = { transport: 'tls', tls: { name: THEIRS } };
    world = await World.start({ dialect: 'microsoft', nextHopPort: (far.address() as AddressInfo).port, sipPort, sip: sipSection(sipPort), route });
    ann = await world.signIn('ann');
  }, START_MS);
  afterAll(async () => {
    await world?.stop();
    far?.close();
  });

  test('SEC-1, promise 1: gets no text; it comes back to its sender, and the log of the worker says whose certificate it was', async () => {
    let received = 0;
    far.on('secureConnection', (socket) => socket.on('data', () => (received += 1)));
    await writes(ann, BOB, 'for Bob alone', 'm1');
    expect(await errorFor(ann, 'm1')).toBeDefined();
    const why = `its certificate is for other.example.com, not for ${THEIRS}`;
    await world.gateway.logged(new RegExp(`"host":"${THEIRS}","why":"${why}","event":"tls_failed"`));
    await world.gateway.logged(new RegExp(`"result":"unreachable","why":"${why}","event":"request_answered"`));
    expect(received).toBe(0);
  });
});
