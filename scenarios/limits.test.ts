import { Cast } from './support/cast';
import { conditionOf } from './support/stanza-error';
import { until } from './support/until';
import { DOMAIN } from './support/world';
import type { World } from './support/world';

/** Promise 6, SEC-5: who asks for too much is told so, and when to come again; the others, and what was accepted, go on. */

/** Requests that were sent at the same time. */
const MANY = 40;
const TEXT = { 'Content-Type': 'text/plain' };

async function sample(world: World, metric: RegExp): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${world.gateway.httpPort}/metrics`)).text();
  return Number(metric.exec(text)?.[1]);
}

describe('a peer', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple', limits: { rates: { sipPeerPerSecond: 2 } } })));
  afterAll(() => cast.stop());

  it('SEC-5: beyond its rate it gets 503 with Retry-After; its dialogs go on, and the log sums up', async () => {
    const { world } = cast;
    const { ann, bob } = await cast.couple();
    const watch = await bob.peer.open('SUBSCRIBE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { Event: 'presence', Expires: '3600' } });
    const wishes = Array.from({ length: MANY }, (_each, index) =>
      bob.peer.request('SUBSCRIBE', { from: `sip:carol${index}@${DOMAIN}`, to: `sip:nobody@${DOMAIN}`, headers: { Event: 'presence' } }),
    );
    const answers = (await Promise.all(wishes)).map(({ response }) => response);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(MANY / 2);
    expect(new Set(refused.map((answer) => answer.header('Retry-After')))).toEqual(new Set(['1']));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404, 503]));
    expect((await watch.request('SUBSCRIBE', { headers: { Event: 'presence', Expires: '3600' } })).status).toBe(200);
    expect(await sample(world, /isthmus_limited_total\{limit="sip_peer"\} (\d+)/)).toBe(refused.length);
    const told = (): number =>
      world.gateway.lines.reduce((sum, { event, what, count }) => sum + (event === 'request_refused' ? 1 : 0) + (event === 'lines_omitted' && what === 'request_refused' ? Number(count) : 0), 0);
    await until('all refusals are told', () => told() >= MANY);
    expect(told()).toBe(MANY);
  });

  it('SEC-11, promise 6: a request with too many header fields gets 513 from the embedded server, and is counted', async () => {
    const { bob } = await cast.couple();
    const headers = Object.fromEntries(Array.from({ length: 600 }, (_each, index) => [`X-${index}`, 'y']));
    const { response } = await bob.peer.request('OPTIONS', { from: bob.uri, to: `sip:${DOMAIN}`, headers });
    expect(response.status).toBe(513);
    expect(await sample(cast.world, /isthmus_limited_total\{limit="server_size"\} (\d+)/)).toBe(1);
  });
});

describe('a user', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple', limits: { maxUserContacts: 1, maxUserWatchers: 2, rates: { sipUserPerMinute: 5, xmppUserPerMinute: 20 } } })));
  afterAll(() => cast.stop());

  it('ERR-2, SEC-5: a SIP user beyond his rate gets 500 with Retry-After; his dialogs and other users go on', async () => {
    const { ann, bob } = await cast.couple();
    const { bob: carol } = await cast.couple();
    const headers = { Event: 'presence', Expires: '3600' };
    const watch = await bob.peer.open('SUBSCRIBE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers });
    const writes = (from: string) => bob.peer.request('MESSAGE', { from, to: `sip:${ann.bareJid}`, headers: TEXT, body: 'hi' });
    const answers = [];
    while (answers.at(-1)?.status !== 500 && answers.length < MANY) answers.push((await writes(bob.uri)).response);
    expect(answers.slice(0, 4).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(Number(answers.at(-1)?.header('Retry-After'))).toBeGreaterThan(0);
    expect((await writes(carol.uri)).response.status).toBe(200);
    expect((await watch.request('SUBSCRIBE', { headers: { ...headers, Expires: '0' } })).status).toBe(200);
  });

  it('SEC-5: so many SIP users watch her; one more gets 500 with Retry-After, and those who do go on', async () => {
    const { ann, bob } = await cast.couple();
    const headers = { Event: 'presence', Expires: '3600' };
    const subscribes = (from: string) => bob.peer.request('SUBSCRIBE', { from, to: `sip:${ann.bareJid}`, headers });
    const watch = await bob.peer.open('SUBSCRIBE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers });
    expect((await subscribes(`sip:dora@${DOMAIN}`)).response.status).toBe(200);
    const { response } = await subscribes(`sip:erin@${DOMAIN}`);
    expect([response.status, response.header('Retry-After')]).toEqual([500, '600']);
    expect((await watch.request('SUBSCRIBE', { headers })).status).toBe(200);
  });

  it('SEC-5: she watches so many SIP users; a subscription to one more comes back', async () => {
    const { ann, bob } = await cast.couple();
    await ann.sendPresence({ to: bob.address, type: 'subscribe' });
    await bob.letsWatch();
    await ann.sendPresence({ to: `frida@${DOMAIN}`, type: 'subscribe' });
    const returned = await ann.take('an error', (each) => each.is('presence') && each.attrs['type'] === 'error');
    expect([returned.attrs['from'], conditionOf(returned)]).toEqual([`frida@${DOMAIN}`, 'policy-violation']);
  });

  it('an XMPP user beyond his rate gets policy-violation; others go on', async () => {
    const { ann, bob } = await cast.couple();
    const { ann: amy, bob: carol } = await cast.couple();
    for (let count = 0; count < 2 * MANY; count += 1) await ann.sendChat(bob.address, 'hi', `id-${count}`);
    const returned = await ann.take('an error', (each) => each.is('message') && each.attrs['type'] === 'error');
    expect([conditionOf(returned), returned.getChild('error')?.attrs['type']]).toEqual(['policy-violation', 'wait']);
    await amy.sendChat(carol.address, 'of another');
    const { message } = await carol.receive('MESSAGE');
    expect(message.text).toBe('of another');
  });
});
