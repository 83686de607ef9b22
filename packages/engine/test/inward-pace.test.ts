import type { ResourcePresence } from '@isthmus/model';
import { dueAt, type Effect, type EngineSettings } from '../src';
import { all, contextOf, NOON, Play, resource } from './support/pair';

const show = (name: NonNullable<ResourcePresence['show']>) => ({ presence: resource('phone', { show: name }) });
const settings = (effects: readonly Effect[]) => all(effects, 'sip.notify').map(({ presence }) => presence?.setting);

/** A watch whose user has been away for long. */
function active(dialect: 'simple' | 'microsoft' = 'simple', over: Partial<EngineSettings> = {}): Play {
  const play = new Play(contextOf(dialect, { notifyIntervalSeconds: 5, ...over }));
  play.subscribes('desk');
  play.drainNotifies();
  play.on('xmpp.subscribed');
  play.drainNotifies();
  play.on('xmpp.available', show('away'));
  play.drainNotifies();
  play.pass(60);
  return play;
}

describe('PRES-32: at most one change is told in each watch within the interval', () => {
  test('PRES-32: a change goes out at once, the burst after it settles to its last state when the interval is over', () => {
    const play = active();
    expect(settings(play.on('xmpp.available', show('dnd')))).toEqual(['do-not-disturb']);
    play.drainNotifies();
    for (const name of ['xa', 'chat', 'away', 'xa'] as const) expect(play.on('xmpp.available', show(name))).toEqual([]);
    expect(dueAt(play.record)).toBe(play.at + 5000);
    expect(play.pass(4.999)).toEqual([]);
    expect(settings(play.pass(0.001))).toEqual(['extended-away']);
    play.drainNotifies();
    expect(play.pass(60)).toEqual([]);
    expect(settings(play.on('xmpp.available', show('dnd')))).toEqual(['do-not-disturb']);
  });

  test('PRES-32: a burst that lasts is told once in each interval', () => {
    const play = active();
    const told: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      play.on('xmpp.available', show(second % 2 ? 'dnd' : 'xa'));
      if (play.drainNotifies().length > 0) told.push(second);
      play.pass(1);
      if (play.drainNotifies().length > 0) told.push(second + 1);
    }
    expect(told.length).toBeGreaterThan(5);
    told.slice(1).forEach((second, index) => expect(second - (told[index] ?? 0)).toBeGreaterThanOrEqual(5));
  });

  test('PRES-32: a burst that ends as it began says nothing more', () => {
    const play = active();
    play.on('xmpp.available', show('dnd'));
    play.drainNotifies();
    play.on('xmpp.available', show('xa'));
    play.on('xmpp.available', show('dnd'));
    expect(play.pass(60)).toEqual([]);
    expect(dueAt(play.record)).toBeGreaterThan(NOON + 3600_000);
  });

  test('PRES-32: what changes while a NOTIFY is on its way waits for the interval too', () => {
    const play = active();
    play.on('xmpp.available', show('dnd'));
    play.on('xmpp.available', show('xa'));
    expect(play.drainNotifies()).toHaveLength(1);
    expect(settings(play.pass(5))).toEqual(['extended-away']);
  });

  test('PRES-32: a slow answer to a NOTIFY holds nothing back longer than the interval', () => {
    const play = active();
    play.on('xmpp.available', show('dnd'));
    play.pass(7);
    play.on('xmpp.available', show('xa'));
    expect(settings(play.answer('sip.notify', 200))).toEqual(['extended-away']);
  });

  test('PRES-21, PRES-32: the NOTIFY after a 2xx to SUBSCRIBE is not held back, and carries what was', () => {
    const play = active();
    play.on('xmpp.available', show('dnd'));
    play.drainNotifies();
    play.on('xmpp.available', show('xa'));
    expect(settings(play.refreshes('desk', 2))).toEqual(['extended-away']);
    play.drainNotifies();
    expect(play.pass(60)).toEqual([]);
  });

  test.each(['simple', 'microsoft'] as const)('PRES-23, PRES-32: the state follows the user’s consent at once (%s)', (dialect) => {
    const play = new Play(contextOf(dialect, { notifyIntervalSeconds: 5 }));
    play.subscribes('desk');
    play.drainNotifies();
    play.on('xmpp.subscribed');
    play.drainNotifies();
    expect(settings(play.on('xmpp.available', show('away')))).toEqual(['away']);
  });

  test('PRES-25, PRES-32: a block and going offline are held back alike', () => {
    const ways = [
      (play: Play) => play.on('xmpp.unavailable', { resource: 'phone' }),
      (play: Play) => play.on('policy', { verdict: 'block' }),
      (play: Play) => play.on('xmpp.unsubscribed'),
    ];
    for (const way of ways) {
      const play = active();
      play.on('xmpp.available', show('dnd'));
      play.drainNotifies();
      play.pass(1);
      expect(way(play)).toEqual([]);
      expect(play.pass(3.999)).toEqual([]);
      expect(settings(play.pass(0.001))).toEqual(['offline']);
    }
  });

  test('each watch has an interval of its own', () => {
    const play = active();
    play.on('xmpp.available', show('dnd'));
    play.drainNotifies();
    play.subscribes('laptop');
    play.drainNotifies();
    const effects = all(play.on('xmpp.available', show('xa')), 'sip.notify');
    expect(effects.map(({ dialog }) => dialog.callId)).toEqual(['laptop-call']);
  });

  test('PRES-30, PRES-32: after a failure the repetition carries what was held back', () => {
    const play = active('simple', { retryMinSeconds: 2 });
    play.on('xmpp.available', show('dnd'));
    play.answer('sip.notify', 500);
    expect(play.on('xmpp.available', show('xa'))).toEqual([]);
    expect(settings(play.pass(2))).toEqual(['extended-away']);
    play.drainNotifies();
    expect(play.pass(60)).toEqual([]);
  });

  test('the end of a watch is not held back', () => {
    const play = active();
    play.on('xmpp.available', show('dnd'));
    play.drainNotifies();
    play.on('xmpp.available', show('xa'));
    expect(all(play.refreshes('desk', 2, { expires: 0 }), 'sip.notify')).toMatchObject([{ substate: 'terminated' }]);
    expect(dueAt(play.record)).toBeUndefined();
  });

  test('0: no limit', () => {
    const play = active('simple', { notifyIntervalSeconds: 0 });
    play.on('xmpp.available', show('dnd'));
    play.drainNotifies();
    expect(settings(play.on('xmpp.available', show('xa')))).toEqual(['extended-away']);
  });
});
