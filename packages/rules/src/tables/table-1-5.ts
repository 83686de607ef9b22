/**
 * Table 1-5: Availability Mapping States from Microsoft Lync or Microsoft Office Communicator.
 * The manual "Partitioned Intradomain Federation" (Cisco Unified Presence), chapter Integration Overview, section
 * "Availability Mapping States", from page 1-7.
 */

import type { Family, Setting } from '@isthmus/model';
import { firstMatch } from '../first-match';
import { overridden, type Tables } from '../overrides';
import type { FromMicrosoftRow, XmppStates } from './family';

export const TABLE_1_5 = [
  { printed: 'Available', setting: 'available', jabber: 'available', cupc: 'available', 'third-party': 'available' },
  { printed: 'Away', setting: 'away', jabber: 'away', cupc: 'away', 'third-party': 'away' },
  { printed: 'Be Right Back', setting: 'be-right-back', jabber: 'away', cupc: 'away', 'third-party': 'away' },
  { printed: 'Busy', setting: 'busy', jabber: 'busy', cupc: 'busy', 'third-party': 'busy' },
  { printed: 'Do Not Disturb', setting: 'do-not-disturb', jabber: 'busy', cupc: 'busy', 'third-party': 'busy' },
  { printed: 'Appear Offline', setting: 'offline', jabber: 'offline', cupc: 'offline', 'third-party': 'offline' },
  { printed: 'Offline', setting: 'offline', jabber: 'offline', cupc: 'offline', 'third-party': 'offline' },
  {
    setting: 'idle', jabber: 'away', cupc: 'away', 'third-party': 'away',
    unspecified: 'Microsoft sets it by itself when nobody is at the device; XMPP clients call that away',
  },
  {
    setting: 'on-the-phone', jabber: 'busy', cupc: 'busy', 'third-party': 'busy',
    unspecified: 'the manual has no such Microsoft state; Microsoft counts it among Busy, and so does Table 1-7',
  },
  {
    setting: 'meeting', jabber: 'busy', cupc: 'busy', 'third-party': 'busy',
    unspecified: 'the manual has no such Microsoft state; Microsoft counts it among Busy, and so does Table 1-7',
  },
  {
    setting: 'extended-away', jabber: 'away', cupc: 'away', 'third-party': 'away',
    unspecified: 'no Microsoft state; kept total for documents of other origin, nearest is Away',
  },
  {
    setting: 'out-of-office', jabber: 'away', cupc: 'away', 'third-party': 'away',
    unspecified: 'Microsoft publishes it as Away with a token of its own, and the user is signed in',
  },
] as const satisfies readonly FromMicrosoftRow[];

/** What a client of the family shows for a Microsoft user's setting. */
export function fromMicrosoft(family: Family, setting: Setting, tables: Tables = {}): XmppStates {
  const own = overridden(tables.fromMicrosoft, family, setting);
  return own ?? firstMatch<FromMicrosoftRow, XmppStates>(TABLE_1_5, (row) => row.setting === setting, (row) => row[family], 'offline');
}
