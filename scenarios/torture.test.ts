import { TORTURE } from '../packages/sipd/test/torture';
import { Mailbox } from './support/mailbox';
import { freePort } from './support/ports';
import { SipMessage } from './support/sip-message';
import { SipSockets, type Transport } from './support/sip-sockets';
import { World } from './support/world';

/** Promise 7: the torture messages of RFC 4475 and RFC 5118 against the whole worker: each ends as documented, and nothing ends. */

let world: World;
beforeAll(async () => (world = await World.start({ dialect: 'simple', users: ['ann'] })));
afterAll(() => world.stop());

/** A peer that sends bytes and shows the final answers, whatever they answer. */
async function throwing(transport: Transport) {
  const answers = new Mailbox<SipMessage>('answers', ({ startLine }) => startLine);
  const sockets = await SipSockets.open((bytes) => {
    const message = SipMessage.parse(bytes);
    if (!message.isRequest && message.status >= 200) answers.put(message);
  });
  const send = async (bytes: Buffer): Promise<void> => (await sockets.flow({ port: world.sipPort, transport })).send(bytes);
  const next = (what: string): Promise<SipMessage> => answers.take({ what, wanted: () => true });
  return { place: { transport: transport === 'tcp' ? ('TCP' as const) : ('UDP' as const), host: '127.0.0.1', port: sockets.port }, send, next, close: () => sockets.close() };
}

const ping = (port: number, transport: string, callId: string): Buffer =>
  Buffer.from(
    `OPTIONS sip:ann@example.com SIP/2.0\r\nVia: SIP/2.0/${transport} 127.0.0.1:${port};branch=z9hG4bK-${callId}\r\nMax-Forwards: 70\r\n` +
      `From: <sip:bob@example.com>;tag=p\r\nTo: <sip:ann@example.com>\r\nCall-ID: ${callId}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
  );

describe.each(['udp', 'tcp'] as const)('by %s', (transport) => {
  it.each(TORTURE.filter(({ overTcp }) => transport === 'udp' || overTcp === undefined).map((each) => [`${each.section}: ${each.what}: ${each.worker}`, each] as const))('%s', async (_title, { bytes, worker, endsStream }) => {
    const { place, send, next, close } = await throwing(transport);
    await send(bytes(place));
    if (worker !== 'none') expect((await next(`answer ${worker}`)).status).toBe(worker);
    if (transport === 'udp' || endsStream !== true) {
      // What came before has been dealt with by then: where nothing was to come, nothing came.
      await send(ping(place.port, place.transport, `ping-${await freePort()}`));
      expect((await next('answer to the next request')).callId).toMatch(/^ping-/);
    }
    await close();
  });
});

it('and the worker has lived through it: its XMPP stream stood, nothing failed', async () => {
  const { gateway } = world;
  expect(gateway.isRunning).toBe(true);
  expect(gateway.lines.filter(({ event, level }) => /_failed$|^xmpp_link_(down|refused)$/.test(event) || level === 'error')).toEqual([]);
});
