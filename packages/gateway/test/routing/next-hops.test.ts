import type { BareJid } from '@isthmus/model';
import { RouteTable, type Route } from '../../src/routes';
import { hopAt, type Hop, type Place } from '../../src/routing/hop';
import { NextHops } from '../../src/routing/next-hops';
import { route } from '../support/routes';

const jid = (text: string): BareJid => text as BareJid;
const BOB = jid('bob@example.com');

/** Routes whose hops are known, and what is told of them. */
class Stage {
  clock = 1_000_000;
  readonly asked: string[] = [];
  readonly told: string[] = [];
  readonly table: RouteTable;
  readonly hops: NextHops;
  private readonly places = new Map<string, readonly Hop[]>();

  constructor(...routes: readonly Route[]) {
    this.table = new RouteTable(routes);
    for (const each of routes) this.resolve(each, { address: each.host });
    this.hops = new NextHops({
      table: this.table,
      hopsOf: ({ name }) => this.places.get(name) ?? [],
      now: () => this.clock,
      onAsk: ({ host }) => this.asked.push(host),
      onChange: ({ name }, state, before) => this.told.push(`route ${name} ${before} ${state}`),
      onHop: ({ host }, state) => this.told.push(`hop ${host} ${state}`),
    });
  }

  resolve(to: Route, ...places: readonly (Partial<Place> & { readonly address: string })[]): void {
    this.places.set(to.name, places.map((place) => hopAt(to, { port: to.port, priority: 0, weight: 0, ...place })));
  }

  hop(host: string): Hop {
    const found = this.hops.all().find((each) => each.host === host);
    if (found === undefined) throw new Error(`no hop ${host}`);
    return found;
  }

  order(contact = BOB): string {
    return this.hops.forContact(contact).map(({ host }) => host).join(' ');
  }
}

const two = (over = {}): Stage => new Stage(route('a', { host: '192.0.2.1', ...over }), route('b', { host: '192.0.2.2' }));

describe('the order in which next hops are tried', () => {
  test('routes as the table has them; nobody is led anywhere without a route', () => {
    const stage = two();
    expect(stage.order()).toBe('192.0.2.1 192.0.2.2');
    expect(stage.order(jid('bob@elsewhere.example'))).toBe('');
  });

  test('RFC 2782: the hops of one route by priority, then by shares that each contact keeps', () => {
    const only = route('a');
    const stage = new Stage(only);
    stage.resolve(only, { address: '192.0.2.3', priority: 20, weight: 5 }, { address: '192.0.2.1', priority: 10, weight: 3 }, { address: '192.0.2.2', priority: 10, weight: 1 });
    const firsts = Array.from({ length: 4_000 }, (_, n) => stage.order(jid(`user${n}@example.com`)));
    expect(firsts.every((order) => order.endsWith(' 192.0.2.3'))).toBe(true);
    expect(firsts.filter((order) => order.startsWith('192.0.2.1')).length / 4_000).toBeCloseTo(0.75, 1);
    expect(stage.order()).toBe(stage.order());
  });

  test('a hop in doubt or dead comes last, and is tried still when there is no other', () => {
    const stage = two();
    stage.hops.answered(stage.hop('192.0.2.1'), 'OPTIONS');
    stage.hops.failed(stage.hop('192.0.2.1'));
    expect(stage.order()).toBe('192.0.2.2 192.0.2.1');
    stage.hops.failed(stage.hop('192.0.2.1'));
    expect(stage.order()).toBe('192.0.2.2 192.0.2.1');
    for (let n = 0; n < 2; n += 1) stage.hops.failed(stage.hop('192.0.2.2'));
    expect(stage.order().split(' ')).toHaveLength(2);
    stage.hops.answered(stage.hop('192.0.2.1'));
    expect(stage.order()).toBe('192.0.2.1 192.0.2.2');
  });

  test('RFC 3261 section 21.5.4: whoever wants to be left alone is, for so long', () => {
    const stage = two();
    stage.hops.hold(stage.hop('192.0.2.1'), 30_000);
    stage.clock += 29_999;
    expect(stage.order()).toBe('192.0.2.2 192.0.2.1');
    stage.clock += 1;
    expect(stage.order()).toBe('192.0.2.1 192.0.2.2');
  });

  test('only those that speak the dialect for which the request was made', () => {
    const stage = new Stage(route('a', { host: '192.0.2.1' }), route('b', { host: '192.0.2.2', dialect: 'simple' }), route('c', { host: '192.0.2.3' }));
    expect(stage.order()).toBe('192.0.2.1 192.0.2.3');
  });

  test('routes that lead to one place share its health, and it is tried once', () => {
    const stage = new Stage(route('a', { host: '192.0.2.1' }), route('b', { host: '192.0.2.1' }), route('c', { host: '192.0.2.2' }));
    expect(stage.order()).toBe('192.0.2.1 192.0.2.2');
    for (let n = 0; n < 2; n += 1) stage.hops.failed(stage.hop('192.0.2.1'));
    expect(['a', 'b', 'c'].map((name) => stage.table.state(name))).toEqual(['down', 'down', 'unknown']);
  });
});

