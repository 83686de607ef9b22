import type { BareJid } from '@isthmus/model';
import { RouteHealth, type Probe } from '../src/health';
import { nextHop, RouteTable, toRoute, type Route } from '../src/routes';
import { deferred, eventually, settled, type Deferred } from './support/waiting';

function route(name: string, over: Partial<Parameters<typeof toRoute>[0]> = {}): Route {
  const config = { name, host: '192.0.2.10', port: 5060, transport: 'tcp', dialect: 'microsoft', variant: 'lync', presence: 'msrtc', approval: 'answer', streamOnly: false, messageStatus: 200, enabled: true, users: ['*'] as string[], priority: 0, weight: 0, ...over } as const;
  return toRoute(config, ['example.com', 'example.net']);
}

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
    expect(table.candidates(BOB).map(({ name }) => name)).toEqual(['b', 'a']);
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

describe('their health', () => {
  const hop = route('a');
  let table: RouteTable;
  let probes: Deferred<Probe>[];
  let changes: string[];
  let errors: unknown[];
  let health: RouteHealth;

  beforeEach(() => {
    table = new RouteTable([hop]);
    [probes, changes, errors] = [[], [], []];
    health = new RouteHealth({
      table,
      probe: () => {
        const probe = deferred<Probe>();
        probes.push(probe);
        return probe.promise;
      },
      intervalMs: 1,
      onChange: ({ name }, state, before) => changes.push(`${name} ${before} ${state}`),
      onError: (error) => errors.push(error),
    });
    health.start();
  });
  afterEach(() => health.stop());

  /** Answers the probes that come next. */
  async function answer(...results: readonly (Probe | Error)[]): Promise<void> {
    for (const result of results) {
      const n = asked;
      await eventually(`probe ${n} is sent`, () => probes.length > n);
      asked += 1;
      if (result instanceof Error) probes[n]?.reject(result);
      else probes[n]?.resolve(result);
      await settled();
    }
  }
  let asked = 0;
  beforeEach(() => (asked = 0));

  test('any answer of the far side means up', async () => {
    await answer('answered');
    expect(changes).toEqual(['a unknown up']);
  });

  test('two failures in a row mean down, one does not', async () => {
    await answer('unreachable', 'answered', 'unreachable');
    expect(table.state('a')).toBe('up');
    await answer('unreachable');
    expect(changes).toEqual(['a unknown up', 'a up down']);
    await answer('answered');
    expect(changes.at(-1)).toBe('a down up');
  });

  test('silence of a hop that never answered OPTIONS says nothing', async () => {
    await answer('silent', 'silent', 'silent');
    expect(changes).toEqual([]);
    await answer('answered', 'silent', 'silent');
    expect(changes).toEqual(['a unknown up', 'a up down']);
  });

  test('a connection to a SIP server that came or went has all routes looked at before their turn', async () => {
    const patient = new RouteHealth({
      table,
      probe: () => {
        asked += 1;
        return Promise.resolve('answered');
      },
      intervalMs: 3_600_000,
      onChange: () => undefined,
      onError: (error) => errors.push(error),
    });
    patient.start();
    await eventually('the first probe', () => asked === 1);
    await settled();
    patient.lookAtAll();
    await eventually('the next one, long before its turn', () => asked === 2);
    patient.stop();
  });

  test('a probe that fails by itself is told, and the next one comes', async () => {
    await answer(new Error('a bug'), 'answered');
    expect(errors).toEqual([new Error('a bug')]);
    expect(changes).toEqual(['a unknown up']);
  });

  test('promise 6: requests that fail do not multiply the probes', async () => {
    await eventually('the first probe is sent', () => probes.length === 1);
    for (let failed = 0; failed < 20; failed += 1) {
      health.suspect(hop);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(probes).toHaveLength(1);
    await answer('answered');
    await eventually('the next probe comes in its turn', () => probes.length === 2);
  });

  test('other routes: those that are gone are left alone, what they answered late does not count, new ones are probed', async () => {
    await answer('answered');
    await eventually('the next probe', () => probes.length === 2);
    const next = route('b');
    table.replace([next]);
    health.routesReplaced();
    await answer('unreachable', 'answered');
    expect(changes).toEqual(['a unknown up', 'b unknown up']);
    expect(table.state('a')).toBe('unknown');
  });

  test('after stop nothing is probed and nothing changes', async () => {
    await eventually('the first probe is sent', () => probes.length === 1);
    health.stop();
    await answer('answered');
    expect(changes).toEqual([]);
    health.suspect(hop);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(probes).toHaveLength(1);
  });
});

test('a suspected hop is looked at before its turn, one that is down only in its turn', async () => {
  const hop = route('a');
  const table = new RouteTable([hop]);
  let probes = 0;
  const probe = async (): Promise<Probe> => {
    probes += 1;
    return 'answered';
  };
  const health = new RouteHealth({ table, probe, intervalMs: 3_600_000, onChange: () => undefined, onError: () => undefined });
  health.start();
  await eventually('the first probe is sent', () => probes === 1);
  await settled();
  health.suspect(hop);
  await eventually('it is probed again', () => probes === 2);
  table.setState('a', 'down');
  health.suspect(hop);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(probes).toBe(2);
  health.stop();
});
