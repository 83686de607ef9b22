import { FaultError } from '@isthmus/model';
import { StoreDoubtError, StoreUnavailableError } from '@isthmus/store';
import { Instance, Place } from './support/instance';
import { outcomeOf, PAIR, pairOfUser, recordIn, says, textsOf, USELESS, writes } from './support/pairs';
import { TappedPairs } from './support/stores';
import { deferred, eventually, settled } from './support/waiting';

let place: Place;
let tapped: TappedPairs;
let one: Instance;

beforeEach(() => {
  place = new Place();
  tapped = new TappedPairs(place.pairs);
  one = new Instance(place, 'w1#a', { store: tapped, maxPending: 10, maxCached: 3 });
});

const queueOf = async (): Promise<string[]> => (await recordIn(place.pairs)).conversation.queue.map(({ id }) => id);

describe('order (promise 2)', () => {
  test('events of a pair are taken in the order in which they came', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((text) => one.loop.handle(PAIR, says(text))));
    expect(await queueOf()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('an event is put into its turn before handle returns', async () => {
    const first = one.loop.handle(PAIR, says('a'));
    expect(one.loop.pending).toBe(1);
    await first;
    expect(one.loop.pending).toBe(0);
  });

  test('pairs do not wait for each other', async () => {
    const release = deferred();
    tapped.beforeCommit = ({ key }) => (key.startsWith('ann@') ? release.promise : undefined);
    const slow = one.loop.handle(PAIR, says('slow'));
    await one.loop.handle(pairOfUser('eve'), says('quick'));
    expect(one.doer.begun).toEqual(['sip.message quick']);
    release.resolve();
    await slow;
    expect(one.doer.begun).toEqual(['sip.message quick', 'sip.message slow']);
  });

  test('drained resolves when nothing waits any more', async () => {
    await one.loop.drained();
    const done = one.loop.handle(PAIR, says('a'));
    await one.loop.drained();
    expect(one.loop.pending).toBe(0);
    await done;
  });
});

test('promise 6: a session is known to be up while the record that shows it is at hand', async () => {
  const dialog = { server: 'd1', owner: 'w1/1', callId: 'c', localTag: 'l', remoteTag: 'r', localCSeq: 1 };
  await one.loop.handle(PAIR, says('a'));
  expect(one.loop.hasSession(PAIR)).toBe(false);
  await one.loop.change(PAIR, (record) => ({ record: { ...record, conversation: { ...record.conversation, is: 'open', dialog } as typeof record.conversation }, start: [] }));
  expect([one.loop.hasSession(PAIR), one.loop.hasSession(pairOfUser('eve'))]).toEqual([true, false]);
  one.loop.forget();
  expect(one.loop.hasSession(PAIR)).toBe(false);
});

describe('commits', () => {
  test('events that wait for the same turn share one', async () => {
    const release = deferred();
    tapped.beforeCommit = () => release.promise;
    const all = ['a', 'b', 'c', 'd'].map((text) => one.loop.handle(PAIR, says(text)));
    release.resolve();
    await Promise.all(all);
    expect(tapped.commits).toHaveLength(2);
  });

  test('no effect starts before its commit', async () => {
    const release = deferred();
    tapped.beforeCommit = () => release.promise;
    const handled = one.loop.handle(PAIR, says('a'));
    await settled();
    expect(one.doer.begun).toEqual([]);
    release.resolve();
    await handled;
    expect(one.doer.begun).toEqual(['sip.message a']);
  });

  test('the record is in memory afterwards: the next event needs no load', async () => {
    await one.loop.handle(PAIR, says('a'));
    const { loads } = tapped;
    await one.loop.handle(PAIR, says('b'));
    expect(tapped.loads).toBe(loads);
  });

  test('what holds nothing worth keeping is not stored, and deleted where it was', async () => {
    await one.loop.handle(PAIR, USELESS);
    expect(tapped.commits).toEqual([]);
    await one.loop.handle(PAIR, says('a'));
    one.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    place.now += 601_000;
    await one.loop.handle(PAIR, { on: 'timer', at: place.now, trace: 't' });
    expect(await one.stored(PAIR)).toBeUndefined();
    expect(one.loop.cached).toBe(0);
  });

  test('the pair falls due at the end of the lease while effects are not done', async () => {
    await one.loop.handle(PAIR, says('a'));
    expect(tapped.commits.map(({ due }) => due)).toEqual([place.now + 5_000]);
  });
});

describe('a lost race', () => {
  test('is loaded and stepped again', async () => {
    const two = new Instance(place, 'w2#b');
    await one.loop.handle(PAIR, says('a'));
    await two.loop.handle(PAIR, says('b'));
    await one.loop.handle(PAIR, says('c'));
    expect(await queueOf()).toEqual(['a', 'b', 'c']);
    expect(one.conflicts).toBe(1);
    expect([...one.doer.begun, ...two.doer.begun]).toEqual(['sip.message a']);
  });

  test('when the other one deletes the record meanwhile, the event meets a new one', async () => {
    await one.loop.handle(PAIR, says('a'));
    await place.pairs.commit({ key: 'ann@example.com|bob@example.com', expected: 1, record: undefined, due: undefined });
    await one.loop.handle(PAIR, says('b'));
    expect(await queueOf()).toEqual(['b']);
  });

  test('that never ends is given up with an error', async () => {
    const two = new Instance(place, 'w2#b', { maxPending: 1_000 });
    let races = 0;
    tapped.beforeCommit = async () => {
      races += 1;
      await two.loop.handle(PAIR, writes(`race${races}`));
    };
    await expect(one.loop.handle(PAIR, says('a'))).rejects.toMatchObject({ fault: { condition: 'internal-server-error' } });
    expect(races).toBeGreaterThan(10);
  });

  test('a cached record that is out of date is loaded again before an event counts as useless', async () => {
    const two = new Instance(place, 'w2#b');
    await one.loop.handle(PAIR, says('a'));
    const { effect } = one.doer.nth(0);
    one.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    await two.loop.handle(PAIR, says('b'));
    const second = two.doer.nth(0).effect;
    expect(second.key).not.toBe(effect.key);
    await one.loop.handle(PAIR, outcomeOf(second));
    expect((await recordIn(place.pairs)).effects).toEqual([]);
    expect(one.ignored).toEqual([]);
  });

  test('an event without a cell is told once, whatever the races', async () => {
    await one.loop.handle(PAIR, says('a'));
    await one.loop.handle(PAIR, USELESS);
    expect(one.ignored).toHaveLength(1);
  });
});

describe('a job that throws', () => {
  test('is rejected and spares the others of its turn', async () => {
    const release = deferred();
    tapped.beforeCommit = () => release.promise;
    const first = one.loop.handle(PAIR, says('a'));
    const second = one.loop.handle(PAIR, says('b'));
    const bad = one.loop.change(PAIR, () => {
      throw new Error('a bug');
    });
    const third = one.loop.handle(PAIR, says('c'));
    const outcomes = Promise.allSettled([first, second, bad, third]);
    release.resolve();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await queueOf()).toEqual(['a', 'b', 'c']);
  });

  test('leaves the turn to the next one', async () => {
    await expect(one.loop.change(PAIR, () => { throw new Error('a bug'); })).rejects.toThrow('a bug');
    await one.loop.handle(PAIR, says('a'));
    expect(await queueOf()).toEqual(['a']);
  });
});

