import { OFFLINE, fault, type Presence } from '@isthmus/model';
import { dueAt, isEmpty, type Dialog, type Effect } from '../src';
import { all, contextOf, names, NOON, only, Play, refOf, resource, statusOf, theirDialog } from './support/pair';

const AVAILABLE: Presence = { setting: 'available', displayName: 'Bob' };
const BUSY: Presence = { setting: 'busy' };

/** The dialog of the watch as it stands. */
function dialogOf(play: Play): Dialog {
  const { outward } = play.record;
  if (!('dialog' in outward)) throw new Error(`no dialog in ${outward.is}`);
  return outward.dialog;
}

type Notify = Parameters<Play['on']>[1] & object;

function notifies(play: Play, cseq: number, given: Record<string, unknown> = {}, dialog = dialogOf(play)): readonly Effect[] {
  const ref = { ...refOf(dialog, cseq), remoteTag: dialog.remoteTag ?? `far-${dialog.localTag}` };
  return play.request('sip.notify', { ref, substate: 'active', ...given } as Notify & { ref: typeof ref });
}

/** The XMPP user has asked, the SIP side has agreed. */
function watching(play = new Play()): Play {
  play.on('xmpp.subscribe');
  play.answer('sip.subscribe', 200);
  notifies(play, 1, { presence: AVAILABLE });
  return play;
}

const shown = (effects: readonly Effect[]) => all(effects, 'xmpp.presence').map(({ presence }) => presence.setting);

describe('the XMPP user asks', () => {
  test('PRES-1 subscribe sends SUBSCRIBE with the configured Expires in a new dialog', () => {
    const play = new Play(contextOf('microsoft', { watchExpiresSeconds: 1800 }));
    const effects = play.on('xmpp.subscribe');
    expect(effects).toMatchObject([{ do: 'sip.subscribe', expiresSeconds: 1800, dialog: { localCSeq: 0 } }]);
    expect(only(effects, 'sip.subscribe').dialog).not.toHaveProperty('remoteTag');
  });

  test('PRES-2 NOTIFY pending is answered 200; nothing to the user', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    expect(notifies(play, 1, { substate: 'pending' })).toMatchObject([{ do: 'sip.answer', method: 'NOTIFY', status: 200 }]);
  });

  test('PRES-3 the first NOTIFY active: subscribed, then the presence', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    const effects = notifies(play, 1, { presence: AVAILABLE });
    expect(effects).toMatchObject([
      { do: 'sip.answer', status: 200 },
      { do: 'xmpp.subscribed' },
      { do: 'xmpp.presence', presence: AVAILABLE },
    ]);
  });

  test('PRES-3 without a body the contact is offline', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    expect(shown(notifies(play, 1))).toEqual(['offline']);
  });

  test.each([403, 489, 603])('PRES-4 %i: unsubscribed, and no further attempt', (status) => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(names(play.answer('sip.subscribe', status))).toEqual(['xmpp.unsubscribed']);
    expect(isEmpty(play.record)).toBe(true);
  });

  test.each([403, 489, 603])('PRES-4 %i to a watch that was granted: offline and unsubscribed', (status) => {
    const play = watching();
    refreshNow(play);
    expect(names(play.answer('sip.subscribe', status))).toEqual(['xmpp.presence', 'xmpp.unsubscribed']);
    expect(play.record.outward).toMatchObject({ is: 'idle', authorisation: 'none' });
  });

  test.each([404, 410, 482, 604])('XD-1, SEC-8 %i, no such user: unsubscribed', (status) => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(names(play.answer('sip.subscribe', status))).toEqual(['xmpp.unsubscribed']);
  });

  test('404 for a contact that was there: offline, but no contact list breaks while users are moved', () => {
    const play = watching();
    refreshNow(play);
    expect(shown(play.answer('sip.subscribe', 404))).toEqual(['offline']);
    expect(play.record.outward).toMatchObject({ is: 'waiting', authorisation: 'granted' });
  });

  test('PRES-5 423: asked again for the time that the far side wants', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    const first = dialogOf(play);
    const again = only(play.answer('sip.subscribe', 423, { minExpiresSeconds: 7200 }), 'sip.subscribe');
    expect(again.expiresSeconds).toBe(7200);
    expect(again.dialog.callId).not.toBe(first.callId);
    // A second, contradictory 423 is a failure like any other.
    expect(play.answer('sip.subscribe', 423, { minExpiresSeconds: 7200 })).toEqual([]);
    expect(play.record.outward.is).toBe('waiting');
  });

  test('PRES-5 a far side that always wants more, or more than a day, is tried again after a pause: nothing spins', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 423, { minExpiresSeconds: 7200 });
    expect(play.answer('sip.subscribe', 423, { minExpiresSeconds: 7201 })).toEqual([]);
    expect(play.record.outward.is).toBe('waiting');
    play.pass(5);
    expect(play.answer('sip.subscribe', 423, { minExpiresSeconds: 86_401 })).toEqual([]);
    expect(play.record.outward.is).toBe('waiting');
  });

  test('PRES-5 423 to a refresh: refreshed in the same dialog', () => {
    const play = watching();
    refreshNow(play);
    const again = only(play.answer('sip.subscribe', 423, { minExpiresSeconds: 7200 }), 'sip.subscribe');
    expect(again).toMatchObject({ expiresSeconds: 7200, dialog: { callId: dialogOf(play).callId } });
  });

  test('PRES-5 481 to a refresh: a new dialog at once', () => {
    const play = watching();
    const old = dialogOf(play);
    refreshNow(play);
    const again = only(play.answer('sip.subscribe', 481), 'sip.subscribe');
    expect(again.dialog.callId).not.toBe(old.callId);
    expect(again.dialog.localTag).not.toBe(old.localTag);
    expect(again.dialog).not.toHaveProperty('remoteTag');
  });

  test('PRES-5 481 to the first SUBSCRIBE: after a pause, so that nothing spins', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(play.answer('sip.subscribe', 481)).toEqual([]);
    expect(names(play.pass(5))).toEqual(['sip.subscribe']);
  });

  test('temporary failures: tried again after a pause that doubles up to its bound', () => {
    const play = new Play(contextOf('microsoft', { retryMinSeconds: 5, retryMaxSeconds: 30 }));
    play.on('xmpp.subscribe');
    for (const pause of [5, 10, 20, 30, 30]) {
      play.answer('sip.subscribe', 500);
      expect(play.pass(pause - 1)).toEqual([]);
      expect(names(play.pass(1))).toEqual(['sip.subscribe']);
    }
  });

  test('a subscription that works again starts with the shortest pause at its next failure', () => {
    const play = new Play(contextOf('microsoft', { retryMinSeconds: 5 }));
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 500);
    play.pass(5);
    play.answer('sip.subscribe', 200);
    notifies(play, 1, { presence: AVAILABLE });
    refreshNow(play);
    play.answer('sip.subscribe', 405);
    expect(play.record.outward).toMatchObject({ is: 'waiting', retryAt: play.at + 5000 });
  });

  test('Retry-After is honoured, up to a day', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 480, { retryAfterSeconds: 90 });
    expect(play.record.outward).toMatchObject({ retryAt: play.at + 90_000 });
    play.pass(90);
    play.answer('sip.subscribe', 500, { retryAfterSeconds: 1e9 });
    expect(play.record.outward).toMatchObject({ retryAt: play.at + 86_400_000 });
  });

  test('lost: nobody knows what became of the SUBSCRIBE, so a new dialog is opened', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    const first = dialogOf(play);
    const again = only(play.fails('sip.subscribe', 'lost'), 'sip.subscribe');
    expect(again.dialog.callId).not.toBe(first.callId);
    // The NOTIFY of the lost one has nowhere to go.
    expect(statusOf(notifies(play, 1, {}, { ...first, remoteTag: 'far' }))).toBe(481);
  });

  test('asking again while the answer is open changes nothing; when it was granted it is confirmed', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(play.on('xmpp.subscribe')).toEqual([]);
    play.answer('sip.subscribe', 200);
    notifies(play, 1, { presence: BUSY });
    expect(play.on('xmpp.subscribe')).toMatchObject([{ do: 'xmpp.subscribed' }, { do: 'xmpp.presence', presence: BUSY }]);
  });

  test('asking again in a pause is tried at once', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 500);
    expect(names(play.on('xmpp.subscribe'))).toEqual(['sip.subscribe']);
  });
});

