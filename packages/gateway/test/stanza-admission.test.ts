import { partitioned, subdomain } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import { fault, FaultError, type BareJid, type Pair } from '@isthmus/model';
import { Federation } from '../src/federation';
import type { RouteTable } from '../src/routes';
import { StanzaAdmissions, type StanzaAdmissionOptions } from '../src/sides/stanza-admission';

/** Who of the XMPP side may have to do with whom (SEC-4; the manual, "Request Routing", "Interdomain Federation"). */

const pair = (user: string, contact: string): Pair => ({ user: user as BareJid, contact: contact as BareJid });
const event = (on: EngineEvent['on']): EngineEvent => ({ on, at: 0, trace: 't' }) as unknown as EngineEvent;
const MESSAGE = event('xmpp.message');
const BEGINS = ['xmpp.message', 'xmpp.chat-state', 'xmpp.subscribe', 'xmpp.probe', 'xmpp.available', 'xmpp.activity'] as const;
const ENDS = ['xmpp.unavailable', 'xmpp.unsubscribe', 'xmpp.subscribed', 'xmpp.unsubscribed', 'xmpp.error', 'xmpp.receipt'] as const;

function admissions(over: Partial<StanzaAdmissionOptions> = {}): StanzaAdmissions {
  return new StanzaAdmissions({
    federation: new Federation({ domains: ['example.com'], xmppDomains: ['partner.example'], sipToXmpp: ['shy.example'] }),
    addressing: partitioned(['example.com']),
    routes: { find: (contact: string) => (contact.startsWith('lost@') ? undefined : {}) } as unknown as RouteTable,
    userWatches: { outward: () => Promise.resolve(undefined), ended: () => undefined, decided: () => undefined },
    isKnownPair: () => Promise.resolve(false),
    ...over,
  });
}

/** The condition of the refusal. */
async function refusal(of: StanzaAdmissions, between: Pair, what = MESSAGE): Promise<string | undefined> {
  return (await of.refusal(between, what))?.condition;
}

describe('SEC-5: subscriptions of one user', () => {
  const told: string[] = [];
  const counting = admissions({
    userWatches: {
      outward: () => Promise.resolve(fault('watches.full')),
      ended: ({ contact }) => void told.push(`ended ${contact}`),
      decided: ({ contact }) => void told.push(`decided ${contact}`),
    },
  });
  const ours = pair('ann@example.com', 'bob@example.com');

  test.each(['xmpp.subscribe', 'xmpp.probe'] as const)('%s is counted, behind all that is refused anyway', async (on) => {
    expect(await refusal(counting, ours, event(on))).toBe('policy-violation');
    expect(await refusal(counting, pair('eve@evil.example', 'bob@example.com'), event(on))).toBe('forbidden');
  });

  test('what ends or decides one is told', () => {
    for (const on of ['xmpp.unsubscribe', 'xmpp.subscribed', 'xmpp.unsubscribed', 'xmpp.message'] as const) void counting.refusal(ours, event(on));
    expect(told).toEqual(['ended bob@example.com', 'decided bob@example.com', 'decided bob@example.com']);
  });
});

describe('basic routing', () => {
  test.each([
    ['ann@example.com', 'bob@example.com', undefined],
    ['juliet@partner.example', 'bob@example.com', undefined],
    ['eve@evil.example', 'bob@example.com', 'forbidden'],
    ['eve@shy.example', 'bob@example.com', 'forbidden'],
    ['ann@example.com', 'bob@elsewhere.example', 'item-not-found'],
    ['ann@example.com', 'bob@isthmus.example.com', 'item-not-found'],
    ['ann@example.com', 'lost@example.com', 'item-not-found'],
  ])('SEC-4: %s to %s: %s', async (user, contact, expected) => {
    expect(await refusal(admissions(), pair(user, contact))).toBe(expected);
  });

  test('nobody has to be asked for a user of the served domain: the answer is there at once', () => {
    expect(admissions().refusal(pair('ann@example.com', 'bob@example.com'), MESSAGE)).toBeUndefined();
  });

  test('SEC-4: whom a SIP user has begun with may answer', async () => {
    const asked: Pair[] = [];
    const known = admissions({ isKnownPair: async (each) => (asked.push(each), true) });
    const between = pair('shy@shy.example', 'bob@example.com');
    expect([await refusal(known, between), asked]).toEqual([undefined, [between]]);
    expect(await refusal(known, pair('eve@evil.example', 'bob@example.com'))).toBe('forbidden');
  });

  test('subdomain mode: SIP users are below the component only', async () => {
    const addressing = subdomain({ component: 'sip.example.com', sipDomains: ['example.com'], appearAs: new Map() });
    expect(await refusal(admissions({ addressing }), pair('ann@example.com', 'bob@sip.example.com'))).toBeUndefined();
    expect(await refusal(admissions({ addressing }), pair('ann@example.com', 'bob@example.com'))).toBe('item-not-found');
  });

  test.each([
    ['ann@example.com/desk', true],
    ['example.com', true],
    ['juliet@partner.example/x', true],
    ['shy@shy.example', true],
    ['eve@evil.example/x', false],
    ['', false],
  ])('SEC-4: may "%s" ask anything: %s', (from, expected) => {
    expect(admissions().mayAsk(from)).toBe(expected);
  });
});

describe('advanced routing', () => {
  const has = (user: string): boolean => user === 'bob@example.com';
  const list = { has, refresh: () => undefined, stop: () => undefined };
  const listed = pair('ann@example.com', 'bob@example.com');
  const unlisted = pair('ann@example.com', 'bea@example.com');

  test.each(BEGINS)('%s: to whom is on the list, and to nobody else', async (on) => {
    const of = admissions({ sipUsers: list });
    expect([await refusal(of, listed, event(on)), await refusal(of, unlisted, event(on))]).toEqual([undefined, 'item-not-found']);
  });

  test.each(ENDS)('%s: what ends something, or answers, is not kept from anybody', async (on) => {
    expect(await refusal(admissions({ sipUsers: list }), unlisted, event(on))).toBeUndefined();
  });

  test('the list has SIP users under their own address, also in subdomain mode', async () => {
    const addressing = subdomain({ component: 'sip.example.com', sipDomains: ['other.example', 'example.com'], appearAs: new Map() });
    const of = admissions({ sipUsers: list, addressing });
    expect(await refusal(of, pair('ann@example.com', 'bob\\40example.com@sip.example.com'))).toBeUndefined();
    expect(await refusal(of, pair('ann@example.com', 'bob@sip.example.com'))).toBe('item-not-found');
  });

  test('a list that must be asked is waited for; one that cannot be read is no "not found" (promise 1)', async () => {
    const asking = admissions({ sipUsers: { ...list, has: async (user) => has(user) } });
    expect([await refusal(asking, listed), await refusal(asking, unlisted)]).toEqual([undefined, 'item-not-found']);
    const away = admissions({ sipUsers: { ...list, has: () => Promise.reject(new Error('Redis is away')) } });
    const error = await Promise.resolve(away.refusal(listed, MESSAGE)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FaultError);
    expect((error as FaultError).fault).toMatchObject({ type: 'wait', condition: 'resource-constraint', sip: 503 });
  });
});
