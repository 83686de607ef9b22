/** Writes docs/tables/*.md from the mapping tables of packages/rules: `node -r ./scripts/register.cjs scripts/tables.ts`. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_FAMILIES } from '../packages/rules/src/tables/client-families';
import { EMOTICONS } from '../packages/rules/src/tables/emoticons';
import { DRAFT_PIDF_OF_SETTING, SETTING_OF_DRAFT_TOKEN } from '../packages/rules/src/tables/microsoft-draft-pidf';
import {
  SETTING_OF_STATE_NUMBER,
  SETTING_OF_STATE_TOKEN,
  STATE_NUMBER_OF_SETTING,
} from '../packages/rules/src/tables/microsoft-state-numbers';
import { MOST_AVAILABLE } from '../packages/rules/src/tables/most-available';
import { MSRTC_OF_SETTING, SETTING_OF_ACTIVITY_NUMBER, SETTING_OF_AVAILABILITY } from '../packages/rules/src/tables/msrtc-pidf';
import { RPID_OF_SETTING, SETTING_OF_ACTIVITY } from '../packages/rules/src/tables/rfc4480-activities';
import { RFC7247_TABLE_2 } from '../packages/rules/src/tables/rfc7247-table-2';
import { RFC7247_TABLE_3 } from '../packages/rules/src/tables/rfc7247-table-3';
import { RFC8048_PRESENCE_TYPES } from '../packages/rules/src/tables/rfc8048-presence-types';
import { STATUS_TEXTS } from '../packages/rules/src/tables/status-texts';
import { TABLE_1_5 } from '../packages/rules/src/tables/table-1-5';
import { TABLE_1_6 } from '../packages/rules/src/tables/table-1-6';
import { TABLE_1_7 } from '../packages/rules/src/tables/table-1-7';
import { TABLE_1_8 } from '../packages/rules/src/tables/table-1-8';
import { SETTING_OF_SHOW, SHOW_OF_SETTING } from '../packages/rules/src/tables/xmpp-show';
import { SETTING_OF_XPIDF, XPIDF_OF_SETTING } from '../packages/rules/src/tables/xpidf';

type Row = Readonly<Record<string, unknown>>;
type Part = readonly [heading: string, rows: readonly Row[]];
type Page = readonly [title: string, ...parts: Part[]];

const MANUAL = 'Availability Mapping States, the manual from page 1-7';

const PAGES: Readonly<Record<string, Page>> = {
  'table-1-5': ['Table 1-5: from Microsoft', [MANUAL, [...TABLE_1_5]]],
  'table-1-6': ['Table 1-6: from Cisco Jabber to Microsoft', [MANUAL, [...TABLE_1_6]]],
  'table-1-7': ['Table 1-7: from Cisco Unified Personal Communicator 8.x to Microsoft', [MANUAL, [...TABLE_1_7]]],
  'table-1-8': ['Table 1-8: from third-party XMPP clients to Microsoft', [MANUAL, [...TABLE_1_8]]],
  'client-families': ['Families of XMPP clients', ['By the node of the entity capabilities (XEP-0115)', [...CLIENT_FAMILIES]]],
  'status-texts': ['Texts of settings, to XMPP', ['Where the SIP user wrote none', [...STATUS_TEXTS]]],
  'errors-to-sip': ['XMPP error conditions to SIP statuses', ['RFC 7247 Table 2', [...RFC7247_TABLE_2]]],
  'errors-from-sip': [
    'SIP statuses to XMPP error conditions',
    ['RFC 7247 Table 3', RFC7247_TABLE_3.map(({ from, to, ...rest }) => ({ status: from === to ? from : `${from}-${to}`, ...rest }))],
  ],
  'xmpp-show': ['XMPP show and activities', ['To XMPP', [...SHOW_OF_SETTING]], ['From XMPP', SETTING_OF_SHOW.map((row) => ({ ...row }))]],
  'most-available': [
    'Which setting wins (PRES-47)',
    ['Most available first', MOST_AVAILABLE.map((setting, index) => ({ rank: index, setting }))],
  ],
  'presence-types': ['Presence stanzas that become a NOTIFY', ['RFC 8048 Tables 1 and 2', [...RFC8048_PRESENCE_TYPES]]],
  'rfc4480-activities': [
    'RPID activities (RFC 4480)',
    ['To RPID', [...RPID_OF_SETTING]],
    ['From RPID', [...SETTING_OF_ACTIVITY]],
  ],
  'microsoft-draft-pidf': [
    "PIDF in Microsoft's draft form",
    ['To Microsoft', [...DRAFT_PIDF_OF_SETTING]],
    ['From Microsoft', [...SETTING_OF_DRAFT_TOKEN]],
  ],
  'msrtc-pidf': [
    'text/xml+msrtc.pidf',
    ['To Microsoft', [...MSRTC_OF_SETTING]],
    ['From Microsoft: availability', [...SETTING_OF_AVAILABILITY]],
    ['From Microsoft: activity', [...SETTING_OF_ACTIVITY_NUMBER]],
  ],
  'microsoft-state-numbers': [
    'application/msrtc-event-categories+xml',
    ['From Microsoft: numbers', [...SETTING_OF_STATE_NUMBER]],
    ['From Microsoft: tokens', [...SETTING_OF_STATE_TOKEN]],
    ['The number of a setting', [...STATE_NUMBER_OF_SETTING]],
  ],
  emoticons: [
    'Emoticons',
    ['Text codes, where `messaging.emoticons` is `emoji`; those with `read` no are written only', EMOTICONS.map((row) => ({ ...row, also: row.also.join(' ') }))],
  ],
  xpidf: ['application/xpidf+xml', ['To Microsoft', [...XPIDF_OF_SETTING]], ['From Microsoft', [...SETTING_OF_XPIDF]]],
};

/** The text of each page, by file name. */
export function renderTables(): ReadonlyMap<string, string> {
  return new Map(Object.entries(PAGES).map(([name, page]) => [`${name}.md`, renderPage(page)]));
}

function renderPage([title, ...parts]: Page): string {
  const banner = 'Generated from `packages/rules/src/tables`; do not edit. First match wins.';
  return [`# ${title}`, banner, ...parts.flatMap(renderPart)].join('\n\n').concat('\n');
}

/** The column `unspecified` comes last: what the source leaves open is our choice, and here is why. */
function renderPart([heading, rows]: Part): readonly string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.filter((name) => name !== 'unspecified').concat(names.filter((name) => name === 'unspecified'));
  const lines = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((column) => renderCell(row[column])))];
  return [`## ${heading}`, lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')];
}

function renderCell(value: unknown): string {
  if (value === Number.MAX_SAFE_INTEGER) {
    return 'and above';
  }
  return Array.isArray(value) ? value.join(', ') : String(value ?? '').replaceAll('|', '\\|');
}

if (require.main === module) {
  const folder = join(__dirname, '..', 'docs', 'tables');
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of renderTables()) {
    writeFileSync(join(folder, file), text);
  }
}
