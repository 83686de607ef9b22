import { aggregate } from '@isthmus/rules';
import fc from 'fast-check';
import { dueAt, isRequest, type Effect, type EngineEvent, type PairRecord } from '../src';
import { all } from './support/pair';
import { KINDS, World, type Move, type Watcher } from './support/world';

const move: fc.Arbitrary<Move> = fc.record({ kind: fc.constantFrom(...KINDS), a: fc.nat(40), b: fc.nat(100) });
const moves = fc.array(move, { maxLength: 80, size: 'max' });

/** How many lives a law is tried on; `LAW_RUNS=20` tries twenty times as many. */
const runs = (number: number) => ({ numRuns: number * Number(process.env['LAW_RUNS'] ?? 1) });

/** Checks a law after every step of arbitrary lives of a pair. */
function law(name: string, watcherOf: () => Watcher, atTheEnd: (world: World) => void = () => undefined): void {
  test(name, () => {
    fc.assert(
      fc.property(moves, (list) => {
        const world = new World(watcherOf());
        world.play(list);
        atTheEnd(world);
      }),
      runs(60),
    );
  });
}

/** Is it a message of the XMPP user, and not a notice or a report of ours? */
const isSaid = (trace: string): boolean => trace.startsWith('say');

/** Follows the XMPP user's messages to their outcomes. */
class Ledger {
  readonly accepted: string[] = [];
  readonly returned: string[] = [];
  readonly watch: Watcher = (event, before, after, effects) => {
    this.returned.push(...all(effects, 'xmpp.bounce').map(({ id }) => id));
    if (event.on !== 'sip.outcome') return;
    const effect = before.effects.find(({ key }) => key === event.key);
    // To a client that may never answer, silence is consent (microsoft-dialect 2.6).
    const gone = !after.conversation.queue.some(({ trace }) => trace === effect?.trace) && all(effects, 'xmpp.bounce').length === 0;
    const consented = event.result === 'timeout' && effect?.do === 'sip.message' && gone;
    if (!consented && (event.result !== 'answered' || event.status > 299)) return;
    if (effect?.do === 'sip.message' && isSaid(effect.trace)) this.accepted.push(effect.trace);
    const first = before.conversation.queue[0]?.trace;
    if (effect?.do === 'sip.invite' && event.firstTextTaken === true && first !== undefined && isSaid(first)) this.accepted.push(first);
    expect(after.conversation.queue.map(({ trace }) => trace)).not.toContain(effect?.do === 'sip.message' ? effect.trace : '');
  };
}

test('promise 1: every message of the XMPP user has one outcome or is still held; when calm returns, none is held', () => {
  fc.assert(
    fc.property(moves, (list) => {
      const ledger = new Ledger();
      const world = new World(ledger.watch);
      world.play(list);
      const held = world.record.conversation.queue.map(({ trace }) => trace).filter(isSaid);
      expect([...ledger.accepted, ...ledger.returned, ...held].sort()).toEqual([...world.messages].sort());
      world.calmDown();
      expect(world.record.conversation.queue).toEqual([]);
      expect([...ledger.accepted, ...ledger.returned].sort()).toEqual([...world.messages].sort());
    }),
    runs(200),
  );
});

test('promise 2: messages are accepted by the far side in the order in which they were written', () => {
  fc.assert(
    fc.property(moves, (list) => {
      const ledger = new Ledger();
      const world = new World(ledger.watch);
      world.play(list);
      world.calmDown();
      const order = ledger.accepted.map((trace) => world.messages.indexOf(trace));
      expect(order).toEqual([...order].sort((one, other) => one - other));
    }),
    runs(150),
  );
});

law('every request of the far side gets exactly one answer, in its transaction; nothing else is answered', () => (event, _before, _after, effects) => {
  const answers = all(effects, 'sip.answer');
  expect(answers).toHaveLength('transaction' in event ? 1 : 0);
  if ('transaction' in event) expect(answers[0]?.transaction).toEqual(event.transaction);
});

law('promise 1: a text of the SIP user is answered 200 only if it is handed over, or was before', () => {
  const delivered = new Set<string>();
  return (event, _before, _after, effects) => {
    if (event.on !== 'sip.message') return;
    const { callId, remoteTag, cseq } = event.ref;
    const request = `${callId} ${remoteTag} ${cseq}`;
    const given = all(effects, 'xmpp.message');
    if (given.length > 0) delivered.add(request);
    const ok = all(effects, 'sip.answer').some(({ status }) => status === 200);
    expect(ok).toBe(given.length === 1 || (ok && delivered.has(request)));
  };
});

law('a record is plain JSON', () => (_event, _before, after) => {
  expect(JSON.parse(JSON.stringify(after))).toEqual(after);
});

law('promise 6: everything in a record is bounded', () => (_event, _before, after) => {
  expect(after.conversation.queue.length).toBeLessThanOrEqual(4);
  expect(after.conversation.seen.length).toBeLessThanOrEqual(32);
  for (const list of ['delivered', 'awaited', 'owed'] as const) expect((after.conversation[list] ?? []).length).toBeLessThanOrEqual(16);
  expect(after.inward.watches.length).toBeLessThanOrEqual(5);
  expect((after.resources ?? []).length).toBeLessThanOrEqual(2);
});

