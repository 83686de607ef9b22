import { SETTINGS, type Setting } from '@isthmus/model';
import fc from 'fast-check';
import {
  draftPidfOfSetting,
  msrtcOfSetting,
  rpidOfSetting,
  settingOfActivity,
  settingOfAggregates,
  settingOfDraftToken,
  settingOfStateNumber,
  settingOfXpidf,
  stateOf,
  toMicrosoft,
  xpidfOfSetting,
} from '@isthmus/rules';
import { DRAFT_PIDF_OF_SETTING } from '../src/tables/microsoft-draft-pidf';
import { SETTING_OF_STATE_NUMBER, STATE_NUMBER_OF_SETTING } from '../src/tables/microsoft-state-numbers';
import { MSRTC_OF_SETTING, SETTING_OF_ACTIVITY_NUMBER, SETTING_OF_AVAILABILITY } from '../src/tables/msrtc-pidf';
import { RPID_OF_SETTING, SETTING_OF_ACTIVITY } from '../src/tables/rfc4480-activities';

const UNKNOWN = 'unheard-of' as Setting;

describe('RFC 4480 activities', () => {
  test.each([
    ['busy', 'busy'],
    ['on-the-phone', 'on-the-phone'],
    ['meeting', 'meeting'],
    ['appointment', 'meeting'],
    ['presentation', 'do-not-disturb'],
    ['away', 'away'],
    ['lunch', 'away'],
    ['in-transit', 'away'],
    ['vacation', 'extended-away'],
    ['permanent-absence', 'extended-away'],
    ['other', undefined],
    ['unknown', undefined],
    ['working', undefined],
    ['nonsense', undefined],
  ])('%s means %s', (activity, setting) => {
    expect(settingOfActivity(activity)).toBe(setting);
  });

  test('the 27 activities of RFC 4480 section 3.2 have one row each', () => {
    expect(new Set(SETTING_OF_ACTIVITY.map((row) => row.activity)).size).toBe(27);
    expect(SETTING_OF_ACTIVITY).toHaveLength(27);
  });

  test.each([
    ['available', undefined, undefined],
    ['away', 'away', 'away'],
    ['extended-away', 'away', 'xa'],
    ['do-not-disturb', 'busy', 'dnd'],
    ['on-the-phone', 'on-the-phone', undefined],
  ] as const)('%s is told as activity %s with show %s', (setting, activity, show) => {
    expect(rpidOfSetting(setting)).toMatchObject({ basic: 'open', ...(activity && { activity }), ...(show && { show }) });
  });

  test('the activity of a setting is one of RFC 4480, and only offline is closed', () => {
    for (const setting of SETTINGS) {
      const row = rpidOfSetting(setting);
      expect(row.basic).toBe(setting === 'offline' ? 'closed' : 'open');
      expect([undefined, ...SETTING_OF_ACTIVITY.map(({ activity }) => activity)]).toContain(row.activity);
    }
    expect(rpidOfSetting(UNKNOWN).basic).toBe('closed');
  });
});

describe("Microsoft's draft PIDF", () => {
  test.each([
    ['available', 'open', undefined],
    ['busy', 'open', 'busy'],
    ['do-not-disturb', 'open', 'busy'],
    ['on-the-phone', 'open', 'busy'],
    ['meeting', 'open', 'busy'],
    ['away', 'open', 'away'],
    ['be-right-back', 'open', 'away'],
    ['extended-away', 'open', 'away'],
    ['idle', 'open', 'away'],
    ['offline', 'closed', undefined],
  ] as const)('%s is told as %s with %s', (setting, basic, token) => {
    expect(draftPidfOfSetting(setting)).toMatchObject(token === undefined ? { basic } : { basic, token });
    expect(draftPidfOfSetting(setting).token).toBe(token);
  });

  test('it says the same as Tables 1-6 to 1-8 for every setting', () => {
    for (const setting of SETTINGS) {
      expect(draftPidfOfSetting(setting)).toMatchObject(plain(draftPidfOfSetting(toMicrosoft('third-party', setting))));
    }
    expect(draftPidfOfSetting(UNKNOWN).basic).toBe('closed');
  });

  function plain({ basic, token }: ReturnType<typeof draftPidfOfSetting>): object {
    return token === undefined ? { basic } : { basic, token };
  }

  test.each([
    ['busy', 'busy'],
    ['Busy', 'busy'],
    ['away', 'away'],
    ['available', 'available'],
    ['nonsense', undefined],
  ])('the token %s means %s', (token, setting) => {
    expect(settingOfDraftToken(token)).toBe(setting);
  });
});

describe('text/xml+msrtc.pidf', () => {
  // availability, activity and what a real client showed, or the printed table where none was tried
  test.each([
    [300, 400, 'available'],
    [300, 800, 'available'],
    [300, 999, 'available'],
    [300, 100, 'away'],
    [300, 150, 'away'],
    [300, 199, 'away'],
    [300, 200, 'idle'],
    [300, 299, 'idle'],
    [300, 300, 'be-right-back'],
    [300, 500, 'on-the-phone'],
    [300, 600, 'busy'],
    [300, 700, 'away'],
    [300, 799, 'away'],
    [0, 100, 'offline'],
    [99, 400, 'offline'],
    [100, 400, 'available'],
    [200, 400, 'available'],
    [399, 0, 'available'],
    [400, 400, undefined],
    [300, 1000, undefined],
    [-1, 400, undefined],
    [Number.NaN, 400, undefined],
    [300, Number.NaN, undefined],
  ])('%d/%d means %s', (availability, activity, setting) => {
    expect(settingOfAggregates(availability, activity)).toBe(setting);
  });

  test('the ranges of the two tables have no gap and no overlap', () => {
    expectContiguous(SETTING_OF_AVAILABILITY, 0, 399);
    expectContiguous(SETTING_OF_ACTIVITY_NUMBER, 0, 999);
  });

  test('what is written reads back as the same, or as the nearest', () => {
    const nearest: Partial<Record<Setting, Setting>> = {
      'extended-away': 'away', 'out-of-office': 'away', meeting: 'busy', 'do-not-disturb': 'busy',
    };
    for (const setting of SETTINGS) {
      const { availability, activity } = msrtcOfSetting(setting);
      expect(settingOfAggregates(availability, activity)).toBe(nearest[setting] ?? setting);
    }
    expect(msrtcOfSetting('do-not-disturb').state).toBe(9500);
    expect(msrtcOfSetting(UNKNOWN)).toMatchObject({ availability: 0, activity: 100 });
  });
});

