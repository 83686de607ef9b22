/**
 * Table 1-6: Availability Mapping States from Cisco Jabber to Microsoft Lync or Microsoft Office Communicator.
 * The manual "Partitioned Intradomain Federation" (Cisco Unified Presence), chapter Integration Overview, section
 * "Availability Mapping States", from page 1-7.
 */

import type { ToMicrosoftRow } from './family';

export const TABLE_1_6 = [
  { printed: 'Available', setting: 'available', microsoft: 'available' },
  { printed: 'Away', setting: 'away', microsoft: 'away' },
  { printed: 'Do Not Disturb', setting: 'do-not-disturb', microsoft: 'busy' },
  { printed: 'Out of Office', setting: 'out-of-office', microsoft: 'offline' },
  { printed: 'Offline', setting: 'offline', microsoft: 'offline' },
  { setting: 'idle', microsoft: 'away', unspecified: 'nobody is at the device' },
  { setting: 'be-right-back', microsoft: 'away', unspecified: 'as Table 1-5 has it the other way' },
  { setting: 'extended-away', microsoft: 'away', unspecified: 'as Table 1-8 has it' },
  { setting: 'busy', microsoft: 'busy', unspecified: 'Table 1-5 shows Busy to Jabber: the inverse' },
  { setting: 'on-the-phone', microsoft: 'busy', unspecified: 'as Table 1-7 has it' },
  { setting: 'meeting', microsoft: 'busy', unspecified: 'as Table 1-7 has it' },
] as const satisfies readonly ToMicrosoftRow[];
