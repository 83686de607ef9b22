import { Linphone } from '../linphone';
import { SipPeer } from '../raw-sip';
import type { SipDialog } from '../sip-dialog';
import type { Transport } from '../sip-sockets';
import { pidf } from './pidf';

const ANN = 'sip:ann@example.com';
const BOB = 'sip:bob@example.com';

/** linphone as the SIP user, a scripted peer where the gateway's SIP server will be. */
describe.each<Transport>(['udp', 'tcp'])('linphone over %s', (transport) => {
  let gateway: SipPeer;
  let bob: Linphone;
  let watch: SipDialog;

  beforeAll(async () => {
    gateway = await SipPeer.start({ name: 'gateway' });
    bob = await Linphone.start({ proxyPort: gateway.port, transport });
    gateway.nextHop = { port: bob.port, transport };
    bob.watch(ANN);
    watch = await gateway.accept(await gateway.receive('SUBSCRIBE', ({ uri }) => uri === ANN), { headers: { Expires: '600' } });
  });

  afterAll(async () => {
    await bob.stop();
    await gateway.stop();
  });

  test.each([
    ['Online', 'open', undefined],
    ['Away', 'open', 'away'],
    ['Busy', 'open', 'busy'],
    ['On the phone', 'open', 'on-the-phone'],
    ['Offline', 'closed', undefined],
  ] as const)('shows its contact as %s', async (status, basic, activity) => {
    const headers = { Event: 'presence', 'Subscription-State': 'active;expires=600', 'Content-Type': 'application/pidf+xml' };
    const { status: code } = await watch.request('NOTIFY', { headers, body: pidf(ANN, basic, activity) });
    expect(code).toBe(200);
    await bob.presence(ANN, status);
  });

  test('tells a watcher who is its contact that it is open', async () => {
    const { callId } = await gateway.open('SUBSCRIBE', { from: ANN, to: BOB, headers: { Event: 'presence', Expires: '600' } });
    const incoming = await gateway.receive('NOTIFY', (message) => message.callId === callId);
    expect(incoming.message.text).toContain('<basic>open</basic>');
    await gateway.reply(incoming, 200);
  });

  test('shows a message, of 8 KB too, and answers 200', async () => {
    for (const text of ['Grüße 😀 <b>&amp; "quoted"', 'x'.repeat(8_000)]) {
      const { response } = await gateway.request('MESSAGE', { from: ANN, to: BOB, headers: { 'Content-Type': 'text/plain' }, body: text });
      expect(response.status).toBe(200);
      expect(await bob.message()).toEqual({ from: ANN, text });
    }
  });

  test('sends messages, of 8 KB too, without waiting for answers', async () => {
    for (const text of ['Grüße 😀 <b>&amp; "quoted"', 'y'.repeat(8_000)]) {
      bob.say(ANN, text);
      const incoming = await gateway.receive('MESSAGE');
      expect([incoming.message.uri, incoming.message.text]).toEqual([ANN, text]);
      await gateway.reply(incoming, 200);
    }
  });

  test('ends its subscription and its watcher\'s when it quits', async () => {
    bob.quit();
    const unsubscribe = await gateway.receive('SUBSCRIBE', ({ callId, headers }) => callId === watch.callId && headers.some(([name, value]) => name === 'Expires' && value === '0'));
    await gateway.reply(unsubscribe, 200);
    const last = await gateway.receive('NOTIFY', (message) => message.header('Subscription-State') === 'terminated');
    expect(last.message.body).toHaveLength(0);
    await gateway.reply(last, 200);
  });
});
