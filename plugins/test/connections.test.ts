import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import xml from '@xmpp/xml';

import { until } from '../../scenarios/support/until';
import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { PARTITION_NS, stanzaError, workerOfPair } from './support/worker';
import type { Worker } from './support/worker';

const ANN = `ann@${DOMAIN}`;
const OTHER = 'other.example.com';
const VERSION = xml('query', { xmlns: 'jabber:iq:version' });
const MISSING_USERS = Array.from({ length: 20 }, (_, index) => `sip${index}@${DOMAIN}`);

test('the example of the hash in the protocol is right', () => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'partition-protocol.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(w\d)` \| `([0-9a-f]{40})`(, the highest)?/gm)];
  expect(rows).toHaveLength(3);
  for (const [, name, score] of rows) {
    const input = `${name}\0ann@example.com\0bob@example.com`;
    expect(createHash('sha1').update(input).digest('hex')).toBe(score);
  }
  const winner = rows.find(([, , , highest]) => highest !== undefined);
  expect(winner?.[1]).toBe(workerOfPair(['w1', 'w2', 'w3'], 'bob@example.com', 'ann@example.com'));
});

describe('several connections of one component', () => {
  let bench: Bench;
  let ann: XmppUser;
  let run = 0;
  let connected: string[] = [];

  beforeAll(async () => {
    bench = await Bench.start(['ann'], {
      pluginOptions: { ping_interval: 0.2, ping_deadline: 2, request_limit: 50 },
      otherComponent: OTHER,
    });
  });
  beforeEach(async () => {
    run += 1;
    ann = await bench.login('ann');
  });
  /** What the server does not know yet to be gone would be given the next test's stanzas. */
  afterEach(async () => {
    await bench.disconnectAll();
    const areGone = (): boolean => connected.every((name) => new RegExp(`Connection ${name} of .* detached`).test(bench.server.log));
    await until('the connections of this test are gone', () => Promise.resolve(areGone()));
    connected = [];
  });
  afterAll(() => bench.stop());

  /** Connects workers under names that no other test uses, so that a line of the log about one is about this one. */
  const connectAll = async (...shortNames: string[]): Promise<Record<string, Worker>> => {
    connected.push(...shortNames.map((name) => `${name}.${run}`));
    const entries = shortNames.map(async (name) => [name, await bench.connect({ worker: `${name}.${run}` })] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  const pick = (workers: Record<string, Worker>, name: string): Worker => {
    const worker = workers[name];
    if (worker === undefined) throw new Error(`no worker ${name}`);
    return worker;
  };
  const ownerOf = (workers: Record<string, Worker>, user: string): Worker => {
    const candidates = Object.values(workers);
    const name = workerOfPair(candidates.map((worker) => worker.name), ANN, user);
    return candidates.find((worker) => worker.name === name) as Worker;
  };
  /** A missing user whose pair with ann is this worker's. */
  const userOf = (workers: Record<string, Worker>, name: string): string => {
    const user = MISSING_USERS.find((candidate) => ownerOf(workers, candidate) === workers[name]);
    if (user === undefined) throw new Error(`no user is ${name}'s`);
    return user;
  };

  test('XD-16: each pair keeps the connection that the documented hash names, in the order sent', async () => {
    const workers = await connectAll('w1', 'w2', 'w3');
    for (const round of [1, 2, 3]) {
      for (const user of MISSING_USERS) await ann.sendChat(`${user}/r${round}`, `${user} ${round}`);
    }
    for (const user of MISSING_USERS) {
      for (const round of [1, 2, 3]) await ownerOf(workers, user).takeMessage(`${user} ${round}`);
    }
    const used = new Set(MISSING_USERS.map((user) => ownerOf(workers, user)));
    expect(used.size).toBe(3);
  });

  test('promise 2: a worker that joins takes no pair from a living one in the middle of its stanzas; a pair that was quiet is its by the hash', async () => {
    const before = await connectAll('w1', 'w2');
    const busy = MISSING_USERS.slice(0, 10);
    for (const user of busy) await ann.sendChat(user, `${user} before`);
    for (const user of busy) await ownerOf(before, user).takeMessage(`${user} before`);
    const all = { ...before, ...(await connectAll('w3')) };
    for (const user of MISSING_USERS) await ann.sendChat(user, `${user} after`);
    for (const user of MISSING_USERS) await ownerOf(busy.includes(user) ? before : all, user).takeMessage(`${user} after`);
    expect(busy.filter((user) => ownerOf(all, user) === all['w3'])).not.toEqual([]);
    expect(MISSING_USERS.filter((user) => !busy.includes(user) && ownerOf(all, user) === all['w3'])).not.toEqual([]);
  });

  test('promise 2: nor does one that comes back under its name: it is the newer connection of the same worker', async () => {
    const { w1 } = await connectAll('w1');
    await ann.sendChat(MISSING_USERS[0] ?? '', 'to the older one');
    await w1?.takeMessage('to the older one');
    const { w1: newer } = await connectAll('w1');
    await ann.sendChat(MISSING_USERS[0] ?? '', 'to the newer one');
    await newer?.takeMessage('to the newer one');
  });

  test('XD-16: stanzas for the component itself are spread by the same hash', async () => {
    const workers = await connectAll('w1', 'w2', 'w3');
    for (const user of [GATEWAY, `search@${GATEWAY}`, `rooms@${GATEWAY}`]) {
      await ann.sendChat(user, user);
      await ownerOf(workers, user).takeMessage(user);
    }
  });

  test('when a connection dies, its pairs move and the others stay', async () => {
    const workers = await connectAll('w1', 'w2', 'w3');
    const { w3, ...rest } = workers;
    await w3?.stream.cut();
    await bench.server.logLine(new RegExp(`Connection ${w3?.name} of .* detached`));
    for (const user of MISSING_USERS) {
      await ann.sendChat(user, `after ${user}`);
      const moved = ownerOf(workers, user) === w3;
      await ownerOf(moved ? rest : workers, user).takeMessage(`after ${user}`);
    }
  });

  test('XD-10: drain before close loses nothing and gives the drained connection nothing new', async () => {
    const workers = await connectAll('w1', 'w2');
    const [drained, staying] = [pick(workers, 'w1'), pick(workers, 'w2')];
    const bodies = Array.from({ length: 300 }, (_, index) => `drain ${index}`);
    const send = async (part: readonly string[]): Promise<void> => {
      for (const [index, body] of part.entries()) await ann.sendChat(MISSING_USERS[index % 20] ?? '', body);
    };
    await send(bodies.slice(0, 100));
    const first = bodies[MISSING_USERS.indexOf(userOf(workers, 'w1'))] ?? '';
    await drained.takeMessage(first);
    const [answer] = await Promise.all([drained.tell('set', xml('drain', { xmlns: PARTITION_NS })), send(bodies.slice(100))]);
    expect(answer.attrs['type']).toBe('result');
    const before = drained.unclaimedBodies;
    await ann.sendChat(userOf(workers, 'w1'), 'last');
    await staying.takeMessage('last');
    await drained.settle();
    await drained.stream.end();

    expect(drained.unclaimedBodies).toEqual(before);
    expect([first, ...before, ...staying.unclaimedBodies].sort()).toEqual([...bodies].sort());
    expect(ann.stanzas.unclaimed.filter(({ attrs }) => attrs['type'] === 'error').map(String)).toEqual([]);
  });

  test('XD-10: the answer to a draining worker\'s own question still reaches it', async () => {
    const workers = await connectAll('w1', 'w2');
    const drained = pick(workers, 'w1');
    await drained.tell('set', xml('drain', { xmlns: PARTITION_NS }));
    const answer = await drained.ask('get', `sip0@${DOMAIN}/x`, ann.jid, VERSION);
    expect(answer.attrs['from']).toBe(ann.jid);
  });

  test('XD-10: when all drain, senders get remote-server-timeout', async () => {
    const { w1 } = await connectAll('w1');
    await w1?.tell('set', xml('drain', { xmlns: PARTITION_NS }));
    await ann.sendChat(`sip0@${DOMAIN}`, 'too late', 'late');
    expect(stanzaError(await ann.take('error', ({ attrs }) => attrs['id'] === 'late'))).toBe('wait remote-server-timeout');
  });

  test('XD-13: every IQ answer returns to the connection that asked, whoever owns the pair', async () => {
    const workers = await connectAll('w1', 'w2', 'w3');
    const asked = Object.values(workers).flatMap((worker) =>
      MISSING_USERS.slice(0, 10).map((user) => worker.ask('get', `${user}/x`, ann.jid, VERSION)),
    );
    const answers = await Promise.all(asked);
    expect(answers.map(({ attrs }) => attrs['from'])).toEqual(Array.from({ length: 30 }, () => ann.jid));
  });

  test('XD-13: questions about accounts push out no other question', async () => {
    const workers = await connectAll('w1', 'w2');
    const asker = pick(workers, 'w2');
    const asked = await bench.connect({ component: OTHER, secret: 'other' });
    const user = MISSING_USERS.find((each) => workerOfPair(Object.values(workers).map(({ name }) => name), `room@${OTHER}`, each) !== asker.name);
    asker.send(xml('iq', { type: 'get', id: 'slow', from: `${user}/x`, to: `room@${OTHER}` }, VERSION));
    await asked.take('question', ({ attrs }) => attrs['id'] === 'slow');
    for (let count = 0; count < 60; count += 1) await asker.settle();
    asked.send(xml('iq', { type: 'result', id: 'slow', from: `room@${OTHER}`, to: `${user}/x` }));
    await asker.takeAnswer('slow');
  });

  test('XD-13: the answer for an asker that is gone goes to the pair\'s connection', async () => {
    const { w1, w2 } = await connectAll('w1', 'w2');
    const asked = await bench.connect({ component: OTHER, secret: 'other' });
    w2?.send(xml('iq', { type: 'get', id: 'orphan', from: `sip0@${DOMAIN}/x`, to: `room@${OTHER}` }, VERSION));
    await asked.take('question', ({ attrs }) => attrs['id'] === 'orphan');
    await w2?.stream.cut();
    await bench.server.logLine(new RegExp(`Connection ${w2?.name} of .* detached`));
    asked.send(xml('iq', { type: 'result', id: 'orphan', from: `room@${OTHER}`, to: `sip0@${DOMAIN}/x` }));
    await w1?.takeAnswer('orphan');
  });

  test('XD-11: a connection that does not read leaves the hash, and returns with its next answer, nothing lost', async () => {
    const workers = await connectAll('w1', 'w2');
    const [silent, other] = [pick(workers, 'w1'), pick(workers, 'w2')];
    const [user = '', quiet = ''] = MISSING_USERS.filter((each) => ownerOf(workers, each) === silent);
    silent.stream.pause();
    await ann.sendChat(user, 'before it was noticed');
    await bench.server.logLine(new RegExp(`Connection ${silent.name} does not answer`));
    await ann.sendChat(user, 'moved');
    await other.takeMessage('moved');
    silent.stream.resume();
    await silent.takeMessage('before it was noticed');
    await bench.server.logLine(new RegExp(`Connection ${silent.name} answers again`));
    await ann.sendChat(quiet, 'back');
    await silent.takeMessage('back');
    await ann.sendChat(user, 'and this behind what has moved');
    await other.takeMessage('and this behind what has moved');
  });

  test('XD-11: pings come from the domain to the component, each with an id of its own', async () => {
    const { w1 } = await connectAll('w1');
    const pings = [await w1?.takePing(), await w1?.takePing()];
    for (const ping of pings) {
      const { type, from, to } = ping?.attrs ?? {};
      expect([type, from, to, ping?.getChild('ping')?.attrs]).toEqual(['get', DOMAIN, GATEWAY, { xmlns: PARTITION_NS }]);
    }
    expect(pings[0]?.attrs['id']).not.toBe(pings[1]?.attrs['id']);
  });
});

describe('pairs that have been quiet', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start(['ann'], { pluginOptions: { pair_lifetime: 0.3, pair_limit: 2 } });
  });
  afterAll(() => bench.stop());

  test('move to the worker that the hash names; promise 6: of busy ones so many are remembered', async () => {
    const ann = await bench.login('ann');
    const first = await bench.connect({ worker: 'w1' });
    const [user = ''] = MISSING_USERS.filter((each) => workerOfPair(['w1', 'w2'], ANN, each) === 'w2');
    await ann.sendChat(user, 'before');
    await first.takeMessage('before');
    const second = await bench.connect({ worker: 'w2' });
    await bench.server.logLine(/Forgot the workers of at most 1 quiet pairs/);
    await ann.sendChat(user, 'after');
    await second.takeMessage('after');
    for (const each of MISSING_USERS) await ann.sendChat(each, each);
    await bench.server.logLine(/Forgot the workers of at most 2 quiet pairs/);
  });
});