function refreshNow(play: Play): void {
  const { outward } = play.record;
  if (outward.is !== 'watching') throw new Error(outward.is);
  play.pass((outward.refreshAt - play.at) / 1000);
  play.on('xmpp.account', { local: true, online: true });
}

describe('the contact changes', () => {
  test('a change is shown; what is no change is not', () => {
    const play = watching();
    expect(shown(notifies(play, 2, { presence: BUSY }))).toEqual(['busy']);
    expect(shown(notifies(play, 3, { presence: { ...BUSY } }))).toEqual([]);
    expect(shown(notifies(play, 4, { presence: { ...BUSY, note: 'in a call' } }))).toEqual(['busy']);
  });

  test('PRES-14 the highest CSeq wins; an overtaken or repeated NOTIFY is answered and changes nothing', () => {
    const play = watching();
    notifies(play, 5, { presence: BUSY });
    for (const cseq of [4, 5]) {
      expect(notifies(play, cseq, { presence: AVAILABLE })).toMatchObject([{ do: 'sip.answer', status: 200 }]);
    }
  });

  test('PRES-14 what came before the answer to a SUBSCRIBE is not forgotten by that answer', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    notifies(play, 5, { presence: BUSY });
    play.answer('sip.subscribe', 200);
    expect(shown(notifies(play, 4, { presence: AVAILABLE }))).toEqual([]);
    expect(shown(notifies(play, 6, { presence: AVAILABLE }))).toEqual(['available']);
  });

  test('PRES-14 an empty NOTIFY keeps the last document, an unreadable one too', () => {
    const play = watching();
    expect(shown(notifies(play, 2))).toEqual([]);
    expect(shown(notifies(play, 3, { unreadable: fault('body.malformed') }))).toEqual([]);
    expect(shown(play.on('xmpp.probe', { resource: 'phone' }))).toEqual(['available']);
  });

  describe('a standard server sends an empty NOTIFY (PRES-14, decision 020)', () => {
    const simple = (): Play => watching(new Play(contextOf('simple')));

    test('promise 4: nobody has asked: it has nothing to say any more, offline', () => {
      const play = simple();
      expect(shown(notifies(play, 2))).toEqual(['offline']);
      expect(shown(notifies(play, 3))).toEqual([]);
      expect(shown(notifies(play, 4, { presence: AVAILABLE }))).toEqual(['available']);
    });

    test('promise 4: in a new dialog: what an older one said does not count', () => {
      const play = simple();
      play.pass(10);
      notifies(play, 2, { substate: 'terminated', reason: 'timeout' });
      play.answer('sip.subscribe', 200);
      expect(shown(notifies(play, 1))).toEqual(['offline']);
    });

    test('PRES-14 after a refresh: as before, but only once', () => {
      const play = simple();
      refreshNow(play);
      play.answer('sip.subscribe', 200);
      expect(shown(notifies(play, 2))).toEqual([]);
      expect(shown(notifies(play, 3))).toEqual(['offline']);
    });

    test('PRES-14 after a refresh, while the next one is prepared: as before, but only once', () => {
      const play = simple();
      refreshNow(play);
      play.answer('sip.subscribe', 200);
      expect(play.record.outward.is).toBe('watching');
      if (play.record.outward.is === 'watching') play.pass((play.record.outward.refreshAt - play.at) / 1000);
      expect(play.record.outward.is).toBe('checking');
      expect(shown(notifies(play, 2))).toEqual([]);
      expect(shown(notifies(play, 3))).toEqual(['offline']);
    });

    test.each([
      ['the server says that the user is online', (play: Play) => play.on('xmpp.account', { local: true, online: true })],
      ['the user shows himself', (play: Play) => play.on('xmpp.available', { presence: resource('desk') })],
      ['the user asks for the state', (play: Play) => play.on('xmpp.probe', { resource: 'phone' })],
    ])('RFC 6665 4.2.1.2, PRES-14 after a refresh, and the user was asked about meanwhile (%s): as before, but only once', (_what, online) => {
      const play = simple();
      refreshNow(play);
      play.answer('sip.subscribe', 200);
      play.on('xmpp.available', { presence: resource('phone') });
      play.on('xmpp.unavailable', { resource: 'phone' });
      expect(play.record.outward.is).toBe('checking');
      online(play);
      expect(play.record.outward.is).toBe('watching');
      expect(shown(notifies(play, 2))).toEqual([]);
      expect(shown(notifies(play, 3))).toEqual(['offline']);
    });

    test('PRES-13, PRES-14 before the answer to a refresh: as before, but only once', () => {
      const play = simple();
      refreshNow(play);
      expect(shown(notifies(play, 2))).toEqual([]);
      play.answer('sip.subscribe', 200);
      expect(shown(notifies(play, 3))).toEqual(['offline']);
    });

    test('PRES-45 one that cannot be read says nothing about the contact: as before', () => {
      const play = simple();
      expect(shown(notifies(play, 2, { unreadable: fault('body.malformed') }))).toEqual([]);
    });
  });

  test('PRES-13 a NOTIFY may come before the answer to the SUBSCRIBE', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(shown(notifies(play, 1, { presence: AVAILABLE }))).toEqual(['available']);
    play.answer('sip.subscribe', 200);
    expect(notifies(play, 2, { presence: BUSY }).map((effect) => effect.do)).toEqual(['sip.answer', 'xmpp.presence']);
    expect(play.pass(60)).toEqual([]);
    expect(play.record.outward.is).toBe('watching');
  });

  test('PRES-13 one dialog only: the NOTIFY of another branch of a fork gets 481', () => {
    const play = watching();
    expect(statusOf(notifies(play, 9, { presence: BUSY }, { ...dialogOf(play), remoteTag: 'fork' }))).toBe(481);
  });

  test('PRES-13 when the 200 comes from another branch than the early NOTIFY, the 200 decides', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    notifies(play, 7, {}, { ...dialogOf(play), remoteTag: 'fork' });
    const { dialog } = play.pending('sip.subscribe');
    play.answer('sip.subscribe', 200, { dialog: { ...dialog, remoteTag: 'chosen', owner: 'w1/1' } });
    expect(statusOf(notifies(play, 1, { presence: BUSY }, { ...dialogOf(play), remoteTag: 'chosen' }))).toBe(200);
    expect(statusOf(notifies(play, 8, {}, { ...dialogOf(play), remoteTag: 'fork' }))).toBe(481);
  });

  test('PRES-13 the early NOTIFY of another branch is not the first one of the branch that has answered', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    notifies(play, 7, {}, { ...dialogOf(play), remoteTag: 'fork' });
    const { dialog } = play.pending('sip.subscribe');
    play.answer('sip.subscribe', 200, { dialog: { ...dialog, remoteTag: 'chosen', owner: 'w1/1' } });
    play.pass(32);
    expect(play.record.outward.is).toBe('waiting');
  });

  test('PRES-13 no NOTIFY within Timer N: failed, the dialog ended, tried again after a pause', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    expect(play.pass(31)).toEqual([]);
    expect(play.pass(1)).toMatchObject([{ do: 'sip.subscribe', expiresSeconds: 0 }]);
    expect(play.answer('sip.subscribe', 200)).toEqual([]);
    expect(play.record.outward.is).toBe('waiting');
    expect(names(play.pass(5))).toEqual(['sip.subscribe']);
  });

  test('SEC-12 a NOTIFY outside any watch gets 481', () => {
    const stranger = theirDialog('x');
    expect(statusOf(new Play().request('sip.notify', { ref: refOf(stranger, 1), substate: 'active', presence: AVAILABLE }))).toBe(481);
    const play = watching();
    const untagged = { callId: dialogOf(play).callId, remoteTag: dialogOf(play).remoteTag ?? '', cseq: 9 };
    expect(statusOf(play.request('sip.notify', { ref: untagged, substate: 'active', presence: BUSY }))).toBe(481);
    expect(shown(play.log)).toEqual(['available']);
  });

  test('a NOTIFY may shorten the time, and does not lengthen it', () => {
    const play = watching();
    const before = dueAt(play.record) ?? 0;
    notifies(play, 2, { expiresSeconds: 99_999 });
    expect(dueAt(play.record)).toBe(before);
    notifies(play, 3, { expiresSeconds: 100 });
    expect(dueAt(play.record)).toBe(play.at + 50_000);
    play.pass(50);
    play.on('xmpp.account', { local: true, online: true });
    notifies(play, 4, { expiresSeconds: 20 });
    expect(play.record.outward).toMatchObject({ is: 'refreshing', expiresAt: play.at + 20_000 });
  });

  test('NOTIFYs that tell the time that is left, rounded down, do not put the refresh off', () => {
    const play = watching();
    const { outward } = play.record;
    const refreshAt = outward.is === 'watching' ? outward.refreshAt : 0;
    for (let cseq = 2; cseq < 30; cseq += 1) {
      play.pass(100);
      notifies(play, cseq, { expiresSeconds: 3600 - 100 * (cseq - 1) - 1 });
      expect(dueAt(play.record)).toBe(refreshAt);
    }
  });

  test('PRES-13 a first NOTIFY that comes while the server is asked about the user is the first one', () => {
    const play = watching();
    play.on('owner.gone', { owner: 'w1/1' });
    play.answer('sip.subscribe', 200);
    play.on('xmpp.unavailable', { resource: 'phone' });
    expect(play.record.outward.is).toBe('checking');
    notifies(play, 1, { presence: AVAILABLE });
    play.on('xmpp.account', { local: true, online: true });
    expect(names(play.pass(60))).toEqual([]);
  });

  test('a granted contact that falls back to pending is not shown from memory (promise 4)', () => {
    expect(shown(notifies(watching(), 2, { substate: 'pending' }))).toEqual(['offline']);
  });
});

