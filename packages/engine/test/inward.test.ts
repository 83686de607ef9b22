import { OFFLINE } from '@isthmus/model';
import { dueAt, isEmpty, type Effect } from '../src';
import { all, contextOf, names, newRef, only, Play, resource, statusOf, theirDialog, type EffectOf } from './support/pair';

const AWAY = resource('phone', { show: 'away' });

const simple = (settings = {}) => new Play(contextOf('simple', settings));

/** A watch that the XMPP user has agreed to; his one resource is away. */
function active(play = simple()): Play {
  play.subscribes('desk');
  play.on('xmpp.subscribed');
  play.on('xmpp.available', { presence: AWAY });
  play.drainNotifies();
  return play;
}

const settings = (effects: readonly Effect[]) => all(effects, 'sip.notify').map(({ presence }) => presence?.setting);
const gist = ({ substate, presence, reason }: EffectOf<'sip.notify'>) => [substate, presence?.setting, reason];

describe('the SIP user asks', () => {
  test('PRES-20, PRES-21, PRES-22, observed A1: 200 (never 202), NOTIFY at once, then the XMPP user is asked', () => {
    const effects = simple().subscribes('desk', { displayName: 'Bob' });
    expect(effects).toMatchObject([
      { do: 'sip.answer', method: 'SUBSCRIBE', status: 200, localTag: 'desk-ours', expiresSeconds: 3600 },
      { do: 'sip.notify', substate: 'pending', expiresSeconds: 3600, dialog: { callId: 'desk-call' } },
      { do: 'xmpp.subscribe', nick: 'Bob' },
    ]);
    expect(only(effects, 'sip.notify')).not.toHaveProperty('presence');
  });

  test('PRES-22 the XMPP user is asked once for the pair, not for each device or refresh', () => {
    const play = simple();
    play.subscribes('desk');
    play.subscribes('laptop');
    play.refreshes('desk', 2);
    expect(all(play.log, 'xmpp.subscribe')).toHaveLength(1);
    expect(only(play.log, 'xmpp.subscribe')).not.toHaveProperty('nick');
  });

  test('observed A6 to Microsoft clients pending looks like offline: active with an offline document', () => {
    const effects = new Play().subscribes('desk');
    expect(only(effects, 'sip.notify')).toMatchObject({ substate: 'active', presence: OFFLINE });
  });

  test('RFC 6665 8.2.1 the id of Event is repeated in every NOTIFY', () => {
    const play = simple();
    const dialog = theirDialog('desk');
    const given = { ref: newRef(dialog), dialog, accept: [], eventId: '7' };
    expect(only(play.request('sip.subscribe', { ...given, expires: 0 }), 'sip.notify').eventId).toBe('7');
    play.drainNotifies();
    expect(only(play.request('sip.subscribe', { ...given, expires: 60 }), 'sip.notify').eventId).toBe('7');
    play.drainNotifies();
    expect(only(play.refreshes('desk', 2, { expires: 0 }), 'sip.notify')).toMatchObject({ substate: 'terminated', eventId: '7' });
  });

  test.each([0, 3600])('promise 6, SEC-5: who leaves our requests unanswered cannot pile them up (Expires %i)', (expires) => {
    const play = simple();
    const statuses = Array.from({ length: 200 }, (_, index) => statusOf(play.subscribes(`d${index}`, { expires })));
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(64);
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
    expect(play.record.effects.length).toBeLessThanOrEqual(65);
    const last = statuses.lastIndexOf(200);
    if (expires > 0) expect(statusOf(play.refreshes(`d${last}`, 2))).toBe(200);
    play.drainNotifies();
    expect(statusOf(play.subscribes('later'))).toBe(200);
  });

  test('PRES-20 a missing Expires means an hour', () => {
    expect(only(simple().subscribes('desk', { expires: undefined as never }), 'sip.answer').expiresSeconds).toBe(3600);
  });

  test('PRES-20 the time may be shortened, never lengthened', () => {
    const play = simple({ maxExpiresSeconds: 7200 });
    expect(only(play.subscribes('a', { expires: 28_800 }), 'sip.answer').expiresSeconds).toBe(7200);
    expect(only(play.subscribes('b', { expires: 90 }), 'sip.answer').expiresSeconds).toBe(90);
  });

  test('PRES-20 423 only under the minimum and under an hour; nothing is started', () => {
    const play = simple({ minExpiresSeconds: 60 });
    expect(play.subscribes('desk', { expires: 30 })).toMatchObject([{ do: 'sip.answer', status: 423, minExpiresSeconds: 60 }]);
    expect(isEmpty(play.record)).toBe(true);
    const high = simple({ minExpiresSeconds: 9000 });
    expect(statusOf(high.subscribes('desk', { expires: 3600 }))).toBe(200);
    expect(statusOf(high.subscribes('desk', { expires: 3599 }))).toBe(423);
  });

  test('observed A6 a Microsoft client is never refused: not for a short time, not for its Accept', () => {
    const play = new Play();
    expect(statusOf(play.subscribes('desk', { expires: 5 }))).toBe(200);
    expect(only(play.subscribes('b', { accept: ['text/plain'] }), 'sip.notify').format).toBe('application/pidf+xml');
  });

  test.each([
    [[], 'application/pidf+xml'],
    [['application/xpidf+xml', 'application/pidf+xml'], 'application/pidf+xml'],
    [['*/*'], 'application/pidf+xml'],
    [['application/*'], 'application/pidf+xml'],
    [['text/*'], 'text/xml+msrtc.pidf'],
    [['text/xml+msrtc.pidf'], 'text/xml+msrtc.pidf'],
  ])('Accept %j is served %s', (accept, format) => {
    expect(only(simple().subscribes('desk', { accept }), 'sip.notify').format).toBe(format);
  });

  test('PRES-20 406 when no form that can be written is accepted', () => {
    expect(simple().subscribes('desk', { accept: ['text/plain'] })).toMatchObject([{ do: 'sip.answer', status: 406 }]);
  });
});

