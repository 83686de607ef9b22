/**
 * text/xml+msrtc.pidf: the numbers of `availability@aggregate` and `activity@aggregate` ([MS-SIP] sections 2.2.1, 4.4).
 */

import type { Setting } from '@isthmus/model';
import { firstMatch } from '../first-match';

export interface AggregateRow {
  readonly from: number;
  readonly to: number;
  /** Absent: the activity decides. */
  readonly setting?: Setting;
  readonly meaning: string;
  readonly unspecified?: string;
}

export const SETTING_OF_AVAILABILITY = [
  { from: 0, to: 99, setting: 'offline', meaning: 'offline, cannot be called' },
  { from: 100, to: 199, meaning: 'maybe' },
  { from: 200, to: 299, meaning: 'connected' },
  { from: 300, to: 399, meaning: 'near' },
] as const satisfies readonly AggregateRow[];

export const SETTING_OF_ACTIVITY_NUMBER = [
  { from: 0, to: 99, setting: 'available', meaning: 'unknown', unspecified: 'the availability says that he can be reached' },
  { from: 100, to: 149, setting: 'away', meaning: 'away' },
  { from: 150, to: 199, setting: 'away', meaning: 'out to lunch' },
  { from: 200, to: 299, setting: 'idle', meaning: 'idle' },
  { from: 300, to: 399, setting: 'be-right-back', meaning: 'be right back' },
  { from: 400, to: 499, setting: 'available', meaning: 'active' },
  { from: 500, to: 599, setting: 'on-the-phone', meaning: 'in a session' },
  { from: 600, to: 699, setting: 'busy', meaning: 'busy' },
  { from: 700, to: 799, setting: 'away', meaning: 'away' },
  { from: 800, to: 999, setting: 'available', meaning: 'active' },
] as const satisfies readonly AggregateRow[];

export interface MsrtcRow {
  readonly setting: Setting;
  readonly availability: number;
  readonly activity: number;
  /** `userInfo/states/state@avail`, for what the two numbers cannot say. */
  readonly state?: number;
  readonly unspecified?: string;
}

export const MSRTC_OF_SETTING = [
  { setting: 'available', availability: 300, activity: 400 },
  { setting: 'idle', availability: 300, activity: 200 },
  { setting: 'away', availability: 300, activity: 100 },
  { setting: 'be-right-back', availability: 300, activity: 300 },
  { setting: 'busy', availability: 300, activity: 600 },
  { setting: 'on-the-phone', availability: 300, activity: 500 },
  { setting: 'do-not-disturb', availability: 300, activity: 600, state: 9500 },
  { setting: 'offline', availability: 0, activity: 100 },
  { setting: 'extended-away', availability: 300, activity: 100, unspecified: 'no such number: nearest is away' },
  { setting: 'meeting', availability: 300, activity: 600, unspecified: 'no such number: nearest is busy' },
  { setting: 'out-of-office', availability: 300, activity: 100, unspecified: 'Microsoft counts it among Away' },
] as const satisfies readonly MsrtcRow[];

const OFFLINE_ROW: MsrtcRow = { setting: 'offline', availability: 0, activity: 100 };

/** The setting of the two aggregate numbers; undefined where one is none of the table. */
export function settingOfAggregates(availability: number, activity: number): Setting | undefined {
  const byActivity = lookUp(SETTING_OF_ACTIVITY_NUMBER, activity)?.setting;
  const row = lookUp(SETTING_OF_AVAILABILITY, availability);
  return row === undefined ? undefined : (row.setting ?? byActivity);
}

function lookUp(rows: readonly AggregateRow[], number: number): AggregateRow | undefined {
  return rows.find((row) => row.from <= number && number <= row.to);
}

/** The numbers that say a setting. */
export function msrtcOfSetting(setting: Setting): MsrtcRow {
  return firstMatch<MsrtcRow, MsrtcRow>(MSRTC_OF_SETTING, (row) => row.setting === setting, (row) => row, OFFLINE_ROW);
}