describe('whose politeness hides a refusal (decision 021)', () => {
  const asked = (approval: 'answer' | 'state'): Play => {
    const play = new Play({ ...contextOf(), approval });
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    return play;
  };

  test('PRES-3 approval `answer`: the first active NOTIFY grants, also one that says offline', () => {
    expect(names(notifies(asked('answer'), 1, { presence: OFFLINE }))).toEqual(['sip.answer', 'xmpp.subscribed', 'xmpp.presence']);
  });

  test.each([{ presence: OFFLINE }, {}])('PRES-3 approval `state`: offline or nothing leaves the question open', (given) => {
    const play = asked('state');
    expect(names(notifies(play, 1, given))).toEqual(['sip.answer']);
    expect(play.record.outward).toMatchObject({ is: 'watching', authorisation: 'asked' });
    expect(names(notifies(play, 2, { presence: BUSY }))).toEqual(['sip.answer', 'xmpp.subscribed', 'xmpp.presence']);
  });

  test('PRES-3 approval `state`: what was granted stays so when the contact goes offline', () => {
    const play = asked('state');
    notifies(play, 1, { presence: BUSY });
    expect(names(notifies(play, 2, { presence: OFFLINE }))).toEqual(['sip.answer', 'xmpp.presence']);
    expect(play.record.outward).toMatchObject({ authorisation: 'granted' });
  });
});

