import { all, contextOf, only, Play, refOf, resource } from './support/pair';

const PHONE = 'talking/on_the_phone';

/** Bob sees Ann, who is available at her desk. */
function seen(dialect: 'simple' | 'microsoft' = 'microsoft'): Play {
  const play = new Play(contextOf(dialect));
  play.subscribes('desk');
  play.on('xmpp.subscribed');
  play.on('xmpp.available', { presence: resource('desk') });
  play.drainNotifies();
  return play;
}

const told = (play: Play, ...event: Parameters<Play['on']>): string[] => {
  const notifies = all(play.on(...event), 'sip.notify').map(({ presence }) => presence?.setting ?? 'nothing');
  play.drainNotifies();
  return notifies;
};

describe('what the XMPP user does (XEP-0108, told by her server)', () => {
  test('her watchers are told at once, and when it is over', () => {
    const play = seen();
    expect(told(play, 'xmpp.activity', { activity: PHONE })).toEqual(['on-the-phone']);
    expect(told(play, 'xmpp.activity', { activity: 'working/in_a_meeting' })).toEqual(['meeting']);
    expect(told(play, 'xmpp.activity', { activity: 'eating/having_lunch' })).toEqual(['available']);
    expect(told(play, 'xmpp.activity', { activity: PHONE })).toEqual(['on-the-phone']);
    expect(told(play, 'xmpp.activity')).toEqual(['available']);
    expect(told(play, 'xmpp.activity')).toEqual([]);
  });

  test('it goes for all of her resources, but for one that tells its own', () => {
    const play = seen();
    told(play, 'xmpp.activity', { activity: PHONE });
    expect(told(play, 'xmpp.available', { presence: resource('tablet', { priority: 5 }) })).toEqual([]);
    expect(told(play, 'xmpp.available', { presence: resource('tablet', { priority: 5, activity: 'having_appointment' }) })).toEqual(['meeting']);
    expect(told(play, 'xmpp.available', { presence: resource('tablet', { priority: 5, show: 'away' }) })).toEqual(['away']);
    expect(told(play, 'xmpp.unavailable', { resource: 'tablet' })).toEqual(['on-the-phone']);
  });

  test('each device is told with it (PRES-43)', () => {
    const play = seen('simple');
    play.on('xmpp.available', { presence: resource('tablet', { show: 'away' }) });
    play.drainNotifies();
    const { tuples } = only(play.on('xmpp.activity', { activity: PHONE }), 'sip.notify');
    expect(tuples?.map(({ resource: name, presence }) => [name, presence.setting])).toEqual([['desk', 'on-the-phone'], ['tablet', 'away']]);
  });

  test('she is offline, and comes back with it', () => {
    const play = seen();
    told(play, 'xmpp.activity', { activity: PHONE });
    expect(told(play, 'xmpp.unavailable', { resource: 'desk' })).toEqual(['offline']);
    expect(told(play, 'xmpp.available', { presence: resource('desk') })).toEqual(['on-the-phone']);
  });

  test('promise 4: nothing is remembered of it over the loss of her server', () => {
    const play = seen();
    told(play, 'xmpp.activity', { activity: PHONE });
    expect(told(play, 'xmpp.down')).toEqual(['offline']);
    play.on('xmpp.up');
    expect(told(play, 'xmpp.available', { presence: resource('desk') })).toEqual(['available']);
  });

  test('promise 4: nor while she is shown the contact offline, since then her server tells him no news', () => {
    const play = seen();
    play.on('xmpp.subscribe');
    const { dialog } = play.pending('sip.subscribe');
    play.answer('sip.subscribe', 200);
    const document = (setting: 'available' | 'offline', cseq: number) => {
      const remoteTag = `far-${dialog.localTag}`;
      return play.request('sip.notify', { ref: { ...refOf(dialog, cseq), remoteTag }, substate: 'active', presence: { setting } });
    };
    document('available', 1);
    told(play, 'xmpp.activity', { activity: PHONE });
    expect(play.record.activity).toBe(PHONE);
    play.on('xmpp.probe', { resource: 'tablet' });
    expect(play.record.activity).toBe(PHONE);
    const { presence } = only(document('offline', 2), 'sip.notify');
    expect(play.record.activity).toBeUndefined();
    expect(presence?.setting).toBe('available');
  });

  test('nobody is told who may not see her', () => {
    const play = new Play();
    play.subscribes('desk');
    play.drainNotifies();
    expect(told(play, 'xmpp.activity', { activity: PHONE })).toEqual([]);
  });
});

test("Tables 1-6 to 1-8: another client of hers speaks, in the same words: that is news, since its family's column counts now", () => {
  const play = seen();
  expect(told(play, 'xmpp.available', { presence: resource('desk') })).toEqual([]);
  expect(told(play, 'xmpp.available', { presence: resource('desk', { family: 'jabber' }) })).toEqual(['available']);
  expect(told(play, 'xmpp.available', { presence: resource('desk', { family: 'jabber' }) })).toEqual([]);
});