describe('the XMPP user decides', () => {
  test('PRES-23 subscribed: NOTIFY active to every device; the state is asked for', () => {
    const play = simple();
    play.subscribes('desk');
    play.subscribes('laptop');
    play.drainNotifies();
    const effects = play.on('xmpp.subscribed');
    expect(all(effects, 'sip.notify').map(gist)).toEqual([
      ['active', 'offline', undefined],
      ['active', 'offline', undefined],
    ]);
    expect(names(effects).at(-1)).toBe('xmpp.probe');
  });

  test('XD-3 the unavailable right after our subscribe is an acknowledgement: still pending', () => {
    const play = simple();
    play.subscribes('desk');
    expect(play.on('xmpp.unavailable')).toEqual([]);
    expect(play.record.inward.is).toBe('pending');
    expect(play.record.resources).toBeUndefined();
  });

  test('XD-4 silence on a probe is no error, unavailable no cancel', () => {
    const play = simple();
    play.subscribes('desk');
    play.on('xmpp.subscribed');
    play.drainNotifies();
    expect(play.pass(600)).toEqual([]);
    play.on('xmpp.unavailable');
    expect(play.record.inward.is).toBe('active');
  });

  test('standards 2b-b: subscribed and presence at once: one NOTIFY at a time, the last state last', () => {
    const play = simple();
    play.subscribes('desk');
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: AWAY });
    expect(play.drainNotifies().map(gist)).toEqual([
      ['pending', undefined, undefined],
      ['active', 'away', undefined],
    ]);
  });

  test.each([
    ['simple', 'answers that he is offline'],
    ['microsoft', 'answers that he is offline'],
    ['simple', 'is silent (XD-4)'],
    ['microsoft', 'is silent (XD-4)'],
  ] as const)('PRES-24, PRES-25 polite block (%s): a blocked watcher gets what a watcher of an offline user gets, whose server %s', (dialect, server) => {
    const told = (decision: 'xmpp.subscribed' | 'xmpp.unsubscribed') => {
      const play = new Play(contextOf(dialect));
      play.subscribes('desk');
      const first = play.drainNotifies();
      play.on(decision);
      if (server !== 'is silent (XD-4)') play.on('xmpp.unavailable');
      const second = play.drainNotifies();
      play.refreshes('desk', 2);
      const third = play.drainNotifies();
      play.on('xmpp.up');
      play.subscribes('laptop');
      const fourth = play.drainNotifies();
      play.refreshes('desk', 3, { expires: 0 });
      const answers = all(play.log, 'sip.answer').map(({ status, expiresSeconds }) => [status, expiresSeconds]);
      const fifth = play.drainNotifies();
      return { notifies: [first, second, third, fourth, fifth].map((part) => part.map(gist)), answers };
    };
    expect(told('xmpp.unsubscribed')).toEqual(told('xmpp.subscribed'));
  });

  test('PRES-25 for ever: a new SUBSCRIBE of a blocked watcher asks nobody; presence is not told', () => {
    const play = simple();
    play.subscribes('desk');
    play.on('xmpp.unsubscribed');
    play.drainNotifies();
    expect(play.on('xmpp.available', { presence: AWAY })).toEqual([]);
    const effects = play.subscribes('laptop');
    expect(names(effects)).toEqual(['sip.answer', 'sip.notify']);
    expect(settings(effects)).toEqual(['offline']);
    play.pass(100_000);
    expect(isEmpty(play.record)).toBe(false);
    expect(names(play.subscribes('desk'))).toEqual(['sip.answer', 'sip.notify']);
  });

  test('a changed decision takes effect at once, in both directions', () => {
    const play = active();
    expect(settings(play.on('xmpp.unsubscribed'))).toEqual(['offline']);
    play.drainNotifies();
    // What was known before the refusal is an old memory (promise 4).
    expect(names(play.on('xmpp.subscribed'))).toEqual(['xmpp.probe']);
    expect(settings(play.on('xmpp.available', { presence: AWAY }))).toEqual(['away']);
  });

  test('PRES-25 until he decides otherwise: who adds the blocked watcher is asked about him once more, and may grant', () => {
    const play = simple();
    play.subscribes('desk');
    play.on('xmpp.unsubscribed');
    play.drainNotifies();
    expect(names(play.on('xmpp.subscribe'))).toEqual(expect.arrayContaining(['xmpp.subscribe']));
    expect(play.record.inward.is).toBe('denied');
    expect(names(play.on('xmpp.subscribed'))).toEqual(['xmpp.probe']);
    expect(play.record.inward.is).toBe('active');
  });

  test('PRES-22 a decision against somebody who no longer watches is given up by adding him: the next SUBSCRIBE asks', () => {
    const play = simple();
    play.subscribes('desk');
    play.on('xmpp.unsubscribed');
    play.drainNotifies();
    play.refreshes('desk', 2, { expires: 0 });
    play.drainNotifies();
    play.on('xmpp.subscribe');
    expect(play.record.inward.is).toBe('none');
    expect(names(play.subscribes('desk2'))).toContain('xmpp.subscribe');
  });

  test('unsubscribed where nothing was asked says nothing; subscribed is remembered', () => {
    const play = simple();
    expect(play.on('xmpp.unsubscribed')).toEqual([]);
    expect(isEmpty(play.record)).toBe(true);
    expect(play.on('xmpp.subscribed')).toEqual([]);
    expect(names(play.subscribes('desk'))).toEqual(['sip.answer', 'sip.notify', 'xmpp.probe']);
  });
});