describe('PRES-12 NOTIFY terminated', () => {
  const end = (play: Play, reason?: string, more: Record<string, unknown> = {}) =>
    notifies(play, 9, { substate: 'terminated', ...(reason !== undefined && { reason }), ...more });

  function settled(): Play {
    const play = watching();
    play.pass(60);
    return play;
  }

  test.each(['deactivated', 'timeout'])('%s: a new dialog at once, nothing to the user', (reason) => {
    const play = settled();
    const old = dialogOf(play);
    const effects = end(play, reason);
    expect(names(effects)).toEqual(['sip.answer', 'sip.subscribe']);
    expect(only(effects, 'sip.subscribe').dialog.callId).not.toBe(old.callId);
  });

  test.each(['deactivated', 'timeout'])('PRES-12 %s on a dialog opened only just now: a new one at once, the first time', (reason) => {
    expect(names(end(watching(), reason))).toEqual(['sip.answer', 'sip.subscribe']);
  });

  test('PRES-12 deactivated again and again: after a pause that doubles, so that nothing spins', () => {
    const play = watching();
    end(play, 'deactivated');
    for (const pause of [5, 10, 20]) {
      play.answer('sip.subscribe', 200);
      notifies(play, 1, { presence: AVAILABLE });
      expect(names(end(play, 'deactivated'))).toEqual(['sip.answer']);
      expect(names(play.pass(pause - 1))).toEqual([]);
      expect(names(play.pass(1))).toEqual(['sip.subscribe']);
    }
  });

  test('PRES-12 deactivated once more after a dialog that has lasted: at once, as the first time', () => {
    const play = watching();
    for (let restart = 0; restart < 3; restart += 1) {
      end(play, 'deactivated');
      play.answer('sip.subscribe', 200);
      notifies(play, 1, { presence: AVAILABLE });
      play.pass(6);
      notifies(play, 2, { presence: BUSY });
    }
    expect(names(end(play, 'deactivated'))).toEqual(['sip.answer', 'sip.subscribe']);
  });

  test.each(['probation', 'giveup', undefined, 'new-word'])('%s: tried again after Retry-After; nothing is shown for a moment', (reason) => {
    const play = settled();
    expect(names(end(play, reason, { retryAfterSeconds: 60 }))).toEqual(['sip.answer']);
    expect(play.pass(31)).toEqual([]);
    expect(shown(play.pass(1))).toEqual(['offline']);
    expect(names(play.pass(28))).toEqual(['sip.subscribe']);
  });

  test('a retry that succeeds in time shows no gap', () => {
    const play = settled();
    end(play, 'giveup');
    play.pass(5);
    play.answer('sip.subscribe', 200);
    expect(shown(notifies(play, 1, { presence: AVAILABLE }))).toEqual([]);
  });

  test('rejected: unsubscribed, no retry', () => {
    const play = settled();
    expect(names(end(play, 'rejected'))).toEqual(['sip.answer', 'xmpp.presence', 'xmpp.unsubscribed']);
    expect(play.pass(1000)).toEqual([]);
  });

  test('noresource: unavailable, no retry; the authorisation stays', () => {
    const play = settled();
    expect(shown(end(play, 'noresource'))).toEqual(['offline']);
    expect(play.record.outward).toMatchObject({ is: 'idle', authorisation: 'granted' });
    expect(play.pass(1000)).toEqual([]);
  });

  test('noresource while the question is open: unsubscribed (XD-1)', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    expect(names(end(play, 'noresource'))).toEqual(['sip.answer', 'xmpp.unsubscribed']);
  });

  test('invariant: no retry, the last state stays; it is hidden when the route goes down', () => {
    const play = settled();
    expect(shown(end(play, 'invariant'))).toEqual([]);
    expect(play.pass(10_000)).toEqual([]);
    expect(shown(play.on('xmpp.up'))).toEqual(['available']);
    expect(shown(play.on('route.down'))).toEqual(['offline']);
  });

  test('invariant with a document: that is the last state', () => {
    expect(shown(end(settled(), 'invariant', { presence: BUSY }))).toEqual(['busy']);
  });

  test('invariant with nothing known', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200);
    notifies(play, 1, { substate: 'pending' });
    expect(names(end(play, 'invariant'))).toEqual(['sip.answer']);
    expect(play.record.outward.is).toBe('waiting');
    const granted = watching();
    granted.on('route.down');
    granted.on('route.up');
    granted.answer('sip.subscribe', 200);
    expect(shown(end(granted, 'invariant'))).toEqual([]);
    expect(granted.record.outward.is).toBe('idle');
  });

  test('a dialog that is not wanted any more is not opened again', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.on('xmpp.unsubscribe');
    expect(names(end(play, 'timeout'))).toEqual(['sip.answer']);
    expect(isEmpty({ ...play.record, effects: [] })).toBe(true);
  });
});

