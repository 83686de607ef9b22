import pino from 'pino';
import { newRecord, type EngineEvent, type PairRecord } from '@isthmus/engine';
import type { BareJid, Pair } from '@isthmus/model';
import type { Sweep, Sweeper } from '../src/pairs/sweep';
import { Recovery, type RecoveryOptions } from '../src/recovery';
import { RouteTable, toRoute, type Route } from '../src/routes';
import { hopAt } from '../src/routing/hop';

const BOB: Pair = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };
const CAROL: Pair = { user: 'ann@example.com' as BareJid, contact: 'carol@other.example' as BareJid };

function route(name: string, domains?: string[]): Route {
  const config = { name, host: '192.0.2.10', port: 5060, transport: 'tcp', dialect: 'microsoft', variant: 'lync', presence: 'msrtc', approval: 'answer', streamOnly: false, messageStatus: 200, enabled: true, users: ['*'] as string[], priority: 0, weight: 0, srv: false } as const;
  return toRoute({ ...config, ...(domains && { domains }) }, ['example.com']);
}

/** The next hop of the route that changes, and one of another route. */
const [HERE, THERE] = ['sip:192.0.2.10:5060;transport=tcp', 'sip:192.0.2.20:5060;transport=tcp'];
const DIALOG = { callId: 'c', localTag: 'l', localCSeq: 1, remoteCSeq: 0, stackId: 's', server: 'd', owner: 'o' };

/** A pair whose watch was opened through a next hop. */
function watched(hop?: string): PairRecord {
  const record = newRecord(BOB);
  const outward = { ...record.outward, is: 'watching', dialog: { ...DIALOG, ...(hop !== undefined && { hop }) } };
  return { ...record, outward } as unknown as PairRecord;
}

/** What a sweep tells a pair. */
function told({ select }: Sweep, pair: Pair): EngineEvent['on'][] {
  return select(pair, newRecord(pair)).map(({ on }) => on);
}

