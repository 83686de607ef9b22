import type { SipRequestIn } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import type { BareJid, Fault } from '@isthmus/model';
import type { Load } from '@isthmus/rules';
import { NewWork, type Limit, type Rates } from '../src/limits/new-work';
import { ANN, BOB } from './support/pairs';

const AMPLE: Rates = { sipPeerPerSecond: 1_000, sipUserPerMinute: 1_000, xmppUserPerMinute: 1_000, allPerSecond: 1_000 };
const PEER = '192.0.2.1';

let now: number;
let load: Load;
let reached: Limit[];
beforeEach(() => {
  [now, load, reached] = [0, 'normal', []];
});

const newWork = (rates: Partial<Rates> = {}): NewWork =>
  new NewWork({ rates: { ...AMPLE, ...rates }, load: () => load, onLimit: (limit) => void reached.push(limit), now: () => now });

/** As the links show it: `known`: the SIP server knows its dialog. */
function request(method: string, how: 'new' | 'tagged' | 'known' = 'new'): SipRequestIn {
  const to = how === 'new' ? '<sip:ann@example.com>' : '<sip:ann@example.com>;tag=ours';
  return {
    method,
    uri: 'sip:ann@example.com',
    headers: { to } as SipRequestIn['headers'],
    body: '',
    source: { address: PEER, port: 5060, transport: 'udp' },
    transaction: { server: 'd1', id: 't' },
    owner: 'w/1',
    ...(how === 'known' && { stackId: 'dialog' }),
  };
}

const answer = (why: Fault | undefined) => why && [why.sip, why.condition, why.type, why.retryAfterSeconds];

describe('SEC-5: rates of SIP', () => {
  test('a peer that asks for too much gets 503 with Retry-After; the others go on', () => {
    const work = newWork({ sipPeerPerSecond: 2 });
    const asked = [PEER, PEER, PEER, '192.0.2.2'].map((peer) => answer(work.peer(peer, request('SUBSCRIBE'))));
    expect(asked).toEqual([undefined, undefined, [503, 'resource-constraint', 'wait', 1], undefined]);
    expect(reached).toEqual(['sip_peer']);
  });

  test('10,000 SUBSCRIBE of one source in a minute: most are refused, and the rate is what was set', () => {
    const work = newWork({ sipPeerPerSecond: 10 });
    let taken = 0;
    for (let count = 0; count < 10_000; count += 1, now += 6) taken += work.peer(PEER, request('SUBSCRIBE')) === undefined ? 1 : 0;
    expect(taken).toBeGreaterThanOrEqual(600);
    expect(taken).toBeLessThanOrEqual(610);
  });

  test('ERR-2: one user who asks for too much gets 500 with Retry-After, never 503: his peer would take us out of service', () => {
    const work = newWork({ sipUserPerMinute: 1 });
    work.sipUser(BOB, PEER, request('SUBSCRIBE'));
    expect(answer(work.sipUser(BOB, PEER, request('SUBSCRIBE')))).toEqual([500, 'policy-violation', 'wait', 60]);
    expect(answer(work.sipUser('eve@example.com' as BareJid, PEER, request('SUBSCRIBE')))).toBeUndefined();
  });

  test('one user does not use up what his peer may send for the others', () => {
    const work = newWork({ sipUserPerMinute: 1, sipPeerPerSecond: 3 });
    const ask = (user: BareJid) => work.peer(PEER, request('MESSAGE')) ?? work.sipUser(user, PEER, request('MESSAGE'));
    for (let count = 0; count < 50; count += 1) ask(BOB);
    expect(answer(ask('eve@example.com' as BareJid))).toBeUndefined();
  });

  test('all together', () => {
    const work = newWork({ allPerSecond: 1 });
    work.sipUser(BOB, PEER, request('MESSAGE'));
    expect(answer(work.sipUser('eve@example.com' as BareJid, PEER, request('MESSAGE')))).toEqual([503, 'resource-constraint', 'wait', 1]);
    expect(answer(work.stanza(ANN, 'xmpp.message'))).toEqual([503, 'resource-constraint', 'wait', 1]);
  });

  const NOTHING: Rates = { sipPeerPerSecond: 1, sipUserPerMinute: 1, xmppUserPerMinute: 1, allPerSecond: 1 };

  test.each(['SUBSCRIBE', 'MESSAGE', 'NOTIFY', 'INVITE', 'INFO', 'OPTIONS'])('%s in a dialog that the SIP server knows is never held up', (method) => {
    const work = newWork(NOTHING);
    load = 'overloaded';
    for (let count = 0; count < 5; count += 1) {
      expect(work.peer(PEER, request(method, 'known')) ?? work.sipUser(BOB, PEER, request(method, 'known'))).toBeUndefined();
    }
  });

  test.each(['BYE', 'ACK', 'CANCEL'])('%s is never held up, in a dialog that nobody knows neither', (method) => {
    const work = newWork(NOTHING);
    load = 'overloaded';
    for (let count = 0; count < 5; count += 1) expect(work.peer(PEER, request(method, 'tagged'))).toBeUndefined();
  });

  test('a To tag of no known dialog is no way round the rates', () => {
    const work = newWork({ sipPeerPerSecond: 1 });
    expect([1, 2].map(() => answer(work.peer(PEER, request('SUBSCRIBE', 'tagged'))))).toEqual([undefined, [503, 'resource-constraint', 'wait', 1]]);
  });

  test('DR-24: a peer in trouble is still told that we live, as often as it may ask for something', () => {
    const work = newWork({ sipPeerPerSecond: 1 });
    for (let count = 0; count < 5; count += 1) work.peer(PEER, request('SUBSCRIBE'));
    expect([1, 2].map(() => answer(work.peer(PEER, request('OPTIONS'))))).toEqual([undefined, [503, 'resource-constraint', 'wait', 1]]);
  });
});