describe('the store is away', () => {
  test('the event is refused by a fault that its sender can be told (promise 1)', async () => {
    tapped.away = true;
    const failure: unknown = await one.loop.handle(PAIR, says('a')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FaultError);
    expect(failure).toMatchObject({ fault: { condition: 'resource-constraint', type: 'wait', sip: 503 } });
    expect((failure as FaultError).cause).toBeInstanceOf(StoreUnavailableError);
    expect(one.doer.begun).toEqual([]);
  });

  test('nothing in memory is believed after it: the next event loads', async () => {
    const two = new Instance(place, 'w2#b');
    await one.loop.handle(PAIR, says('a'));
    tapped.away = true;
    await expect(one.loop.handle(PAIR, says('b'))).rejects.toBeInstanceOf(FaultError);
    tapped.away = false;
    await two.loop.handle(PAIR, says('c'));
    await one.loop.handle(PAIR, says('d'));
    expect(await queueOf()).toEqual(['a', 'c', 'd']);
    expect(one.conflicts).toBe(0);
  });
});

describe('bounds (promise 6)', () => {
  test('events above maxPending are refused at once, and are taken again when there is room', async () => {
    const release = deferred();
    tapped.beforeCommit = () => release.promise;
    const taken = Array.from({ length: 10 }, (_, n) => one.loop.handle(PAIR, says(`m${n}`)));
    await expect(one.loop.handle(pairOfUser('eve'), says('one more'))).rejects.toMatchObject({ fault: { condition: 'resource-constraint' } });
    release.resolve();
    await Promise.all(taken);
    await one.loop.handle(pairOfUser('eve'), says('one more'));
    expect(one.doer.begun).toEqual(['sip.message m0', 'sip.message one more']);
  });

  test('outcomes and hand-overs of what was let in are let in all the same', async () => {
    await one.loop.handle(PAIR, says('a'));
    await one.loop.handle(pairOfUser('eve'), writes('b'));
    await eventually('its hand-over is done', () => one.runner.inFlight === 1);
    const release = deferred();
    tapped.beforeCommit = () => release.promise;
    const taken = Array.from({ length: 10 }, (_, n) => one.loop.handle(pairOfUser('joe'), says(`m${n}`)));
    one.doer.nth(0).answer(200);
    await settled();
    expect(one.loop.pending).toBe(11);
    release.resolve();
    await Promise.all(taken);
    await eventually('the outcome is taken', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(one.failures).toEqual([]);
  });

  test('no more than maxCached records stay in memory; the least recently used goes', async () => {
    for (const user of ['a', 'b', 'c']) await one.loop.handle(pairOfUser(user), says('x'));
    await one.loop.handle(pairOfUser('a'), says('y'));
    await one.loop.handle(pairOfUser('d'), says('x'));
    expect(one.loop.cached).toBe(3);
    const { loads } = tapped;
    await one.loop.handle(pairOfUser('a'), says('z'));
    expect(tapped.loads).toBe(loads);
    await one.loop.handle(pairOfUser('b'), says('z'));
    expect(tapped.loads).toBe(loads + 1);
  });

  test('forget empties the memory', async () => {
    await one.loop.handle(PAIR, says('a'));
    one.loop.forget();
    expect(one.loop.cached).toBe(0);
    await one.loop.handle(PAIR, says('b'));
    expect(await queueOf()).toEqual(['a', 'b']);
  });
});

test("the contact's own spelling of his address is remembered with the record (ADDR-10)", async () => {
  await one.loop.handle(PAIR, writes('hello'), 'sip:Bob@example.com' as Parameters<Instance['loop']['handle']>[2]);
  expect((await recordIn(place.pairs)).sipUri).toBe('sip:Bob@example.com');
  expect(textsOf((await recordIn(place.pairs)).effects)).toEqual(['hello']);
});

describe('a commit whose answer never came (promise 1)', () => {
  const lost = () => {
    throw new StoreDoubtError('the connection was lost');
  };

  test('it had taken place: the message has one outcome, and is sent once', async () => {
    tapped.afterCommit = () => {
      tapped.afterCommit = () => undefined;
      lost();
    };
    await one.loop.handle(PAIR, says('a'));
    expect(one.doer.begun).toEqual(['sip.message a']);
    expect(await queueOf()).toEqual(['a']);
  });

  test('it had taken place without an effect to show for it: a text that waits is not queued twice', async () => {
    await one.loop.handle(PAIR, says('a'));
    tapped.afterCommit = () => {
      tapped.afterCommit = () => undefined;
      lost();
    };
    await one.loop.handle(PAIR, says('b'));
    expect(await queueOf()).toEqual(['a', 'b']);
  });

  test('it had not: it is made again', async () => {
    tapped.beforeCommit = () => {
      tapped.beforeCommit = () => undefined;
      lost();
    };
    await one.loop.handle(PAIR, says('a'));
    expect(one.doer.begun).toEqual(['sip.message a']);
    expect(tapped.commits).toHaveLength(2);
  });

  test('another worker has gone on from it: nothing is overwritten', async () => {
    tapped.afterCommit = async () => {
      tapped.afterCommit = () => undefined;
      await new Instance(place, 'w2#a').loop.handle(PAIR, says('b'));
      lost();
    };
    await one.loop.handle(PAIR, says('a'));
    await one.loop.handle(PAIR, says('c'));
    expect(await queueOf()).toEqual(['a', 'b', 'c']);
    expect(one.doer.begun).toEqual(['sip.message a']);
  });

  test('the store comes back after a while: meanwhile neither an error is told nor anything done', async () => {
    tapped.afterCommit = () => {
      tapped.afterCommit = () => undefined;
      tapped.away = true;
      lost();
    };
    const told = one.loop.handle(PAIR, says('a'));
    await eventually('it is looked for', () => tapped.loads > 2);
    expect(one.doer.begun).toEqual([]);
    tapped.away = false;
    await told;
    expect(one.doer.begun).toEqual(['sip.message a']);
  });
});
