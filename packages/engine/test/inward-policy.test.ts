import { OFFLINE } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import { dueAt, isEmpty, type Effect } from '../src';
import { all, contextOf, names, Play, resource, type EffectOf } from './support/pair';

const AWAY = resource('phone', { show: 'away' });
const simple = () => new Play(contextOf('simple'));

/** What one watcher reads in the NOTIFYs. */
const gist = ({ substate, presence, reason }: EffectOf<'sip.notify'>) => [substate, presence?.setting, reason];
const told = (effects: readonly Effect[]) => all(effects, 'sip.notify').map(gist);
/** What goes to the XMPP side. */
const asked = (effects: readonly Effect[]) => names(effects).filter((name) => name.startsWith('xmpp.'));

/** A watch that has come to `state`; where the user may be seen he is away. */
function watched(state: 'pending' | 'active' | 'denied', play = simple()): Play {
  play.subscribes('desk', { displayName: 'Bob' });
  if (state === 'active') play.on('xmpp.subscribed');
  if (state === 'active') play.on('xmpp.available', { presence: AWAY });
  if (state === 'denied') play.on('xmpp.unsubscribed');
  play.drainNotifies();
  expect(play.record.inward.is).toBe(state);
  return play;
}

const policy = (play: Play, verdict: Verdict, decision?: 'granted' | 'revoked' | 'forgotten') =>
  play.on('policy', { verdict, ...(decision !== undefined && { decision }) });

describe('manual, policy first: what a new SUBSCRIBE leads to', () => {
  test.each(['auto', 'allow'] as const)('%s: the server approves in the user’s name; pending until it has, then active', (verdict) => {
    const play = simple();
    const effects = play.subscribes('desk', { policy: verdict, displayName: 'Bob' });
    expect(effects).toMatchObject([
      { do: 'sip.answer', status: 200 },
      { do: 'sip.notify', substate: 'pending' },
      { do: 'xmpp.approve', nick: 'Bob' },
    ]);
    play.drainNotifies();
    expect(told(play.on('xmpp.subscribed'))).toEqual([['active', 'offline', undefined]]);
  });

  test('PRES-25 block: 200 and a closed document; the user is not asked; nothing is kept once the watch is over', () => {
    const play = simple();
    const effects = play.subscribes('desk', { policy: 'block' });
    expect(names(effects)).toEqual(['sip.answer', 'sip.notify']);
    expect(told(effects)).toEqual([['active', 'offline', undefined]]);
    play.drainNotifies();
    play.refreshes('desk', 2, { expires: 0, policy: 'block' });
    play.drainNotifies();
    expect(isEmpty(play.record)).toBe(true);
  });

  test.each(['ask', undefined] as const)('%s: the user is alerted', (verdict) => {
    expect(asked(simple().subscribes('desk', verdict === undefined ? {} : { policy: verdict }))).toEqual(['xmpp.subscribe']);
  });

  test('an earlier decision of the user is kept against auto-authorization', () => {
    expect(asked(watched('denied').subscribes('laptop', { policy: 'auto' }))).toEqual([]);
    expect(asked(watched('active').subscribes('laptop', { policy: 'auto' }))).toEqual([]);
  });

  test('the user’s allow list opens what he denied before; what he denies after that stays denied', () => {
    const play = watched('denied');
    expect(asked(play.subscribes('laptop', { policy: 'allow' }))).toEqual(['xmpp.approve']);
    play.drainNotifies();
    expect(play.record.inward.is).toBe('denied');
    play.on('xmpp.subscribed');
    expect(play.record.inward.is).toBe('active');
    play.on('xmpp.unsubscribed');
    play.drainNotifies();
    expect(asked(play.refreshes('laptop', 2, { policy: 'allow' }))).toEqual([]);
    expect(play.record.inward.is).toBe('denied');
  });

  test.each(['pending', 'active', 'denied'] as const)('PRES-29 a look in state %s asks nobody, and is not told what policy hides', (state) => {
    const effects = watched(state).subscribes('once', { expires: 0, policy: 'block' });
    expect(asked(effects)).toEqual([]);
    expect(told(effects).filter(([substate]) => substate === 'terminated')).toEqual([['terminated', 'offline', 'timeout']]);
  });

  test('PRES-29 a look by a stranger leaves nothing, whatever policy says', () => {
    const play = simple();
    play.subscribes('once', { expires: 0, policy: 'auto' });
    play.drainNotifies();
    expect(isEmpty(play.record)).toBe(true);
  });

  test('a look waits for no state that is hidden', () => {
    const play = watched('active');
    play.on('xmpp.down');
    play.drainNotifies();
    expect(told(play.subscribes('once', { expires: 0, policy: 'block' }))).toEqual([['terminated', 'offline', 'timeout']]);
  });
});