describe('the XMPP user’s state', () => {
  test('PRES-47 the resources become one state; NOTIFY only when that changes', () => {
    const play = active(new Play());
    expect(settings(play.on('xmpp.available', { presence: resource('desk') }))).toEqual(['available']);
    play.drainNotifies();
    expect(play.on('xmpp.available', { presence: resource('old', { show: 'xa' }) })).toEqual([]);
    expect(settings(play.on('xmpp.unavailable', { resource: 'desk' }))).toEqual(['away']);
  });

  test('PRES-44 the last resource leaves: offline, the dialog stays', () => {
    const play = active();
    const effects = play.on('xmpp.unavailable', { resource: 'phone' });
    expect(all(effects, 'sip.notify').map(gist)).toEqual([['active', 'offline', undefined]]);
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
  });

  test('unavailable without a resource: all are gone', () => {
    const play = active();
    play.on('xmpp.available', { presence: resource('desk') });
    play.drainNotifies();
    expect(settings(play.on('xmpp.unavailable'))).toEqual(['offline']);
  });

  test('PRES-32 changes during a NOTIFY coalesce to the last state', () => {
    const play = active();
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    for (const show of ['away', 'xa'] as const) expect(play.on('xmpp.available', { presence: resource('phone', { show }) })).toEqual([]);
    const [first, ...rest] = play.drainNotifies();
    expect(first?.presence?.setting).not.toBe(rest[0]?.presence?.setting);
    expect(rest).toHaveLength(1);
    expect(rest[0]?.presence?.setting).toBe('extended-away');
  });

  test('a change and back during a NOTIFY says nothing more', () => {
    const play = active();
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    play.on('xmpp.available', { presence: AWAY });
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    expect(play.drainNotifies()).toHaveLength(1);
  });

  test('promise 6: of more resources than the bound no note is taken', () => {
    const play = active(simple({ maxResources: 2 }));
    play.on('xmpp.available', { presence: resource('b') });
    play.on('xmpp.available', { presence: resource('c') });
    expect(play.record.resources?.map((one) => one.resource)).toEqual(['phone', 'b']);
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    expect(play.record.resources).toHaveLength(2);
  });

  test('promise 4: the XMPP server is gone: offline to all; back: probe, and what it answers', () => {
    const play = active();
    expect(settings(play.on('xmpp.down'))).toEqual(['offline']);
    play.drainNotifies();
    expect(names(play.on('xmpp.up'))).toEqual(['xmpp.probe']);
    expect(settings(play.on('xmpp.available', { presence: AWAY }))).toEqual(['away']);
  });

  test('nobody watches: no probe', () => {
    const play = active();
    play.refreshes('desk', 2, { expires: 0 });
    play.drainNotifies();
    const before = play.record;
    expect(play.on('xmpp.up')).toEqual([]);
    expect(play.record.inward).toBe(before.inward);
    play.on('xmpp.down');
    expect(play.record.inward).toBe(before.inward);
  });

  test('the presence of a resource that is unknown may go', () => {
    const play = simple();
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
    expect(play.record.resources).toBeUndefined();
  });
});

