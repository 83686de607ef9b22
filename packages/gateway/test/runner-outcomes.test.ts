import { fault, FaultError } from '@isthmus/model';
import { Instance, LEASE_MS, Place } from './support/instance';
import { PAIR, recordIn, says, writes } from './support/pairs';
import { TappedPairs } from './support/stores';
import { eventually, settled } from './support/waiting';

let place: Place;
let tapped: TappedPairs;
let one: Instance;

beforeEach(() => {
  place = new Place();
  tapped = new TappedPairs(place.pairs);
  one = new Instance(place, 'w1#a', { store: tapped });
});

const undone = async (): Promise<number> => (await recordIn(place.pairs)).effects.length;

describe('settling', () => {
  test('what was handed over leaves the record, together when it was started together', async () => {
    await one.loop.handle(PAIR, writes('hello'));
    await eventually('the record is empty of effects', async () => (await undone()) === 0);
    expect(one.doer.begun).toEqual(['xmpp.message hello', 'sip.answer']);
    expect(tapped.commits).toHaveLength(2);
  });

  test('a hand-over that takes long holds back the stanzas behind it, not other pairs', async () => {
    const release = one.doer.hold('xmpp.message first');
    await one.loop.handle(PAIR, writes('first'));
    await one.loop.handle(PAIR, writes('second'));
    await settled();
    expect(one.doer.begun).toEqual(['xmpp.message first']);
    release.resolve();
    await eventually('all is done', async () => (await undone()) === 0);
    expect(one.doer.begun).toEqual(['xmpp.message first', 'sip.answer', 'xmpp.message second', 'sip.answer']);
  });

  test('a failure is told with its effect', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await eventually('it has failed', () => one.failures.length > 0);
    expect(one.failures[0]).toMatchObject({ effect: 'xmpp.message hello', error: new Error('the link is down') });
  });
});

describe('nothing is done twice while it runs', () => {
  test('a request that is started again', async () => {
    await one.loop.handle(PAIR, says('hello'));
    const record = await recordIn(place.pairs);
    one.runner.start(PAIR, record, record.effects);
    await settled();
    expect(one.doer.begun).toEqual(['sip.message hello']);
  });

  test('a stanza that is started again', async () => {
    const release = one.doer.hold('xmpp.message hello');
    await one.loop.handle(PAIR, writes('hello'));
    place.now += LEASE_MS + 1;
    await one.due.takeDue();
    const record = await recordIn(place.pairs);
    one.runner.start(PAIR, record, record.effects);
    release.resolve();
    await eventually('all is done', async () => (await undone()) === 0);
    expect(one.doer.begun).toEqual(['xmpp.message hello', 'sip.answer']);
  });
});

describe('the store goes away while something is under way (promise 1)', () => {
  test('an answer that was heard meanwhile is told when the store is back: the message is not sent again', async () => {
    await one.loop.handle(PAIR, says('hello'));
    tapped.away = true;
    one.doer.nth(0).answer(200);
    await eventually('it was tried', () => tapped.loads + tapped.commits.length > 3);
    expect(one.runner.inFlight).toBe(1);
    tapped.away = false;
    await one.looksAfter(LEASE_MS + 1);
    await eventually('the outcome is taken', async () => (await undone()) === 0);
    expect(one.doer.begun).toEqual(['sip.message hello']);
    expect(one.failures).toEqual([]);
    expect(one.runner.inFlight).toBe(0);
  });

  test('a stanza that was handed over meanwhile is not handed over again', async () => {
    const release = one.doer.hold('xmpp.message hello');
    await one.loop.handle(PAIR, writes('hello'));
    tapped.away = true;
    release.resolve();
    await eventually('it was tried', () => tapped.loads + tapped.commits.length > 4);
    tapped.away = false;
    await one.looksAfter(LEASE_MS + 1);
    await eventually('all is done', async () => (await undone()) === 0);
    expect(one.doer.begun).toEqual(['xmpp.message hello', 'sip.answer']);
  });

  test('what cannot be told for another reason is not insisted on', async () => {
    let told = 0;
    one.loop.handle = () => {
      told += 1;
      return Promise.reject(new FaultError(fault('server.error')));
    };
    one.runner.start(PAIR, { ...(await recordIn(place.pairs)), effects: [message] }, [message]);
    await settled();
    one.doer.nth(0).answer(200);
    await eventually('it counts as failed', () => one.failures.length === 1);
    expect([told, one.runner.inFlight]).toEqual([1, 0]);
  });

  test('and is given up in the end, so that nothing runs for ever', async () => {
    let told = 0;
    one.loop.handle = () => {
      told += 1;
      return Promise.reject(new FaultError(fault('server.unavailable')));
    };
    one.runner.start(PAIR, { ...(await recordIn(place.pairs)), effects: [message] }, [message]);
    await settled();
    one.doer.nth(0).answer(200);
    await eventually('it counts as failed', () => one.failures.length === 1);
    expect(told).toBeGreaterThan(10);
    expect(one.runner.inFlight).toBe(0);
  });
});

const message = { do: 'sip.message', key: 'k', trace: 't', message: { text: 'hello' } } as const;