describe('a changed verdict takes effect at once in running watches', () => {
  test.each([
    ['event', (play: Play, verdict: Verdict) => policy(play, verdict)],
    ['refresh', (play: Play, verdict: Verdict) => play.refreshes('desk', 2, { policy: verdict })],
    ['new device', (play: Play, verdict: Verdict) => play.subscribes('laptop', { policy: verdict })],
  ] as const)('PRES-25 block by %s: every watcher sees the user offline, and what he does is not told', (_how, change) => {
    const play = watched('active');
    play.subscribes('tablet');
    play.drainNotifies();
    const effects = change(play, 'block');
    expect(new Set(told(effects).map(String))).toEqual(new Set(['active,offline,']));
    expect(all(effects, 'sip.notify').map(({ dialog }) => dialog.callId)).toEqual(expect.arrayContaining(['desk-call', 'tablet-call']));
    expect(asked(effects)).toEqual([]);
    play.drainNotifies();
    expect(play.on('xmpp.available', { presence: resource('phone') })).toEqual([]);
  });

  test('lifted: back to active, with the state of now', () => {
    const play = watched('active');
    policy(play, 'block');
    play.drainNotifies();
    play.on('xmpp.available', { presence: resource('phone', { show: 'dnd' }) });
    expect(all(policy(play, 'ask'), 'sip.notify').map(({ presence }) => presence?.setting)).toEqual(['do-not-disturb']);
    expect(play.record.inward.is).toBe('active');
  });

  test('lifted by a refresh: back to active, and a state that got lost meanwhile is asked for', () => {
    const play = watched('active');
    policy(play, 'block');
    play.on('xmpp.down');
    play.on('xmpp.up');
    play.drainNotifies();
    expect(asked(play.refreshes('desk', 2, { policy: 'ask' }))).toEqual(['xmpp.probe']);
    const other = watched('active');
    policy(other, 'block');
    other.on('xmpp.down');
    expect(asked(policy(other, 'ask'))).toEqual(['xmpp.probe']);
  });

  test('RFC 3857 4.7.1 lifted where the user has not decided: the watch goes on closed, not pending; a new one is pending', () => {
    const play = watched('pending');
    expect(told(policy(play, 'block'))).toEqual([['active', 'offline', undefined]]);
    play.drainNotifies();
    const effects = policy(play, 'ask');
    expect(effects).toMatchObject([{ do: 'xmpp.subscribe', nick: 'Bob' }]);
    expect(told(play.refreshes('desk', 2))).toEqual([['active', 'offline', undefined]]);
    expect(told(play.subscribes('laptop')).at(-1)).toEqual(['pending', undefined, undefined]);
  });

  test('lifted where he was never asked: he is asked now, or approved by policy; if nobody watches, nothing', () => {
    for (const [verdict, effect] of [['ask', 'xmpp.subscribe'], ['auto', 'xmpp.approve'], ['allow', 'xmpp.approve']] as const) {
      const play = simple();
      play.subscribes('desk', { policy: 'block', displayName: 'Bob' });
      play.drainNotifies();
      expect(policy(play, verdict)).toMatchObject([{ do: effect, nick: 'Bob' }]);
      expect(play.record.inward.is).toBe('pending');
    }
    const left = simple();
    left.subscribes('desk', { policy: 'block' });
    left.drainNotifies();
    left.refreshes('desk', 2, { expires: 0 });
    left.drainNotifies();
    expect(policy(left, 'auto')).toEqual([]);
    expect(left.record.inward.is).toBe('none');
  });

  test('lifted where he had denied: denied', () => {
    const play = watched('denied');
    policy(play, 'block');
    expect(policy(play, 'auto')).toEqual([]);
    expect(play.record.inward.is).toBe('denied');
  });

  test('what he decides behind a block counts when it is lifted', () => {
    const granted = watched('pending');
    policy(granted, 'block');
    expect(asked(granted.on('xmpp.subscribed'))).toEqual([]);
    granted.on('xmpp.available', { presence: AWAY });
    granted.drainNotifies();
    expect(told(policy(granted, 'ask'))).toEqual([['active', 'away', undefined]]);
    const refused = watched('active');
    policy(refused, 'block');
    refused.on('xmpp.unsubscribed');
    policy(refused, 'ask');
    expect(refused.record.inward.is).toBe('denied');
    const stranger = simple();
    stranger.subscribes('desk', { policy: 'block' });
    stranger.on('xmpp.unsubscribed');
    expect(asked(policy(stranger, 'ask'))).toEqual(['xmpp.subscribe']);
  });

  test('pending: who is to decide is asked', () => {
    const play = watched('pending');
    expect(asked(policy(play, 'auto'))).toEqual(['xmpp.approve']);
    expect(asked(policy(play, 'auto'))).toEqual([]);
    expect(asked(policy(play, 'ask'))).toEqual(['xmpp.subscribe']);
    expect(asked(policy(play, 'ask'))).toEqual([]);
    expect(asked(play.refreshes('desk', 2, { policy: 'auto' }))).toEqual(['xmpp.approve']);
  });

  test('the policy could not be looked up: a block holds', () => {
    const play = watched('active');
    policy(play, 'block');
    play.drainNotifies();
    expect(told(play.refreshes('desk', 2))).toEqual([['active', 'offline', undefined]]);
    expect(play.record.inward.is).toBe('blocked');
  });

  test('no news changes nothing', () => {
    for (const state of ['pending', 'active', 'denied'] as const) {
      const play = watched(state);
      const before = play.record;
      expect(policy(play, 'ask')).toEqual([]);
      expect(play.record).toBe(before);
    }
    const blocked = watched('active');
    policy(blocked, 'block');
    blocked.drainNotifies();
    const before = blocked.record;
    policy(blocked, 'block');
    expect(blocked.record).toBe(before);
  });

  test('nobody watches and nothing was decided: policy is of no interest', () => {
    const play = simple();
    policy(play, 'auto', 'granted');
    expect(play.ignored).toBeDefined();
    expect(isEmpty(play.record)).toBe(true);
  });
});