describe('msrtc-event-categories', () => {
  test.each([
    [3500, undefined, 'available'],
    [3000, undefined, 'available'],
    [4499, undefined, 'available'],
    [5000, undefined, 'idle'],
    [6500, undefined, 'busy'],
    [6500, 'on-the-phone', 'on-the-phone'],
    [6500, 'in-a-conference', 'on-the-phone'],
    [6500, 'in-a-meeting', 'meeting'],
    [6900, 'urgent-interruptions-only', 'do-not-disturb'],
    [7500, undefined, 'busy'],
    [9500, undefined, 'do-not-disturb'],
    [9500, 'in-presentation', 'do-not-disturb'],
    [12500, undefined, 'be-right-back'],
    [15500, undefined, 'away'],
    [15500, 'out-of-office', 'out-of-office'],
    [18500, undefined, 'offline'],
    [18500, 'on-the-phone', 'offline'],
    [0, undefined, 'offline'],
    [3500, 'on-the-phone', 'available'],
    [-1, undefined, undefined],
    [Number.NaN, 'on-the-phone', undefined],
  ] as const)('%d with token %s means %s', (number, token, setting) => {
    expect(settingOfStateNumber(number, token)).toBe(setting);
  });

  test('every number has a setting', () => {
    expectContiguous(SETTING_OF_STATE_NUMBER, 0, Number.MAX_SAFE_INTEGER);
    fc.assert(fc.property(fc.nat(), (number) => settingOfStateNumber(number) !== undefined));
  });

  test('the number of a setting grows as the user gets less available', () => {
    const published = ['available', 'idle', 'busy', 'do-not-disturb', 'be-right-back', 'away', 'offline'] as const;
    const numberOf = (setting: Setting) => stateOf(setting).number;
    expect(published.map(numberOf)).toEqual([3500, 5000, 6500, 9500, 12500, 15500, 18500]);
    expect(published.map((setting) => settingOfStateNumber(numberOf(setting)))).toEqual(published);
  });

  test('number and token of every setting say that setting, or the nearest where Microsoft has no word', () => {
    for (const setting of SETTINGS) {
      const { number, token } = stateOf(setting);
      expect(settingOfStateNumber(number, token)).toBe(setting === 'extended-away' ? 'away' : setting);
    }
    expect(stateOf(UNKNOWN)).toEqual({ setting: 'offline', number: 18500 });
  });
});

describe('application/xpidf+xml', () => {
  test('what is written for every setting says that setting, or the nearest', () => {
    const nearest: Partial<Record<Setting, Setting>> = { 'extended-away': 'away', 'out-of-office': 'away', meeting: 'busy', 'do-not-disturb': 'busy' };
    for (const setting of SETTINGS) {
      const { status, substatus } = xpidfOfSetting(setting);
      expect(settingOfXpidf(status, substatus)).toBe(nearest[setting] ?? setting);
    }
    expect(xpidfOfSetting(UNKNOWN)).toEqual({ setting: 'offline', status: 'closed' });
  });

  test.each([
    ['open', undefined, 'available'],
    ['open', 'unknown', 'available'],
    ['open', 'online', 'available'],
    ['open', 'away', 'away'],
    ['open', 'idle', 'idle'],
    ['open', 'busy', 'busy'],
    ['open', 'berightback', 'be-right-back'],
    ['open', 'onthephone', 'on-the-phone'],
    ['inuse', 'onthephone', 'on-the-phone'],
    ['open', 'outtolunch', 'away'],
    ['inuse', undefined, 'busy'],
    ['inuse', 'unknown', 'busy'],
    ['closed', 'online', 'offline'],
    ['closed', undefined, 'offline'],
    [undefined, 'online', undefined],
    ['ajar', 'online', undefined],
  ])('%s with %s means %s', (status, substatus, setting) => {
    expect(settingOfXpidf(status, substatus)).toBe(setting);
  });
});

test.each([
  ['RPID_OF_SETTING', RPID_OF_SETTING],
  ['DRAFT_PIDF_OF_SETTING', DRAFT_PIDF_OF_SETTING],
  ['MSRTC_OF_SETTING', MSRTC_OF_SETTING],
  ['STATE_NUMBER_OF_SETTING', STATE_NUMBER_OF_SETTING],
])('%s has exactly one row for each setting', (_, rows: readonly { readonly setting: Setting }[]) => {
  expect(rows.map((row) => row.setting).sort()).toEqual([...SETTINGS].sort());
});

function expectContiguous(rows: readonly { readonly from: number; readonly to: number }[], first: number, last: number): void {
  expect(rows[0]?.from).toBe(first);
  expect(rows.at(-1)?.to).toBe(last);
  expect(rows.slice(1).map((row) => row.from)).toEqual(rows.slice(0, -1).map((row) => row.to + 1));
}
