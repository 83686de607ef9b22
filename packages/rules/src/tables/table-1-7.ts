/**
 * Table 1-7: Availability Mapping States from Cisco Unified Personal Communicator Release 8.x to Microsoft Lync or Microsoft Office
 * Communicator.
 * The manual "Partitioned Intradomain Federation" (Cisco Unified Presence), chapter Integration Overview, section
 * "Availability Mapping States", from page 1-7.
 */

import type { ToMicrosoftRow } from './family';

export const TABLE_1_7 = [
  { printed: 'Available', setting: 'available', microsoft: 'available' },
  { printed: 'Busy', setting: 'busy', microsoft: 'busy' },
  { printed: 'On the Phone', setting: 'on-the-phone', microsoft: 'busy' },
  { printed: 'Meeting', setting: 'meeting', microsoft: 'busy' },
  { printed: 'Away', setting: 'away', microsoft: 'away' },
  { printed: 'Do Not Disturb', setting: 'do-not-disturb', microsoft: 'busy' },
  { printed: 'Offline', setting: 'offline', microsoft: 'offline' },
  { printed: 'Offline—On the Phone', setting: 'offline', microsoft: 'offline' },
  { printed: 'Offline—Meeting', setting: 'offline', microsoft: 'offline' },
  { printed: 'Offline—Out of Office', setting: 'out-of-office', microsoft: 'offline' },
  { setting: 'idle', microsoft: 'away', unspecified: 'nobody is at the device' },
  { setting: 'be-right-back', microsoft: 'away', unspecified: 'as Table 1-5 has it the other way' },
  { setting: 'extended-away', microsoft: 'away', unspecified: 'as Table 1-8 has it' },
] as const satisfies readonly ToMicrosoftRow[];
