import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { SERVER_UNDER_TEST } from '../../scenarios/support/partitioned-server';
import { LOOPBACK } from '../../scenarios/support/ports';
import { XmlStream } from '../../scenarios/support/xml-stream';
import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { openComponentStream, PARTITION_NS, stanzaError } from './support/worker';

const OTHER = 'other.example.com';
const CONNECTION_LIMIT = 4;
const BOB = `bob@${DOMAIN}`;

const streamErrorOf = (stream: XmlStream): Promise<Element> =>
  stream.take('stream error', (element) => element.name === 'stream:error');

/** A component stream before its handshake. */
async function openRawStream(bench: Bench, component: string): Promise<XmlStream> {
  const options = { host: LOOPBACK, port: bench.server.componentPort };
  const header = `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${component}'>`;
  const stream = new XmlStream('raw component', options, header);
  await stream.opened;
  return stream;
}

describe('attaching connections, and the other components of the server', () => {
  let bench: Bench;
  let ann: XmppUser;

  beforeAll(async () => {
    bench = await Bench.start(['ann'], {
      pluginOptions: { connection_limit: CONNECTION_LIMIT },
      otherComponent: OTHER,
    });
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('an unnamed connection is served as well', async () => {
    const worker = await bench.connect();
    await ann.sendChat(BOB, 'unnamed');
    await worker.takeMessage('unnamed');
  });

  test.each([undefined, '', 'two words', 'x'.repeat(65), 'naïve', 'a\nb'])('worker name %j is a bad request', async (name) => {
    const worker = await bench.connect();
    expect(stanzaError(await worker.tell('set', xml('worker', { xmlns: PARTITION_NS, name })))).toBe('modify bad-request');
  });

  test('of two connections of one name the newer one is served', async () => {
    await bench.connect({ worker: 'w1' });
    const newer = await bench.connect({ worker: 'w1' });
    for (const user of Array.from({ length: 10 }, (_, index) => `sip${index}@${DOMAIN}`)) {
      await ann.sendChat(user, user);
      await newer.takeMessage(user);
    }
  });

  test('a wrong secret is not authorized, and the connections that are there go on', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    const stream = await openComponentStream(bench.server, { secret: 'guessed' });
    expect((await streamErrorOf(stream)).getChild('not-authorized')).toBeDefined();
    await stream.closed;
    await ann.sendChat(BOB, 'still here');
    await worker.takeMessage('still here');
  });

  test('a handshake with content beside the digest is not authorized', async () => {
    const stream = await openRawStream(bench, GATEWAY);
    stream.send(xml('handshake', {}, xml('x')));
    expect((await streamErrorOf(stream)).getChild('not-authorized')).toBeDefined();
  });

  test('a stream of another component cannot enter through an attribute on the handshake', async () => {
    const stream = await openComponentStream(bench.server, { component: OTHER, handshakeTo: GATEWAY });
    expect((await streamErrorOf(stream)).getChild('not-authorized')).toBeDefined();
  });

  test('a connection above the limit is refused with resource-constraint', async () => {
    for (let index = 0; index < CONNECTION_LIMIT; index += 1) await bench.connect({ worker: `w${index}` });
    const stream = await openComponentStream(bench.server);
    expect((await streamErrorOf(stream)).getChild('resource-constraint')).toBeDefined();
  });

  test('other components keep as many connections as the server allows', async () => {
    await bench.connect({ component: OTHER, secret: 'other' });
    const second = await openComponentStream(bench.server, { component: OTHER, secret: 'other' });
    // Prosody allows one; ejabberd any number, among which it chooses itself.
    if (SERVER_UNDER_TEST === 'prosody') expect((await streamErrorOf(second)).getChild('conflict')).toBeDefined();
    else expect((await second.take('answer to the handshake', () => true)).name).toBe('handshake');
    await second.cut();
  });

  test('other components keep their traffic and the strict check on their senders', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    const other = await bench.connect({ component: OTHER, secret: 'other' });
    await ann.sendChat(`room@${OTHER}`, 'to the other');
    await other.takeMessage('to the other');
    other.sendChat(`room@${OTHER}`, ann.bareJid, 'from the other');
    await ann.takeMessage('from the other');
    other.sendChat(`room@${OTHER}`, BOB, 'to a missing user');
    await worker.takeMessage('to a missing user');

    other.sendChat(BOB, ann.bareJid, 'forged');
    expect((await streamErrorOf(other.stream)).getChild('invalid-from')).toBeDefined();
  });
});
