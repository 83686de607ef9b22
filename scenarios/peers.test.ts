import { Cast } from './support/cast';
import { exchange } from './support/foreign-host';
import type { LogLine } from './support/gateway';
import { Hosts } from './support/namespaces';
import { draftPidf } from './support/presence-documents';
import { freePort } from './support/ports';
import { token } from './support/raw-sip';
import { soon, START_MS } from './support/recovery';
import type { SipDialog } from './support/sip-dialog';
import { SipMessage } from './support/sip-message';
import type { SipPerson } from './support/sip-person';
import { DOMAIN } from './support/world';
import type { XmppUser } from './support/xmpp-user';

/**
 * Who of the SIP side may send what in whose name (docs/security.md), from hosts with addresses of their own. The far server
 * of the route is peer `home`, by its host name; `branch` and `partner` are others, `stranger` is none.
 */

const TEXT = { 'Content-Type': 'text/plain' };
const ANONYMOUS = 'sip:anonymous@anonymous.invalid';

let hosts: Hosts;
let cast: Cast;
let paths: Readonly<Record<string, string>>;

beforeAll(async () => {
  hosts = Hosts.make('branch', 'partner', 'other', 'stranger');
  const sipPort = await freePort();
  const listen = ['127.0.0.1', hosts.gateway].map((host) => ({ transport: 'tcp', host, port: sipPort }));
  const peers = [
    { name: 'home', from: ['localhost'] },
    { name: 'branch', from: [hosts.address('branch')] },
    { name: 'partner', from: [`${hosts.address('partner')}/32`], trusted: true },
    { name: 'other', from: [hosts.address('other')], domains: ['other.example'] },
  ];
  cast = await Cast.start({ dialect: 'microsoft', sipPort, sip: { server: { type: 'embedded', listen }, peers } });
  const names = ['branch', 'partner', 'other', 'stranger'];
  paths = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hosts.path(name, sipPort)])));
}, START_MS);
afterAll(async () => {
  await cast.stop();
  await hosts.remove();
});

