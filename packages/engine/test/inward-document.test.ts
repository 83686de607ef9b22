import { OFFLINE } from '@isthmus/model';
import { step, type Effect, type EngineEvent, type PairRecord } from '../src';
import { all, contextOf, NOON, only, Play, resource } from './support/pair';

/** A watch that the XMPP user has agreed to; nothing is known of him yet. */
function active(dialect: 'simple' | 'microsoft' = 'simple', accept: readonly string[] = []): Play {
  const play = new Play(contextOf(dialect));
  play.subscribes('desk', { accept });
  play.on('xmpp.subscribed');
  play.drainNotifies();
  return play;
}

const tuples = (effects: readonly Effect[]) => only(effects, 'sip.notify').tuples?.map(({ resource: name, priority, presence }) => [name, priority, presence.setting]);

describe('PRES-43: one document, a tuple for each available resource', () => {
  test('PRES-43: every change of one resource tells them all, the preferred first', () => {
    const play = active();
    expect(tuples(play.on('xmpp.available', { presence: resource('phone', { show: 'away' }) }))).toEqual([['phone', 0, 'away']]);
    play.drainNotifies();
    expect(tuples(play.on('xmpp.available', { presence: resource('desk', { priority: 5 }) }))).toEqual([
      ['desk', 5, 'available'],
      ['phone', 0, 'away'],
    ]);
    play.drainNotifies();
    const effects = play.on('xmpp.available', { presence: resource('car', { show: 'dnd', status: 'driving' }) });
    expect(tuples(effects)).toEqual([
      ['desk', 5, 'available'],
      ['car', 0, 'do-not-disturb'],
      ['phone', 0, 'away'],
    ]);
    expect(only(effects, 'sip.notify')).toMatchObject({ presence: { setting: 'available' }, tuples: [{}, { presence: { note: 'driving' } }, {}] });
  });

  test('PRES-43: what changes in one tuple only is news: priority, note, and the resource itself', () => {
    const play = active();
    play.on('xmpp.available', { presence: resource('desk', { priority: 5 }) });
    play.on('xmpp.available', { presence: resource('phone') });
    play.drainNotifies();
    const changes = [resource('phone', { priority: 1 }), resource('phone', { priority: 1, status: 'out' })];
    for (const presence of changes) {
      expect(all(play.on('xmpp.available', { presence }), 'sip.notify')).toHaveLength(1);
      play.drainNotifies();
      expect(play.on('xmpp.available', { presence })).toEqual([]);
    }
    play.on('xmpp.unavailable', { resource: 'phone' });
    play.drainNotifies();
    expect(tuples(play.on('xmpp.available', { presence: resource('mobile', { priority: 1, status: 'out' }) }))?.map(([name]) => name)).toEqual(['desk', 'mobile']);
  });

  test('PRES-43: the order in which the resources came is no news', () => {
    const one = active();
    const other = active();
    for (const name of ['a', 'b']) one.on('xmpp.available', { presence: resource(name) });
    for (const name of ['b', 'a']) other.on('xmpp.available', { presence: resource(name) });
    expect(one.drainNotifies().at(-1)?.tuples).toEqual(other.drainNotifies().at(-1)?.tuples);
  });

  test('RFC 8048 Table 1 note 6: a resource of negative priority is not told', () => {
    const play = active();
    expect(play.on('xmpp.available', { presence: resource('bot', { priority: -1 }) })).toEqual([]);
    expect(tuples(play.on('xmpp.available', { presence: resource('desk') }))).toEqual([['desk', 0, 'available']]);
  });

  test('PRES-44: the last resource leaves: one closed document, the subscription stays', () => {
    const play = active();
    play.on('xmpp.available', { presence: resource('desk') });
    play.drainNotifies();
    const notify = only(play.on('xmpp.unavailable', { resource: 'desk' }), 'sip.notify');
    expect(notify).toMatchObject({ substate: 'active', presence: OFFLINE });
    expect(notify).not.toHaveProperty('tuples');
    expect(play.record.inward.watches).toHaveLength(1);
  });

  test.each([
    ['microsoft', []],
    ['simple', ['text/xml+msrtc.pidf']],
  ] as const)('PRES-47: a watcher that knows one state of a user is told one (%s, Accept %j)', (dialect, accept) => {
    const play = active(dialect, accept);
    const effects = play.on('xmpp.available', { presence: resource('desk') });
    expect(only(effects, 'sip.notify')).not.toHaveProperty('tuples');
    play.drainNotifies();
    expect(play.on('xmpp.available', { presence: resource('old', { show: 'xa' }) })).toEqual([]);
  });
});

