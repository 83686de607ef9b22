/**
 * Table 1-8: Availability Mapping States from Third-Party XMPP Clients to Microsoft Lync or Microsoft Office Communicator.
 * The manual "Partitioned Intradomain Federation" (Cisco Unified Presence), chapter Integration Overview, section
 * "Availability Mapping States", from page 1-7.
 */

import type { ToMicrosoftRow } from './family';

export const TABLE_1_8 = [
  { printed: 'Available', setting: 'available', microsoft: 'available' },
  { printed: 'Away', setting: 'away', microsoft: 'away' },
  { printed: 'Extended Away', setting: 'extended-away', microsoft: 'away' },
  { printed: 'Do Not Disturb', setting: 'do-not-disturb', microsoft: 'busy' },
  { printed: 'Offline', setting: 'offline', microsoft: 'offline' },
  { setting: 'idle', microsoft: 'away', unspecified: 'nobody is at the device' },
  { setting: 'be-right-back', microsoft: 'away', unspecified: 'as Table 1-5 has it the other way' },
  { setting: 'busy', microsoft: 'busy', unspecified: 'Table 1-5 shows Busy to these clients: the inverse' },
  { setting: 'on-the-phone', microsoft: 'busy', unspecified: 'as Table 1-7 has it' },
  { setting: 'meeting', microsoft: 'busy', unspecified: 'as Table 1-7 has it' },
  { setting: 'out-of-office', microsoft: 'offline', unspecified: 'as Tables 1-6 and 1-7 have it' },
] as const satisfies readonly ToMicrosoftRow[];
