import { SipPeer } from '../raw-sip';
import { SipeBench, sipeBench } from '../sipe';
import { describeWithSipe } from '../sipe-suite';
import { pidf } from './pidf';

const ANN = 'sip:ann@example.com';
const BOB = 'bob@example.com';
const SDP = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=session', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=message 5060 sip null', 'a=accept-types:text/plain', ''].join('\r\n');

describe('where the SIPE bench is looked for', () => {
  test.each([
    ['nowhere, and nobody needs it', {}, undefined],
    ['nowhere, in a shell with an empty CI', { CI: '' }, undefined],
  ])('%s: the suite is left out', (_, env, found) => {
    expect(sipeBench(env, '/nowhere')).toBe(found);
  });

  test.each([
    ['in CI', { CI: 'true' }],
    ['named by ISTHMUS_SIPE', { ISTHMUS_SIPE: '/nowhere' }],
  ])('%s: its absence is an error that says what to set', (_, env) => {
    expect(() => sipeBench(env, '/nowhere')).toThrow('the SIPE bench is not in /nowhere: let ISTHMUS_SIPE name its folder');
  });
});

/** The real client of Microsoft's dialect, a scripted peer where the gateway's SIP server will be. */
describeWithSipe('SIPE behind a front end with a static route', () => {
  let gateway: SipPeer;
  let bench: SipeBench;

  beforeAll(async () => {
    gateway = await SipPeer.start({ name: 'gateway' });
    bench = await SipeBench.start({ mode: '2007', routePort: gateway.port, users: [BOB] });
    gateway.nextHop = { port: bench.peerPort, transport: 'tcp' };
  }, 180_000);

  afterAll(async () => {
    await bench?.stop();
    await gateway.stop();
  });

  test('the look-up of group chat at sign-in comes through the static route (microsoft-observed A10)', async () => {
    await gateway.reply(await gateway.receive('INVITE', ({ uri }) => uri.startsWith('sip:ocschat@')), 404);
    await gateway.receive('ACK');
  });

  test('a contact added: SUBSCRIBE without Expires (microsoft-observed B), 200 and NOTIFY make the buddy online', async () => {
    bench.user(BOB).command(`add ${ANN}`);
    const subscribe = await gateway.receive('SUBSCRIBE', ({ uri }) => uri === ANN);
    expect(subscribe.message.all('Expires')).toEqual([]);
    const watch = await gateway.accept(subscribe, { headers: { Expires: '3600', Event: 'presence' } });
    const headers = { Event: 'presence', 'Subscription-State': 'active;expires=3600', 'Content-Type': 'application/pidf+xml' };
    expect((await watch.request('NOTIFY', { headers, body: pidf(ANN, 'open') })).status).toBe(200);
    await bench.user(BOB).event('buddy-online', { who: ANN });
  });

  test('a message: INVITE, ACK, MESSAGE in the dialog, BYE', async () => {
    const bob = bench.user(BOB);
    bob.command(`im ${ANN} Grüße`);
    const invite = await gateway.receive('INVITE', ({ uri }) => uri === ANN);
    await gateway.accept(invite, { headers: { 'Content-Type': 'application/sdp' }, body: SDP });
    await gateway.receive('ACK', ({ callId }) => callId === invite.message.callId);
    const message = await gateway.receive('MESSAGE');
    expect([message.message.callId, message.message.text]).toEqual([invite.message.callId, 'Grüße']);
    await gateway.reply(message, 200);
    bob.command(`close ${ANN}`);
    await gateway.reply(await gateway.receive('BYE'), 200);
  });

  test('the control port changes what the front end serves', async () => {
    await bench.control('publish dave@example.com 6500');
    const state = await bench.control('state');
    expect(Object.keys(state['users'] as object)).toContain('dave@example.com');
    await expect(bench.control('nonsense')).rejects.toThrow('unknown command');
    expect(await bench.capture()).toContain('SUBSCRIBE sip:ann@example.com');
  });
});