describe('the XMPP user comes and goes', () => {
  /** A granted watch whose user lets the contact see him, and has gone offline. */
  function dormant(): Play {
    const play = watching();
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    play.on('xmpp.unavailable', { resource: 'phone' });
    return play;
  }

  test('PRES-9 the last resource gone: Expires 0 in the dialog, never unsubscribed; the authorisation stays', () => {
    const play = dormant();
    expect(play.pending('sip.subscribe')).toMatchObject({ expiresSeconds: 0, dialog: { callId: dialogOf(play).callId } });
    expect(all(play.log, 'xmpp.unsubscribed')).toEqual([]);
    play.answer('sip.subscribe', 200);
    expect(names(notifies(play, 2, { substate: 'active' }))).toEqual(['sip.answer']);
    expect(play.record.outward.is).toBe('ending');
    expect(names(notifies(play, 3, { substate: 'terminated', reason: 'timeout' }))).toEqual(['sip.answer']);
    expect(play.record.outward).toMatchObject({ is: 'idle', authorisation: 'granted' });
    expect(isEmpty(play.record)).toBe(false);
  });

  test('PRES-9 one of two resources gone changes nothing', () => {
    const play = watching();
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    play.on('xmpp.available', { presence: resource('desk') });
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
  });

  test('the last NOTIFY may fail to come', () => {
    const play = dormant();
    play.answer('sip.subscribe', 200);
    play.pass(32);
    expect(play.record.outward.is).toBe('idle');
  });

  test('Expires 0 may fail', () => {
    const play = dormant();
    expect(play.answer('sip.subscribe', 481)).toEqual([]);
    expect(play.record.outward.is).toBe('idle');
  });

  test.each(['xmpp.probe', 'xmpp.available'] as const)('PRES-7 %s: SUBSCRIBE in a new dialog', (on) => {
    const play = dormant();
    const old = dialogOf(play).callId;
    play.answer('sip.subscribe', 200);
    play.pass(32);
    const effects = play.on(on, on === 'xmpp.available' ? { presence: resource('desk') } : {});
    expect(only(effects, 'sip.subscribe').dialog.callId).not.toBe(old);
  });

  test('PRES-7 back before the old dialog has ended: a new one at once, and no word of the old one counts', () => {
    const play = dormant();
    const ending = play.pending('sip.subscribe');
    expect(names(play.on('xmpp.probe'))).toEqual(['sip.subscribe']);
    expect(play.outcome(ending, 200)).toEqual([]);
    expect(play.record.outward.is).toBe('subscribing');
    play.answer('sip.subscribe', 200);
    expect(shown(notifies(play, 1, { presence: AVAILABLE }))).toEqual(['available']);
  });

  test('PRES-11 a probe is answered from the state, to the resource that asks', () => {
    const play = watching();
    expect(play.on('xmpp.probe', { resource: 'phone' })).toMatchObject([{ do: 'xmpp.presence', presence: AVAILABLE, resource: 'phone' }]);
    expect(only(play.on('xmpp.probe'), 'xmpp.presence')).not.toHaveProperty('resource');
  });

  test('PRES-11 in a pause the answer is offline', () => {
    const play = watching();
    play.on('route.down');
    expect(shown(play.on('xmpp.probe', { resource: 'phone' }))).toEqual(['offline']);
  });

  test('a probe of a pair that is not known is a wish: the server only probes where its user may see the contact', () => {
    const play = new Play();
    expect(names(play.on('xmpp.probe', { resource: 'phone' }))).toEqual(['sip.subscribe']);
    play.answer('sip.subscribe', 200);
    expect(names(notifies(play, 1, { presence: AVAILABLE }))).toEqual(['sip.answer', 'xmpp.subscribed', 'xmpp.presence']);
  });

  test('nothing is answered while the question is open', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(play.on('xmpp.probe', { resource: 'phone' })).toEqual([]);
  });

  test('presence of a user who watches nobody starts nothing', () => {
    const play = new Play();
    expect(play.on('xmpp.available', { presence: resource('phone') })).toEqual([]);
    expect(isEmpty(play.record)).toBe(true);
  });

  test('PRES-9 a one-way contact learns of no more than directed presence: the server is asked', () => {
    const play = watching();
    play.on('xmpp.available', { presence: resource('phone') });
    expect(names(play.on('xmpp.unavailable', { resource: 'phone' }))).toEqual(['xmpp.account']);
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
    expect(play.on('xmpp.account', { local: true, online: true })).toEqual([]);
    expect(play.record.outward.is).toBe('watching');
    play.on('xmpp.available', { presence: resource('phone') });
    play.on('xmpp.unavailable', { resource: 'phone' });
    expect(only(play.on('xmpp.account', { local: true, online: false }), 'sip.subscribe').expiresSeconds).toBe(0);
  });

  test('PRES-9 gone while SUBSCRIBE is out: ended when it has been answered', () => {
    const play = watching();
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    refreshNow(play);
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
    expect(only(play.answer('sip.subscribe', 200), 'sip.subscribe').expiresSeconds).toBe(0);
  });

  test('gone and back while SUBSCRIBE is out: the watch goes on', () => {
    const play = watching();
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    refreshNow(play);
    play.on('xmpp.unavailable');
    play.on('xmpp.available', { presence: resource('phone') });
    expect(play.answer('sip.subscribe', 200)).toEqual([]);
    expect(play.record.outward.is).toBe('watching');
  });

  test.each([
    ['is refused', 500],
    ['is unknown', 481],
  ])('gone while SUBSCRIBE is out, which then %s', (_how, status) => {
    const play = watching();
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    refreshNow(play);
    play.on('xmpp.unavailable', { resource: 'phone' });
    const effects = play.answer('sip.subscribe', status);
    expect(all(effects, 'sip.subscribe').map(({ expiresSeconds }) => expiresSeconds)).toEqual(status === 500 ? [0] : []);
    expect(['idle', 'ending']).toContain(play.record.outward.is);
  });

  test('gone while waiting: no further attempt', () => {
    const play = watching();
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    play.on('route.down');
    play.on('xmpp.available', { presence: resource('desk') });
    play.on('xmpp.unavailable', { resource: 'desk' });
    expect(play.record.outward.is).toBe('waiting');
    play.on('xmpp.unavailable', { resource: 'phone' });
    expect(play.record.outward).toMatchObject({ is: 'idle', authorisation: 'granted' });
  });

  test('a question that is open outlives the user going offline', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.on('xmpp.subscribed');
    play.on('xmpp.available', { presence: resource('phone') });
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
    play.answer('sip.subscribe', 200);
    notifies(play, 1, { substate: 'pending' });
    expect(play.on('xmpp.unavailable')).toEqual([]);
    refreshNow(play);
    expect(play.record.outward.is).toBe('refreshing');
    play.answer('sip.subscribe', 405);
    play.on('xmpp.unavailable');
    expect(play.record.outward.is).toBe('waiting');
  });
});