test('a user’s decision outlives a block that nobody watches', () => {
  const play = watched('active');
  policy(play, 'block');
  play.drainNotifies();
  play.refreshes('desk', 2, { expires: 0 });
  play.drainNotifies();
  expect(isEmpty(play.record)).toBe(false);
  expect(told(play.subscribes('laptop', { policy: 'ask' }))).toEqual([['active', 'away', undefined]]);
});

describe('the user decides by command', () => {
  test.each(['pending', 'denied'] as const)('granted in state %s: approved in his name, active when his server says so', (state) => {
    const play = watched(state);
    expect(asked(policy(play, 'ask', 'granted'))).toEqual(['xmpp.approve']);
    expect(play.record.inward.is).toBe(state);
    play.on('xmpp.subscribed');
    expect(play.record.inward.is).toBe('active');
  });

  test('granted behind a block: approved, seen when the block is lifted', () => {
    const play = watched('denied');
    policy(play, 'block');
    expect(asked(policy(play, 'block', 'granted'))).toEqual(['xmpp.approve']);
    play.on('xmpp.subscribed');
    expect(play.record.inward).toMatchObject({ is: 'blocked', hides: 'active' });
    expect(asked(policy(watched('active'), 'allow', 'granted'))).toEqual([]);
  });

  test('revoked: watchers see him offline, the roster loses the watcher, and no list that allows brings it back', () => {
    const play = watched('active');
    const effects = policy(play, 'allow', 'revoked');
    expect(told(effects)).toEqual([['active', 'offline', undefined]]);
    expect(asked(effects)).toEqual(['xmpp.unsubscribe']);
    play.drainNotifies();
    expect(asked(play.refreshes('desk', 2, { policy: 'allow' }))).toEqual([]);
    expect(play.record.inward.is).toBe('denied');
  });

  test('revoked before he was asked, or while he is: the request is withdrawn', () => {
    const play = watched('pending');
    expect(asked(policy(play, 'ask', 'revoked'))).toEqual(['xmpp.unsubscribe']);
    expect(play.record.inward.is).toBe('denied');
    expect(asked(policy(play, 'ask', 'revoked'))).toEqual([]);
  });

  test.each(['pending', 'active', 'denied'] as const)('revoked behind a block that hides %s: denied without it', (state) => {
    const play = watched(state);
    policy(play, 'block');
    expect(asked(policy(play, 'block', 'revoked'))).toEqual(state === 'denied' ? [] : ['xmpp.unsubscribe']);
    policy(play, 'allow');
    expect(play.record.inward.is).toBe('denied');
  });

  test('forgotten after a denial: he is asked again at once, the watch goes on closed', () => {
    const play = watched('denied');
    const effects = policy(play, 'ask', 'forgotten');
    expect(names(effects)).toEqual(['xmpp.subscribe']);
    expect(play.record.inward.is).toBe('pending');
    expect(asked(policy(watched('denied'), 'auto', 'forgotten'))).toEqual(['xmpp.approve']);
  });

  test('forgotten after a grant: offline, out of the roster, and he is asked at the next SUBSCRIBE', () => {
    for (const next of ['refresh', 'new device'] as const) {
      const play = watched('active');
      const effects = policy(play, 'ask', 'forgotten');
      expect(told(effects)).toEqual([['active', 'offline', undefined]]);
      expect(asked(effects)).toEqual(['xmpp.unsubscribe']);
      play.drainNotifies();
      // A client that answers `unsubscribe` by `unsubscribed` has answered no question.
      play.on('xmpp.unsubscribed');
      expect(asked(next === 'refresh' ? play.refreshes('desk', 2) : play.subscribes('laptop'))).toEqual(['xmpp.subscribe']);
      expect(play.record.inward.is).toBe('pending');
    }
  });

  test('forgotten, then an allow list: approved once, at the next SUBSCRIBE', () => {
    const play = watched('active');
    policy(play, 'ask', 'forgotten');
    play.drainNotifies();
    expect(asked(policy(play, 'allow'))).toEqual([]);
    expect(asked(play.refreshes('desk', 2, { policy: 'allow' }))).toEqual(['xmpp.approve']);
  });

  test('forgotten, then blocked, then lifted: he is asked', () => {
    const play = watched('active');
    policy(play, 'ask', 'forgotten');
    policy(play, 'block');
    expect(asked(policy(play, 'ask'))).toEqual(['xmpp.subscribe']);
  });

  test('forgotten behind a block: asked when it is lifted', () => {
    const play = watched('active');
    policy(play, 'block');
    expect(asked(policy(play, 'block', 'forgotten'))).toEqual(['xmpp.unsubscribe']);
    expect(asked(policy(play, 'ask'))).toEqual(['xmpp.subscribe']);
    const denied = watched('denied');
    policy(denied, 'block');
    expect(asked(policy(denied, 'block', 'forgotten'))).toEqual([]);
  });

  test('forgotten where nobody watches: nothing is left', () => {
    const play = watched('denied');
    play.refreshes('desk', 2, { expires: 0 });
    play.drainNotifies();
    expect(policy(play, 'ask', 'forgotten')).toEqual([]);
    expect(isEmpty(play.record)).toBe(true);
    expect(dueAt(play.record)).toBeUndefined();
  });
});

