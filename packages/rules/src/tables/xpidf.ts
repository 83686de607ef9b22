/** application/xpidf+xml ([MS-SIP] sections 2.2.2 and 4.11): `status@status` with `msnsubstatus@substatus`. */

import type { Setting } from '@isthmus/model';
import { firstMatch } from '../first-match';

export interface XpidfRow {
  /** `any` matches whatever is there. */
  readonly status: 'open' | 'closed' | 'inuse' | 'any';
  /** `any` matches whatever is there, and nothing at all. */
  readonly substatus: string;
  readonly setting: Setting;
  readonly unspecified?: string;
}

/** First match wins. */
export const SETTING_OF_XPIDF = [
  { status: 'closed', substatus: 'any', setting: 'offline' },
  { status: 'any', substatus: 'away', setting: 'away' },
  { status: 'any', substatus: 'online', setting: 'available' },
  { status: 'any', substatus: 'idle', setting: 'idle' },
  { status: 'any', substatus: 'busy', setting: 'busy' },
  { status: 'any', substatus: 'berightback', setting: 'be-right-back' },
  { status: 'any', substatus: 'onthephone', setting: 'on-the-phone' },
  { status: 'any', substatus: 'outtolunch', setting: 'away' },
  { status: 'inuse', substatus: 'any', setting: 'busy', unspecified: 'the device is in use: nearest is busy' },
  { status: 'open', substatus: 'any', setting: 'available' },
] as const satisfies readonly XpidfRow[];

export interface XpidfWriteRow {
  readonly setting: Setting;
  readonly status: 'open' | 'closed';
  /** Absent: no `msnsubstatus`. */
  readonly substatus?: string;
  readonly unspecified?: string;
}

export const XPIDF_OF_SETTING = [
  { setting: 'available', status: 'open', substatus: 'online' },
  { setting: 'idle', status: 'open', substatus: 'idle' },
  { setting: 'away', status: 'open', substatus: 'away' },
  { setting: 'be-right-back', status: 'open', substatus: 'berightback' },
  { setting: 'extended-away', status: 'open', substatus: 'away', unspecified: 'no such token: nearest is away' },
  { setting: 'busy', status: 'open', substatus: 'busy' },
  { setting: 'on-the-phone', status: 'open', substatus: 'onthephone' },
  { setting: 'meeting', status: 'open', substatus: 'busy', unspecified: 'no such token: nearest is busy' },
  { setting: 'do-not-disturb', status: 'open', substatus: 'busy', unspecified: 'no such token: nearest is busy' },
  { setting: 'out-of-office', status: 'open', substatus: 'away', unspecified: 'Microsoft counts it among Away' },
  { setting: 'offline', status: 'closed' },
] as const satisfies readonly XpidfWriteRow[];

const CLOSED: XpidfWriteRow = { setting: 'offline', status: 'closed' };

/** What a document says for a setting. */
export function xpidfOfSetting(setting: Setting): XpidfWriteRow {
  return firstMatch<XpidfWriteRow, XpidfWriteRow>(XPIDF_OF_SETTING, (row) => row.setting === setting, (row) => row, CLOSED);
}

/** The setting of the two attributes; undefined where the status is absent or none of the table. */
export function settingOfXpidf(status?: string, substatus?: string): Setting | undefined {
  const known = status === 'open' || status === 'closed' || status === 'inuse';
  return firstMatch<XpidfRow, Setting | undefined>(
    SETTING_OF_XPIDF,
    (row) => known && matches(row.status, status) && matches(row.substatus, substatus),
    (row) => row.setting,
    undefined,
  );
}

function matches(cell: string, value: string | undefined): boolean {
  return cell === 'any' || cell === value;
}