describe('unsubscribe', () => {
  test('PRES-10, XD-2 Expires 0 in the dialog at once, offline and unsubscribed to the user', () => {
    const play = watching();
    const { callId } = dialogOf(play);
    const effects = play.on('xmpp.unsubscribe');
    expect(names(effects)).toEqual(['xmpp.presence', 'xmpp.unsubscribed', 'sip.subscribe']);
    expect(only(effects, 'sip.subscribe')).toMatchObject({ expiresSeconds: 0, dialog: { callId } });
    play.answer('sip.subscribe', 200);
    notifies(play, 2, { substate: 'terminated', reason: 'timeout' });
    expect(isEmpty(play.record)).toBe(true);
  });

  test('PRES-10 while SUBSCRIBE is out: ended when it has been answered', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(names(play.on('xmpp.unsubscribe'))).toEqual(['xmpp.unsubscribed']);
    expect(names(notifies(play, 1, { presence: AVAILABLE }))).toEqual(['sip.answer']);
    expect(only(play.answer('sip.subscribe', 200), 'sip.subscribe').expiresSeconds).toBe(0);
    expect(names(play.on('xmpp.unsubscribe'))).toEqual(['xmpp.unsubscribed']);
  });

  test.each(['lost', 'timeout'] as const)('PRES-10 while SUBSCRIBE is out, which then fails (%s): nothing is left', (result) => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.on('xmpp.unsubscribe');
    expect(play.fails('sip.subscribe', result)).toEqual([]);
    expect(isEmpty(play.record)).toBe(true);
  });

  test('asking again after that, while the end is under way: a new dialog', () => {
    const play = watching();
    play.on('xmpp.unsubscribe');
    expect(names(play.on('xmpp.subscribe'))).toEqual(['sip.subscribe']);
    expect(play.record.outward).toMatchObject({ is: 'subscribing', authorisation: 'asked' });
    play.on('xmpp.unsubscribe');
    play.on('xmpp.subscribe');
    const [, open] = all(play.record.effects, 'sip.subscribe');
    if (open !== undefined) play.outcome(open, 200);
    expect(play.record.outward.is).toBe('watching');
  });

  test('in a pause, or with nothing known', () => {
    const play = watching();
    play.on('route.down');
    expect(names(play.on('xmpp.unsubscribe'))).toEqual(['xmpp.unsubscribed']);
    expect(isEmpty(play.record)).toBe(true);
    expect(names(new Play().on('xmpp.unsubscribe'))).toEqual(['xmpp.unsubscribed']);
  });
});