describe('what is known of a next hop', () => {
  test('a failure is a doubt: it is asked; the second one is known and told', () => {
    const stage = two();
    stage.hops.answered(stage.hop('192.0.2.1'));
    stage.hops.failed(stage.hop('192.0.2.1'));
    expect([stage.asked, stage.told, stage.table.state('a')]).toEqual([['192.0.2.1'], ['route a unknown up'], 'up']);
    stage.hops.failed(stage.hop('192.0.2.1'));
    expect(stage.told.slice(1)).toEqual(['route a up down', 'hop 192.0.2.1 down']);
    stage.hops.due(stage.hop('192.0.2.1'));
    expect(stage.table.state('a')).toBe('down');
    stage.hops.answered(stage.hop('192.0.2.1'));
    expect(stage.told.slice(3)).toEqual(['route a down up', 'hop 192.0.2.1 up']);
  });

  test('promise 4: silent devices behind a hop that answers OPTIONS do not make it dead', () => {
    const stage = two();
    stage.hops.answered(stage.hop('192.0.2.1'), 'OPTIONS');
    for (let n = 0; n < 10; n += 1) stage.hops.silent(stage.hop('192.0.2.1'), false);
    expect([stage.hops.isDown(stage.hop('192.0.2.1')), stage.asked]).toEqual([false, ['192.0.2.1']]);
  });

  test('two INVITEs without even a 100 do, and so does silence of one that never answers OPTIONS', () => {
    const stage = two();
    stage.hops.answered(stage.hop('192.0.2.1'), 'OPTIONS');
    for (let n = 0; n < 2; n += 1) stage.hops.silent(stage.hop('192.0.2.1'), true);
    for (let n = 0; n < 2; n += 1) stage.hops.silent(stage.hop('192.0.2.2'), false);
    expect(stage.hops.dead()).toEqual(['192.0.2.1', '192.0.2.2'].map((host) => `sip:${host}:5060;transport=tcp`));
  });

  test('half-open: a hop that OPTIONS cannot tell of gets one request now and then before traffic returns', () => {
    const stage = two();
    const dead = stage.hop('192.0.2.1');
    for (let n = 0; n < 2; n += 1) stage.hops.failed(dead);
    expect(stage.order()).toBe('192.0.2.2 192.0.2.1');
    stage.hops.due(dead);
    expect([stage.order(), stage.order()]).toEqual(['192.0.2.1 192.0.2.2', '192.0.2.2 192.0.2.1']);
    stage.clock += 30_000;
    expect([stage.order(), stage.order()]).toEqual(['192.0.2.1 192.0.2.2', '192.0.2.2 192.0.2.1']);
    stage.hops.answered(dead);
    expect([stage.order(), stage.order()]).toEqual(['192.0.2.1 192.0.2.2', '192.0.2.1 192.0.2.2']);
  });

  test('promise 3: one for which no such request comes returns by itself when it can be connected', () => {
    const stage = new Stage(route('a', { host: '192.0.2.1' }), route('b', { host: '192.0.2.2', dialect: 'simple' }));
    const dead = stage.hop('192.0.2.1');
    for (let n = 0; n < 2; n += 1) stage.hops.failed(dead);
    stage.hops.reached(dead);
    stage.hops.due(dead);
    stage.clock += 59_999;
    stage.hops.reached(dead);
    expect(stage.order()).toBe('192.0.2.2');
    stage.clock += 1;
    stage.hops.reached(dead);
    expect(stage.order()).toBe('192.0.2.1');
  });

  test('half-open: one that answers OPTIONS gets none before that answer', () => {
    const stage = two();
    const dead = stage.hop('192.0.2.1');
    stage.hops.answered(dead, 'OPTIONS');
    for (let n = 0; n < 2; n += 1) stage.hops.failed(dead);
    stage.hops.due(dead);
    expect([stage.order(), stage.order()]).toEqual(['192.0.2.2 192.0.2.1', '192.0.2.2 192.0.2.1']);
  });

  test('a route is down when all its hops are, and one whose name leads nowhere; up when one is there', () => {
    const only = route('a');
    const stage = new Stage(only);
    stage.resolve(only, { address: '192.0.2.1' }, { address: '192.0.2.2' });
    for (let n = 0; n < 2; n += 1) stage.hops.failed(stage.hop('192.0.2.1'));
    expect(stage.told).toEqual(['hop 192.0.2.1 down']);
    for (let n = 0; n < 2; n += 1) stage.hops.failed(stage.hop('192.0.2.2'));
    expect(stage.told.slice(1)).toEqual(['route a unknown down', 'hop 192.0.2.2 down']);
    stage.resolve(only, { address: '192.0.2.3' });
    stage.hops.changed();
    expect([stage.table.state('a'), stage.hops.dead()]).toEqual(['unknown', []]);
    stage.resolve(only);
    stage.hops.changed();
    expect(stage.table.state('a')).toBe('down');
  });
});

