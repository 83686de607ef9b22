import { Baresip } from '../baresip';
import { SipPeer } from '../raw-sip';
import type { Incoming } from '../raw-sip';
import type { SipDialog } from '../sip-dialog';
import type { Transport } from '../sip-sockets';
import { pidf } from './pidf';

const ANN = 'sip:ann@example.com';
const CAROL = 'sip:carol@example.com';
const BOB = 'sip:bob@example.com';

/** baresip as the SIP user, a scripted peer where the gateway's SIP server will be. */
describe.each<Transport>(['udp', 'tcp'])('baresip over %s', (transport) => {
  let gateway: SipPeer;
  let bob: Baresip;

  beforeAll(async () => {
    gateway = await SipPeer.start({ name: 'gateway' });
    bob = await Baresip.start({ proxyPort: gateway.port, transport, contacts: [ANN, CAROL] });
    gateway.nextHop = { port: bob.port, transport };
  });

  afterAll(async () => {
    await bob.stop();
    await gateway.stop();
  });

  test('subscribes to its contacts through the proxy and shows what NOTIFY says', async () => {
    const watch = await accepted(await gateway.receive('SUBSCRIBE', (message) => message.uri === ANN));
    for (const [status, body] of [
      ['Online', pidf(ANN, 'open')],
      ['Busy', pidf(ANN, 'open', 'busy')],
      ['Offline', pidf(ANN, 'closed')],
    ] as const) {
      expect(await notify(watch, body)).toBe(200);
      await bob.presence(ANN, status);
    }
  });

  test('tells its watcher that it is open, then closed', async () => {
    const opened = gateway.open('SUBSCRIBE', { from: ANN, to: BOB, headers: { Event: 'presence', Expires: '3600' } });
    const watch = await opened;
    await bob.publish('open');
    await told(watch, '<basic>open</basic>');
    await bob.publish('closed');
    await told(watch, '<basic>closed</basic>');
  });

  test('shows a message of several lines, and answers 200', async () => {
    const text = 'Grüße 😀\n<b>&amp; "quoted" twice';
    const { response } = await gateway.request('MESSAGE', { from: ANN, to: BOB, headers: { 'Content-Type': 'text/plain;charset=utf-8' }, body: text });
    expect(response.status).toBe(200);
    expect(await bob.message()).toEqual({ from: ANN, text });
  });

  test('sends a message to any of its contacts, and tells a refusal', async () => {
    await bob.say(CAROL, 'hello Carol');
    const toCarol = await gateway.receive('MESSAGE');
    expect([toCarol.message.uri, toCarol.message.text]).toEqual([CAROL, 'hello Carol']);
    await gateway.reply(toCarol, 404);
    expect(await bob.refusal()).toBe('404 Not Found');

    await bob.say(ANN, 'zwei\nZeilen ü');
    const toAnn = await gateway.receive('MESSAGE');
    expect([toAnn.message.uri, toAnn.message.text]).toEqual([ANN, 'zwei\nZeilen ü']);
    expect(toAnn.flow.transport).toBe(transport);
    await gateway.reply(toAnn, 200);
  });

  const accepted = (incoming: Incoming): Promise<SipDialog> => gateway.accept(incoming, { headers: { Expires: '600' } });

  async function told(watch: SipDialog, expected: string): Promise<void> {
    for (;;) {
      const incoming = await gateway.receive('NOTIFY', ({ callId }) => callId === watch.callId);
      await gateway.reply(incoming, 200);
      if (incoming.message.text.includes(expected)) return;
    }
  }
});

async function notify(watch: SipDialog, body: string): Promise<number> {
  const headers = { Event: 'presence', 'Subscription-State': 'active;expires=600', 'Content-Type': 'application/pidf+xml' };
  return (await watch.request('NOTIFY', { headers, body })).status;
}
