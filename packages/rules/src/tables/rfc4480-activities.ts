/**
 * RFC 4480 section 3.2, activities. The names are the RFC's, the mapping is ours.
 * https://www.rfc-editor.org/rfc/rfc4480#section-3.2
 */

import type { Setting, Show } from '@isthmus/model';
import { firstMatch } from '../first-match';

export interface ActivityRow {
  readonly activity: string;
  /** Absent: the activity says nothing of availability, the basic status decides. */
  readonly setting?: Setting;
}

/** From RPID. Of several activities the first with a setting counts. */
export const SETTING_OF_ACTIVITY = [
  { activity: 'busy', setting: 'busy' },
  { activity: 'on-the-phone', setting: 'on-the-phone' },
  { activity: 'meeting', setting: 'meeting' },
  { activity: 'appointment', setting: 'meeting' },
  { activity: 'presentation', setting: 'do-not-disturb' },
  { activity: 'performance', setting: 'do-not-disturb' },
  { activity: 'worship', setting: 'do-not-disturb' },
  { activity: 'away', setting: 'away' },
  { activity: 'breakfast', setting: 'away' },
  { activity: 'lunch', setting: 'away' },
  { activity: 'dinner', setting: 'away' },
  { activity: 'meal', setting: 'away' },
  { activity: 'in-transit', setting: 'away' },
  { activity: 'travel', setting: 'away' },
  { activity: 'steering', setting: 'away' },
  { activity: 'sleeping', setting: 'away' },
  { activity: 'shopping', setting: 'away' },
  { activity: 'spectator', setting: 'away' },
  { activity: 'vacation', setting: 'extended-away' },
  { activity: 'holiday', setting: 'extended-away' },
  { activity: 'permanent-absence', setting: 'extended-away' },
  { activity: 'looking-for-work' },
  { activity: 'playing' },
  { activity: 'tv' },
  { activity: 'working' },
  { activity: 'other' },
  { activity: 'unknown' },
] as const satisfies readonly ActivityRow[];

export interface RpidRow {
  readonly setting: Setting;
  readonly basic: 'open' | 'closed';
  readonly activity?: string;
  /** RFC 8048 Table 1: `show` copied into the status, where the activity alone does not say it. */
  readonly show?: Show;
  /** RFC 4480 section 3.13, the value of user-input. */
  readonly userInput?: 'idle';
}

/** To RPID. */
export const RPID_OF_SETTING = [
  { setting: 'available', basic: 'open' },
  { setting: 'idle', basic: 'open', userInput: 'idle' },
  { setting: 'away', basic: 'open', activity: 'away', show: 'away' },
  { setting: 'be-right-back', basic: 'open', activity: 'away', show: 'away' },
  { setting: 'extended-away', basic: 'open', activity: 'away', show: 'xa' },
  { setting: 'busy', basic: 'open', activity: 'busy' },
  { setting: 'on-the-phone', basic: 'open', activity: 'on-the-phone' },
  { setting: 'meeting', basic: 'open', activity: 'meeting' },
  { setting: 'do-not-disturb', basic: 'open', activity: 'busy', show: 'dnd' },
  { setting: 'out-of-office', basic: 'open', activity: 'away', show: 'xa' },
  { setting: 'offline', basic: 'closed' },
] as const satisfies readonly RpidRow[];

const CLOSED: RpidRow = { setting: 'offline', basic: 'closed' };

/** The setting of an RFC 4480 activity, by the element's local name; undefined where the basic status decides. */
export function settingOfActivity(activity: string): Setting | undefined {
  return firstMatch<ActivityRow, Setting | undefined>(
    SETTING_OF_ACTIVITY,
    (row) => row.activity === activity,
    (row) => row.setting,
    undefined,
  );
}

/** What an RFC 4480 document says for a setting. */
export function rpidOfSetting(setting: Setting): RpidRow {
  return firstMatch<RpidRow, RpidRow>(RPID_OF_SETTING, (row) => row.setting === setting, (row) => row, CLOSED);
}