describe('refreshing', () => {
  test.each([
    [2, 1, 1],
    [6, 3, 3],
    [9, 4.5, 4.5],
    [60, 30, 30],
    [300, 240, 240],
    [3600, 3060, 3240],
    [47_515, 40_387, 42_764],
  ])('granted %i s: the next refresh after %i to %i s', (granted, earliest, latest) => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200, { expiresSeconds: granted });
    notifies(play, 1, { presence: AVAILABLE });
    const after = ((dueAt(play.record) ?? 0) - play.at) / 1000;
    expect(after).toBeGreaterThanOrEqual(earliest);
    expect(after).toBeLessThanOrEqual(latest);
  });

  test('refreshes of different pairs spread', () => {
    const context = contextOf();
    const times = Array.from({ length: 20 }, () => dueAt(watching(new Play(context)).record));
    expect(new Set(times).size).toBeGreaterThan(10);
  });

  test.each([2, 6, 60, 120, 6300, 46_800])('granted %i s: refreshed three times, each within the time, though the server never says who is online', (granted) => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200, { expiresSeconds: granted });
    notifies(play, 1, { presence: AVAILABLE });
    const { callId } = dialogOf(play);
    for (let refresh = 0; refresh < 3; refresh += 1) {
      const begun = play.at;
      while (play.record.outward.is !== 'refreshing') play.pass(((dueAt(play.record) ?? NOON) - play.at) / 1000);
      expect(play.at - begun).toBeLessThan(granted * 1000);
      expect(only(play.log.slice(-1), 'sip.subscribe').dialog.callId).toBe(callId);
      play.answer('sip.subscribe', 200, { expiresSeconds: granted });
    }
    expect(shown(play.log)).toEqual(['available']);
  });

  test.each([0, 1])('a peer that grants %i s does not make us spin', (granted) => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200, { expiresSeconds: granted });
    notifies(play, 1, { presence: AVAILABLE });
    expect(dueAt(play.record)).toBe(play.at + 5000);
  });

  test('promise 4: no peer is believed for longer than a day', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.answer('sip.subscribe', 200, { expiresSeconds: 4_294_967_295 });
    expect(play.record.outward).toMatchObject({ is: 'watching', expiresAt: play.at + 86_400_000 });
  });

  test('a 200 that names no time grants what was asked', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    const { expiresSeconds: _, ...rest } = { expiresSeconds: 1 };
    const effect = play.pending('sip.subscribe');
    play.take({ on: 'sip.outcome', key: effect.key, method: 'SUBSCRIBE', result: 'answered', status: 200, ...rest });
    expect(play.record.outward).toMatchObject({ is: 'watching', expiresAt: play.at + 3_600_000 });
    notifies(play, 1, { presence: AVAILABLE });
    refreshNow(play);
    const again = play.pending('sip.subscribe');
    play.take({ on: 'sip.outcome', key: again.key, method: 'SUBSCRIBE', result: 'answered', status: 200 });
    expect(play.record.outward).toMatchObject({ is: 'watching', expiresAt: play.at + 3_600_000 });
  });

  test('PRES-8 before a refresh the server is asked whether the user is online', () => {
    const play = watching();
    const { outward } = play.record;
    expect(names(play.pass(outward.is === 'watching' ? (outward.refreshAt - play.at) / 1000 : 0))).toEqual(['xmpp.account']);
    expect(play.on('xmpp.account', { local: true, online: true })).toMatchObject([{ do: 'sip.subscribe', dialog: { callId: dialogOf(play).callId } }]);
  });

  function checking(): Play {
    const play = watching();
    const { outward } = play.record;
    play.pass(outward.is === 'watching' ? (outward.refreshAt - play.at) / 1000 : 0);
    return play;
  }

  test('PRES-8 offline: not refreshed but ended; the authorisation stays', () => {
    const play = checking();
    expect(only(play.on('xmpp.account', { local: true, online: false }), 'sip.subscribe').expiresSeconds).toBe(0);
    expect(play.record.outward).toMatchObject({ is: 'ending', authorisation: 'granted' });
  });

  test('PRES-8 a probe answers the question; the server’s own answer, which is older, ends nothing', () => {
    const play = checking();
    const effects = play.on('xmpp.probe', { resource: 'phone' });
    expect(shown(effects)).toEqual(['available']);
    expect(only(effects, 'sip.subscribe')).toMatchObject({ expiresSeconds: 3600, dialog: { callId: dialogOf(play).callId } });
    expect(play.on('xmpp.account', { local: true, online: false })).toEqual([]);
    expect(play.record.outward).toMatchObject({ is: 'refreshing', wanted: true });
  });

  test('PRES-8 so does the user’s presence', () => {
    const play = checking();
    expect(only(play.on('xmpp.available', { presence: resource('phone') }), 'sip.subscribe').expiresSeconds).toBe(3600);
    expect(play.on('xmpp.account', { local: true, online: false })).toEqual([]);
  });

  test('PRES-8 no such account any more: ended for good', () => {
    const play = checking();
    play.on('xmpp.account', { local: false, online: false });
    expect(play.record.outward).toMatchObject({ is: 'ending', authorisation: 'none' });
  });

  test('PRES-8 the server cannot be asked, or does not answer: the watch goes on', () => {
    expect(names(checking().on('xmpp.account'))).toEqual(['sip.subscribe']);
    const silent = checking();
    expect(silent.pass(9)).toEqual([]);
    expect(names(silent.pass(1))).toEqual(['sip.subscribe']);
  });

  test('an answer about the account that nobody asked for', () => {
    const play = watching();
    expect(play.on('xmpp.account', { local: false, online: false })).toEqual([]);
    expect(play.record.outward.is).toBe('watching');
  });

  test('while the server is asked the watch goes on: NOTIFY, probe, subscribe, unsubscribe', () => {
    const play = checking();
    expect(shown(notifies(play, 2, { presence: BUSY }))).toEqual(['busy']);
    expect(names(play.on('xmpp.subscribe'))).toEqual(['xmpp.subscribed', 'xmpp.presence']);
    expect(only(play.on('xmpp.unsubscribe'), 'sip.subscribe').expiresSeconds).toBe(0);
  });

  test('a dialog that has expired before anybody looked: a new one', () => {
    const play = watching();
    play.at += 4_000_000;
    expect(names(play.on('timer'))).toEqual(['xmpp.account']);
    const old = dialogOf(play).callId;
    expect(only(play.on('xmpp.account', { local: true, online: true }), 'sip.subscribe').dialog.callId).not.toBe(old);
  });

  test.each([404, 405, 410, 416, 480, 482, 483, 484, 485, 501])('PRES-6 %i to a refresh: the dialog is over, the contact offline, a new one after a pause', (status) => {
    const play = watching();
    refreshNow(play);
    expect(shown(play.answer('sip.subscribe', status))).toEqual(['offline']);
    expect(names(play.pass(5))).toEqual(['sip.subscribe']);
    expect(only(play.log.slice(-1), 'sip.subscribe').dialog).not.toHaveProperty('remoteTag');
  });

  test('PRES-6 any other failure leaves the dialog valid until it expires: refreshed again in it', () => {
    const play = watching();
    refreshNow(play);
    expect(play.answer('sip.subscribe', 500)).toEqual([]);
    expect(shown(notifies(play, 2, { presence: BUSY }))).toEqual(['busy']);
    expect(names(play.pass(5))).toEqual(['xmpp.account']);
    expect(only(play.on('xmpp.account', { local: true, online: true }), 'sip.subscribe').dialog.callId).toBe(dialogOf(play).callId);
    play.at += 3_600_000;
    expect(shown(play.answer('sip.subscribe', 500))).toEqual(['offline']);
    expect(play.record.outward.is).toBe('waiting');
  });

  test.each(['timeout', 'unreachable'] as const)('promise 4: a refresh that reaches nobody (%s) shows the contact offline, the next success shows it again', (result) => {
    const play = watching();
    refreshNow(play);
    expect(shown(play.fails('sip.subscribe', result))).toEqual(['offline']);
    play.pass(5);
    play.on('xmpp.account', { local: true, online: true });
    expect(shown(play.answer('sip.subscribe', 200))).toEqual(['available']);
  });

  test('a refresh that works shows nothing', () => {
    const play = watching();
    refreshNow(play);
    expect(play.answer('sip.subscribe', 200)).toEqual([]);
    const pending = new Play();
    pending.on('xmpp.subscribe');
    pending.answer('sip.subscribe', 200);
    notifies(pending, 1, { substate: 'pending' });
    refreshNow(pending);
    expect(pending.answer('sip.subscribe', 200)).toEqual([]);
  });

  test('lost: a new dialog', () => {
    const play = watching();
    refreshNow(play);
    const old = dialogOf(play).callId;
    expect(only(play.fails('sip.subscribe', 'lost'), 'sip.subscribe').dialog.callId).not.toBe(old);
  });

  test('NOTIFY terminated while the refresh is out: its answer is not waited for', () => {
    const play = watching();
    refreshNow(play);
    const out = play.pending('sip.subscribe');
    expect(names(notifies(play, 2, { substate: 'terminated', reason: 'deactivated' }))).toEqual(['sip.answer', 'sip.subscribe']);
    expect(play.outcome(out, 200)).toEqual([]);
    expect(play.record.outward.is).toBe('subscribing');
  });

  test('the answer to a SUBSCRIBE that was given up long ago does not count for the refresh', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    const old = play.pending('sip.subscribe');
    play.on('route.down');
    play.on('route.up');
    const [, open] = all(play.record.effects, 'sip.subscribe');
    if (open !== undefined) play.outcome(open, 200);
    notifies(play, 1, { presence: AVAILABLE });
    refreshNow(play);
    expect(play.outcome(old, 403)).toEqual([]);
    expect(play.record.outward.is).toBe('refreshing');
  });

  test('the other user-side events while the refresh is out', () => {
    const play = watching();
    refreshNow(play);
    expect(names(play.on('xmpp.subscribe'))).toEqual(['xmpp.subscribed', 'xmpp.presence']);
    expect(shown(play.on('xmpp.probe'))).toEqual(['available']);
    expect(shown(play.on('xmpp.up'))).toEqual(['available']);
    expect(names(play.on('xmpp.unsubscribe'))).toEqual(['xmpp.presence', 'xmpp.unsubscribed']);
    expect(only(play.answer('sip.subscribe', 200), 'sip.subscribe').expiresSeconds).toBe(0);
  });
});