describe('SEC-5: what the SIP server asks before it hands a request over', () => {
  test('it hears when the peer may come again, and to ask costs nothing', () => {
    const work = newWork({ sipPeerPerSecond: 1 });
    for (let count = 0; count < 5; count += 1) expect(work.preview(PEER, 'SUBSCRIBE')).toBe(0);
    work.peer(PEER, request('SUBSCRIBE'));
    expect([work.preview(PEER, 'SUBSCRIBE'), work.preview('192.0.2.2', 'SUBSCRIBE'), work.preview(PEER, 'OPTIONS')]).toEqual([1, 0, 0]);
    expect(reached).toEqual(['sip_peer']);
  });

  test('a worker that has too much to do says so there too', () => {
    load = 'busy';
    const work = newWork();
    expect(['SUBSCRIBE', 'MESSAGE', 'OPTIONS'].map((method) => work.preview(PEER, method) > 0)).toEqual([true, false, false]);
  });
});

describe('promise 6: rates of XMPP users', () => {
  const BEGINS = ['xmpp.message', 'xmpp.subscribe', 'xmpp.probe', 'xmpp.chat-state'] as const;
  const NEWS = ['xmpp.available', 'xmpp.unavailable', 'xmpp.unsubscribe', 'xmpp.unsubscribed', 'xmpp.subscribed', 'xmpp.error', 'xmpp.receipt', 'xmpp.activity'] as const;

  test.each<EngineEvent['on']>(BEGINS)('%s beyond the own rate comes back: policy-violation, wait; others go on', (on) => {
    const work = newWork({ xmppUserPerMinute: 1 });
    const asked = [ANN, ANN, 'amy@example.com' as BareJid].map((user) => answer(work.stanza(user, on)));
    expect(asked).toEqual([undefined, [500, 'policy-violation', 'wait', 60], undefined]);
    expect(reached).toEqual(['xmpp_user']);
  });

  test.each<EngineEvent['on']>(NEWS)('%s is news, a decision or an end: it is never held up', (on) => {
    const work = newWork({ xmppUserPerMinute: 1, allPerSecond: 1 });
    load = 'overloaded';
    for (let count = 0; count < 5; count += 1) expect(work.stanza(ANN, on)).toBeUndefined();
  });

  test('promise 3: probes are no new work for all together: after a restart of the XMPP server those of all users come at once', () => {
    const work = newWork({ allPerSecond: 1 });
    load = 'overloaded';
    for (let user = 0; user < 50; user += 1) expect(work.stanza(`u${user}@example.com` as BareJid, 'xmpp.probe')).toBeUndefined();
  });

  test('queries count with the rest of what a user asks for', () => {
    const work = newWork({ xmppUserPerMinute: 1 });
    work.stanza(ANN, 'xmpp.message');
    expect(answer(work.query(ANN))).toEqual([500, 'policy-violation', 'wait', 60]);
  });
});

