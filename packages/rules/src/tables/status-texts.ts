/**
 * What is said in the `status` of a SIP user who wrote nothing himself (RFC 6121 section 4.7.2.2), where the `show` alone
 * cannot tell his setting from others. Ours.
 */

import type { Setting } from '@isthmus/model';
import { firstMatch } from '../first-match';
import type { Tables } from '../overrides';

export interface StatusTextRow {
  readonly setting: Setting;
  readonly text: string;
}

export const STATUS_TEXTS = [
  { setting: 'idle', text: 'Inactive' },
  { setting: 'be-right-back', text: 'Be right back' },
  { setting: 'on-the-phone', text: 'On the phone' },
  { setting: 'meeting', text: 'In a meeting' },
  { setting: 'do-not-disturb', text: 'Do not disturb' },
  { setting: 'out-of-office', text: 'Out of office' },
] as const satisfies readonly StatusTextRow[];

/** The text of a setting; undefined where its `show` says it, or the deployment wants none. */
export function statusTextOf(setting: Setting, { statusTexts = {} }: Tables = {}): string | undefined {
  if (statusTexts === 'none') return undefined;
  const own = statusTexts[setting];
  return own ?? firstMatch<StatusTextRow, string | undefined>(STATUS_TEXTS, (row) => row.setting === setting, (row) => row.text, undefined);
}
