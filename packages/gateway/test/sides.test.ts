import { loopMark, type SipAnswerOut, type SipRequestIn, type SipResult } from '@isthmus/codec';
import { newRecord, type EngineEvent } from '@isthmus/engine';
import { fault, FaultError, type Family, type Pair } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import { XmppLinkError } from '@isthmus/xmpp';
import type { Element } from '@xmpp/xml';
import xml from '@xmpp/xml';
import pino from 'pino';
import { Accounts } from '../src/accounts';
import { NewWork } from '../src/limits/new-work';
import { Metrics } from '../src/metrics';
import { PeerList } from '../src/peers/peer-list';
import type { PairLoop } from '../src/pairs/loop';
import { RouteTable, type Route } from '../src/routes';
import { hopAt } from '../src/routing/hop';
import { Sequence } from '../src/sides/sequence';
import { SipSide } from '../src/sides/sip-side';
import { XmppSide } from '../src/sides/xmpp-side';
import { trust } from './support/trust';

const ROUTE: Route = { name: 'far', users: ['*'], priority: 0, weight: 0, enabled: true, domains: ['example.com'], host: '127.0.0.1', srv: false, port: 5060, transport: 'tcp', dialect: 'microsoft', variant: 'lync', presence: 'pidf', documents: 'pidf', approval: 'answer', streamOnly: false, messageStatus: 200, receipts: 'answer', assumeSentMs: 0 };
const MARK = loopMark('gw.example.com', 'example.com');
const PEERS = [
  { name: 'allow', holds: false, domains: ['example.com'], trusted: false, from: ['127.0.0.1'] },
  { name: 'other', holds: true, domains: ['other.example', '*.below.example'], trusted: false, from: ['192.0.2.7'] },
];
const LOCAL = new Set(['ann@example.com', 'amy@example.com']);

let events: { readonly pair: Pair; readonly event: EngineEvent }[];
let sent: Element[];
/** IQs of ours, and what they are answered. */
let asked: Element[];
let iqAnswer: () => Element;
let lines: { readonly event: string }[];
let answers: SipAnswerOut[];
let withdrawn: number;
let judge: (pair: Pair) => Promise<Verdict>;
let away: boolean;
let serves: boolean;
let holder: string | undefined;
let requested: number;
let blamed: number;
let answered: SipResult;
let metrics: Metrics;
let route: RouteTable;
let xmppSide: XmppSide;
let sipSide: SipSide;

beforeEach(() => {
  [events, sent, answers, withdrawn, away] = [[], [], [], 0, false];
  [requested, blamed, holder] = [0, 0, undefined];
  answered = { is: 'timeout' };
  serves = true;
  const list = new PeerList(PEERS, () => []);
  [asked, lines] = [[], []];
  iqAnswer = () => {
    throw new Error('not asked');
  };
  judge = async () => 'ask';
  const loop = { handle: async (pair: Pair, event: EngineEvent) => void events.push({ pair, event }) } as unknown as PairLoop;
  const common = {
    loop,
    newWork: new NewWork({ rates: { sipPeerPerSecond: 100, sipUserPerMinute: 100, xmppUserPerMinute: 100, allPerSecond: 100 }, load: () => 'normal', onLimit: () => undefined, now: () => 0 }),
    sequence: new Sequence(),
    accounts: new Accounts({ ask: async (jid) => ({ local: LOCAL.has(jid), online: true }), ttlMs: 1_000, maxCached: 10, now: () => 0 }),
    routes: (route = new RouteTable([ROUTE])),
    domains: ['example.com'],
    ...trust('example.com', 'other.example', 'far.below.example'),
    tables: { fromMicrosoft: { jabber: { 'be-right-back': 'extended-away' } } } as const,
    maxMessageBytes: 10_000,
    content: { headlines: 'carry' as const },
    log: pino({ messageKey: 'event' }, { write: (line: string) => void lines.push(JSON.parse(line) as { event: string }) }),
    metrics: (metrics = new Metrics({
      pendingEvents: () => 0,
      cachedPairs: () => 0,
      effectsInFlight: () => 0,
      xmppUp: () => true,
      sipServersUp: () => 1,
      storeUp: () => true,
      load: () => 0,
      routesUp: () => new Map(),
    })),
    now: () => 0,
  };
  const send = async (stanza: Element): Promise<void> => void sent.push(stanza);
  const link = { send, deliver: send, request: async (iq: Element) => (asked.push(iq), iqAnswer()) };
  const commands = { offeredTo: () => [], answer: () => Promise.reject(new Error('no commands')) };
  xmppSide = new XmppSide({ ...common, commands, link, component: 'gw.example.com', version: '0', onWithdrawn: () => (withdrawn += 1) });
  sipSide = new SipSide({
    ...common,
    policies: { verdict: (pair) => judge(pair) },
    links: { request: async () => ((requested += 1), answered), answer: async (answer) => (answers.push(answer), { ok: true }) },
    peers: { find: (source) => list.find(source), holderOf: (host) => (host === ROUTE.host ? holder : undefined) },
    loopMark: MARK,
    inviteTimeoutMs: 1,
    requestTimeoutMs: 1,
    hops: {
      forContact: () => [hopAt(ROUTE, { address: '127.0.0.1', port: 5060, priority: 0, weight: 0 })],
      routeAt: () => undefined,
      answered: () => undefined,
      failed: () => (blamed += 1),
      silent: () => (blamed += 1),
      hold: () => undefined,
    },
    nextHopTimeoutMs: 1,
    fence: { instance: 'w#1', holdsLease: () => true },
    maxRetryAfterMs: 1,
    onUnanswered: () => (blamed += 1),
    reachesXmpp: () => !away,
    canServe: () => serves,
    storeWait: { run: (take) => take() },
  });
});