describe('promise 6: a worker that has too much to do sheds new work first', () => {
  const sheds = (work: NewWork) => ({
    SUBSCRIBE: answer(work.peer(PEER, request('SUBSCRIBE')))?.[0],
    INVITE: answer(work.peer(PEER, request('INVITE')))?.[0],
    MESSAGE: answer(work.peer(PEER, request('MESSAGE')))?.[0],
    'SUBSCRIBE again': answer(work.peer(PEER, request('SUBSCRIBE', 'tagged')))?.[0],
    'xmpp.subscribe': answer(work.stanza(ANN, 'xmpp.subscribe'))?.[1],
    'xmpp.message': answer(work.stanza(ANN, 'xmpp.message'))?.[1],
  });
  const NONE = { SUBSCRIBE: undefined, INVITE: undefined, MESSAGE: undefined, 'SUBSCRIBE again': undefined, 'xmpp.subscribe': undefined, 'xmpp.message': undefined };

  test.each<[Load, object]>([
    ['normal', NONE],
    ['busy', { ...NONE, SUBSCRIBE: 503, 'xmpp.subscribe': 'resource-constraint' }],
    ['overloaded', { ...NONE, SUBSCRIBE: 503, INVITE: 503, MESSAGE: 503, 'xmpp.subscribe': 'resource-constraint', 'xmpp.message': 'resource-constraint' }],
  ])('%s', (level, expected) => {
    load = level;
    expect(sheds(newWork())).toEqual(expected);
    expect(new Set(reached)).toEqual(new Set(level === 'normal' ? [] : [level]));
  });

  test('a message in a session that is up is no new work; a subscription is, whoever asks', () => {
    load = 'overloaded';
    const work = newWork();
    expect(['xmpp.message', 'xmpp.subscribe'].map((on) => answer(work.stanza(ANN, on as EngineEvent['on'], () => true))?.[1])).toEqual([undefined, 'resource-constraint']);
  });

  test('what is shed costs its sender nothing of his allowance', () => {
    const work = newWork({ sipPeerPerSecond: 1, xmppUserPerMinute: 1 });
    load = 'overloaded';
    for (let count = 0; count < 5; count += 1) sheds(work);
    load = 'normal';
    expect([work.peer(PEER, request('INVITE')), work.stanza(ANN, 'xmpp.message')]).toEqual([undefined, undefined]);
  });
});

test('other rates count from the moment of the change', () => {
  const work = newWork({ sipPeerPerSecond: 1, sipUserPerMinute: 1, xmppUserPerMinute: 1, allPerSecond: 1 });
  const refused = () =>
    [work.peer(PEER, request('MESSAGE')), work.sipUser(BOB, PEER, request('MESSAGE')), work.query(ANN)].map((why) => why !== undefined);
  refused();
  expect(refused()).toEqual([true, true, true]);
  work.change(AMPLE);
  expect(refused()).toEqual([false, false, false]);
});
