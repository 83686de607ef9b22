import type { EngineEvent } from '@isthmus/engine';
import { pairKey } from '@isthmus/model';
import type { StoredPair } from '../src/pairs/stored';
import { Instance, LEASE_MS, Place } from './support/instance';
import { contextOf, idsOf, outcomeOf, PAIR, pairOfUser, recordIn, requestsOf, says, textsOf, writes } from './support/pairs';
import { deferred, eventually, settled } from './support/waiting';
import { TappedPairs } from './support/stores';

/** Until the end of a lease, and past it. */
const LATER_MS = LEASE_MS + 1;

let place: Place;
let one: Instance;
let two: Instance;

beforeEach(() => {
  place = new Place();
  one = new Instance(place, 'w1#a');
  two = new Instance(place, 'w2#b');
});

async function die(instance: Instance): Promise<void> {
  await settled();
  place.alive.delete(instance.name);
}

describe('protocol timers', () => {
  test('fire at whoever finds the pair due', async () => {
    await one.loop.handle(PAIR, says('hello'));
    one.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect((await recordIn(place.pairs)).conversation.idleAt).toBeDefined();
    await two.looksAfter(601_000);
    expect(await one.stored(PAIR)).toBeUndefined();
  });

  test('a pair that is looked at too early comes back at its time', async () => {
    await one.loop.handle(PAIR, says('hello'));
    one.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    for (let seconds = 0; seconds < 590; seconds += 59) await two.looksAfter(59_000);
    expect(await one.stored(PAIR)).toBeDefined();
    await two.looksAfter(11_000);
    expect(await one.stored(PAIR)).toBeUndefined();
  });
});

describe('effects of a dead instance (promise 1)', () => {
  test('stanzas are handed over by the one that finds them', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await die(one);
    await two.looksAfter(LATER_MS);
    await eventually('both effects are done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(two.doer.begun).toEqual(['xmpp.message hello', 'sip.answer']);
    expect([one.takenOver, two.takenOver]).toEqual([[], ['hello']]);
  });

  test('requests come back as lost: a message is sent once more, marked', async () => {
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    await two.looksAfter(LATER_MS);
    expect(two.doer.nth(0).effect).toMatchObject({ do: 'sip.message', message: { text: 'hello' }, repeated: true });
    two.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
  });

  test('what the dead one says afterwards is not heard', async () => {
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    await two.looksAfter(LATER_MS);
    one.doer.nth(0).answer(500);
    await eventually('the old outcome is ignored', () => one.ignored.length > 0);
    expect(requestsOf(await recordIn(place.pairs))).toHaveLength(1);
    expect(two.doer.begun).toEqual(['sip.message hello']);
  });

  test('a restarted worker of the same name takes over what its former life left (decision 003)', async () => {
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    const again = new Instance(place, 'w1#c');
    await again.looksAfter(LATER_MS);
    expect(again.doer.begun).toEqual(['sip.message hello']);
  });

  test('before the end of the lease nobody is given the pair', async () => {
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    await two.looksAfter(LEASE_MS - 1);
    expect(two.doer.begun).toEqual([]);
  });
});

describe('an instance that is known to be dead (promise 3)', () => {
  async function isKnownDead(): Promise<void> {
    await die(one);
    place.dead.add(one.name);
    two.due.takeOver();
  }

  test('what it left is done at once and not at the end of the lease', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await isKnownDead();
    await two.looksAfter(1);
    await eventually('both effects are done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(two.doer.begun).toEqual(['xmpp.message hello', 'sip.answer']);
  });

  test('by all survivors together: each pair is taken by one, and a round takes no more than the pace allows', async () => {
    const pairs = ['ann', 'mia', 'moe', 'eve'].map(pairOfUser);
    for (const pair of pairs) await one.loop.handle(pair, says(pair.user));
    const three = new Instance(place, 'w3#c', { limit: 1 });
    await isKnownDead();
    three.due.takeOver();
    await three.looksAfter(1);
    expect(three.doer.sent).toHaveLength(1);
    await Promise.all([two.looksAfter(1), three.looksAfter(1)]);
    await two.looksAfter(1);
    await settled();
    const sent = [...two.doer.sent, ...three.doer.sent].map(({ pair }) => pair.user);
    expect(sent.sort()).toEqual(pairs.map(({ user }) => user).sort());
  });

  test('of one that nobody has heard of nothing is taken before the end of the lease: it may be new', async () => {
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    two.due.takeOver();
    await two.looksAfter(1);
    expect(two.doer.begun).toEqual([]);
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual(['sip.message hello']);
  });

  test('what live ones have in hand is left there, and what is begun later is not looked at', async () => {
    const three = new Instance(place, 'w3#c');
    await three.loop.handle(PAIR, says('hello'));
    await isKnownDead();
    await two.looksAfter(1);
    const { by } = (await two.stored(PAIR)) as StoredPair;
    await two.looksAfter(1);
    three.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect([by, two.doer.begun, three.doer.begun]).toEqual(['w3#c', [], ['sip.message hello']]);
  });
});

