import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { numberOf, PARTITION_NS, stanzaError, workerOfPair } from './support/worker';
import type { ConnectOptions, Worker } from './support/worker';

const ANN = `ann@${DOMAIN}`;
const VERSION = xml('query', { xmlns: 'jabber:iq:version' });

let bench: Bench;
let ann: XmppUser;
let run = 0;
/** Contacts that no other test uses: what one test leaves unreported waits for the workers of the next one. */
let bob: string;
let carol: string;

function serve(pluginOptions: Readonly<Record<string, number>>, [startAt, stopAt] = [beforeAll, afterAll]): void {
  startAt(async () => {
    bench = await Bench.start(['ann'], { pluginOptions });
  });
  beforeEach(async () => {
    run += 1;
    [bob, carol] = [`bob${run}@${DOMAIN}`, `carol${run}@${DOMAIN}`];
    ann = await bench.login('ann');
  });
  afterEach(() => bench.disconnectAll());
  stopAt(() => bench.stop());
}

/** A worker that reports, under a name that no other test uses. */
const connect = (name: string, options: ConnectOptions = {}): Promise<Worker> => bench.connect({ worker: `${name}.${run}`, acknowledge: true, ...options });

const bodiesOf = (stanzas: readonly Element[]): (string | null)[] => stanzas.map((stanza) => stanza.getChildText('body'));

const isOurs = ({ name, attrs }: Element): boolean => name !== 'iq' && [bob, carol].includes(String(attrs['to']));

/** What a worker was given in this test and the test has not claimed. */
const unclaimed = (worker: Worker): Element[] => worker.stream.elements.unclaimed.filter(isOurs);

/** The next stanzas of ann that a worker gets, in the order in which it gets them. */
async function next(worker: Worker, count: number): Promise<Element[]> {
  const stanzas: Element[] = [];
  for (let n = 0; n < count; n += 1) {
    stanzas.push(await worker.take('a stanza of ann', isOurs));
  }
  return stanzas;
}

const takeText = (worker: Worker, body: string): Promise<Element> => worker.take(`"${body}"`, (stanza) => isOurs(stanza) && stanza.getChildText('body') === body);

async function sendAll(to: string, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await ann.sendChat(to, body);
}

/** Whatever the server has done for a user before this is done. */
const settled = (): Promise<unknown> => ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })));

/** Bob is brought up with this worker; then others may come, and his pair stays. */
async function ownerOfBob(): Promise<Worker> {
  const worker = await connect('w1');
  await ann.sendChat(bob, 'first');
  await worker.report(await takeText(worker, 'first'));
  return worker;
}