describe('the life of a watch', () => {
  test('a refresh: 200 and the state, though nothing has changed (PRES-21)', () => {
    const effects = active().refreshes('desk', 2);
    expect(effects).toMatchObject([
      { do: 'sip.answer', status: 200, localTag: 'desk-ours', expiresSeconds: 3600 },
      { do: 'sip.notify', substate: 'active', presence: { setting: 'away' }, expiresSeconds: 3600 },
    ]);
  });

  test('PRES-26 a refresh while the state is not known: an empty NOTIFY and a probe, nothing is invented', () => {
    const play = active();
    play.on('xmpp.down');
    play.drainNotifies();
    const effects = play.refreshes('desk', 2);
    expect(names(effects)).toEqual(['sip.answer', 'sip.notify', 'xmpp.probe']);
    expect(only(effects, 'sip.notify')).toMatchObject({ substate: 'active' });
    expect(only(effects, 'sip.notify')).not.toHaveProperty('presence');
    // What the watcher was told before still holds: offline again would be no news, away is.
    play.drainNotifies();
    expect(play.on('xmpp.unavailable')).toEqual([]);
    expect(settings(play.on('xmpp.available', { presence: AWAY }))).toEqual(['away']);
  });

  test('a refresh during a NOTIFY gets a NOTIFY of its own after it', () => {
    const play = active();
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    play.refreshes('desk', 2);
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    expect(play.drainNotifies()).toHaveLength(2);
  });

  test('NOTIFY says how long the watch still lives', () => {
    const play = active();
    play.pass(600.5);
    expect(only(play.on('xmpp.unavailable'), 'sip.notify').expiresSeconds).toBe(3000);
  });

  test('a refresh keeps our CSeq and takes over what the server knows now', () => {
    const play = active();
    play.refreshes('desk', 5, { dialog: theirDialog('desk', { owner: 'w2/1', remoteCSeq: 5 }) });
    const [watch] = play.record.inward.watches;
    expect(watch?.dialog).toMatchObject({ owner: 'w2/1', remoteCSeq: 5, localCSeq: 2 });
  });

  test('PRES-27 Expires 0: 200, NOTIFY terminated;reason=timeout with a closed document; the authorisation stays', () => {
    const play = active();
    const effects = play.refreshes('desk', 2, { expires: 0 });
    expect(effects).toMatchObject([
      { do: 'sip.answer', status: 200, expiresSeconds: 0 },
      { do: 'sip.notify', substate: 'terminated', reason: 'timeout', presence: OFFLINE },
      { do: 'xmpp.presence', presence: OFFLINE },
    ]);
    expect(play.drainNotifies()).toHaveLength(1);
    expect(play.record.inward).toMatchObject({ is: 'active', watches: [] });
    expect(settings(play.subscribes('desk'))).toEqual(['away']);
  });

  test('Expires 0 during a NOTIFY: the last one follows it', () => {
    const play = active();
    play.on('xmpp.unavailable');
    expect(names(play.refreshes('desk', 2, { expires: 0 }))).toEqual(['sip.answer', 'xmpp.presence']);
    expect(play.drainNotifies().map(gist)).toEqual([
      ['active', 'offline', undefined],
      ['terminated', 'offline', 'timeout'],
    ]);
    expect(play.record.inward.watches).toEqual([]);
  });

  test('Expires 0, then a refresh after all, during one NOTIFY: the watch goes on', () => {
    const play = active();
    play.on('xmpp.unavailable');
    play.refreshes('desk', 2, { expires: 0 });
    play.refreshes('desk', 3);
    expect(play.drainNotifies().map(gist).at(-1)).toEqual(['active', 'offline', undefined]);
    expect(play.record.inward.watches).toHaveLength(1);
  });

  test('PRES-28 not refreshed: NOTIFY terminated;reason=timeout, after a grace for a refresh that is on its way', () => {
    const play = active();
    expect(play.pass(3600 + 31)).toEqual([]);
    expect(all(play.pass(1), 'sip.notify').map(gist)).toEqual([['terminated', 'offline', 'timeout']]);
    expect(play.record.inward.watches).toEqual([]);
    expect(dueAt(play.record)).toBeUndefined();
  });

  test('observed B a refresh at the very moment of expiry is a refresh', () => {
    const play = active();
    play.pass(3600);
    expect(settings(play.refreshes('desk', 2))).toEqual(['away']);
    expect(play.record.inward.watches).toHaveLength(1);
  });

  test('expiry during a NOTIFY', () => {
    const play = active();
    play.pass(3000);
    play.on('xmpp.unavailable');
    play.pass(4000);
    expect(dueAt(play.record)).toBeUndefined();
    expect(play.drainNotifies().map(gist).at(-1)).toEqual(['terminated', 'offline', 'timeout']);
  });

  test.each([404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604])('PRES-30, observed A8 %i to NOTIFY drops that watch and no other', (status) => {
    const play = active();
    play.subscribes('laptop');
    play.drainNotifies();
    const [first] = all(play.on('xmpp.unavailable'), 'sip.notify');
    if (first !== undefined) play.outcome(first, status);
    play.drainNotifies();
    expect(play.record.inward.watches.map(({ dialog }) => dialog.callId)).toEqual(['laptop-call']);
  });

  test('PRES-30 Timer F drops the watch', () => {
    const play = active();
    play.on('xmpp.unavailable');
    play.fails('sip.notify', 'timeout');
    expect(play.record.inward.watches).toEqual([]);
  });

  test('observed A6 a refresh of a dropped watch is taken as new: the client would not subscribe again by itself', () => {
    const play = active();
    play.on('xmpp.unavailable');
    play.answer('sip.notify', 481);
    expect(settings(play.refreshes('desk', 3))).toEqual(['offline']);
    expect(play.record.inward.watches).toHaveLength(1);
  });

  test('a refresh after the store was lost is taken over: 200, NOTIFY, and the XMPP user is asked', () => {
    const effects = simple().refreshes('desk', 7);
    expect(names(effects)).toEqual(['sip.answer', 'sip.notify', 'xmpp.subscribe']);
    expect(only(effects, 'sip.answer').localTag).toBe('desk-ours');
  });

  test('any other failure: told again after a pause that doubles, or when something changes', () => {
    const play = active(simple({ retryMinSeconds: 5 }));
    play.on('xmpp.unavailable');
    expect(play.answer('sip.notify', 500)).toEqual([]);
    expect(play.pass(4)).toEqual([]);
    expect(settings(play.pass(1))).toEqual(['offline']);
    play.fails('sip.notify', 'unreachable');
    expect(play.pass(9)).toEqual([]);
    expect(settings(play.on('xmpp.available', { presence: AWAY }))).toEqual(['away']);
    play.answer('sip.notify', 500, { retryAfterSeconds: 100 });
    expect(play.pass(99)).toEqual([]);
    expect(settings(play.pass(1))).toEqual(['away']);
    play.answer('sip.notify', 200);
    expect(play.pass(1000)).toEqual([]);
  });

  test('promise 3: the route is back: those who could not be told are told at once', () => {
    const play = active();
    play.subscribes('laptop');
    play.drainNotifies();
    const [first] = all(play.on('xmpp.unavailable'), 'sip.notify');
    if (first !== undefined) play.outcome(first, 503);
    play.drainNotifies();
    const effects = play.on('route.up');
    expect(all(effects, 'sip.notify').map(({ dialog }) => dialog.callId)).toEqual(['desk-call']);
  });

  test('a watch that fails until it expires ends', () => {
    const play = active();
    play.on('xmpp.unavailable');
    for (let rounds = 0; rounds < 100 && play.record.inward.watches.length > 0; rounds += 1) {
      for (const effect of all(play.record.effects, 'sip.notify')) play.outcome(effect, 500);
      play.pass(300);
    }
    expect(play.record.inward.watches).toEqual([]);
  });

  test('a watch that is to end, whose NOTIFY fails, is over', () => {
    const play = active();
    play.on('xmpp.unavailable');
    play.refreshes('desk', 2, { expires: 0 });
    play.answer('sip.notify', 500);
    expect(play.record.inward.watches).toEqual([]);
  });

  test('lost: nobody knows whether the NOTIFY arrived, so it is said again', () => {
    const play = active();
    play.on('xmpp.unavailable');
    expect(settings(play.fails('sip.notify', 'lost'))).toEqual(['offline']);
  });

  test.each(['lost', 'unreachable'] as const)('DR-36 %s: the number of that NOTIFY counts as used', (result) => {
    const play = active();
    const before = only(play.on('xmpp.unavailable'), 'sip.notify').dialog.localCSeq;
    play.fails('sip.notify', result);
    play.pass(5);
    expect(play.pending('sip.notify').dialog.localCSeq).toBe(before + 1);
  });

  test('promise 3: a refresh through another connection while a NOTIFY is out is not undone by what becomes of that', () => {
    const byHand = theirDialog('desk', { handMade: true, owner: 'w1/1', localCSeq: 7 });
    const play = simple();
    play.request('sip.subscribe', { ref: newRef(byHand), dialog: byHand, expires: 3600, accept: [] });
    const first = play.pending('sip.notify');
    const fresh = theirDialog('desk', { owner: 'w2/1', server: 'sip2', remoteCSeq: 2 });
    play.refreshes('desk', 2, { dialog: fresh });
    play.outcome(first, 200);
    const [watch] = play.record.inward.watches;
    expect(watch?.dialog).toMatchObject({ owner: 'w2/1', server: 'sip2', localCSeq: 8, remoteCSeq: 2 });
    expect(watch?.dialog).not.toHaveProperty('handMade');
  });

  test('a dialog that was continued by hand during a NOTIFY goes on by hand', () => {
    const play = active();
    const { dialog } = only(play.on('xmpp.unavailable'), 'sip.notify');
    play.answer('sip.notify', 200, { dialog: { ...dialog, handMade: true, localCSeq: 9 } });
    expect(only(play.on('xmpp.available', { presence: AWAY }), 'sip.notify').dialog).toMatchObject({ handMade: true, localCSeq: 9 });
  });

  test('lost while the watch is to end: the last NOTIFY follows', () => {
    const play = active();
    play.on('xmpp.unavailable');
    play.refreshes('desk', 2, { expires: 0 });
    expect(all(play.fails('sip.notify', 'lost'), 'sip.notify').map(gist)).toEqual([['terminated', 'offline', 'timeout']]);
  });

  test('DR-26 owner gone: the watch stays, NOTIFY goes on by id', () => {
    const play = active();
    expect(play.on('owner.gone', { owner: 'w1/1' })).toEqual([]);
    expect(only(play.on('xmpp.unavailable'), 'sip.notify').dialog.stackId).toBe('desk-call;from-tag=desk-theirs');
  });

  test('promise 6: at the bound the watch that would expire first gives way', () => {
    const play = active(simple({ maxWatchDialogs: 2 }));
    play.subscribes('laptop', { expires: 600 });
    play.drainNotifies();
    const effects = play.subscribes('phone');
    expect(all(effects, 'sip.notify').map((effect) => [effect.dialog.callId, ...gist(effect)])).toEqual([
      ['laptop-call', 'terminated', 'offline', 'noresource'],
      ['phone-call', 'active', 'away', undefined],
    ]);
    expect(play.record.inward.watches.map(({ dialog }) => dialog.callId)).toEqual(['desk-call', 'phone-call']);
  });

  test('promise 6: those that wait for their last NOTIFY are bounded too', () => {
    const play = simple({ maxWatchDialogs: 2 });
    for (let device = 0; device < 20; device += 1) play.subscribes(`d${device}`);
    expect(play.record.inward.watches.length).toBeLessThanOrEqual(2 * 2 + 1);
    play.drainNotifies();
    expect(play.record.inward.watches).toHaveLength(2);
  });
});

