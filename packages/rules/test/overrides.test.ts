import { FAMILIES, OFFLINE, SETTINGS, type ResourcePresence } from '@isthmus/model';
import fc from 'fast-check';
import { aggregate, familyOf, fromMicrosoft, statusTextOf, toMicrosoft, toMicrosoftInFull } from '@isthmus/rules';

describe('the family of a client (XEP-0115 node)', () => {
  test.each([
    ['http://jabber.cisco.com/caxl', 'jabber'],
    ['http://jabber.cisco.com/jabberwerx', 'jabber'],
    ['HTTP://JABBER.CISCO.COM/anything', 'jabber'],
    ['http://www.cisco.com/xmpp/mobile', 'jabber'],
    ['http://www.cisco.com/cupc/8', 'cupc'],
    ['http://cisco.com/unified-personal-communicator', 'cupc'],
    ['http://gajim.org', 'third-party'],
    ['http://cisco.com.example.net/', 'third-party'],
    ['', 'third-party'],
    [undefined, 'third-party'],
  ] as const)('%s is %s', (node, family) => {
    expect(familyOf(node)).toBe(family);
  });

  const own = (capsNode: string) => ({ clientFamilies: [{ capsNode, family: 'cupc' as const }] });

  test.each([
    ['http://gajim.org', 'http://gajim.org', true],
    ['http://gajim.org', 'http://gajim.org/', false],
    ['http://gajim.org', 'HTTP://GAJIM.*', true],
    ['http://gajim.org', '*', true],
    ['http://gajim.org', '*gajim*', true],
    ['http://gajim.org', 'gajim*', false],
    ['http://gajim.org', '*gajim', false],
    ['http://gajim.org', '*g*i*org', true],
    ['http://gajim.org', '*org*g', false],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['a.c', 'abc', false],
  ])('the node %s fits the own pattern %s: %s', (node, pattern, fits) => {
    expect(familyOf(node, own(pattern))).toBe(fits ? 'cupc' : 'third-party');
  });

  test("a deployment's own rows come before ours", () => {
    expect(familyOf('http://jabber.cisco.com/caxl', own('*caxl'))).toBe('cupc');
    expect(familyOf('http://jabber.cisco.com/other', own('*caxl'))).toBe('jabber');
  });

  test('PRES-47: the winner tells his family, and nobody else', () => {
    const resource = (parts: Partial<ResourcePresence>): ResourcePresence => ({ resource: 'a', priority: 0, ...parts });
    expect(aggregate([resource({ family: 'jabber', priority: 1 }), resource({ resource: 'b', family: 'cupc' })])).toEqual({ setting: 'available', family: 'jabber' });
    expect(aggregate([resource({ priority: 1 }), resource({ resource: 'b', family: 'cupc' })])).toEqual({ setting: 'available' });
    expect(aggregate([resource({ family: 'cupc', priority: -1 })])).toEqual(OFFLINE);
  });
});

describe("a deployment's own rows of the tables", () => {
  const tables = {
    toMicrosoft: { jabber: { 'do-not-disturb': 'offline' } },
    fromMicrosoft: { cupc: { 'be-right-back': 'extended-away' } },
  } as const;

  test('count for their family and setting', () => {
    expect(toMicrosoft('jabber', 'do-not-disturb', tables)).toBe('offline');
    expect(toMicrosoftInFull('jabber', 'do-not-disturb', tables)).toBe('offline');
    expect(fromMicrosoft('cupc', 'be-right-back', tables)).toBe('extended-away');
  });

  test('leave everything else as printed', () => {
    const all = fc.tuple(fc.constantFrom(...FAMILIES), fc.constantFrom(...SETTINGS));
    fc.assert(
      fc.property(all, ([family, setting]) => {
        if (!(family === 'jabber' && setting === 'do-not-disturb')) {
          expect(toMicrosoft(family, setting, tables)).toBe(toMicrosoft(family, setting));
          expect(toMicrosoftInFull(family, setting, tables)).toBe(setting);
        }
        if (!(family === 'cupc' && setting === 'be-right-back')) {
          expect(fromMicrosoft(family, setting, tables)).toBe(fromMicrosoft(family, setting));
        }
      }),
    );
  });
});

describe('texts of settings', () => {
  test.each([
    ['on-the-phone', 'On the phone'],
    ['meeting', 'In a meeting'],
    ['be-right-back', 'Be right back'],
    ['out-of-office', 'Out of office'],
    ['do-not-disturb', 'Do not disturb'],
    ['idle', 'Inactive'],
    ['available', undefined],
    ['away', undefined],
    ['extended-away', undefined],
    ['busy', undefined],
    ['offline', undefined],
  ] as const)('%s: %s', (setting, text) => {
    expect(statusTextOf(setting)).toBe(text);
  });

  test('may be given, or left out altogether', () => {
    expect(statusTextOf('meeting', { statusTexts: { meeting: 'Termin' } })).toBe('Termin');
    expect(statusTextOf('on-the-phone', { statusTexts: { meeting: 'Termin' } })).toBe('On the phone');
    expect(statusTextOf('meeting', { statusTexts: 'none' })).toBeUndefined();
  });
});