describe('stanzas', () => {
  const condition = (stanza: Element | undefined): string | undefined =>
    stanza?.getChild('error')?.getChildElements().map(({ name }) => name)[0];

  test('SEC-4: only users of the served domain are heard; a foreign JID gets forbidden', async () => {
    await xmppSide.receive(xml('message', { from: 'eve@evil.example/x', to: 'bob@example.com', id: '1' }, xml('body', {}, 'hi')));
    expect([events.length, condition(sent[0]), sent[0]?.attrs.to]).toEqual([0, 'forbidden', 'eve@evil.example/x']);
  });

  test('a contact of a domain that no route leads to is not found', async () => {
    await xmppSide.receive(xml('message', { from: 'ann@example.com/x', to: 'bob@elsewhere.example', id: '1' }, xml('body', {}, 'hi')));
    expect([events.length, condition(sent[0])]).toEqual([0, 'item-not-found']);
  });

  test('IM-12: what becomes of extensions is a setting: here headlines are carried', async () => {
    const headline = xml('message', { from: 'ann@example.com/x', to: 'bob@example.com', id: '1', type: 'headline' }, xml('body', {}, 'hi'));
    await xmppSide.receive(headline);
    expect(events).toMatchObject([{ event: { on: 'xmpp.message', type: 'headline' } }]);
  });

  test('XD-14: the word that contacts were withdrawn is heard from the server, and answered like any ping', async () => {
    const ping = (from: string) => xml('iq', { type: 'get', id: 'p', from, to: 'gw.example.com' }, xml('ping', { xmlns: 'urn:isthmus:partition:0', contacts: 'withdrawn' }));
    await xmppSide.receive(ping('ann@example.com/x'));
    expect(withdrawn).toBe(0);
    await xmppSide.receive(ping('example.com'));
    expect([withdrawn, sent.map(({ attrs }) => attrs.type)]).toEqual([1, ['result', 'result']]);
  });
});

describe('presence of a SIP user', () => {
  const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
  const shownTo = async (family?: Family): Promise<string | null | undefined> => {
    const resources = family === undefined ? undefined : [{ resource: 'd', priority: 0, family }];
    const record = { ...newRecord(PAIR), resources };
    await xmppSide.handOver(PAIR, record, { do: 'xmpp.presence', key: 'k', trace: 't', presence: { setting: 'be-right-back' } });
    return sent.at(-1)?.getChildText('show');
  };

  test("Table 1-5: the column is that of the user's own client, with the deployment's own rows", async () => {
    expect(await shownTo('jabber')).toBe('xa');
    expect(await shownTo('cupc')).toBe('away');
    expect(await shownTo(undefined)).toBe('away');
  });
});

