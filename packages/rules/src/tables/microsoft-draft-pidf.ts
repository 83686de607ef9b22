/**
 * PIDF as Microsoft servers write and read it: the RPID draft's activities, as text inside `status` (namespace
 * `urn:ietf:params:xml:ns:pidf:status:rpid-status`). Only four states travel; the tokens were seen on the wire.
 */

import type { Setting } from '@isthmus/model';
import { firstMatch } from '../first-match';

export interface DraftReadRow {
  /** The text of `activity`, compared in lower case. */
  readonly token: string;
  readonly setting: Setting;
}

/** With basic open. Any other token: RFC 4480's meaning where it has one, else available. */
export const SETTING_OF_DRAFT_TOKEN = [
  { token: 'available', setting: 'available' },
  { token: 'busy', setting: 'busy' },
  { token: 'away', setting: 'away' },
] as const satisfies readonly DraftReadRow[];

export interface DraftWriteRow {
  readonly setting: Setting;
  readonly basic: 'open' | 'closed';
  readonly token?: 'busy' | 'away';
  readonly unspecified?: string;
}

export const DRAFT_PIDF_OF_SETTING = [
  { setting: 'available', basic: 'open' },
  { setting: 'busy', basic: 'open', token: 'busy' },
  { setting: 'away', basic: 'open', token: 'away' },
  { setting: 'offline', basic: 'closed' },
  { setting: 'do-not-disturb', basic: 'open', token: 'busy', unspecified: 'as Tables 1-6 to 1-8 have it' },
  { setting: 'on-the-phone', basic: 'open', token: 'busy', unspecified: 'as Table 1-7 has it' },
  { setting: 'meeting', basic: 'open', token: 'busy', unspecified: 'as Table 1-7 has it' },
  { setting: 'be-right-back', basic: 'open', token: 'away', unspecified: 'as Table 1-5 has it the other way' },
  { setting: 'extended-away', basic: 'open', token: 'away', unspecified: 'as Table 1-8 has it' },
  { setting: 'idle', basic: 'open', token: 'away', unspecified: 'nobody is at the device' },
  { setting: 'out-of-office', basic: 'closed', unspecified: 'as Tables 1-6 and 1-7 have it' },
] as const satisfies readonly DraftWriteRow[];

const CLOSED: DraftWriteRow = { setting: 'offline', basic: 'closed' };

/** The setting of a draft activity's text; undefined where the token is not Microsoft's. */
export function settingOfDraftToken(token: string): Setting | undefined {
  return firstMatch<DraftReadRow, Setting | undefined>(
    SETTING_OF_DRAFT_TOKEN,
    (row) => row.token === token.toLowerCase(),
    (row) => row.setting,
    undefined,
  );
}

/** What a document in draft form says for a setting. */
export function draftPidfOfSetting(setting: Setting): DraftWriteRow {
  return firstMatch<DraftWriteRow, DraftWriteRow>(DRAFT_PIDF_OF_SETTING, (row) => row.setting === setting, (row) => row, CLOSED);
}
