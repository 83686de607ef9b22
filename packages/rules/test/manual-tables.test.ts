import { FAMILIES, SETTINGS, type Setting } from '@isthmus/model';
import fc from 'fast-check';
import { fromMicrosoft, toMicrosoft } from '@isthmus/rules';
import type { FromMicrosoftRow, ToMicrosoftRow } from '../src/tables/family';
import { TABLE_1_5 } from '../src/tables/table-1-5';
import { TABLE_1_6 } from '../src/tables/table-1-6';
import { TABLE_1_7 } from '../src/tables/table-1-7';
import { TABLE_1_8 } from '../src/tables/table-1-8';

const FOUR = ['available', 'away', 'busy', 'offline'];

describe('Table 1-5, from Microsoft', () => {
  // As printed: Microsoft setting, then Jabber, CUPC 8.x and third-party setting
  const printed = [
    ['Available', 'Available', 'Available', 'Available'],
    ['Away', 'Away', 'Away', 'Away'],
    ['Be Right Back', 'Away', 'Away', 'Away'],
    ['Busy', 'Busy', 'Busy', 'Busy'],
    ['Do Not Disturb', 'Busy', 'Busy', 'Busy'],
    ['Appear Offline', 'Offline', 'Offline', 'Offline'],
    ['Offline', 'Offline', 'Offline', 'Offline'],
  ] as const;

  test.each(printed)('Table 1-5: %s shows as %s, %s and %s', (microsoft, ...shown) => {
    const setting = named(microsoft === 'Appear Offline' ? 'Offline' : microsoft);
    expect(FAMILIES.map((family) => fromMicrosoft(family, setting))).toEqual(shown.map(named));
  });

  test('Table 1-5 holds the printed rows in the printed order, and no other printed row', () => {
    expect(printedNames(TABLE_1_5)).toEqual(printed.map(([name]) => name));
  });
});

describe.each([
  [
    'Table 1-6',
    'jabber',
    TABLE_1_6,
    [
      ['Available', 'Available'],
      ['Away', 'Away'],
      ['Do Not Disturb', 'Busy'],
      ['Out of Office', 'Offline'],
      ['Offline', 'Offline'],
    ],
  ],
  [
    'Table 1-7',
    'cupc',
    TABLE_1_7,
    [
      ['Available', 'Available'],
      ['Busy', 'Busy'],
      ['On the Phone', 'Busy'],
      ['Meeting', 'Busy'],
      ['Away', 'Away'],
      ['Do Not Disturb', 'Busy'],
      ['Offline', 'Offline'],
      ['Offline—On the Phone', 'Offline'],
      ['Offline—Meeting', 'Offline'],
      ['Offline—Out of Office', 'Offline'],
    ],
  ],
  [
    'Table 1-8',
    'third-party',
    TABLE_1_8,
    [
      ['Available', 'Available'],
      ['Away', 'Away'],
      ['Extended Away', 'Away'],
      ['Do Not Disturb', 'Busy'],
      ['Offline', 'Offline'],
    ],
  ],
] as const)('%s, to Microsoft', (name, family, rows: readonly ToMicrosoftRow[], printed) => {
  test.each(printed)(`${name}: %s shows as %s`, (setting, microsoft) => {
    const row = rows.find((candidate) => candidate.printed === setting);
    expect(row?.microsoft).toBe(named(microsoft));
    expect(toMicrosoft(family, setting.startsWith('Offline') ? 'offline' : named(setting))).toBe(named(microsoft));
  });

  test(`${name} holds the printed rows in the printed order, and no other printed row`, () => {
    expect(printedNames(rows)).toEqual(printed.map(([setting]) => setting));
  });
});

describe('all four tables', () => {
  const tables: readonly (readonly [string, readonly (ToMicrosoftRow | FromMicrosoftRow)[]])[] = [
    ['Table 1-5', TABLE_1_5],
    ['Table 1-6', TABLE_1_6],
    ['Table 1-7', TABLE_1_7],
    ['Table 1-8', TABLE_1_8],
  ];

  test.each(tables)('%s has a row for every setting', (_, rows) => {
    expect([...SETTINGS].filter((setting) => rows.every((row) => row.setting !== setting))).toEqual([]);
  });

  test.each(tables)('%s: a row is printed or gives our reason, never both', (_, rows) => {
    expect(rows.filter((row) => (row.printed === undefined) === (row.unspecified === undefined))).toEqual([]);
  });

  test.each(tables)('%s: two rows of one setting say the same', (_, rows) => {
    const said = rows.map((row) => [row.setting, JSON.stringify({ ...row, printed: undefined, unspecified: undefined })]);
    expect(new Set(said.map(([, all]) => all)).size).toBe(new Set(said.map(([setting]) => setting)).size);
  });

  test('only the four states cross, whatever the setting and the family', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAMILIES), fc.constantFrom(...SETTINGS), (family, setting) => {
        expect(FOUR).toContain(toMicrosoft(family, setting));
        expect(FOUR).toContain(fromMicrosoft(family, setting));
      }),
    );
  });

  test('what has crossed once does not change when it crosses again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAMILIES), fc.constantFrom(...SETTINGS), (family, setting) => {
        const crossed = toMicrosoft(family, setting);
        expect(fromMicrosoft(family, crossed)).toBe(crossed);
        expect(toMicrosoft(family, fromMicrosoft(family, crossed))).toBe(crossed);
      }),
    );
  });
});

/** The setting with a printed name. */
function named(printed: string): Setting {
  const name = printed.toLowerCase().replaceAll(' ', '-');
  const setting = SETTINGS.find((candidate) => candidate === name);
  if (setting === undefined) {
    throw new Error(`no setting is named ${printed}`);
  }
  return setting;
}

function printedNames(rows: readonly (ToMicrosoftRow | FromMicrosoftRow)[]): readonly string[] {
  return rows.flatMap((row) => (row.printed === undefined ? [] : [row.printed]));
}