describe('what is handed over to a worker that reports', () => {
  serve({ grace_period: 4 }); // what a test connects within it, it connects on a slow machine too

  test('XD-12: messages, presence and questions carry a number as their last child, which rises; the epoch stays', async () => {
    const worker = await connect('w1');
    await ann.sendChat(bob, 'one');
    await ann.sendPresence({ to: bob });
    void ann.send(xml('iq', { type: 'get', to: bob, id: 'q1' }, VERSION));
    const stanzas = [...(await next(worker, 2)), await worker.take('question', ({ attrs }) => attrs['id'] === 'q1')];
    const numbers = stanzas.map(numberOf);
    expect(numbers.every((n) => Number.isSafeInteger(n))).toBe(true);
    expect([...numbers].sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
    expect(new Set(numbers).size).toBe(3);
    const epochs = stanzas.map((stanza) => stanza.getChild('number', PARTITION_NS)?.attrs['epoch']);
    expect(new Set(epochs).size).toBe(1);
    expect(epochs[0]).toMatch(/^\S{8,64}$/);
  });

  test('XD-12: the plug-in says that it keeps what is not reported; a worker that does not ask gets no numbers', async () => {
    const [asking, other] = [await connect('w1'), await connect('w2', { acknowledge: false })];
    expect((await asking.announce({ acknowledge: true }))?.attrs).toEqual({ xmlns: PARTITION_NS, acknowledge: 'true' });
    expect(await other.announce()).toBeUndefined();
    await asking.stream.cut();
    await bench.server.logLine(new RegExp(`Connection ${asking.name} of .* detached`));
    await ann.sendChat(bob, 'plain');
    expect((await takeText(other, 'plain')).getChild('number')).toBeUndefined();
  });

  test('SEC-8: a number that a client has made is taken out', async () => {
    const worker = await connect('w1');
    const forged = xml('number', { xmlns: PARTITION_NS, epoch: 'forged', n: '999999' });
    await ann.send(xml('message', { to: bob, type: 'chat' }, forged, xml('body', {}, 'forged'), forged));
    const message = await takeText(worker, 'forged');
    expect(message.getChildren('number')).toHaveLength(1);
    expect(message.getChild('number')?.attrs['epoch']).not.toBe('forged');
  });

  test('XD-12: presence that goes to many contacts is numbered for each, and stays as it was for users of the server', async () => {
    const worker = await connect('w1');
    const other = await bench.login('ann', { resource: 'other' });
    await ann.sendPresence({}, xml('status', {}, 'here'));
    const seen = await other.take('presence of the other device', ({ attrs, name }) => name === 'presence' && attrs['from'] === `${ANN}/test`);
    expect(seen.getChild('number')).toBeUndefined();
    await worker.settle();
  });

  test('promise 1, promise 2: what a dead worker has not reported goes to another in order, under its numbers, before what is new', async () => {
    const [dying, other] = [await ownerOfBob(), await connect('w2')];
    await sendAll(bob, 'a', 'b', 'c');
    const taken = await next(dying, 3);
    await dying.report(taken[0] as Element);
    await dying.stream.cut();
    await ann.sendChat(bob, 'd');
    const given = await next(other, 3);
    expect(bodiesOf(given)).toEqual(['b', 'c', 'd']);
    expect(given.slice(0, 2).map(numberOf)).toEqual(taken.slice(1).map(numberOf));
    expect(given.slice(0, 2).map(String)).toEqual(taken.slice(1).map(String));
  });

  test('promise 1: a report speaks of what was handed over before on this connection, whatever the numbers are', async () => {
    const [dying, second] = [await ownerOfBob(), await connect('w2')];
    const candidates = Array.from({ length: 30 }, (_, n) => `carol${run}.${n}@${DOMAIN}`);
    carol = candidates.find((each) => workerOfPair([dying.name, second.name], ANN, each) === second.name) ?? '';
    await sendAll(bob, 'given again');
    await next(dying, 1);
    await sendAll(carol, 'handed over before it');
    const reported = await takeText(second, 'handed over before it');
    await dying.stream.cut();
    const older = await takeText(second, 'given again');
    expect(Number(numberOf(older))).toBeLessThan(Number(numberOf(reported)));
    await second.report(reported);
    await second.stream.cut();
    const last = await connect('w3');
    expect(bodiesOf(await next(last, 1))).toEqual(['given again']);
    await sendAll(carol, 'end');
    await takeText(last, 'end');
    expect(bodiesOf(unclaimed(last))).toEqual([]);
  });

  test('promise 1: a question of a user is given again too, and its answer comes back to him', async () => {
    const [dying, other] = [await ownerOfBob(), await connect('w2')];
    const answer = ann.request(xml('iq', { type: 'get', to: bob }, VERSION));
    const isQuestion = ({ name, attrs }: Element): boolean => name === 'iq' && attrs['to'] === bob;
    await dying.take('question', isQuestion);
    await dying.stream.cut();
    const { attrs } = await other.take('question', isQuestion);
    other.send(xml('iq', { type: 'result', id: attrs['id'], from: bob, to: attrs['from'] }));
    expect((await answer).attrs['type']).toBe('result');
  });

  test('XD-13: the answer to a question of the worker comes back to it without a number', async () => {
    const [asker] = [await connect('w1'), await connect('w2')];
    const answer = await asker.ask('get', bob, `${ANN}/test`, VERSION, `question.${run}`).catch(() => undefined);
    expect(answer?.getChild('number')).toBeUndefined();
    expect(answer?.attrs['id']).toBe(`question.${run}`);
  });

  test('promise 2: a new connection of the same worker gets the pair only when the older one has reported', async () => {
    const older = await ownerOfBob();
    await sendAll(bob, 'a');
    const unreported = await takeText(older, 'a');
    const newer = await connect('w1');
    await sendAll(bob, 'b');
    const last = await takeText(older, 'b');
    await older.report(unreported);
    await sendAll(bob, 'c');
    await takeText(older, 'c');
    expect(bodiesOf(unclaimed(newer))).toEqual([]);
    await older.stream.cut();
    expect((await next(newer, 2)).map(numberOf)[0]).toBe(numberOf(last));
    await sendAll(bob, 'd');
    await takeText(newer, 'd');
  });

  test('XD-10, promise 2: while a worker drains, a pair waits behind what it has in hand, and then goes on elsewhere', async () => {
    const [draining, other] = [await ownerOfBob(), await connect('w2')];
    await sendAll(bob, 'in hand');
    const inHand = await takeText(draining, 'in hand');
    await draining.tell('set', xml('drain', { xmlns: PARTITION_NS }));
    await sendAll(bob, 'behind', 'behind that');
    await sendAll(carol, 'free');
    await takeText(other, 'free');
    expect(bodiesOf(unclaimed(other))).toEqual([]);
    await draining.report(inHand);
    expect(bodiesOf(await next(other, 2))).toEqual(['behind', 'behind that']);
    expect(bodiesOf(unclaimed(draining))).toEqual([]);
  });

  test('XD-10, promise 1: a worker that ends while it drains leaves to others what it has not reported', async () => {
    const [draining, other] = [await ownerOfBob(), await connect('w2')];
    await sendAll(bob, 'in hand');
    await takeText(draining, 'in hand');
    await draining.tell('set', xml('drain', { xmlns: PARTITION_NS }));
    await sendAll(bob, 'behind');
    await draining.stream.cut();
    expect(bodiesOf(await next(other, 2))).toEqual(['in hand', 'behind']);
  });

  test('promise 1: a worker that is not ready gives up what it has in hand, is told so, and gets nothing new', async () => {
    const [unready, other] = [await ownerOfBob(), await connect('w2')];
    await sendAll(bob, 'in hand');
    const inHand = await takeText(unready, 'in hand');
    const answer = await unready.announce({ acknowledge: true, ready: false });
    expect(answer?.attrs['moved']).toBe(String(numberOf(inHand)));
    await sendAll(bob, 'new');
    expect(bodiesOf(await next(other, 2))).toEqual(['in hand', 'new']);
    await unready.report(inHand); // it is another one's by now
    await other.stream.cut();
    expect(bodiesOf(await next(unready, 2))).toEqual(['in hand', 'new']);
  });

  test('promise 1: where nobody is ready the pair keeps its worker, until one is', async () => {
    const unready = await ownerOfBob();
    expect((await unready.announce({ acknowledge: true, ready: false }))?.attrs['moved']).toBeUndefined();
    await sendAll(bob, 'to the only one');
    const taken = await takeText(unready, 'to the only one');
    const second = await connect('w2', { ready: false });
    await sendAll(bob, 'still');
    await takeText(unready, 'still');
    await second.announce({ acknowledge: true });
    expect(bodiesOf(await next(second, 2))).toEqual(['to the only one', 'still']);
    const asked = await unready.announce({ acknowledge: true, ready: false });
    expect(Number(asked?.attrs['moved'])).toBeGreaterThan(Number(numberOf(taken)));
  });

  test('promise 1: what nobody has waits for a worker that announces itself, in order', async () => {
    const only = await ownerOfBob();
    await sendAll(bob, 'a', 'b');
    await takeText(only, 'b');
    await only.stream.cut();
    await bench.server.logLine(new RegExp(`Connection ${only.name} of .* detached`));
    await ann.sendChat(bob, 'refused', 'm1');
    expect(stanzaError(await ann.take('error', ({ attrs }) => attrs['id'] === 'm1'))).toBe('wait remote-server-timeout');
    const nameless = await bench.connect();
    await sendAll(bob, 'c');
    await settled();
    expect(bodiesOf(unclaimed(nameless))).toEqual([]);
    const worker = await connect('w2');
    expect(bodiesOf(await next(worker, 3))).toEqual(['a', 'b', 'c']);
  });

  test('promise 1: when none comes within the grace period, messages and questions come back to their senders', async () => {
    const only = await ownerOfBob();
    await ann.sendChat(bob, 'lost', 'm2');
    void ann.send(xml('iq', { type: 'get', to: bob, id: 'q2' }, VERSION));
    await only.take('question', ({ attrs }) => attrs['id'] === 'q2');
    await only.stream.cut();
    for (const id of ['m2', 'q2']) {
      const error = await ann.take(`error to ${id}`, ({ attrs }) => attrs['id'] === id && attrs['type'] === 'error');
      expect(stanzaError(error)).toBe('wait remote-server-timeout');
      expect(error.attrs['from']).toBe(bob);
    }
  });

  test('promise 1: a worker that does not report is given what another has not reported, as it would be without', async () => {
    const [dying, older] = [await ownerOfBob(), await connect('w2', { acknowledge: false })];
    await sendAll(bob, 'a');
    await takeText(dying, 'a');
    await dying.stream.cut();
    await takeText(older, 'a');
  });

  test('promise 1: a reload of the module forgets neither what is unreported, nor the numbers, nor whose a pair is', async () => {
    const [first, second] = [await ownerOfBob(), await connect('w2')];
    await sendAll(bob, 'before');
    const before = await takeText(first, 'before');
    await bench.server.reloadPlugin();
    await sendAll(bob, 'after');
    const after = await takeText(first, 'after');
    expect(Number(numberOf(after))).toBeGreaterThan(Number(numberOf(before)));
    expect(after.getChild('number')?.attrs['epoch']).toBe(before.getChild('number')?.attrs['epoch']);
    await first.report(before);
    await bench.server.reloadPlugin();
    await first.stream.cut();
    await takeText(second, 'after');
    expect(bodiesOf(unclaimed(second))).toEqual([]);
  });

  test('SEC-8: a report without a number is refused, and nobody else may report', async () => {
    const worker = await connect('w1');
    expect(stanzaError(await worker.tell('set', xml('handled', { xmlns: PARTITION_NS, upto: 'x' })))).toBe('modify bad-request');
    const foreign = ann.request(xml('iq', { type: 'set', to: DOMAIN }, xml('handled', { xmlns: PARTITION_NS, upto: '1' })));
    await expect(foreign).rejects.toThrow('service-unavailable');
  });
});

describe('a worker that reports and falls silent', () => {
  serve({ ping_interval: 0.2, ping_deadline: 3 });

  test('XD-11, promise 1: is closed with connection-timeout, and what it has not reported goes to another', async () => {
    const [silent, other] = [await connect('w1', { answersPings: false }), await connect('w2')];
    await sendAll(bob, 'a');
    await sendAll(carol, 'b');
    const error = await silent.take('stream error', ({ name }) => name === 'stream:error');
    expect(error.getChild('connection-timeout')).toBeDefined();
    await silent.stream.closed;
    await takeText(other, 'a');
    await takeText(other, 'b');
  });

  test('XD-11: whatever it sends is a sign of life', async () => {
    const busy = await connect('w1', { answersPings: false });
    const watch = await connect('w2');
    // Its own questions are answered, so each is a moment later; pings of the other measure the time.
    for (let ping = 0; ping < 20; ping += 1) {
      await watch.takePing();
      await busy.settle();
    }
    expect(busy.stream.elements.unclaimed.filter(({ name }) => name === 'stream:error')).toEqual([]);
  });
});

describe('what is not reported is bounded (promise 6)', () => {
  // A server for each: what is left of one test would fill the next one's queues.
  serve({ unhandled_limit: 3, unhandled_bytes: 5_000, ping_interval: 0.2 }, [beforeEach, afterEach]);

  const errorTo = async (id: string): Promise<string> => stanzaError(await ann.take(`error to ${id}`, ({ attrs }) => attrs['id'] === id && attrs['type'] === 'error'));

  test('promise 6: above the limit of a connection messages and questions come back, until it reports', async () => {
    const worker = await connect('w1');
    await sendAll(bob, 'a', 'b', 'c');
    await ann.sendChat(bob, 'too much', 'm3');
    void ann.send(xml('iq', { type: 'get', to: bob, id: 'q3' }, VERSION));
    expect([await errorTo('m3'), await errorTo('q3')]).toEqual(['wait resource-constraint', 'wait resource-constraint']);
    await worker.report(await takeText(worker, 'c'));
    await sendAll(bob, 'd');
    await takeText(worker, 'd');
    expect(bodiesOf(unclaimed(worker))).toEqual(['a', 'b']);
  });

  test('promise 6: above the bytes of all connections too', async () => {
    const workers = [await connect('w1'), await connect('w2')];
    await sendAll(bob, 'x'.repeat(3_000));
    await ann.sendChat(carol, 'x'.repeat(3_000), 'm4');
    expect(await errorTo('m4')).toBe('wait resource-constraint');
    await ann.sendChat(carol, 'small');
    await Promise.race(workers.map((worker) => takeText(worker, 'small')));
  });

  test('promise 3, promise 6: presence that finds no room is dropped, and the worker is told, once it can be', async () => {
    const worker = await connect('w1');
    await sendAll(bob, 'a', 'b', 'c');
    await takeText(worker, 'c');
    await ann.sendPresence({ to: bob });
    const told = await worker.takePing((ping) => ping.getChild('ping')?.attrs['presence'] === 'missed');
    expect(told.attrs['to']).toBe(GATEWAY);
    await worker.takePing((ping) => ping.getChild('ping')?.attrs['presence'] === undefined);
    expect(worker.stream.elements.unclaimed.filter(({ name }) => name === 'presence')).toEqual([]);
  });

  test('promise 3: of what a worker that died has missed, the others are told', async () => {
    const [dying, other] = [await ownerOfBob(), await connect('w2')];
    await sendAll(bob, 'a', 'b', 'c');
    await takeText(dying, 'c');
    await ann.sendPresence({ to: bob });
    await settled();
    await dying.stream.cut();
    await other.takePing((ping) => ping.getChild('ping')?.attrs['presence'] === 'missed');
  });
});
