import type { Family, Setting } from '@isthmus/model';
import { firstMatch } from './first-match';
import type { FourStates, ToMicrosoftRow } from './tables/family';
import { TABLE_1_6 } from './tables/table-1-6';
import { TABLE_1_7 } from './tables/table-1-7';
import { TABLE_1_8 } from './tables/table-1-8';

const TABLES: Readonly<Record<Family, readonly ToMicrosoftRow[]>> = {
  jabber: TABLE_1_6,
  cupc: TABLE_1_7,
  'third-party': TABLE_1_8,
};

/** What a Microsoft client shows for the setting of a user of the family: Tables 1-6, 1-7 and 1-8. */
export function toMicrosoft(family: Family, setting: Setting): FourStates {
  return firstMatch(TABLES[family], (row) => row.setting === setting, (row) => row.microsoft, 'offline');
}
