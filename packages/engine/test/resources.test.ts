import { dueAt, type Effect } from '../src';
import { all, contextOf, names, Play, resource } from './support/pair';

const settings = (effects: readonly Effect[]) => all(effects, 'sip.notify').map(({ presence }) => presence?.setting);

/** The contact may see the user, who is there with two resources. */
function active(): Play {
  const play = new Play(contextOf('microsoft'));
  play.subscribes('desk');
  play.on('xmpp.subscribed');
  play.on('xmpp.available', { presence: resource('desk') });
  play.on('xmpp.available', { presence: resource('phone', { show: 'away' }) });
  play.drainNotifies();
  return play;
}

describe('promise 3: stanzas got lost with a worker (xmpp.up): the server is asked, and only what it names is believed', () => {
  test('a resource that it does not name is gone', () => {
    const play = active();
    expect(names(play.on('xmpp.up'))).toEqual(['xmpp.probe']);
    expect(play.on('xmpp.available', { presence: resource('phone', { show: 'away' }) })).toEqual([]);
    expect(settings(play.pass(5))).toEqual(['away']);
    expect(play.record.resources?.map((one) => one.resource)).toEqual(['phone']);
  });

  test('all that it names stay, and nobody is told anything', () => {
    const play = active();
    play.on('xmpp.up');
    for (const presence of [resource('desk'), resource('phone', { show: 'away' })]) play.on('xmpp.available', { presence });
    expect(play.record.unconfirmed).toBeUndefined();
    expect(play.pass(600)).toEqual([]);
  });

  test('promise 4, XD-4: it names none, by a word or by silence: offline', () => {
    for (const word of [(play: Play) => play.on('xmpp.unavailable'), (play: Play) => play.pass(5)]) {
      const play = active();
      play.on('xmpp.up');
      expect(settings(word(play))).toEqual(['offline']);
      expect(play.record.unconfirmed).toBeUndefined();
    }
  });

  test('XD-4: a server that is silent about a user who is offline is asked once', () => {
    const play = new Play(contextOf('simple'));
    play.subscribes('desk');
    play.drainNotifies();
    play.on('xmpp.subscribed');
    play.drainNotifies();
    expect(play.pass(5)).toEqual([]);
    expect(play.record.resources).toEqual([]);
    expect(names(play.refreshes('desk', 2))).toEqual(['sip.answer', 'sip.notify']);
  });

  test('one that leaves meanwhile is not waited for', () => {
    const play = active();
    play.on('xmpp.up');
    play.on('xmpp.unavailable', { resource: 'desk' });
    play.on('xmpp.unavailable', { resource: 'unknown' });
    expect(play.record.unconfirmed?.names).toEqual(['phone']);
    play.on('xmpp.unavailable', { resource: 'phone' });
    expect(play.record.unconfirmed).toBeUndefined();
  });

  test('until then it is believed as it was: an early timer changes nothing', () => {
    const play = active();
    play.on('xmpp.up');
    expect(dueAt(play.record)).toBe(play.at + 5000);
    play.on('timer');
    expect(play.record.resources).toHaveLength(2);
    play.on('xmpp.down');
    expect(play.record.unconfirmed).toBeUndefined();
  });

  test('nobody watches: what was known is in doubt, whatever more is heard, and asked for when somebody does', () => {
    const play = active();
    play.refreshes('desk', 2, { expires: 0 });
    play.drainNotifies();
    expect(play.on('xmpp.up')).toEqual([]);
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    expect(play.pass(600)).toEqual([]);
    expect(names(play.subscribes('desk'))).toContain('xmpp.probe');
    play.drainNotifies();
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    expect(settings(play.pass(5))).toEqual(['do-not-disturb']);
  });

  test('where the contact may not see the user nothing is asked and nothing doubted', () => {
    const play = new Play(contextOf('microsoft'));
    play.on('xmpp.available', { presence: resource('desk') });
    play.on('xmpp.up');
    expect(play.record.resources).toHaveLength(1);
    expect(dueAt(play.record)).toBeUndefined();
  });

  test('the grant itself may be gone: the server says so', () => {
    const play = active();
    play.on('xmpp.up');
    expect(settings(play.on('xmpp.unsubscribed'))).toEqual(['offline']);
    expect(play.pass(3000)).toEqual([]);
  });

  test('behind a block the server is asked as well; what it says is seen when the block is lifted', () => {
    const play = active();
    play.on('policy', { verdict: 'block' });
    play.drainNotifies();
    expect(names(play.on('xmpp.up'))).toEqual(['xmpp.probe']);
    play.on('xmpp.available', { presence: resource('phone', { show: 'away' }) });
    expect(play.pass(5)).toEqual([]);
    expect(settings(play.on('policy', { verdict: 'ask' }))).toEqual(['away']);
  });
});
