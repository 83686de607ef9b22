/** What a worker sees of an anchor, by the links that it really uses. */
import type { Sipd } from '@isthmus/sipd';
import { Authority } from '../../../scenarios/support/certificates';
import { SipPeer } from '../../../scenarios/support/raw-sip';
import { LinksUnderTest, SECRET, startSipd } from '../../sip/test/support/links';
import { until } from '../../sipd/test/support/inbox';
import { type Anchor, AnchorOptionError, type AnchorOptions, createAnchor } from '../src';

const FROM = 'sip:bob@example.com';
const TO = 'sip:ann@example.com';
const WORKERS = 'battery-staple';

const undo: (() => unknown)[] = [];

afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
});

async function anchorOf(sipd: Sipd, options: Partial<AnchorOptions> = {}): Promise<Anchor> {
  const anchor = await createAnchor({
    server: { host: '127.0.0.1', port: sipd.admin.port, secret: SECRET },
    listen: { host: '127.0.0.1', port: 0 },
    secret: WORKERS,
    retryMs: 20,
    ...options,
  });
  undo.push(() => anchor.close());
  await until('the anchor is up', () => anchor.up);
  return anchor;
}

async function server(): Promise<Sipd> {
  const sipd = await startSipd();
  undo.push(() => sipd.close());
  return sipd;
}

const placeOf = (anchor: Anchor, name = 'd1') => ({ name, ...anchor.place, secret: WORKERS });

function worker(workerName: string, servers: ConstructorParameters<typeof LinksUnderTest>[0]): LinksUnderTest {
  const under = new LinksUnderTest(servers, { workerName, stopTimeoutMs: 500 });
  undo.push(() => under.links.stop());
  return under;
}

async function peerOf(sipd: Sipd): Promise<SipPeer> {
  const peer = await SipPeer.start({ nextHop: { transport: 'tcp', port: sipd.sip[1]?.port ?? 0 } });
  undo.push(() => peer.stop());
  return peer;
}

describe('a worker behind an anchor', () => {
  test('DESIGN 5: all workers name the same owner of dialogs, and a reconnect does not change it', async () => {
    const anchor = await anchorOf(await server());
    const [one, two] = [worker('w1', [placeOf(anchor)]), worker('w2', [placeOf(anchor)])];
    await Promise.all([one.up(), two.up()]);
    const owner = `@d1/${anchor.identity}`;
    expect([one.links.connections(), two.links.connections()]).toEqual([[owner], [owner]]);
    const again = worker('w1', [placeOf(anchor)]);
    await again.up();
    expect(again.links.connections()).toEqual([owner]);
  });

  test('DESIGN 5: the SIP server restarts: the workers are sent away, and the owner is another one afterwards', async () => {
    const sipd = await server();
    const anchor = await anchorOf(sipd);
    const one = worker('w1', [placeOf(anchor)]);
    await one.up();
    const [before] = one.links.connections();
    sipd.restart();
    expect(await one.change('down')).toMatchObject({ owner: before });
    expect(await one.change('up')).not.toMatchObject({ owner: before });
    expect(one.links.connections()).toEqual([`@d1/${anchor.identity}`]);
  });

  test('DESIGN 5: while the SIP server is away nobody is let in, and the anchor says why', async () => {
    const sipd = await server();
    const anchor = await anchorOf(sipd);
    await sipd.close();
    await until('it is noticed', () => !anchor.up);
    const one = worker('w1', [placeOf(anchor)]);
    one.links.start();
    await one.line('sip_link_down');
    expect(one.links.connections()).toEqual([]);
    await until('the anchor says why', () => anchor.why?.includes('ECONNREFUSED') === true);
  });

  test('XD-10: while a worker stops the requests of its dialogs go to another one: no 481, no 503', async () => {
    const sipd = await server();
    const anchor = await anchorOf(sipd);
    const [one, two] = [worker('w1', [placeOf(anchor)]), worker('w2', [placeOf(anchor)])];
    await Promise.all([one.up(), two.up()]);
    const peer = await peerOf(sipd);
    const opening = peer.open('SUBSCRIBE', { from: FROM, to: TO, headers: { Event: 'presence', Expires: '60' } });
    const holder = await Promise.race([one, two].map(async (each) => (await each.request('SUBSCRIBE').then((request) => each.answer(request, 200, { expires: '60' })), each)));
    const other = holder === one ? two : one;
    const dialog = await opening;
    other.links.onRequest(async (request) => void (await other.answer(request, 200, { expires: '60' })));
    const stopped = holder.links.stop();
    expect((await dialog.request('MESSAGE')).status).toBe(200);
    expect((await dialog.request('SUBSCRIBE')).status).toBe(200);
    await stopped;
    expect((await dialog.request('MESSAGE')).status).toBe(200);
  });

  test('DR-30, SEC-1: TLS with the name that the certificate must show; another name, or none, is refused', async () => {
    const authority = Authority.create();
    undo.push(() => authority.remove());
    const anchor = await anchorOf(await server(), { tls: authority.issue({ names: ['DNS:anchor.example.com'] }) });
    const good = worker('w1', [{ ...placeOf(anchor), tls: { ca: authority.pem, name: 'anchor.example.com' } }]);
    await good.up();
    for (const tls of [{ ca: authority.pem, name: 'other.example.com' }, { name: 'anchor.example.com' }]) {
      const bad = worker('w2', [{ ...placeOf(anchor), tls }]);
      bad.links.start();
      await bad.line('sip_link_down', 'warn');
      expect(bad.links.connections()).toEqual([]);
    }
    const plain = worker('w3', [placeOf(anchor)]);
    plain.links.start();
    await plain.line('sip_link_down', 'warn');
    expect(anchor.counts().workers).toBe(1);
  });

  test('SEC-1: a key of another certificate is told with both files', async () => {
    const authority = Authority.create();
    undo.push(() => authority.remove());
    const [{ certificate }, { key }] = [authority.issue({}), authority.issue({})];
    const starting = createAnchor({ server: { host: '127.0.0.1', port: 1, secret: SECRET }, listen: { host: '127.0.0.1', port: 0 }, secret: WORKERS, tls: { certificate, key } });
    await expect(starting).rejects.toThrow(AnchorOptionError);
    await expect(starting).rejects.toThrow(`the certificate in ${certificate} and the key in ${key} cannot be used`);
  });

  test('DESIGN 5: servers join and leave while it runs; what was in hand at one that left is answered', async () => {
    const [first, second] = [await server(), await server()];
    const [d1, d2] = [await anchorOf(first), await anchorOf(second)];
    const one = worker('w1', [placeOf(d1, 'd1')]);
    await one.up();
    one.links.replaceServers([placeOf(d1, 'd1'), placeOf(d2, 'd2')]);
    expect(await one.change('up')).toMatchObject({ server: 'd2' });
    const peer = await peerOf(first);
    const asked = peer.request('MESSAGE', { from: FROM, to: TO });
    const request = await one.request('MESSAGE');
    one.links.replaceServers([placeOf(d2, 'd2')]);
    await one.answer(request, 200);
    expect((await asked).response.status).toBe(200);
    expect(await one.change('down')).toMatchObject({ server: 'd1' });
    expect(one.links.servers().map(({ name, up }) => [name, up])).toEqual([['d2', true]]);
    expect(() => one.links.replaceServers([placeOf(d1, 'bad name')])).toThrow('cannot name');
  });
});