describe('failures around the watch', () => {
  test('promise 4: route down: offline at once; what was out does not count', () => {
    const play = watching();
    expect(shown(play.on('route.down'))).toEqual(['offline']);
    expect(play.on('route.down')).toEqual([]);
    const other = watching();
    refreshNow(other);
    const out = other.pending('sip.subscribe');
    expect(shown(other.on('route.down'))).toEqual(['offline']);
    expect(other.outcome(out, 200)).toEqual([]);
    expect(other.record.outward.is).toBe('waiting');
  });

  test('promise 3: route up: SUBSCRIBE in a new dialog at once, then the state', () => {
    const play = watching();
    const old = dialogOf(play);
    play.on('route.down');
    expect(only(play.on('route.up'), 'sip.subscribe').dialog.callId).not.toBe(old.callId);
    expect(statusOf(notifies(play, 9, { presence: AVAILABLE }, old))).toBe(481);
    play.answer('sip.subscribe', 200);
    expect(shown(notifies(play, 1, { presence: AVAILABLE }))).toEqual(['available']);
  });

  test('promise 3: route up again before it counted as down: the peer may have been restarted, so a new dialog; what is shown stays', () => {
    const play = watching();
    const before = dialogOf(play);
    const effects = play.on('route.up');
    expect(names(effects)).toEqual(['sip.subscribe']);
    expect(only(effects, 'sip.subscribe').dialog.callId).not.toBe(before.callId);
    expect(shown(play.log)).toEqual(['available']);
    play.answer('sip.subscribe', 200);
    expect(shown(notifies(play, 1, { presence: BUSY }))).toEqual(['busy']);
    refreshNow(play);
    expect(names(play.on('route.up'))).toEqual(['sip.subscribe']);
  });

  test.each(['watching', 'checking', 'refreshing'] as const)('promise 3: route up, and the dialog (%s) was opened since it went away: it stays, with no second one beside it', (is) => {
    const play = watching();
    if (is !== 'watching') play.pass(('refreshAt' in play.record.outward ? play.record.outward.refreshAt - play.at : Number.NaN) / 1000);
    if (is === 'refreshing') play.on('xmpp.account', { local: true, online: true });
    const { outward } = play.record;
    expect(outward.is).toBe(is);
    const since = 'since' in outward ? outward.since : Number.NaN;
    expect(play.on('route.up', { awaySince: since })).toEqual([]);
    expect(play.record.outward).toEqual(outward);
    expect(names(play.on('route.up', { awaySince: since + 1 }))).toEqual(['sip.subscribe']);
  });

  test('route up while the last refresh of an unwanted watch is out: nothing is opened', () => {
    const play = watching();
    refreshNow(play);
    play.on('xmpp.unsubscribe');
    expect(play.on('route.up')).toEqual([]);
    expect(play.record.outward.is).toBe('idle');
  });

  test('route down and nobody says that it is up again: tried after the longest pause', () => {
    const play = watching(new Play(contextOf('microsoft', { retryMaxSeconds: 120 })));
    play.on('route.down');
    expect(play.pass(119)).toEqual([]);
    expect(names(play.pass(1))).toEqual(['sip.subscribe']);
  });

  test('route down while a SUBSCRIBE that is not wanted any more is out', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    play.on('xmpp.unsubscribe');
    expect(play.on('route.down')).toEqual([]);
    expect(play.record.outward.is).toBe('idle');
  });

  test('promise 4: route down in a pause that showed the contact as before', () => {
    const play = watching();
    play.pass(60);
    notifies(play, 2, { substate: 'terminated', reason: 'giveup' });
    expect(shown(play.on('route.down'))).toEqual(['offline']);
  });

  test('owner gone: a new dialog at once; what is shown stays', () => {
    const play = watching();
    const old = dialogOf(play);
    const effects = play.on('owner.gone', { owner: 'w1/1' });
    expect(names(effects)).toEqual(['sip.subscribe']);
    expect(only(effects, 'sip.subscribe').dialog.callId).not.toBe(old.callId);
    expect(watching().on('owner.gone', { owner: 'w2/1' })).toEqual([]);
  });

  test('owner gone while the last refresh of an unwanted watch is out', () => {
    const play = watching();
    refreshNow(play);
    play.on('xmpp.unsubscribe');
    expect(play.on('owner.gone', { owner: 'w1/1' })).toEqual([]);
    expect(play.record.outward.is).toBe('idle');
  });

  test('XD-14 the XMPP server is back: the presence is said again', () => {
    expect(shown(watching().on('xmpp.up'))).toEqual(['available']);
    const down = watching();
    down.on('route.down');
    expect(shown(down.on('xmpp.up'))).toEqual(['offline']);
    expect(new Play().on('xmpp.up')).toEqual([]);
  });

  test('XD-3 the unavailable by which a server acknowledges our subscribe is no sign that the user is gone', () => {
    const play = watching();
    play.on('xmpp.available', { presence: resource('phone') });
    play.subscribes('desk');
    play.drainNotifies();
    play.on('xmpp.unavailable');
    expect(play.record.outward.is).not.toBe('ending');
    expect(play.record.resources).toHaveLength(1);
  });

  test('asked and unreachable: the wish is kept, nothing is shown', () => {
    const play = new Play();
    play.on('xmpp.subscribe');
    expect(play.fails('sip.subscribe', 'unreachable')).toEqual([]);
    expect(play.record.outward).toMatchObject({ is: 'waiting', authorisation: 'asked' });
    expect(isEmpty(play.record)).toBe(false);
  });

  test('what is shown offline says nothing else', () => {
    const play = watching();
    expect(only(play.on('route.down'), 'xmpp.presence').presence).toEqual(OFFLINE);
  });
});