describe('what other workers find', () => {
  const URI = 'sip:192.0.2.1:5060;transport=tcp';
  const heard = (stage: Stage, ...views: readonly Readonly<Record<string, readonly string[]>>[]): void => {
    for (const view of views) stage.hops.heard(new Map(Object.entries(view)));
  };

  test('a hop that another one finds dead is asked at once and used last meanwhile; the finding is no verdict and counts once', () => {
    const stage = two();
    stage.hops.answered(stage.hop('192.0.2.1'), 'OPTIONS');
    heard(stage, { w2: [URI] }, { w2: [URI] });
    expect([stage.asked, stage.order(), stage.hops.dead()]).toEqual([['192.0.2.1'], '192.0.2.2 192.0.2.1', []]);
    stage.hops.answered(stage.hop('192.0.2.1'), 'OPTIONS');
    heard(stage, { w2: [URI] });
    expect([stage.asked, stage.order()]).toEqual([['192.0.2.1'], '192.0.2.1 192.0.2.2']);
  });

  test('one that another worker reaches again is asked at once; a worker that is gone says nothing', () => {
    const stage = two();
    for (let n = 0; n < 2; n += 1) stage.hops.failed(stage.hop('192.0.2.1'));
    stage.asked.length = 0;
    heard(stage, { w2: [URI], w3: [URI] }, { w3: [URI] });
    expect(stage.asked).toEqual([]);
    heard(stage, { w3: [] });
    expect([stage.asked, stage.hops.isDown(stage.hop('192.0.2.1'))]).toEqual([['192.0.2.1'], true]);
  });

  test('hops that are not ours are passed over', () => {
    const stage = two();
    heard(stage, { w2: ['sip:203.0.113.9:5060;transport=tcp'] });
    expect(stage.asked).toEqual([]);
  });
});

test('a dialog is led by the route of its hop, as long as that leads to the contact', () => {
  const stage = two({ dialect: 'simple' });
  expect(stage.hops.routeAt('sip:192.0.2.2:5060;transport=tcp', BOB)?.name).toBe('b');
  expect(stage.hops.routeAt('sip:192.0.2.9:5060;transport=tcp', BOB)).toBeUndefined();
  expect(stage.hops.routeAt(undefined, BOB)).toBeUndefined();
});
