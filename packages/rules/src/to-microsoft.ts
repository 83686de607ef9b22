import type { Family, Setting } from '@isthmus/model';
import { firstMatch } from './first-match';
import { overridden, type Tables } from './overrides';
import type { FourStates, ToMicrosoftRow } from './tables/family';
import { TABLE_1_6 } from './tables/table-1-6';
import { TABLE_1_7 } from './tables/table-1-7';
import { TABLE_1_8 } from './tables/table-1-8';

const TABLES: Readonly<Record<Family, readonly ToMicrosoftRow[]>> = {
  jabber: TABLE_1_6,
  cupc: TABLE_1_7,
  'third-party': TABLE_1_8,
};

/** What a Microsoft client shows for the setting of a user of the family, by a document that knows four states: Tables 1-6, 1-7 and 1-8. */
export function toMicrosoft(family: Family, setting: Setting, tables: Tables = {}): FourStates {
  const own = overridden(tables.toMicrosoft, family, setting);
  return own ?? firstMatch(TABLES[family], (row) => row.setting === setting, (row) => row.microsoft, 'offline');
}

/**
 * The same by a document that has a word for every setting: the setting itself, since the tables only say which of four
 * comes nearest; but a deployment's own row is meant, and counts here too.
 */
export function toMicrosoftInFull(family: Family, setting: Setting, tables: Tables = {}): Setting {
  return overridden(tables.toMicrosoft, family, setting) ?? setting;
}
