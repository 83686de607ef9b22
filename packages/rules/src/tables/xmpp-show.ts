/**
 * RFC 6121 section 4.7.2.1 `show` and XEP-0108 activities, to and from the settings of the manual. Ours: the manual
 * names what clients show ("Extended Away", "Do Not Disturb"), not what they send.
 */

import type { Setting, Show } from '@isthmus/model';
import { firstMatch } from '../first-match';

export interface ShowRow {
  readonly setting: Setting;
  readonly available: boolean;
  /** Absent: no `show` element. */
  readonly show?: Show;
}

/** How a setting is told to an XMPP user. */
export const SHOW_OF_SETTING = [
  { setting: 'available', available: true },
  { setting: 'idle', available: true, show: 'away' },
  { setting: 'away', available: true, show: 'away' },
  { setting: 'be-right-back', available: true, show: 'away' },
  { setting: 'extended-away', available: true, show: 'xa' },
  { setting: 'busy', available: true, show: 'dnd' },
  { setting: 'on-the-phone', available: true, show: 'dnd' },
  { setting: 'meeting', available: true, show: 'dnd' },
  { setting: 'do-not-disturb', available: true, show: 'dnd' },
  { setting: 'out-of-office', available: true, show: 'xa' },
  { setting: 'offline', available: false },
] as const satisfies readonly ShowRow[];

export interface SettingRow {
  /** `none` is an available presence without a `show`. */
  readonly show: Show | 'none';
  /** The XEP-0108 activity this row needs; absent: any or none. */
  readonly activity?: string;
  readonly setting: Setting;
}

/**
 * What an XMPP user's resource says. An activity only refines a user who said nothing else: who sets himself away or
 * do-not-disturb means it.
 */
export const SETTING_OF_SHOW: readonly SettingRow[] = [
  { show: 'none', activity: 'talking/on_the_phone', setting: 'on-the-phone' },
  { show: 'none', activity: 'talking/on_video_phone', setting: 'on-the-phone' },
  { show: 'none', activity: 'working/in_a_meeting', setting: 'meeting' },
  { show: 'none', activity: 'having_appointment', setting: 'meeting' },
  { show: 'none', setting: 'available' },
  { show: 'chat', setting: 'available' },
  { show: 'away', setting: 'away' },
  { show: 'xa', setting: 'extended-away' },
  { show: 'dnd', setting: 'do-not-disturb' },
];

const OFFLINE_ROW: ShowRow = { setting: 'offline', available: false };

/** Whether an XMPP user sees the setting as available, and with which `show`. */
export function showOf(setting: Setting): { readonly available: boolean; readonly show?: Show } {
  const row = firstMatch<ShowRow, ShowRow>(SHOW_OF_SETTING, (candidate) => candidate.setting === setting, (found) => found, OFFLINE_ROW);
  return row.show === undefined ? { available: row.available } : { available: row.available, show: row.show };
}

/** The setting of an available resource. */
export function settingOf(show?: Show, activity?: string): Setting {
  return firstMatch(
    SETTING_OF_SHOW,
    (row) => row.show === (show ?? 'none') && (row.activity === undefined || row.activity === activity),
    (row) => row.setting,
    'available',
  );
}