describe('the SIP servers of contacts go and come', () => {
  let table: RouteTable;
  let sweeps: Sweep[];
  let recovery: Recovery;
  let now: number;

  function start(...routes: Route[]): void {
    table = new RouteTable(routes);
    sweeps = [];
    now = 0;
    const sweeper: Pick<Sweeper, 'sweep'> = { sweep: (sweep) => void ('select' in sweep && sweeps.push(sweep)) };
    const parts = { sweeper: sweeper as Sweeper, table, log: pino({ level: 'silent' }), routeDownGraceMs: 3_000, now: () => now, onEventLost: () => undefined };
    recovery = new Recovery(parts as unknown as RecoveryOptions);
  }

  function change(each: Route, state: 'up' | 'down'): void {
    const before = table.state(each.name);
    table.setState(each.name, state);
    recovery.routeChanged(each, state, before, [HERE]);
  }

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    recovery.stop();
    jest.useRealTimers();
  });

  test('promise 4: down for as long as is configured: its contacts are told to be unavailable, no others', () => {
    const far = route('far');
    start(far, route('other', ['other.example']));
    change(far, 'down');
    jest.advanceTimersByTime(2_999);
    expect(sweeps).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(sweeps.map((sweep) => [sweep.name, told(sweep, BOB), told(sweep, CAROL)])).toEqual([['route_down far', ['route.down'], []]]);
  });

  test('promise 3: back within that time: watched anew, and never shown offline', () => {
    const far = route('far');
    start(far);
    change(far, 'down');
    jest.advanceTimersByTime(2_000);
    change(far, 'up');
    jest.advanceTimersByTime(60_000);
    expect(sweeps.map((sweep) => [sweep.name, told(sweep, BOB)])).toEqual([['route_up far', ['route.up']]]);
  });

  test('promise 3: a SIP server of ours comes back: a route has its time from then on to answer', () => {
    const far = route('far');
    start(far);
    change(far, 'down');
    jest.advanceTimersByTime(2_999);
    recovery.sipBack();
    jest.advanceTimersByTime(2_999);
    expect(sweeps.map(({ name }) => name)).toEqual(['sip_up']);
    jest.advanceTimersByTime(1);
    recovery.sipBack();
    jest.advanceTimersByTime(60_000);
    expect(sweeps.map(({ name }) => name)).toEqual(['sip_up', 'route_down far', 'sip_up']);
  });

  test('promise 3: back: watches there are told since when it was away, those that another route leads to come back to it', () => {
    const far = route('far');
    start(far);
    now = 7_000;
    change(far, 'down');
    now = 9_000;
    change(far, 'up');
    const [sweep] = sweeps;
    const toldTo = (record: PairRecord): unknown[] => [...(sweep?.select(BOB, record) ?? [])];
    expect(toldTo(watched(HERE))).toEqual([expect.objectContaining({ on: 'route.up', awaySince: 7_000 })]);
    for (const record of [watched(THERE), watched(), newRecord(BOB)]) expect(toldTo(record)).toEqual([expect.not.objectContaining({ awaySince: 7_000 })]);
  });

  test('up for the first time: nobody has missed it', () => {
    const far = route('far');
    start(far);
    change(far, 'up');
    expect(sweeps).toEqual([]);
  });

  test('promise 3: the route in use goes down and another leads there: watched anew by that one at once', () => {
    const [first, second] = [route('first'), route('second')];
    start(first, second);
    change(first, 'down');
    jest.advanceTimersByTime(60_000);
    expect(sweeps.map((sweep) => [sweep.name, told(sweep, BOB)])).toEqual([['route_up first', ['route.up']]]);
  });

  test('a route that was not in use goes down: nothing is told', () => {
    const [first, second] = [route('first'), route('second')];
    start(first, second);
    change(second, 'down');
    jest.advanceTimersByTime(60_000);
    expect(sweeps).toEqual([]);
  });

  test('promise 4: the last of two routes goes down', () => {
    const [first, second] = [route('first'), route('second')];
    start(first, second);
    change(first, 'down');
    change(second, 'down');
    jest.advanceTimersByTime(3_000);
    expect(sweeps.map(({ name }) => name)).toEqual(['route_up first', 'route_down first', 'route_down second']);
  });

  test('promise 3: other routes: whoever is led elsewhere is watched anew, whoever is led nowhere is gone, the rest hears nothing', () => {
    const [far, other] = [route('far'), route('other', ['other.example'])];
    start(far, other, route('third', ['third.example']));
    const moved = { ...far, host: '192.0.2.99' };
    recovery.routesReplaced(table.replace([moved, { ...route('renamed', ['third.example']) }]));
    const dave: Pair = { ...BOB, contact: 'dave@third.example' as BareJid };
    expect(sweeps.map((sweep) => [sweep.name, told(sweep, BOB), told(sweep, CAROL), told(sweep, dave)])).toEqual([
      ['routes_replaced', ['route.up'], ['route.down'], []],
    ]);
  });

  test('promise 4: a route that is replaced while its grace runs is not told as gone any more; one that stays is', () => {
    const [far, other] = [route('far'), route('other', ['other.example'])];
    start(far, other);
    change(far, 'down');
    change(other, 'down');
    recovery.routesReplaced(table.replace([{ ...far, host: '192.0.2.99' }, route('other', ['other.example'])]));
    jest.advanceTimersByTime(3_000);
    expect(sweeps.map(({ name }) => name)).toEqual(['routes_replaced', 'route_down other']);
  });

  test('promise 3: one of several next hops of a route is gone: what was watched through it is watched anew, nothing else', () => {
    const far = route('far');
    start(far);
    const [gone, other] = ['192.0.2.1', '192.0.2.2'].map((address) => hopAt(far, { address, port: 5060, priority: 0, weight: 1 }));
    if (gone === undefined || other === undefined) throw new Error('no hops');
    recovery.hopLost(gone);
    const [sweep] = sweeps;
    const toldTo = (record: PairRecord): string[] => [...(sweep?.select(BOB, record) ?? [])].map(({ on }) => on);
    expect([watched(gone.uri), watched(other.uri), watched(), newRecord(BOB)].map(toldTo)).toEqual([['route.up'], [], [], []]);
  });

  test('after stop nothing is told', () => {
    const far = route('far');
    start(far);
    change(far, 'down');
    recovery.stop();
    jest.advanceTimersByTime(60_000);
    expect(sweeps).toEqual([]);
  });
});

describe('dialogs whose owner is an anchor', () => {
  const withDialog = (owner: string): PairRecord => {
    const dialog = { callId: 'c', localTag: 'l', localCSeq: 1, remoteCSeq: 0, stackId: 'c;from-tag=l', server: 'd1', owner };
    return { ...newRecord(BOB), outward: { is: 'watching', dialog } as unknown as PairRecord['outward'] };
  };

  test('DESIGN 5, promise 3: it is out of sight: nothing is reopened at once, and what is gone by then a while later', () => {
    jest.useFakeTimers();
    const sweeps: Sweep[] = [];
    let state = 'unclear';
    const parts = { sweeper: { sweep: (sweep: Sweep) => void sweeps.push(sweep) }, cluster: { ownerState: () => state }, log: pino({ level: 'silent' }), now: () => 0 };
    const recovery = new Recovery(parts as unknown as RecoveryOptions);
    recovery.ownersGone('connection');
    const look = (sweep: Sweep | undefined): unknown => (sweep !== undefined && 'select' in sweep ? sweep.select(BOB, withDialog('@d1/one')).map(({ on }) => on) : undefined);
    expect(look(sweeps[0])).toEqual([]);
    expect(look(sweeps[0])).toEqual([]); // one more look for all pairs together
    jest.advanceTimersByTime(5_000);
    state = 'gone';
    expect([sweeps.length, look(sweeps[1])]).toEqual([2, ['owner.gone']]);
    jest.advanceTimersByTime(5_000);
    expect(sweeps.length).toBe(2);
    recovery.stop();
    jest.useRealTimers();
  });
});