interface Asked {
  readonly from: string;
  readonly to: string;
  readonly uri?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A host sends one request, and gets the final answer. */
function asks(host: string, method: string, { from, to, uri, headers, body = '' }: Asked): Promise<SipMessage> {
  const address = hosts.address(host);
  const all = {
    Via: `SIP/2.0/TCP ${address}:5060;branch=z9hG4bK${token()}`,
    'Max-Forwards': '70',
    From: `<${from}>;tag=${token()}`,
    To: `<${to}>`,
    'Call-ID': token(),
    CSeq: `1 ${method}`,
    Contact: `<sip:${address}:5060;transport=tcp>`,
    ...headers,
  };
  return exchange({ path: paths[host] ?? '' }, new SipMessage(`${method} ${uri ?? to} SIP/2.0`, Object.entries(all), Buffer.from(body)));
}

/** A host sends a request in a dialog that the far server has, as if it were its own. */
function asksInside(host: string, method: string, { state }: SipDialog, headers: Readonly<Record<string, string>> = {}, body = ''): Promise<SipMessage> {
  const inside = { From: state.local, To: state.remote, 'Call-ID': state.callId, CSeq: `900 ${method}` };
  return asks(host, method, { from: '', to: '', uri: state.target, headers: { ...inside, ...headers }, body });
}

/** The next message for her is this one, and his: nothing has reached her before. */
async function hears(ann: XmppUser, bob: SipPerson, body: string): Promise<void> {
  const message = await ann.take('message', (stanza) => stanza.is('message') && stanza.getChild('body') !== undefined);
  expect([String(message.attrs['from']).split('/')[0], message.getChildText('body')]).toEqual([bob.address, body]);
}

/** What the log says of a request: the line is written before the answer, and read here at some time after it. */
async function told(event: string, { callId }: { readonly callId: string }): Promise<LogLine | undefined> {
  const { gateway } = cast.world;
  await gateway.logged(new RegExp(`"callId":"${callId}"[^\\n]*"event":"${event}"`));
  return gateway.lines.findLast((line) => line.event === event && line['callId'] === callId);
}

const sipOf = (jid: string): string => `sip:${jid}`;

async function counted(peer: string, entry: string): Promise<number> {
  const line = (await cast.world.gateway.metrics()).split('\n').find((each) => each.startsWith(`isthmus_peer_requests_total{peer="${peer}",entry="${entry}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('which host it comes from', () => {
  test.each(['SUBSCRIBE', 'MESSAGE', 'INVITE', 'NOTIFY', 'INFO', 'OPTIONS'])('promise 5: %s of a host that no list names: 403, and no more than that', async (method) => {
    const { ann, bob } = await cast.couple();
    const answer = await asks('stranger', method, { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'hi' });
    const names = answer.headers.map(([name]) => name.toLowerCase()).filter((name) => name !== 'content-length').sort();
    expect([answer.startLine, names]).toEqual(['SIP/2.0 403 Forbidden', ['call-id', 'cseq', 'from', 'to', 'via']]);
    expect(await told('peer_unlisted', answer)).toMatchObject({ level: 'warn', source: hosts.address('stranger'), method });
    expect(await counted('unlisted', 'unlisted')).toBeGreaterThan(0);
  });

  test('promise 5: a listed one is taken, and the log says which it was', async () => {
    const { ann, bob } = await cast.couple();
    const answer = await asks('branch', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'from the branch' });
    expect(answer.status).toBe(200);
    await hears(ann, bob, 'from the branch');
    expect(await told('request_received', answer)).toMatchObject({ peerName: 'branch', from: bob.address });
    expect(await counted('branch', 'taken')).toBeGreaterThan(0);
  });

  test('promise 5: a peer is known by its host name as well', async () => {
    const { ann, bob } = await cast.couple();
    const { response } = await bob.peer.request('MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'from home' });
    expect([response.status, (await told('request_received', response))?.['peerName']]).toEqual([200, 'home']);
    expect(cast.world.gateway.lines.filter(({ event }) => event === 'host_resolved').map(({ host }) => host)).toEqual(['localhost']);
  });
});

describe('in whose name', () => {
  test('SEC-3: a domain that is not of this peer: 403, and the recipient hears nothing', async () => {
    const { ann, bob } = await cast.couple();
    const answer = await asks('other', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'spoofed' });
    expect([answer.status, await told('sender_refused', answer)]).toMatchObject([403, { peerName: 'other', from: bob.address, why: 'the peer may not speak for the domain of the sender' }]);
    await asks('branch', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'genuine' });
    await hears(ann, bob, 'genuine');
  });

  test('SEC-3: an account of the XMPP server: 403', async () => {
    const [{ ann }, { ann: amy, bob }] = [await cast.couple(), await cast.couple()];
    const answer = await asks('branch', 'MESSAGE', { from: sipOf(amy.bareJid), to: sipOf(ann.bareJid), headers: TEXT, body: 'spoofed' });
    expect([answer.status, await told('sender_refused', answer)]).toMatchObject([403, { from: amy.bareJid, why: 'the sender has an account on the XMPP server' }]);
    await asks('branch', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'genuine' });
    await hears(ann, bob, 'genuine');
  });

  test('promise 5: a Request-URI that is somebody else than To: 403', async () => {
    const [{ ann, bob }, { ann: amy }] = [await cast.couple(), await cast.couple()];
    const answer = await asks('branch', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), uri: sipOf(amy.bareJid), headers: TEXT, body: 'to whom?' });
    expect([answer.status, await told('sender_refused', answer)]).toMatchObject([403, { why: 'To and Request-URI name different users' }]);
  });

  test('SEC-7: all of these answers are the same', async () => {
    const [{ ann, bob }, { ann: amy }] = [await cast.couple(), await cast.couple()];
    const answers = [
      await asks('stranger', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'x' }),
      await asks('stranger', 'MESSAGE', { from: bob.uri, to: `sip:nobody@${DOMAIN}`, headers: TEXT, body: 'x' }),
      await asks('other', 'MESSAGE', { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'x' }),
      await asks('other', 'MESSAGE', { from: bob.uri, to: `sip:nobody@${DOMAIN}`, headers: TEXT, body: 'x' }),
      await asks('branch', 'MESSAGE', { from: sipOf(amy.bareJid), to: sipOf(ann.bareJid), headers: TEXT, body: 'x' }),
    ];
    const own = ['via', 'from', 'to', 'call-id', 'cseq'];
    const said = answers.map((answer) => [answer.startLine, answer.headers.filter(([name]) => !own.includes(name.toLowerCase())), answer.text]);
    expect(new Set(said.map((each) => JSON.stringify(each))).size).toBe(1);
  });
});

describe('P-Asserted-Identity (RFC 3325)', () => {
  const vouched = (host: string, identity: string, to: string, body: string) =>
    asks(host, 'MESSAGE', { from: ANONYMOUS, to, headers: { ...TEXT, 'P-Asserted-Identity': identity }, body });

  test('SEC-3: a trusted peer vouches for the sender', async () => {
    const { ann, bob } = await cast.couple();
    const answer = await vouched('partner', `"Bob" <${bob.uri}>, <tel:+15551234>`, sipOf(ann.bareJid), 'vouched for');
    expect(answer.status).toBe(200);
    await hears(ann, bob, 'vouched for');
  });

  test('SEC-3: from another peer it is not looked at', async () => {
    const { ann, bob } = await cast.couple();
    const answer = await vouched('branch', `<${bob.uri}>`, sipOf(ann.bareJid), 'not vouched for');
    expect(answer.status).toBe(403);
    expect(await told('sender_refused', answer)).toMatchObject({ peerName: 'branch', from: 'anonymous@anonymous.invalid' });
  });

  test.each([
    ['an account of the XMPP server', (amy: string) => `<sip:${amy}>`],
    ['a user of another domain', () => '<sip:bob@other.example>'],
  ])('SEC-3: nor does a trusted peer vouch for %s', async (_whom, identity) => {
    const [{ ann }, { ann: amy }] = [await cast.couple(), await cast.couple()];
    expect((await vouched('partner', identity(amy.bareJid), sipOf(ann.bareJid), 'spoofed')).status).toBe(403);
  });
});

describe('SEC-12: a dialog belongs to the peer that it was opened with', () => {
  test('a NOTIFY of another listed host that knows every id: 481, and the watcher is not misled', async () => {
    const { ann, bob } = await cast.couple();
    await ann.sendPresence({ to: bob.address, type: 'subscribe' });
    const watch = await bob.letsWatch();
    await bob.tells(watch, draftPidf(bob.uri, { basic: 'open' }));
    await ann.takePresence(bob.address);
    const headers = { Event: 'presence', 'Subscription-State': 'terminated;reason=rejected' };
    expect((await asksInside('branch', 'NOTIFY', watch, headers)).status).toBe(481);
    expect(await told('dialog_refused', watch)).toMatchObject({ level: 'warn', peerName: 'branch', on: 'sip.notify', from: bob.address });
    expect((await bob.tells(watch, draftPidf(bob.uri, { basic: 'open' }))).status).toBe(200);
    expect(ann.stanzas.unclaimed.filter(({ attrs }) => attrs['type'] === 'unsubscribed')).toEqual([]);
  });

  test('a text, and the end of a session, of another listed host: 481; the session goes on', async () => {
    const { ann, bob, chat } = await cast.couple();
    const session = await chat.calls();
    expect((await asksInside('branch', 'MESSAGE', session, TEXT, 'slipped in')).status).toBe(481);
    expect((await asksInside('branch', 'BYE', session)).status).toBe(481);
    expect((await session.request('MESSAGE', { headers: TEXT, body: 'still here' })).status).toBe(200);
    await hears(ann, bob, 'still here');
    expect(await counted('branch', 'dialog')).toBeGreaterThan(0);
  });
});

describe('OPTIONS', () => {
  const status = async (host: string): Promise<number> => (await asks(host, 'OPTIONS', { from: 'sip:probe@example.com', to: `sip:${hosts.gateway}` })).status;

  async function untilServed(): Promise<void> {
    while ((await status('branch')) !== 200);
  }

  test('DR-24: 200 while the XMPP link is up, 503 with Retry-After while it is not; 403 to a stranger at any time', async () => {
    const { bob, chat } = await cast.couple();
    const session = await chat.calls();
    const inside = async (): Promise<number> => (await session.request('OPTIONS')).status;
    const fine = await asks('branch', 'OPTIONS', { from: bob.uri, to: `sip:${hosts.gateway}` });
    expect([fine.status, fine.header('Allow'), fine.header('Accept')]).toEqual([200, expect.stringContaining('MESSAGE'), expect.stringContaining('text/plain')]);
    expect([await status('stranger'), await inside()]).toEqual([403, 200]);
    cast.world.server.kill('SIGKILL');
    await cast.world.gateway.logged(/"event":"xmpp_link_down"/);
    const refused = await asks('branch', 'OPTIONS', { from: bob.uri, to: `sip:${hosts.gateway}` });
    expect([refused.status, refused.header('Retry-After'), await status('stranger'), await inside()]).toEqual([503, '10', 403, 503]);
    await cast.world.server.restart();
    await soon(untilServed());
    expect(await inside()).toBe(200);
  });
});

describe('SIGHUP', () => {
  test('promise 5: whoever is listed from now on is taken, and whoever is not any more is refused', async () => {
    const { ann, bob } = await cast.couple();
    const text = { from: bob.uri, to: sipOf(ann.bareJid), headers: TEXT, body: 'who is there?' };
    const config = cast.world.config('w1') as { readonly sip: { readonly peers: readonly { readonly name: string }[] } };
    const peers = config.sip.peers.filter(({ name }) => name !== 'branch');
    await cast.world.gateway.reload({ ...config, sip: { ...config.sip, peers, allow: [hosts.address('stranger')] } });
    await cast.world.gateway.logged(/"changed":\["sip.allow","sip.peers"\][^\n]*"event":"config_reloaded"/);
    expect([(await asks('stranger', 'MESSAGE', text)).status, (await asks('branch', 'MESSAGE', text)).status]).toEqual([200, 403]);
  });
});

describe('a worker that is being stopped', () => {
  test('DR-24: OPTIONS gets 503 at once, while what is in hand is finished', async () => {
    const { ann, bob, chat } = await cast.couple();
    const session = await chat.calls();
    await ann.sendChat(bob.address, 'one more thing');
    const last = await bob.receive('MESSAGE');
    cast.world.gateway.kill('SIGTERM');
    await cast.world.gateway.logged(/"event":"worker_stopping"/);
    expect((await session.request('OPTIONS')).status).toBe(503);
    await bob.peer.reply(last, 200);
    expect((await cast.world.gateway.exited).code).toBe(0);
  });
});