describe('the display name', () => {
  test('XEP-0172 the last one is used, and no more than 128 characters of it', () => {
    const play = simple();
    play.subscribes('desk', { policy: 'block', displayName: 'Bob' });
    play.subscribes('laptop', { policy: 'block', displayName: `${'😀'.repeat(200)}` });
    play.subscribes('tablet', { policy: 'block' });
    play.refreshes('laptop', 2, { displayName: `${'😀'.repeat(200)}` });
    expect(isEmpty(play.record)).toBe(false);
    expect(policy(play, 'ask')).toMatchObject([{ do: 'xmpp.subscribe', nick: '😀'.repeat(128) }]);
  });

  test('it is not kept where nobody is to be asked', () => {
    expect(watched('active').record.inward.nick).toBeUndefined();
  });
});

test('promise 3: a grant that is on its way to a user who had refused is asked for again when it may have got lost', () => {
  const ways = {
    'xmpp.subscribe': (play: Play) => play.on('xmpp.subscribe'),
    'xmpp.approve': (play: Play) => policy(play, 'allow'),
  };
  for (const [effect, way] of Object.entries(ways)) {
    const play = watched('denied');
    way(play);
    expect(asked(play.on('xmpp.up'))).toContain(effect);
    // A no that crosses the approval is older than that.
    play.on('xmpp.unsubscribed');
    expect(asked(play.on('xmpp.up')).some((name) => name === effect)).toBe(effect === 'xmpp.approve');
    play.on('xmpp.subscribed');
    expect(asked(play.on('xmpp.up'))).not.toContain(effect);
  }
});

