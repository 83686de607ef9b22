import { type SipUri } from '@isthmus/model';
import { dialogsOf, dueAt, isEmpty, newRecord, settle, step, withSipUri, type Effect, type EngineEvent, type PairRecord } from '../src';
import { contextOf, names, newRef, NOON, PAIR, Play, refOf, resource, theirDialog } from './support/pair';

function stepped(record: PairRecord, event: Record<string, unknown>, context = contextOf()) {
  return step(record, { at: NOON, trace: 't', ...event } as unknown as EngineEvent, context);
}

test('a new record is empty, due at no time, and has no dialogs', () => {
  const record = newRecord(PAIR);
  expect(record).toMatchObject({ schema: 1, ...PAIR, effects: [] });
  expect(isEmpty(record)).toBe(true);
  expect(dueAt(record)).toBeUndefined();
  expect(dialogsOf(record)).toEqual([]);
});

test('ADDR-10 the SIP user’s URI is kept as last seen', () => {
  const [bob, Bob] = ['sip:bob@example.com' as SipUri, 'sip:Bob@example.com' as SipUri];
  const record = newRecord(PAIR, bob);
  expect(record.sipUri).toBe(bob);
  expect(withSipUri(record, bob)).toBe(record);
  expect(withSipUri(record, Bob).sipUri).toBe(Bob);
  expect(newRecord(PAIR)).not.toHaveProperty('sipUri');
});

test('an event that changes nothing returns the very same record', () => {
  const record = newRecord(PAIR);
  for (const event of [{ on: 'timer' }, { on: 'xmpp.up' }, { on: 'route.up' }, { on: 'owner.gone', owner: 'w1/1' }, { on: 'xmpp.error' }]) {
    expect(stepped(record, event).record).toBe(record);
  }
  expect(stepped(record, { on: 'route.up' }).ignored).toBeDefined();
});

test('effects are in the record until they are done: requests until their outcome, the others until they are settled', () => {
  const asked = stepped(newRecord(PAIR), { on: 'xmpp.subscribe' }, contextOf());
  expect(asked.record.effects).toEqual(asked.effects);
  expect(asked.effects).toMatchObject([{ do: 'sip.subscribe', trace: 't', key: expect.any(String) }]);
  const [effect] = asked.effects;
  const refused = stepped(asked.record, { on: 'sip.outcome', key: effect?.key, method: 'SUBSCRIBE', result: 'answered', status: 403 });
  expect(names(refused.record.effects)).toEqual(['xmpp.unsubscribed']);
  const keys = refused.record.effects.map(({ key }) => key);
  expect(isEmpty(refused.record)).toBe(false);
  expect(isEmpty(settle(refused.record, keys))).toBe(true);
  expect(settle(refused.record, ['unknown'])).toBe(refused.record);
});

test('the dialogs of all machines, for the check of their owners; a dialog that is being opened has none yet', () => {
  const play = new Play();
  play.says('one');
  play.on('xmpp.subscribe');
  expect(dialogsOf(play.record)).toEqual([]);
  play.answer('sip.invite', 200);
  play.answer('sip.subscribe', 200);
  play.subscribes('desk');
  expect(dialogsOf(play.record).map(({ owner }) => owner)).toEqual(['w1/1', 'w1/1', 'w1/1']);
  play.on('xmpp.chat-state', { chatState: 'gone' });
  play.answer('sip.message', 200);
  expect(dialogsOf(play.record)).toHaveLength(3);
  expect(dialogsOf(newRecord(PAIR))).toEqual([]);
});

test('the record is due at the earliest of its timers', () => {
  const play = new Play(contextOf('microsoft', { sessionIdleSeconds: 10 }));
  play.subscribes('desk', { expires: 600 });
  expect(dueAt(play.record)).toBe(NOON + 632_000);
  const bob = theirDialog('bob');
  play.request('sip.invite', { ref: newRef(bob), dialog: bob });
  expect(dueAt(play.record)).toBe(NOON + 10_000);
  play.request('sip.typing', { ref: refOf(bob, 2), composing: true, refreshSeconds: 5 });
  expect(dueAt(play.record)).toBe(NOON + 5_000);
});

describe('promise 6: effects that cannot be handed over do not pile up', () => {
  /** Steps without ever handing anything over. */
  function pile(events: readonly Record<string, unknown>[]): readonly Effect[] {
    const context = contextOf('simple');
    return events.reduce((record, event) => stepped(record, event, context).record, newRecord(PAIR)).effects;
  }

  test('of presence, typing and probes only the last waits', () => {
    const typing = (cseq: number, composing: boolean) => ({
      on: 'sip.typing',
      transaction: { server: 's', id: `${cseq}` },
      ref: newRef(theirDialog('p'), cseq),
      composing,
    });
    const effects = pile([typing(1, true), typing(2, false), typing(3, true)]);
    expect(names(effects).filter((name) => name === 'xmpp.chat-state')).toHaveLength(1);
    expect(names(effects).filter((name) => name === 'sip.answer')).toHaveLength(3);
  });

  test('presence to one resource does not displace that to all', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    const { outward } = play.record;
    if (!('dialog' in outward)) throw new Error(outward.is);
    const notify = (cseq: number, setting: string) => ({
      on: 'sip.notify',
      transaction: { server: 's', id: `${cseq}` },
      ref: refOf(outward.dialog, cseq),
      substate: 'active',
      presence: { setting },
    });
    const events = [notify(1, 'available'), { on: 'xmpp.probe', resource: 'phone' }, notify(2, 'busy'), { on: 'xmpp.probe', resource: 'desk' }, notify(3, 'away')];
    const { effects } = events.reduce((record, event) => stepped(record, event).record, play.record);
    const presences = effects.filter((effect) => effect.do === 'xmpp.presence');
    expect(presences.map((effect) => [effect.resource, effect.presence.setting])).toEqual([
      ['phone', 'available'],
      ['desk', 'busy'],
      [undefined, 'away'],
    ]);
  });

  test('of answers no more than 256 wait, the newest', () => {
    const requests = Array.from({ length: 300 }, (_, cseq) => ({
      on: 'sip.bye',
      transaction: { server: 's', id: `${cseq}` },
      ref: refOf(theirDialog('p'), cseq),
    }));
    const effects = pile(requests);
    expect(effects).toHaveLength(256);
    expect(effects.at(-1)).toMatchObject({ transaction: { id: '299' } });
  });
});

test('resources are known to the record, but keep no record alive', () => {
  const { record } = stepped(newRecord(PAIR), { on: 'xmpp.available', presence: resource('phone') });
  expect(record.resources).toHaveLength(1);
  expect(isEmpty(record)).toBe(true);
});