law('observed A2, IM-6: at most one INVITE is out, one message or typing, and one NOTIFY that a watch waits for', () => (_event, _before, after) => {
  const out = after.effects.filter(isRequest);
  const count = (...names: string[]) => out.filter((effect) => names.includes(effect.do)).length;
  expect(count('sip.invite')).toBeLessThanOrEqual(1);
  expect(count('sip.message', 'sip.typing')).toBeLessThanOrEqual(1);
  const awaited = after.inward.watches.map(({ inflight }) => inflight).filter((key) => key !== undefined);
  expect(new Set(awaited).size).toBe(awaited.length);
  expect(all(out, 'sip.notify').map(({ key }) => key)).toEqual(expect.arrayContaining(awaited));
});

law('the conversation waits only for requests that are out', () => (_event, _before, after) => {
  const { conversation, effects } = after;
  const out = effects.filter(isRequest).map(({ key }) => key);
  if (conversation.inflight !== undefined) expect(out).toContain(conversation.inflight);
  if (conversation.is === 'closing') for (const key of conversation.byes) expect(out).toContain(key);
  if (conversation.is === 'inviting') expect(all(effects, 'sip.invite')).toHaveLength(1);
  if (conversation.is === 'none' || conversation.is === 'inviting') expect(conversation.inflight).toBeUndefined();
});

law('promise 4: once its route is down a contact is not shown with any state until the far side has spoken again', () => {
  let down = false;
  return (event, before, _after, effects) => {
    if (event.on === 'route.down') down = true;
    if (event.on === 'route.up' || isAccepted(event, before)) down = false;
    if (down) expect(all(effects, 'xmpp.presence').filter(({ presence }) => presence.setting !== 'offline')).toEqual([]);
  };
});

function isAccepted(event: EngineEvent, before: PairRecord): boolean {
  if (event.on === 'sip.outcome') return before.effects.some((effect: Effect) => effect.key === event.key && effect.do === 'sip.subscribe') && event.status < 300;
  return event.on === 'sip.notify';
}

law('promise 4: after route.down what the XMPP user was told last is offline', () => (event, _before, after) => {
  if (event.on === 'route.down') expect(['offline', undefined]).toContain(after.outward.shown?.setting);
});

law('promise 5: a contact that was not granted is not shown', () => (_event, _before, after) => {
  if (after.outward.authorisation !== 'granted') expect(['offline', undefined]).toContain(after.outward.shown?.setting);
});

law('promise 5: a watcher who is not allowed is told nothing but offline', () => (_event, before, after, effects) => {
  if (before.inward.is === 'active' || after.inward.is === 'active') return;
  for (const { presence } of all(effects, 'sip.notify')) expect(['offline', undefined]).toContain(presence?.setting);
});

const neverSpins: Watcher = (event, _before, after) => {
  if (event.on !== 'timer') return;
  const due = dueAt(after);
  if (due !== undefined) expect(due).toBeGreaterThan(event.at);
};

law('timers never spin: after its event the next one lies in the future', () => neverSpins);

test.each<[string, readonly Move[]]>([
  [
    'an idle session in which typing is on its way that is to be told again (seed -1138451764)',
    [
      { kind: 'invite', a: 0, b: 1 },
      { kind: 'dialect', a: 13, b: 0 },
      { kind: 'says', a: 0, b: 0 },
      { kind: 'says', a: 0, b: 0 },
      { kind: 'says', a: 0, b: 2 },
      { kind: 'outcome', a: 0, b: 0 },
      { kind: 'fails', a: 0, b: 0 },
      { kind: 'outcome', a: 0, b: 0 },
      { kind: 'pass', a: 4, b: 6 },
    ],
  ],
  [
    'a watch whose first NOTIFY is overdue when the XMPP server has not said whether the user is online (found in 300 lives)',
    [
      { kind: 'wish', a: 0, b: 0 },
      { kind: 'notify', a: 0, b: 0 },
      { kind: 'success', a: 0, b: 0 },
      { kind: 'presence', a: 0, b: 0 },
      { kind: 'pass', a: 0, b: 32 },
    ],
  ],
])('timers never spin: %s', (_name, list) => {
  new World(neverSpins).play(list);
});

law('keys are never used twice', () => {
  const seen = new Set<string>();
  return (_event, _before, _after, effects) => {
    for (const { key } of effects) {
      expect(seen.has(key)).toBe(false);
      seen.add(key);
    }
  };
});

/** Plays a life until calm returns; then every watch must have been told what is known of the user, his activity included. */
function converges(list: readonly Move[]): void {
  const last = new Map<string, string | undefined>();
  const world = new World((_event, _before, _after, effects) => {
    for (const { dialog, presence, substate } of all(effects, 'sip.notify')) {
      if (presence !== undefined && substate === 'active') last.set(dialog.callId, presence.setting);
    }
  });
  world.play(list);
  world.calmDown();
  for (const watch of world.record.inward.watches) if (watch.retryAt !== undefined) world.pass(1000);
  world.calmDown();
  // What the server does not confirm goes, and a change waits for its interval.
  for (let rounds = 0; rounds < 3; rounds += 1) {
    world.pass(5);
    world.calmDown();
  }
  const { inward, resources, activity } = world.record;
  if (inward.is !== 'active' || resources === undefined) return;
  const { setting } = aggregate(resources.map((one) => (activity === undefined ? one : { activity, ...one })));
  for (const { dialog } of inward.watches) expect(last.get(dialog.callId)).toBe(setting);
}

test('convergence: when calm returns, the last NOTIFY of every watch says the XMPP user’s state', () => {
  fc.assert(fc.property(moves, converges), runs(150));
});

test('convergence: also of a user who is on the phone (found by seed 344947269)', () => {
  converges([
    { kind: 'decision', a: 4, b: 0 },
    { kind: 'presence', a: 0, b: 14 },
    { kind: 'presence', a: 34, b: 0 },
    { kind: 'subscribe', a: 0, b: 5 },
  ]);
});