test('promise 3: the question may have got lost with the XMPP server: it is asked again, and a user who was granted is not', () => {
  expect(asked(watched('pending').on('xmpp.up'))).toEqual(['xmpp.subscribe']);
  const auto = simple();
  auto.subscribes('desk', { policy: 'auto' });
  expect(asked(auto.on('xmpp.up'))).toEqual(['xmpp.approve']);
  expect(asked(watched('denied').on('xmpp.up'))).toEqual([]);
  const left = watched('pending');
  left.refreshes('desk', 2, { expires: 0 });
  left.drainNotifies();
  expect(asked(left.on('xmpp.up'))).toEqual([]);
});

describe('PRES-25 polite block, to the letter: blocked and denied watchers are told what a watcher of an offline user is told', () => {
  const ways = {
    offline: (play: Play) => play.on('xmpp.unavailable', { resource: 'phone' }),
    denied: (play: Play) => play.on('xmpp.unsubscribed'),
    blocked: (play: Play) => policy(play, 'block'),
    revoked: (play: Play) => policy(play, 'ask', 'revoked'),
  };

  /** Everything that the SIP side is sent, but for keys. */
  function life(way: (play: Play) => readonly Effect[], dialect: 'simple' | 'microsoft'): unknown[] {
    const play = watched('active', new Play(contextOf(dialect, { notifyIntervalSeconds: 5 })));
    play.on('xmpp.available', { presence: resource('phone') });
    play.drainNotifies();
    const from = play.log.length;
    play.pass(1);
    way(play);
    play.pass(2);
    play.subscribes('laptop');
    play.pass(10);
    play.on('xmpp.down');
    play.refreshes('desk', 2);
    play.drainNotifies();
    play.refreshes('desk', 3);
    play.drainNotifies();
    play.on('xmpp.up');
    play.on('route.up');
    play.refreshes('laptop', 2, { expires: 0 });
    play.subscribes('once', { expires: 0 });
    for (let part = 0; part < 20; part += 1) {
      play.pass(200);
      play.drainNotifies();
    }
    return play.log
      .slice(from)
      .filter((effect) => effect.do.startsWith('sip.'))
      .map(({ key: _, trace: __, ...effect }) => ({ ...effect, transaction: undefined, timestamp: undefined }));
  }

  test.each([
    ['denied', 'simple'],
    ['blocked', 'simple'],
    ['revoked', 'simple'],
    ['denied', 'microsoft'],
    ['blocked', 'microsoft'],
    ['revoked', 'microsoft'],
  ] as const)('%s (%s)', (way, dialect) => {
    const shown = life(ways[way], dialect);
    expect(shown.length).toBeGreaterThan(8);
    expect(shown).toEqual(life(ways.offline, dialect));
    expect(JSON.stringify(shown)).toContain(JSON.stringify(OFFLINE));
  });
});