describe('IM-5, M04: a text that is too large outside of a session', () => {
  const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
  const outcome = (bytes: number) =>
    sipSide.requests.request(PAIR, newRecord(PAIR), { do: 'sip.message', key: 'k', trace: 't', callId: 'c', message: { text: 'x'.repeat(bytes) } });

  test('is not sent, and the route is not blamed for it', async () => {
    expect(await outcome(1_300)).toMatchObject({ on: 'sip.outcome', result: 'answered', status: 413, fault: { condition: 'policy-violation' } });
    expect([requested, blamed]).toEqual([0, 0]);
    expect(lines.map(({ event }) => event)).toContain('request_withheld');
  });

  test('a shorter one is sent', async () => {
    expect(await outcome(500)).toMatchObject({ result: 'timeout' });
    expect([requested, blamed]).toEqual([1, 1]);
    expect(lines.map(({ event }) => event)).not.toContain('request_withheld');
  });
});

test('promise 1: a text that is sent again because nobody knows its fate is seen in log and metric; its first sending is not', async () => {
  const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
  const counted = async () => (await metrics.repeated.get()).values.map(({ labels, value }) => [labels.direction, value]);
  const text = { do: 'sip.message', key: 'k', trace: 't9', callId: 'c', message: { text: 'secret' } } as const;
  await sipSide.requests.request(PAIR, newRecord(PAIR), text);
  expect([lines.filter(({ event }) => event === 'message_repeated'), await counted()]).toEqual([[], []]);
  await sipSide.requests.request(PAIR, newRecord(PAIR), { ...text, repeated: true });
  expect(lines.filter(({ event }) => event === 'message_repeated')).toMatchObject([{ level: 40, trace: 't9', from: 'ann@example.com', to: 'bob@example.com' }]);
  expect([await counted(), JSON.stringify(lines).includes('secret')]).toEqual([[['to-sip', 1]], false]);
});

test.each([
  ['answer', true],
  ['report', true],
  ['off', false],
] as const)('XEP-0184: a contact whose route has receipts: %s, promises them: %s', async (receipts, promised) => {
  route.replace([{ ...ROUTE, receipts }]);
  const info = xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' });
  await xmppSide.receive(xml('iq', { type: 'get', id: 'i', from: 'ann@example.com/x', to: 'bob@example.com/sip' }, info));
  const features = sent.at(-1)?.getChild('query')?.getChildren('feature').map(({ attrs }) => String(attrs['var']));
  expect(features?.includes('urn:xmpp:receipts')).toBe(promised);
  const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
  await xmppSide.handOver(PAIR, newRecord(PAIR), { do: 'xmpp.presence', key: 'k', trace: 't', presence: { setting: 'available' } });
  const { node, ver } = sent.at(-1)?.getChild('c')?.attrs ?? {};
  await xmppSide.receive(xml('iq', { type: 'get', id: 'j', from: 'ann@example.com/x', to: 'bob@example.com/sip' }, xml('query', { xmlns: 'http://jabber.org/protocol/disco#info', node: `${node}#${ver}` })));
  expect(sent.at(-1)?.getChild('query')?.getChildren('feature').map(({ attrs }) => String(attrs['var']))).toEqual(features);
});

