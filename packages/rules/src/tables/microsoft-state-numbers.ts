/**
 * application/msrtc-event-categories+xml, the numbers and tokens of the category `state` ([MS-PRES]; the ranges are of
 * Lync's published schema). The same numbers stand in `states/state@avail` of text/xml+msrtc.pidf.
 */

import type { Setting } from '@isthmus/model';
import { firstMatch } from '../first-match';

export interface NumberRow {
  readonly from: number;
  readonly to: number;
  readonly setting: Setting;
  readonly unspecified?: string;
}

export const SETTING_OF_STATE_NUMBER = [
  {
    from: 0, to: 2999, setting: 'offline',
    unspecified: 'sources differ (a client shows 0 as offline): better unreachable than falsely available',
  },
  { from: 3000, to: 4499, setting: 'available' },
  { from: 4500, to: 5999, setting: 'idle' },
  { from: 6000, to: 7499, setting: 'busy' },
  { from: 7500, to: 8999, setting: 'busy', unspecified: 'busy and idle: the watcher learns that he is busy' },
  { from: 9000, to: 11999, setting: 'do-not-disturb' },
  { from: 12000, to: 14999, setting: 'be-right-back' },
  { from: 15000, to: 17999, setting: 'away' },
  { from: 18000, to: Number.MAX_SAFE_INTEGER, setting: 'offline' },
] as const satisfies readonly NumberRow[];

export interface TokenRow {
  /** What the number says. */
  readonly of: Setting;
  /** The token of `activity`; it refines the number's setting and never contradicts it. */
  readonly token: string;
  readonly setting: Setting;
}

export const SETTING_OF_STATE_TOKEN = [
  { of: 'busy', token: 'on-the-phone', setting: 'on-the-phone' },
  { of: 'busy', token: 'in-a-conference', setting: 'on-the-phone' },
  { of: 'busy', token: 'in-a-meeting', setting: 'meeting' },
  { of: 'busy', token: 'urgent-interruptions-only', setting: 'do-not-disturb' },
  { of: 'away', token: 'out-of-office', setting: 'out-of-office' },
] as const satisfies readonly TokenRow[];

export interface PublishedNumberRow {
  readonly setting: Setting;
  readonly number: number;
  /** What the number cannot say. */
  readonly token?: string;
}

/** The number that a Microsoft client publishes for a setting; ours have the nearest. */
export const STATE_NUMBER_OF_SETTING = [
  { setting: 'available', number: 3500 },
  { setting: 'idle', number: 5000 },
  { setting: 'busy', number: 6500 },
  { setting: 'on-the-phone', number: 6500, token: 'on-the-phone' },
  { setting: 'meeting', number: 6500, token: 'in-a-meeting' },
  { setting: 'do-not-disturb', number: 9500 },
  { setting: 'be-right-back', number: 12500 },
  { setting: 'away', number: 15500 },
  { setting: 'extended-away', number: 15500 },
  { setting: 'out-of-office', number: 15500, token: 'out-of-office' },
  { setting: 'offline', number: 18500 },
] as const satisfies readonly PublishedNumberRow[];

/** The setting of a state number with its token; undefined for what is no number of the table. */
export function settingOfStateNumber(number: number, token?: string): Setting | undefined {
  const setting = firstMatch(
    SETTING_OF_STATE_NUMBER,
    (row) => row.from <= number && number <= row.to,
    (row): Setting | undefined => row.setting,
    undefined,
  );
  return firstMatch<TokenRow, Setting | undefined>(
    SETTING_OF_STATE_TOKEN,
    (row) => row.of === setting && row.token === token,
    (row) => row.setting,
    setting,
  );
}

const OFFLINE_ROW: PublishedNumberRow = { setting: 'offline', number: 18500 };

/** The number that stands for a setting, and the token beside it. */
export function stateOf(setting: Setting): PublishedNumberRow {
  return firstMatch<PublishedNumberRow, PublishedNumberRow>(STATE_NUMBER_OF_SETTING, (row) => row.setting === setting, (row) => row, OFFLINE_ROW);
}