describe('PRES-29 fetch (Expires 0 without a dialog)', () => {
  const fetch = (play: Play) => play.subscribes('once', { expires: 0 });

  test('PRES-29 known and authorised: one NOTIFY terminated with the state', () => {
    const effects = fetch(active());
    expect(effects).toMatchObject([
      { do: 'sip.answer', status: 200, expiresSeconds: 0 },
      { do: 'sip.notify', substate: 'terminated', reason: 'timeout', presence: { setting: 'away' } },
    ]);
  });

  /** Authorised, and the XMPP server has not said anything yet. */
  function unknown(over: Parameters<typeof simple>[0] = {}): Play {
    const play = active(simple(over));
    play.on('xmpp.down');
    play.drainNotifies();
    return play;
  }

  test('PRES-29, RFC 8048 7.2: authorised and not known: the server is asked, and what it answers is told', () => {
    const play = unknown();
    expect(names(fetch(play))).toEqual(['sip.answer', 'xmpp.probe']);
    const told = all(play.on('xmpp.available', { presence: AWAY }), 'sip.notify').filter(({ dialog }) => dialog.callId === 'once-call');
    expect(told.map(gist)).toEqual([['terminated', 'away', 'timeout']]);
    expect(play.record.inward.watches).toHaveLength(1);
  });

  test('PRES-29, XD-4: the server stays silent: closed after a moment', () => {
    const play = unknown();
    fetch(play);
    expect(play.pass(1.9)).toEqual([]);
    expect(all(play.pass(0.1), 'sip.notify').map(gist)).toEqual([['terminated', 'offline', 'timeout']]);
    expect(play.record.inward.watches).toHaveLength(1);
  });

  test('PRES-29 the user takes his grant back while the server is asked: closed', () => {
    const play = unknown();
    fetch(play);
    expect(all(play.on('xmpp.unsubscribed'), 'sip.notify').map(gist)).toEqual([['terminated', 'offline', 'timeout']]);
  });

  test('PRES-29 a look that comes again is one look', () => {
    const play = unknown();
    fetch(play);
    fetch(play);
    expect(all(play.pass(2), 'sip.notify')).toHaveLength(1);
  });

  test('PRES-29 a look that is made a subscription while the server is asked is one', () => {
    const play = unknown();
    fetch(play);
    const effects = play.refreshes('once', 2);
    expect(all(effects, 'sip.notify').map(gist)).toEqual([['active', 'offline', undefined]]);
    play.drainNotifies();
    expect(play.pass(60)).toEqual([]);
    expect(play.record.inward.watches).toHaveLength(2);
  });

  test('PRES-29, promise 6: a crowd of looks is answered closed at once', () => {
    const play = unknown({ maxWatchDialogs: 2 });
    const looks = ['a', 'b', 'c'].map((name) => names(play.subscribes(name, { expires: 0 })));
    expect(looks).toEqual([['sip.answer', 'xmpp.probe'], ['sip.answer', 'xmpp.probe'], ['sip.answer', 'sip.notify']]);
    expect(play.record.inward.watches).toHaveLength(3);
  });

  test('PRES-29 not authorised: closed; a look is no wish, so the XMPP user is not asked', () => {
    for (const prepare of [() => undefined, (play: Play) => play.subscribes('desk')]) {
      const play = simple();
      prepare(play);
      play.drainNotifies();
      const effects = fetch(play);
      expect(names(effects)).toEqual(['sip.answer', 'sip.notify']);
      expect(settings(effects)).toEqual(['offline']);
    }
  });

  test('nothing is kept of it', () => {
    const play = simple();
    fetch(play);
    play.answer('sip.notify', 200);
    expect(isEmpty(play.record)).toBe(true);
  });

  test('the end of a watch that is not known: 200 and the last NOTIFY', () => {
    const effects = simple().refreshes('desk', 2, { expires: 0 });
    expect(effects).toMatchObject([
      { do: 'sip.answer', status: 200 },
      { do: 'sip.notify', substate: 'terminated', presence: OFFLINE },
    ]);
  });

  test('RFC 3261 8.2.2.2 a SUBSCRIBE that comes again is the same watch, and is told everything once', () => {
    const play = active();
    const again = { ...theirDialog('desk'), localTag: 'o2' };
    expect(statusOf(play.request('sip.subscribe', { ref: newRef(again), dialog: again, expires: 60, accept: [] }))).toBe(200);
    play.drainNotifies();
    expect(play.record.inward.watches).toMatchObject([{ dialog: { localTag: 'o2' } }]);
    expect(all(play.on('xmpp.unavailable'), 'sip.notify')).toHaveLength(1);
  });

  test('a SUBSCRIBE with the Call-ID of a watch and other tags is another watch', () => {
    const play = active();
    const other = { ...theirDialog('desk'), localTag: 'o2', remoteTag: 't2' };
    play.request('sip.subscribe', { ref: newRef(other), dialog: other, expires: 60, accept: [] });
    expect(play.record.inward.watches).toHaveLength(2);
  });
});