describe('SIP requests', () => {
  function request(method: string, from: string, to: string, over: Partial<SipRequestIn['headers']> = {}): SipRequestIn {
    const headers = { from: `<sip:${from}>;tag=f`, to: `<sip:${to}>`, 'call-id': 'c', cseq: `1 ${method}`, event: 'presence', contact: '<sip:x@127.0.0.1>', ...over };
    return {
      method,
      uri: `sip:${to}`,
      headers: headers as SipRequestIn['headers'],
      body: method === 'MESSAGE' ? 'hi' : '',
      source: { address: '127.0.0.1', port: 5060, transport: 'tcp' },
      transaction: { server: 'd1', id: 't' },
      owner: 'w/1',
    };
  }
  const TEXT = { 'content-type': 'text/plain' };
  const counted = () => metrics.registry.metrics();
  /** The lines of a name, without what differs each time. */
  const eventsOf = (name: string): object[] =>
    lines.filter(({ event }) => event === name).map((line) => ({ ...line, time: undefined, pid: undefined, hostname: undefined, trace: undefined, event: undefined }));
  const tagged = (to: string) => ({ to: `<sip:${to}>;tag=nobody-knows` });

  test.each([
    ['a foreign sender', 'bob@evil.example', 'ann@example.com', 403],
    ['a sender with an account here (promise 5)', 'amy@example.com', 'ann@example.com', 403],
    ['a recipient without one', 'bob@example.com', 'nobody@example.com', 404],
    ['a recipient of another domain', 'bob@example.com', 'ann@evil.example', 404],
  ])('SEC-3: %s opens nothing, with a To tag of no known dialog neither', async (_name, from, to, status) => {
    await sipSide.receive(request('SUBSCRIBE', from, to));
    await sipSide.receive(request('SUBSCRIBE', from, to, tagged(to)));
    expect([events.length, answers.map((answer) => answer.status)]).toEqual([0, [status, status]]);
  });

  describe('SEC-8: a request of ours that the far server gives back', () => {
    const marked = { 'isthmus-mark': MARK, 'content-type': 'text/plain' };

    test.each(['MESSAGE', 'SUBSCRIBE', 'INVITE'])('%s to a user whom neither side knows: 482', async (method) => {
      await sipSide.receive(request(method, 'ann@example.com', 'nobody@example.com', marked));
      expect([events.length, answers.map(({ status }) => status)]).toEqual([0, [482]]);
    });

    test('to a user who was moved to the XMPP side since it was sent: 480, so that nothing is taken back for good', async () => {
      await sipSide.receive(request('MESSAGE', 'ann@example.com', 'amy@example.com', marked));
      expect([events.length, answers.map(({ status }) => status)]).toEqual([0, [480]]);
    });

    test('a peer that may not speak for our own domain gives it back like any other', async () => {
      const returned = request('MESSAGE', 'ann@example.com', 'eve@other.example', marked);
      await sipSide.receive({ ...returned, source: { ...returned.source, address: '192.0.2.7' } });
      expect([events.length, answers.map(({ status }) => status)]).toEqual([0, [482]]);
    });

    test('of another gateway like us, which would be asked next: 482', async () => {
      await sipSide.receive(request('MESSAGE', 'bob@example.com', 'nobody@example.com', { ...marked, 'isthmus-mark': loopMark('gw2.example.com', 'example.com') }));
      expect([events.length, answers.map(({ status }) => status)]).toEqual([0, [482]]);
    });

    test("another installation's mark means nothing to a user of ours", async () => {
      await sipSide.receive(request('MESSAGE', 'bob@example.com', 'ann@example.com', { ...marked, 'isthmus-mark': loopMark('gw2.example.com', 'example.com') }));
      expect([events.map(({ event }) => event.on), answers]).toEqual([['sip.message'], []]);
    });
  });

  const from = (address: string) => ({ source: { address, port: 5060, transport: 'udp' as const } });
  const METHODS = ['SUBSCRIBE', 'MESSAGE', 'INVITE', 'NOTIFY', 'BYE', 'INFO', 'OPTIONS', 'PUBLISH', 'BENOTIFY'];

  test('SEC-12: within a dialog too a peer speaks for its own domains only; the next hops go as far as their routes', async () => {
    const inside = (address: string) => ({ ...request('BYE', 'bob@third.example', 'ann@example.com', tagged('ann@example.com')), ...from(address) });
    await sipSide.receive(inside('192.0.2.7'));
    await sipSide.receive(inside('127.0.0.1'));
    expect([answers.map(({ status }) => status), events.map(({ event }) => event.on)]).toEqual([[403], ['sip.bye']]);
  });

  test('SEC-12: a dialog is held by the peer that opens it, or that we open it with; the short form holds none', async () => {
    const dialogOf = async (address: string, sender: string) => {
      await sipSide.receive({ ...request('SUBSCRIBE', sender, 'ann@example.com'), ...from(address) });
      const event = events.at(-1)?.event;
      return event?.on === 'sip.subscribe' ? [event.dialog.peer, event.ref.peer, event.ref.others] : event;
    };
    expect(await dialogOf('192.0.2.7', 'eve@other.example')).toEqual(['other', 'other', undefined]);
    expect(await dialogOf('127.0.0.1', 'bob@example.com')).toEqual([undefined, 'allow', ['other']]);
    const pair = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
    const dialog = { callId: 'c', localTag: 'l', localCSeq: 0, remoteCSeq: 0, stackId: 's', server: '', owner: '' };
    answered = { is: 'answered', status: 200, reason: 'OK', headers: { to: '<sip:bob@example.com>;tag=b' }, body: '', synthetic: false, sent: {}, server: 'd1', owner: 'w/1' };
    holder = 'far-pool';
    const outcome = await sipSide.requests.request(pair, newRecord(pair), { do: 'sip.subscribe', key: 'k', trace: 't', dialog, expiresSeconds: 60 });
    expect(outcome).toMatchObject({ on: 'sip.outcome', dialog: { remoteTag: 'b', peer: 'far-pool' } });
  });

  test.each([
    ['SUBSCRIBE', ''],
    ['INVITE', 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip sip:bob@example.com\r\n'],
  ])('promise 3, RFC 3261 12.1.1: %s that an anchor has given to two workers makes one dialog, another transaction another one', async (method, body) => {
    const opened = async (id: string) => {
      const transaction = { server: 'd1', id };
      await sipSide.receive({ ...request(method, 'bob@example.com', 'ann@example.com', { 'content-type': 'application/sdp' }), transaction, body });
      const event = events.at(-1)?.event;
      return event !== undefined && 'dialog' in event ? event.dialog?.localTag : undefined;
    };
    const [one, again, other] = [await opened('t1'), await opened('t1'), await opened('t2')];
    expect([again, one]).toEqual([one, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(other).not.toBe(one);
  });

  test.each(METHODS)('promise 5: a host that is not listed gets 403 for %s', async (method) => {
    await sipSide.receive({ ...request(method, 'bob@example.com', 'ann@example.com'), ...from('192.0.2.1') });
    expect([events.length, answers.map(({ status }) => status), eventsOf('peer_unlisted')]).toEqual([0, [403], [{ level: 40, callId: 'c', source: '192.0.2.1', method }]]);
    expect(await counted()).toContain('isthmus_peer_requests_total{peer="unlisted",entry="unlisted"} 1');
  });

  test.each(['ACK', 'CANCEL'])('promise 5: its %s has no answer and no effect', async (method) => {
    await sipSide.receive({ ...request(method, 'bob@example.com', 'ann@example.com'), ...from('192.0.2.1') });
    expect([events, answers]).toEqual([[], []]);
  });

  test('promise 5: a listed peer speaks for its own domains only, and the log says which peer it was', async () => {
    await sipSide.receive({ ...request('MESSAGE', 'bob@example.com', 'ann@example.com', TEXT), ...from('192.0.2.7') });
    await sipSide.receive({ ...request('MESSAGE', 'eve@other.example', 'ann@example.com', TEXT), ...from('192.0.2.7') });
    await sipSide.receive({ ...request('MESSAGE', 'eve@far.below.example', 'ann@example.com', TEXT), ...from('192.0.2.7') });
    expect([answers.map(({ status }) => status), events.map(({ pair }) => pair.contact)]).toEqual([[403], ['eve@other.example', 'eve@far.below.example']]);
    expect(eventsOf('sender_refused')).toEqual([
      { level: 40, callId: 'c', method: 'MESSAGE', peerName: 'other', source: '192.0.2.7', from: 'bob@example.com', to: 'ann@example.com', why: 'the peer may not speak for the domain of the sender' },
    ]);
    const numbers = await counted();
    expect(numbers).toContain('isthmus_peer_requests_total{peer="other",entry="foreign"} 1');
    expect(numbers).toContain('isthmus_peer_requests_total{peer="other",entry="taken"} 2');
  });

  test('SEC-5: who speaks for a domain that is not his uses up neither what its users may send nor what all may', async () => {
    const forged = { ...request('MESSAGE', 'bob@example.com', 'ann@example.com', TEXT), ...from('192.0.2.7') };
    for (let count = 0; count < 100; count += 1) await sipSide.receive(forged);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
    await sipSide.receive(request('MESSAGE', 'bob@example.com', 'ann@example.com', TEXT));
    expect([answers.length, events.map(({ pair }) => pair.contact)]).toEqual([100, ['bob@example.com']]);
  });

  test('SEC-3: who speaks in the name of an account of the XMPP server is named in the log', async () => {
    await sipSide.receive(request('SUBSCRIBE', 'amy@example.com', 'ann@example.com'));
    expect(eventsOf('sender_refused')).toMatchObject([{ peerName: 'allow', from: 'amy@example.com', why: 'the sender has an account on the XMPP server' }]);
    expect(await counted()).toContain('isthmus_peer_requests_total{peer="allow",entry="local"} 1');
  });

  test.each(['SUBSCRIBE', 'MESSAGE', 'INVITE'])('promise 5: %s whose Request-URI is another user than To reaches neither (RFC 3261 section 8.2.2.1)', async (method) => {
    await sipSide.receive({ ...request(method, 'bob@example.com', 'ann@example.com', TEXT), uri: 'sip:amy@example.com' });
    expect([events.length, answers.map(({ status }) => status)]).toEqual([0, [403]]);
    expect(eventsOf('sender_refused')).toMatchObject([{ why: 'To and Request-URI name different users' }]);
    expect(await counted()).toContain('isthmus_peer_requests_total{peer="allow",entry="inconsistent"} 1');
  });

  test.each(['sip:ann@example.com;transport=tcp', 'sip:ANN@EXAMPLE.com', 'sip:%61nn@example.com:5060', 'sip:isthmus@127.0.0.1:5060', 'sip:127.0.0.1', 'sip:example.com', 'tel:+1555'])(
    'a Request-URI that is the same user, or nobody, is no contradiction: %s',
    async (uri) => {
      await sipSide.receive({ ...request('MESSAGE', 'bob@example.com', 'ann@example.com', TEXT), uri });
      expect([events.length, answers]).toEqual([1, []]);
    },
  );

  test('SEC-7: whoever may not speak is told the same, whatever was wrong and whether there is somebody to speak to', async () => {
    const all = [
      { ...request('MESSAGE', 'bob@example.com', 'ann@example.com', TEXT), ...from('192.0.2.1') },
      { ...request('MESSAGE', 'bob@example.com', 'nobody@example.com', TEXT), ...from('192.0.2.1') },
      request('MESSAGE', 'bob@evil.example', 'ann@example.com', TEXT),
      request('MESSAGE', 'bob@evil.example', 'nobody@example.com', TEXT),
      request('MESSAGE', 'amy@example.com', 'ann@example.com', TEXT),
      { ...request('MESSAGE', 'bob@example.com', 'nobody@example.com', TEXT), uri: 'sip:ann@example.com' },
    ];
    for (const each of all) await sipSide.receive(each);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify({ transaction: { server: 'd1', id: 't' }, status: 403, headers: {} })]));
    expect(answers).toHaveLength(all.length);
  });

  test.each(['ann@example.com', 'nobody@example.com'])('SEC-7, SEC-12: a NOTIFY outside of any dialog is left to the record of the pair (481), whether or not there is a %s', async (to) => {
    await sipSide.receive(request('NOTIFY', 'bob@example.com', to, { 'subscription-state': 'active' }));
    expect([events.map(({ event }) => event.on), answers]).toEqual([['sip.notify'], []]);
  });

  test('promise 1: while the XMPP server is away texts are refused at once, with Retry-After', async () => {
    const plain = { 'content-type': 'text/plain' };
    away = true;
    await sipSide.receive(request('MESSAGE', 'bob@example.com', 'ann@example.com', plain));
    expect([events.length, answers[0]?.status, Object.keys(answers[0]?.headers ?? {})]).toEqual([0, 503, expect.arrayContaining(['Retry-After'])]);
    away = false;
    await sipSide.receive(request('MESSAGE', 'bob@example.com', 'ann@example.com', plain));
    expect(events.map(({ event }) => event.on)).toEqual(['sip.message']);
  });

  describe('OPTIONS', () => {
    const asks = async (over: Partial<SipRequestIn> = {}, headers = {}) => {
      await sipSide.receive({ ...request('OPTIONS', 'bob@example.com', 'ann@example.com', headers), ...over });
      return answers.at(-1);
    };

    test.each([
      ['out of a dialog', {}],
      ['in a dialog', tagged('ann@example.com')],
    ])('DR-24: it is answered 200 while this worker can serve, and 503 while it cannot: %s', async (_where, headers) => {
      expect((await asks({}, headers))?.status).toBe(200);
      serves = false;
      expect(await asks({}, headers)).toMatchObject({ status: 503, headers: { 'Retry-After': '10' } });
      serves = true;
      expect((await asks({}, headers))?.status).toBe(200);
    });

    test('promise 5: whoever is not listed learns nothing of that', async () => {
      expect(await asks(from('192.0.2.1'))).toMatchObject({ status: 403, headers: {} });
      serves = false;
      expect(await asks(from('192.0.2.1'))).toMatchObject({ status: 403, headers: {} });
    });

    test('SEC-7: it does not say who has an account', async () => {
      const [one, other] = [await asks(), await asks(request('OPTIONS', 'bob@example.com', 'nobody@example.com'))];
      expect(one).toEqual(other);
    });
  });

  describe('policy', () => {
    const subscribe = () => sipSide.receive(request('SUBSCRIBE', 'bob@example.com', 'ann@example.com'));
    const told = () => events.map(({ event }) => (event.on === 'sip.subscribe' ? event.policy : event.on));

    test.each<Verdict>(['allow', 'block', 'auto', 'ask'])('PRES-25, PRES-33: each SUBSCRIBE comes with the verdict on its watcher: %s', async (verdict) => {
      const asked: Pair[] = [];
      judge = async (pair) => (asked.push(pair), verdict);
      await subscribe();
      expect([told(), asked]).toEqual([[verdict], [{ user: 'ann@example.com', contact: 'bob@example.com' }]]);
    });

    test('PRES-33: it is asked afresh for a refresh: a change counts from the next request on', async () => {
      const verdicts: Verdict[] = ['ask', 'block'];
      judge = async () => verdicts.shift() ?? 'ask';
      await subscribe();
      await sipSide.receive(request('SUBSCRIBE', 'bob@example.com', 'ann@example.com', tagged('ann@example.com')));
      expect(told()).toEqual(['ask', 'block']);
    });

    test('PRES-33: who may not speak here is refused before policy is asked', async () => {
      judge = () => Promise.reject(new Error('asked'));
      await sipSide.receive(request('SUBSCRIBE', 'bob@evil.example', 'ann@example.com'));
      await sipSide.receive(request('MESSAGE', 'bob@example.com', 'ann@example.com', { 'content-type': 'text/plain' }));
      expect([answers.map(({ status }) => status), told()]).toEqual([[403], ['sip.message']]);
    });

    test('PRES-25: while policy cannot be read nobody is let in by mistake: 503, try again', async () => {
      judge = () => Promise.reject(new FaultError(fault('server.unavailable')));
      await subscribe();
      expect([events.length, answers[0]?.status]).toEqual([0, 503]);
    });
  });
});

