import { OFFLINE, type ResourcePresence, SETTINGS, type Setting } from '@isthmus/model';
import fc from 'fast-check';
import { aggregate, basicOfType, priorityFromPidf, priorityToPidf, rankOf, settingOf, showOf, typeOfBasic } from '@isthmus/rules';
import { firstMatch } from '../src/first-match';
import { SHOW_OF_SETTING } from '../src/tables/xmpp-show';

describe('priority (RFC 8048 Table 1 note 6)', () => {
  test.each([
    [0, '0.000'],
    [1, '0.007'],
    [2, '0.015'],
    [3, '0.023'],
    [63, '0.496'],
    [64, '0.503'],
    [125, '0.984'],
    [126, '0.992'],
    [127, '1.000'],
  ])('priority %d is %s', (priority, pidf) => {
    expect(priorityToPidf(priority)).toBe(pidf);
    expect(priorityFromPidf(pidf)).toBe(priority);
  });

  test.each([-1, -128, 128, 1.5, Number.NaN])('priority %d is not mapped', (priority) => {
    expect(priorityToPidf(priority)).toBeUndefined();
  });

  test('every priority from 0 to 127 is restored', () => {
    const all = Array.from({ length: 128 }, (_, priority) => priority);
    expect(all.map((priority) => priorityFromPidf(priorityToPidf(priority) ?? ''))).toEqual(all);
  });

  test.each(['', '-0.5', '1.001', '2', '0.1234', 'high', ' 0.5', '1e-1', '٠'])('PRES-45: "%s" is no priority', (text) => {
    expect(priorityFromPidf(text)).toBeUndefined();
  });

  test.each([
    ['0', 0],
    ['1', 127],
    ['0.5', 64],
    ['1.0', 127],
  ])('PIDF priority %s is %d', (text, priority) => {
    expect(priorityFromPidf(text)).toBe(priority);
  });
});

describe('RFC 8048: which presence becomes a NOTIFY', () => {
  test.each([
    [undefined, 'open'],
    ['unavailable', 'closed'],
    ['subscribe', undefined],
    ['subscribed', undefined],
    ['unsubscribe', undefined],
    ['unsubscribed', undefined],
    ['probe', undefined],
    ['error', undefined],
    ['nonsense', undefined],
  ])('type %s: basic %s', (type, basic) => {
    expect(basicOfType(type)).toBe(basic);
  });

  test.each([
    ['open', undefined],
    ['closed', 'unavailable'],
  ] as const)('basic %s: type %s', (basic, type) => {
    expect(typeOfBasic(basic)).toBe(type);
  });
});

describe('show', () => {
  test.each([
    ['available', true, undefined],
    ['idle', true, 'away'],
    ['away', true, 'away'],
    ['be-right-back', true, 'away'],
    ['extended-away', true, 'xa'],
    ['busy', true, 'dnd'],
    ['on-the-phone', true, 'dnd'],
    ['meeting', true, 'dnd'],
    ['do-not-disturb', true, 'dnd'],
    ['out-of-office', true, 'xa'],
    ['offline', false, undefined],
  ] as const)('%s: available %s, show %s', (setting, available, show) => {
    expect(showOf(setting)).toEqual(show === undefined ? { available } : { available, show });
  });

  test.each([
    [undefined, 'available'],
    ['chat', 'available'],
    ['away', 'away'],
    ['xa', 'extended-away'],
    ['dnd', 'do-not-disturb'],
  ] as const)('show %s means %s', (show, setting) => {
    expect(settingOf(show)).toBe(setting);
  });

  test.each([
    ['talking/on_the_phone', 'on-the-phone'],
    ['talking/on_video_phone', 'on-the-phone'],
    ['working/in_a_meeting', 'meeting'],
    ['having_appointment', 'meeting'],
    ['eating/having_lunch', 'available'],
  ])('the activity %s without show means %s', (activity, setting) => {
    expect(settingOf(undefined, activity)).toBe(setting);
  });

  test('who set a show means it, whatever his activity', () => {
    expect(settingOf('away', 'talking/on_the_phone')).toBe('away');
    expect(settingOf('dnd', 'working/in_a_meeting')).toBe('do-not-disturb');
  });

  test('every setting has exactly one row', () => {
    expect(SHOW_OF_SETTING.map((row) => row.setting)).toEqual([...SETTINGS]);
    expect(showOf('unheard-of' as Setting)).toEqual({ available: false });
  });
});

describe('aggregate (PRES-47)', () => {
  const resource = (parts: Partial<ResourcePresence>): ResourcePresence => ({ resource: 'a', priority: 0, ...parts });

  test('PRES-44, PRES-47: no resource, or none that counts, is exactly OFFLINE', () => {
    expect(aggregate([])).toBe(OFFLINE);
    expect(aggregate([resource({ priority: -1 }), resource({ priority: -128, show: 'chat' })])).toBe(OFFLINE);
  });

  test('PRES-47: the highest priority wins, however busy', () => {
    expect(aggregate([resource({ priority: 1 }), resource({ priority: 5, show: 'dnd' })]).setting).toBe('do-not-disturb');
  });

  test('PRES-47: among equal priorities the most available wins', () => {
    const shows = ['xa', 'away', 'dnd', undefined] as const;
    const resources = shows.map((show, index) => resource({ resource: `r${index}`, ...(show === undefined ? {} : { show }) }));
    expect(aggregate(resources).setting).toBe('available');
    expect(aggregate(resources.slice(0, 3)).setting).toBe('do-not-disturb');
    expect(aggregate(resources.slice(0, 2)).setting).toBe('away');
  });

  test('the winner brings its note and its idle time, and nobody else does', () => {
    const idleSince = '2026-01-02T03:04:05Z';
    const away = resource({ resource: 'b', show: 'away', status: 'at lunch', idleSince, priority: 2 });
    expect(aggregate([resource({ status: 'here' }), away])).toEqual({ setting: 'away', note: 'at lunch', idleSince });
    expect(aggregate([resource({ status: '' })])).toEqual({ setting: 'available' });
  });

  test('the order in which the resources are known changes nothing', () => {
    const one = fc.record(
      {
        priority: fc.integer({ min: -2, max: 2 }),
        show: fc.constantFrom('away' as const, 'chat' as const, 'dnd' as const, 'xa' as const),
        status: fc.string(),
      },
      { requiredKeys: ['priority'] },
    );
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), (list) => {
        const resources = list.map((parts, index) => resource({ ...parts, resource: `r${index}` }));
        expect(aggregate([...resources].reverse())).toEqual(aggregate(resources));
      }),
    );
  });

  test('every setting has a rank of its own, and offline is the last', () => {
    const ranks = SETTINGS.map(rankOf);
    expect([...ranks].sort((a, b) => a - b)).toEqual(SETTINGS.map((_, index) => index));
    expect(rankOf('offline')).toBe(SETTINGS.length - 1);
    expect(rankOf('available')).toBe(0);
  });
});

test('firstMatch takes the first row that matches, and the default where none does', () => {
  const rows = [{ n: 1, v: 'a' }, { n: 2, v: 'b' }, { n: 2, v: 'c' }];
  expect(firstMatch(rows, (row) => row.n === 2, (row) => row.v, 'none')).toBe('b');
  expect(firstMatch(rows, (row) => row.n === 3, (row) => row.v, 'none')).toBe('none');
});