describe('PRES-42: no two documents with the same timestamp', () => {
  test('PRES-42: that of the event, and later than the last one', () => {
    const play = active();
    play.pass(1);
    const first = only(play.on('xmpp.available', { presence: resource('desk') }), 'sip.notify');
    expect(first.timestamp).toBe(new Date(NOON + 1000).toISOString());
    play.on('xmpp.unavailable', { resource: 'desk' });
    const [, second] = play.drainNotifies();
    expect(second?.timestamp).toBe(new Date(NOON + 1001).toISOString());
  });

  test('PRES-42: of several watches, over block and denial, and when the clock is behind', () => {
    const play = active();
    const events: (() => unknown)[] = [
      () => play.subscribes('laptop'),
      () => play.on('xmpp.available', { presence: resource('desk') }),
      () => play.on('policy', { verdict: 'block' }),
      () => play.on('policy', { verdict: 'ask' }),
      () => (play.at -= 5000),
      () => play.on('xmpp.unsubscribed'),
      () => play.on('xmpp.subscribed'),
      () => play.refreshes('desk', 2),
      () => play.refreshes('desk', 3, { expires: 0 }),
      () => play.subscribes('once', { expires: 0 }),
    ];
    for (const event of events) {
      event();
      play.drainNotifies();
    }
    const stamps = all(play.log, 'sip.notify').flatMap(({ timestamp }) => (timestamp === undefined ? [] : [timestamp]));
    expect(stamps.length).toBeGreaterThan(8);
    expect(new Set(stamps).size).toBe(stamps.length);
    expect(stamps).toEqual([...stamps].sort());
  });

  test('a NOTIFY without a document has none', () => {
    const play = new Play(contextOf('simple'));
    expect(only(play.subscribes('desk'), 'sip.notify')).not.toHaveProperty('timestamp');
  });
});

describe('PRES-27: un-SUBSCRIBE', () => {
  const presences = (effects: readonly Effect[]) => all(effects, 'xmpp.presence').map(({ presence }) => presence.setting);

  test('PRES-27: the XMPP user is told `unavailable` when the last device leaves', () => {
    const play = active();
    play.subscribes('laptop');
    play.drainNotifies();
    expect(presences(play.refreshes('desk', 2, { expires: 0 }))).toEqual([]);
    expect(presences(play.refreshes('laptop', 2, { expires: 0 }))).toEqual(['offline']);
  });

  test('PRES-27: not where his own watch on the contact tells him', () => {
    const play = active();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    const { outward } = play.record;
    if (!('dialog' in outward)) throw new Error(outward.is);
    const { callId, localTag, remoteTag = '' } = outward.dialog;
    play.request('sip.notify', { ref: { callId, localTag, remoteTag, cseq: 1 }, substate: 'active', presence: { setting: 'busy' } });
    expect(presences(play.refreshes('desk', 2, { expires: 0 }))).toEqual([]);
  });

  test('PRES-25, PRES-27: whoever may not see him does not make himself known by leaving', () => {
    for (const decide of [(play: Play) => play.on('xmpp.unsubscribed'), (play: Play) => play.on('policy', { verdict: 'block' }), () => undefined]) {
      const play = new Play(contextOf('simple'));
      play.subscribes('desk');
      decide(play);
      play.drainNotifies();
      expect(presences(play.refreshes('desk', 2, { expires: 0 }))).toEqual([]);
    }
  });
});

test('PRES-31: a worker that stops ends no subscription: whoever loads the record goes on in the dialog', () => {
  const play = active();
  const stored = JSON.parse(JSON.stringify(play.record)) as PairRecord;
  const event = { on: 'xmpp.available', at: NOON + 1000, trace: 't', presence: resource('desk') } as EngineEvent;
  const other = step(stored, event, contextOf('simple'));
  expect(only(other.effects, 'sip.notify')).toMatchObject({ substate: 'active', dialog: { stackId: 'desk-call;from-tag=desk-theirs', localCSeq: 2 } });
});

test('a record of before policies goes on: active, denied and pending watches keep their meaning', () => {
  for (const is of ['active', 'denied', 'pending'] as const) {
    const play = active();
    const [watch] = play.record.inward.watches;
    if (watch === undefined) throw new Error('no watch');
    const { admitted: _, ...old } = watch;
    const record = { ...play.record, inward: { is, watches: [old], ...(is === 'active' && { probed: true }) } } as PairRecord;
    const later = new Play(contextOf('simple'), record);
    const effects = later.refreshes('desk', 2);
    expect(all(effects, 'sip.notify').map(({ substate }) => substate)).toEqual([is === 'pending' ? 'pending' : 'active']);
    expect(all(effects, 'xmpp.subscribe')).toEqual([]);
  }
});
