import type { BareJid } from '@isthmus/model';
import { nextHop, RouteTable } from '../src/routes';
import { route } from './support/routes';

const jid = (text: string): BareJid => text as BareJid;
const BOB = jid('bob@example.com');

describe('routes', () => {
  test('lead to the served domains unless they name others, in lower case', () => {
    expect(route('a').domains).toEqual(['example.com', 'example.net']);
    expect(route('a', { domains: ['SIP.Example.com'] }).domains).toEqual(['sip.example.com']);
    expect(route('a', { domains: ['XN--E1AFMKFD.example'] }).domains).toEqual(['пример.example']);
  });

  test.each([
    ['192.0.2.10', 'sip:192.0.2.10:5060;transport=tcp'],
    ['lync.example.com', 'sip:lync.example.com:5060;transport=tcp'],
    ['2001:db8::1', 'sip:[2001:db8::1]:5060;transport=tcp'],
    ['[2001:db8::1]', 'sip:[2001:db8::1]:5060;transport=tcp'],
  ])('DR-8, DR-19: the next hop %s is a URI with its transport', (host, uri) => {
    expect(nextHop(route('a', { host }))).toBe(uri);
  });

  test.each([
    [{ dialect: 'microsoft', variant: 'lync' }, { receipts: 'answer', assumeSentMs: 0 }],
    [{ dialect: 'microsoft', variant: 'lcs' }, { receipts: 'answer', assumeSentMs: 3_000 }],
    [{ dialect: 'microsoft', variant: 'lcs', assumeSentSeconds: 0, receipts: 'off' }, { receipts: 'off', assumeSentMs: 0 }],
    [{ dialect: 'simple', variant: 'lcs' }, { receipts: 'off', assumeSentMs: 0 }],
    [{ dialect: 'simple', receipts: 'report', assumeSentSeconds: 5 }, { receipts: 'report', assumeSentMs: 5_000 }],
  ] as const)('XEP-0184, microsoft-dialect 2.6: %j: what says that a text has arrived is %j', (over, expected) => {
    expect(route('a', over)).toMatchObject(expected);
  });

  test('users and domains are matched in their prepared forms', () => {
    const hop = route('a', { domains: ['*.Example.COM', '*'], users: ["O'Hara*", 'BOB'] });
    expect(hop.domains).toEqual(['*.example.com', '*']);
    expect(hop.users).toEqual(['o\\27hara*', 'bob']);
    const table = new RouteTable([hop]);
    expect(table.find(jid('o\\27hara.x@any.example'))).toBe(hop);
    expect(table.find(jid('carol@any.example'))).toBeUndefined();
  });

  test('the first that is not down is taken; when all are down the first is tried', () => {
    const table = new RouteTable([route('a'), route('b'), route('c', { domains: ['other.example'] })]);
    expect(table.find(BOB)?.name).toBe('a');
    table.setState('a', 'down');
    expect(table.find(BOB)?.name).toBe('b');
    expect(table.candidates(BOB).map(({ name }) => name)).toEqual(['a', 'b']);
    table.setState('b', 'down');
    expect(table.find(BOB)?.name).toBe('a');
    expect(table.candidates(BOB).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(table.find(jid('bob@nowhere.example'))).toBeUndefined();
  });

  test('a contact is reachable while one of his routes is not down', () => {
    const table = new RouteTable([route('a'), route('b'), route('c', { users: ['carol'] })]);
    expect(table.isReachable(BOB)).toBe(true);
    expect(table.setState('a', 'down')).toBe(true);
    expect(table.setState('a', 'down')).toBe(false);
    expect(table.isReachable(BOB)).toBe(true);
    table.setState('b', 'down');
    expect(table.isReachable(BOB)).toBe(false);
    expect(table.isReachable(jid('carol@example.com'))).toBe(true);
    expect(table.isReachable(jid('bob@nowhere.example'))).toBe(false);
  });

  test('other routes count from the next request on; what is known stays known of a next hop that stays', () => {
    const table = new RouteTable([route('a'), route('b'), route('c')]);
    for (const name of ['a', 'b', 'c']) table.setState(name, 'down');
    expect(table.find(BOB)?.name).toBe('a');
    table.replace([route('d', { users: ['carol'] }), route('b', { port: 5070 }), route('a', { priority: 1 })]);
    expect(table.find(BOB)?.name).toBe('b');
    expect(['a', 'b', 'c', 'd'].map((name) => table.state(name))).toEqual(['down', 'unknown', 'unknown', 'unknown']);
  });

  test('a route is found by domain alone, for requests whose users are not known yet', () => {
    const table = new RouteTable([route('off', { enabled: false }), route('a', { users: ['nobody'], domains: ['*.example.com'] })]);
    expect(table.ofDomain('sip.example.com')?.name).toBe('a');
    expect(table.ofDomain('example.org')).toBeUndefined();
  });

  test('promise 6: what is remembered of contacts is bounded', () => {
    const table = new RouteTable([route('a', { weight: 1 }), route('b', { weight: 1 })]);
    const before = table.find(BOB);
    for (let n = 0; n < 10_001; n += 1) table.find(jid(`user${n}@example.com`));
    expect((table as unknown as { known: Map<string, unknown> }).known.size).toBeLessThanOrEqual(10_000);
    expect(table.find(BOB)).toBe(before);
  });
});