describe('PRES-22: a wish that policy grants', () => {
  const approve = () => xmppSide.handOver(PAIR, newRecord(PAIR), { do: 'xmpp.approve', key: 'k1', trace: 't', nick: 'Bob B.' });
  const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;

  test('the XMPP server approves it, and she is not asked', async () => {
    iqAnswer = () => xml('iq', { type: 'result' });
    await approve();
    expect([asked.map(String), sent]).toEqual([[expect.stringMatching(/<approve xmlns="urn:isthmus:partition:0" user="ann@example.com" contact="bob@example.com"\/>/)], []]);
  });

  test.each(['service-unavailable', 'not-allowed'])('where it answers %s she is asked, with his name (XEP-0172)', async (condition) => {
    iqAnswer = () => xml('iq', { type: 'error' }, xml('error', {}, xml(condition)));
    await approve();
    await approve();
    expect(sent.map(({ attrs }) => [attrs.type, attrs.from, attrs.to, attrs.id])).toEqual(Array(2).fill(['subscribe', 'bob@example.com', 'ann@example.com', 'k1']));
    expect(sent[0]?.getChildText('nick')).toBe('Bob B.');
    expect(lines.filter(({ event }) => event === 'approval_unsupported')).toHaveLength(condition === 'service-unavailable' ? 1 : 0);
  });

  test('promise 3: while it cannot be asked the effect stays to be tried again', async () => {
    iqAnswer = () => {
      throw new Error('the link is down');
    };
    await expect(approve()).rejects.toThrow('down');
    expect(sent).toEqual([]);
  });

  test('promise 3: a server that never answers does not hold up what follows for her: she is asked', async () => {
    iqAnswer = () => {
      throw new XmppLinkError('timeout', 'no answer');
    };
    await approve();
    expect(sent.map(({ attrs }) => attrs.type)).toEqual(['subscribe']);
  });
});