describe('an instance that others may take for dead', () => {
  test('promise 1: looks at nothing, since it does not know who lives', async () => {
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    place.lapsed.add(two.name);
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual([]);
    place.lapsed.delete(two.name);
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual(['sip.message hello']);
  });

  test('promise 1: nor does it take what it has begun to look at', async () => {
    const tapped = new TappedPairs(place.pairs);
    const slow = new Instance(place, 'w3#c', { store: tapped });
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    tapped.beforeCommit = async () => {
      place.lapsed.add(slow.name);
      tapped.beforeCommit = () => undefined;
      await place.pairs.commit({ key: pairKey(PAIR), expected: (await place.pairs.load(pairKey(PAIR)))?.version ?? 0, record: await one.stored(PAIR), due: undefined });
    };
    await slow.looksAfter(LATER_MS);
    expect([(await one.stored(PAIR))?.by, slow.doer.begun]).toEqual(['w1#a', []]);
  });
});

describe('an instance that was found dead and has come back', () => {
  test('promise 1: does nothing of what it had in hand when another one has taken it', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await settled();
    one.foundDead();
    two.due.takeOver();
    await two.looksAfter(1);
    one.doer.offline = false;
    await one.looksAfter(1);
    await one.looksAfter(LATER_MS);
    await eventually('both effects are done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect([one.doer.begun, two.doer.begun]).toEqual([['xmpp.message hello'], ['xmpp.message hello', 'sip.answer']]);
  });

  test('takes again what nobody has taken: stanzas are handed over, a request that is under way is not sent again', async () => {
    one.doer.offline = 'xmpp';
    await one.loop.handle(PAIR, says('question'));
    await one.loop.handle(PAIR, writes('hello'));
    await settled();
    one.foundDead();
    one.doer.offline = false;
    await one.looksAfter(1);
    one.doer.nth(0).answer(200);
    await eventually('all is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(one.doer.begun.filter((name) => name !== 'xmpp.message hello')).toEqual(['sip.message question', 'sip.answer']);
    expect(one.takenOver).toEqual([]);
  });

  test('what it commits while it is found dead is left to whoever finds the pair', async () => {
    const tapped = new TappedPairs(place.pairs);
    const slow = new Instance(place, 'w3#c', { store: tapped });
    tapped.afterCommit = () => slow.foundDead();
    await slow.loop.handle(PAIR, says('hello'));
    tapped.afterCommit = () => undefined;
    await settled();
    expect(slow.doer.begun).toEqual([]);
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual(['sip.message hello']);
  });
});

describe('effects of a live instance are left alone', () => {
  test('a request may take longer than many leases', async () => {
    await one.loop.handle(PAIR, says('hello'));
    for (let rounds = 0; rounds < 5; rounds += 1) {
      await two.looksAfter(LATER_MS);
      await one.looksAfter(LATER_MS);
    }
    one.doer.nth(0).answer(200);
    await eventually('the message is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect([...one.doer.begun, ...two.doer.begun]).toEqual(['sip.message hello']);
  });

  test('also when the other one has committed an event of the pair meanwhile', async () => {
    await one.loop.handle(PAIR, says('first'));
    await two.loop.handle(PAIR, says('second'));
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual([]);
    one.doer.nth(0).answer(200);
    await eventually('the second goes out', () => one.doer.sent.length === 2);
    expect([...one.doer.begun, ...two.doer.begun]).toEqual(['sip.message first', 'sip.message second']);
  });

  test('when the other one has committed and the first one dies, its request is lost all the same', async () => {
    await one.loop.handle(PAIR, says('first'));
    await two.loop.handle(PAIR, says('second'));
    await die(one);
    await two.looksAfter(LATER_MS);
    expect(two.doer.nth(0).effect).toMatchObject({ message: { text: 'first' }, repeated: true });
  });

  test('a stanza that waits for the link of its instance stays there', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await two.looksAfter(LATER_MS);
    await two.loop.handle(PAIR, says('unrelated'));
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual(['sip.message unrelated']);
    one.doer.offline = false;
    await one.looksAfter(LATER_MS);
    await eventually('it is handed over', () => one.doer.begun.includes('sip.answer'));
  });
});

describe('the XMPP link of an instance is down', () => {
  beforeEach(async () => {
    one.doer.offline = 'xmpp';
    place.linkless.add(one.name);
    await one.loop.handle(PAIR, writes('hello'));
    await settled();
  });

  test('promise 3: it gives its stanzas up to one that has a link; requests and answers stay', async () => {
    await one.looksAfter(1);
    await two.looksAfter(1);
    await eventually('the text is handed over', async () => textsOf((await recordIn(place.pairs)).effects).length === 0);
    expect(two.doer.begun).toEqual(['xmpp.message hello']);
    await one.looksAfter(1);
    await eventually('it is answered where it came from', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(one.doer.begun.at(-1)).toBe('sip.answer');
  });

  test('promise 1: a link that comes back hands nothing over that was given up, and nobody takes what was not', async () => {
    await two.looksAfter(LATER_MS);
    expect(two.doer.begun).toEqual([]);
    await one.looksAfter(1);
    one.doer.offline = false;
    await one.loop.handle(PAIR, says('unrelated'));
    await one.looksAfter(0);
    await settled();
    expect(one.doer.begun).toEqual(['xmpp.message hello', 'sip.message unrelated']);
    await two.looksAfter(1);
    await eventually('the text is handed over', () => two.doer.begun.includes('xmpp.message hello'));
  });

  test('promise 3: when no other one has a link either, nothing is given up, and it is handed over when the link is back', async () => {
    place.linkless.add(two.name);
    await one.looksAfter(1);
    await two.looksAfter(1);
    place.linkless.delete(one.name);
    one.doer.offline = false;
    one.due.hurry();
    await one.looksAfter(1);
    await eventually('it is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(two.doer.begun).toEqual([]);
  });

  test('promise 3: what was given up and found by one without a link is found by the next one', async () => {
    await one.looksAfter(1);
    await one.looksAfter(1);
    await two.looksAfter(1);
    await eventually('the text is handed over', () => two.doer.begun.includes('xmpp.message hello'));
  });
});

describe('what waits for another instance', () => {
  test('promise 2: what another worker takes meanwhile waits behind it', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('first'));
    await two.loop.handle(PAIR, writes('second'));
    await settled();
    expect(two.doer.begun).toEqual([]);
    one.doer.offline = false;
    await one.looksAfter(LATER_MS);
    // By itself, and soon: it need not wait for the end of a lease.
    await eventually('the second is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(two.doer.begun).toEqual(['xmpp.message second', 'sip.answer']);
  });

  test('promise 3: whoever is given the claims, an instance tries again itself, at once when its link is back', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await one.looksAfter(1);
    await two.looksAfter(LATER_MS);
    one.doer.offline = false;
    one.due.hurry();
    await one.looksAfter(1);
    await eventually('it is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(two.doer.begun).toEqual([]);
  });

  test('promise 6: no more often than once a lease, so that an outage costs little', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    for (let rounds = 0; rounds < 8; rounds += 1) await one.looksAfter(500);
    expect(one.doer.begun.length).toBeLessThan(4);
  });
});

describe('own effects', () => {
  test('that could not be handed over are tried again', async () => {
    one.doer.offline = true;
    await one.loop.handle(PAIR, writes('hello'));
    await settled();
    one.doer.offline = false;
    await one.looksAfter(LATER_MS);
    await eventually('both effects are done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(one.doer.begun).toEqual(['xmpp.message hello', 'xmpp.message hello', 'sip.answer']);
  });

  test('a request that is not running any more is lost', async () => {
    await one.loop.handle(PAIR, says('hello'));
    one.doer.nth(0).fail(new Error('the side failed'));
    await eventually('it counts as failed', () => one.failures.length === 1);
    await one.looksAfter(LATER_MS);
    expect(one.doer.nth(1).effect).toMatchObject({ do: 'sip.message', repeated: true });
  });

  test('a request that waits behind a stanza is not lost', async () => {
    place = new Place();
    one = new Instance(place, 'w1#a', { contextOf: contextOf('microsoft', {}, idsOf()) });
    one.doer.offline = true;
    const dialog = { callId: 'c', localTag: 'l', remoteTag: 'far', localCSeq: 0, remoteCSeq: 1, stackId: 's', server: 'sip1', owner: 'w1/1' };
    const ref = { callId: 'c', remoteTag: 'far', cseq: 1 };
    const transaction = { server: 'sip1', id: 'tx' };
    await one.loop.handle(PAIR, { on: 'sip.invite', at: place.now, trace: 't', transaction, ref, dialog } as EngineEvent);
    await one.loop.handle(PAIR, { ...says('hello'), trace: 't' });
    await settled();
    expect(new Set(one.doer.begun)).toEqual(new Set(['sip.answer']));
    await one.looksAfter(LATER_MS);
    await settled();
    const [request] = requestsOf(await recordIn(place.pairs));
    expect(request).toMatchObject({ do: 'sip.message', message: { text: 'hello' } });
    expect(request).not.toHaveProperty('repeated');
  });

  test('a request that another event of the same turn has just added is not lost', async () => {
    const tapped = new TappedPairs(place.pairs);
    const busy = new Instance(place, 'w3#c', { store: tapped });
    await busy.loop.handle(PAIR, writes('first'));
    await eventually('the first is done', async () => (await recordIn(place.pairs)).effects.length === 0);
    place.now += 601_000;
    const release = deferred();
    tapped.beforeCommit = () => release.promise;
    const taken = [busy.loop.handle(PAIR, writes('second')), busy.loop.handle(PAIR, says('hello', place.now)), busy.due.takeDue()];
    await eventually('the three wait for one turn', () => busy.loop.pending === 3);
    release.resolve();
    await Promise.all(taken);
    await settled();
    const { effect } = busy.doer.nth(0);
    expect(effect).toMatchObject({ message: { text: 'hello' } });
    expect(effect).not.toHaveProperty('repeated');
  });
});

test('an outcome that has been taken is not taken again', async () => {
  await one.loop.handle(PAIR, says('hello'));
  const { effect } = one.doer.nth(0);
  await two.loop.handle(PAIR, outcomeOf(effect, 500));
  one.doer.nth(0).answer(500);
  await eventually('the second outcome is ignored', () => one.ignored.length === 1);
  await eventually('the message has come back', () => two.doer.begun.length === 1);
  expect(textsOf((await recordIn(place.pairs)).effects)).toEqual([]);
});

test('nothing is due, nothing happens; a store that is away is told, not thrown', async () => {
  await one.looksAfter(LATER_MS);
  expect(one.errors).toEqual([]);
  const tapped = new TappedPairs(place.pairs);
  const blind = new Instance(place, 'w3#c', { store: tapped });
  await blind.loop.handle(PAIR, says('hello'));
  place.now += LATER_MS;
  tapped.beforeCommit = () => {
    tapped.away = true;
  };
  await blind.due.takeDue();
  expect(blind.errors).toHaveLength(1);
});

test('start and stop: rounds come by themselves, and none after stop', async () => {
  const tapped = new TappedPairs(place.pairs);
  const quick = new Instance(place, 'w3#c', { store: tapped, dueIntervalMs: 1 });
  await quick.loop.handle(PAIR, says('hello'));
  quick.doer.nth(0).fail(new Error('the side failed'));
  await eventually('it counts as failed', () => quick.failures.length === 1);
  quick.due.start();
  place.now += LATER_MS;
  await eventually('it is sent again', () => quick.doer.sent.length === 2);
  await quick.due.stop();
  const { commits } = tapped;
  const before = commits.length;
  place.now += LATER_MS;
  await settled();
  expect(commits).toHaveLength(before);
});

describe('a pair is looked after by its own worker first (decision 090)', () => {
  const users = ['ann', 'mia', 'moe', 'eve'].map(pairOfUser);

  /** Sessions that fall idle 600 s later. */
  async function sessions(): Promise<void> {
    for (const pair of users) await one.loop.handle(pair, says(pair.user));
    for (const { answer } of one.doer.sent) answer(200);
    await settled();
  }

  test('others leave it alone for two seconds, and take it then', async () => {
    await sessions();
    place.ownerOf = () => one.name;
    await two.looksAfter(600_000);
    await two.looksAfter(1_999);
    expect(two.taken).toEqual([]);
    await two.looksAfter(1);
    expect(two.taken).toEqual(users.map(() => 'overdue'));
    expect(await Promise.all(users.map((pair) => one.stored(pair)))).toEqual(users.map(() => undefined));
  });

  test('its own takes it when it is due, however much of others is due', async () => {
    const few = new Instance(place, 'w3#c', { limit: 1 });
    await sessions();
    place.ownerOf = (key) => (key.startsWith('eve@') ? few.name : one.name);
    await few.looksAfter(600_000);
    expect(few.taken).toEqual(['own']);
    expect(await one.stored(pairOfUser('eve'))).toBeUndefined();
  });

  test('promise 3: those of a dead worker are the survivors\' own at once', async () => {
    await sessions();
    place.ownerOf = (key) => (place.alive.has(one.name) ? one.name : key.startsWith('eve@') ? 'w3#c' : two.name);
    const three = new Instance(place, 'w3#c');
    await die(one);
    await Promise.all([two.looksAfter(600_000), three.looksAfter(0)]);
    expect([two.taken, three.taken]).toEqual([['own', 'own', 'own'], ['own']]);
  });

  test('what is in nobody\'s hand does not wait for a worker that cannot do it', async () => {
    place.ownerOf = () => one.name;
    one.doer.offline = 'xmpp';
    await one.loop.handle(PAIR, writes('hello'));
    place.linkless.add(one.name);
    await settled();
    await one.looksAfter(1); // gives up
    await two.looksAfter(1);
    await eventually('both effects are done', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(two.doer.begun).toEqual(['xmpp.message hello']);
  });
});

describe('after a death (promise 3)', () => {
  const many = Array.from({ length: 30 }, (_, number) => pairOfUser(`user${number}`));

  test('what the dead one left comes before refreshes that have piled up, in as many rounds as the pace asks for', async () => {
    const idle = Array.from({ length: 30 }, (_, number) => pairOfUser(`idle${number}`));
    const few = new Instance(place, 'w3#c', { limit: 10 });
    for (const pair of idle) await few.loop.handle(pair, says('hello'));
    for (const { answer } of few.doer.sent) answer(200);
    await settled();
    place.now += 600_000;
    for (const pair of many) await one.loop.handle(pair, says('hello', place.now));
    await die(one);
    place.dead.add(one.name);
    few.due.takeOver();
    const sentBefore = few.doer.sent.length;
    const after: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await few.looksAfter(0);
      await settled();
      after.push(few.doer.sent.length - sentBefore);
    }
    expect([after, few.taken]).toEqual([[10, 20, 30], many.map(() => 'left')]);
  });

  test('nobody\'s record is written for the search, and no live worker loses a race by it', async () => {
    const tapped = new TappedPairs(place.pairs);
    const searcher = new Instance(place, 'w3#c', { store: tapped });
    for (const pair of many) await two.loop.handle(pair, says('hello'));
    place.dead.add(one.name);
    searcher.due.takeOver();
    await searcher.looksAfter(1);
    expect([tapped.loads, tapped.commits]).toEqual([many.length, []]);
    for (const { answer } of two.doer.sent) answer(200);
    await settled();
    expect(two.conflicts).toBe(0);
  });

  test('a store that goes away meanwhile is asked again: nothing that was left is forgotten', async () => {
    const tapped = new TappedPairs(place.pairs);
    const searcher = new Instance(place, 'w3#c', { store: tapped });
    await one.loop.handle(PAIR, says('hello'));
    await die(one);
    place.dead.add(one.name);
    searcher.due.takeOver();
    tapped.away = true;
    await expect(searcher.looksAfter(1)).rejects.toThrow('unavailable');
    tapped.away = false;
    await searcher.looksAfter(1);
    expect(searcher.doer.begun).toEqual(['sip.message hello']);
  });
});

describe('due times without a record', () => {
  /** A store in which a due time has outlived its record. */
  const strayIn = (pairs: typeof place.pairs) => {
    const removed: string[] = [];
    const key = pairKey(PAIR);
    const commit = (commit: Parameters<typeof pairs.commit>[0]) => {
      if (commit.record === undefined) removed.push(`${commit.key} ${commit.expected}`);
      return pairs.commit(commit);
    };
    const store = new Proxy(pairs, { get: (real, name) => (name === 'due' ? async () => [{ key, at: 0 }] : name === 'claim' ? async () => [key] : name === 'commit' ? commit : (real[name as keyof typeof real] as () => unknown).bind(real)) });
    return { store, removed };
  };

  test('are removed by the one that comes to them', async () => {
    const { store, removed } = strayIn(place.pairs);
    await new Instance(place, 'w3#c', { store }).looksAfter(0);
    expect(removed).toEqual([`${pairKey(PAIR)} 0`]);
  });

  test('a record that is there keeps its own', async () => {
    await one.loop.handle(PAIR, says('hello'));
    const { store, removed } = strayIn(place.pairs);
    await new Instance(place, 'w3#c', { store }).looksAfter(0);
    expect([removed, await one.stored(PAIR)]).toEqual([[], expect.anything()]);
  });
});
