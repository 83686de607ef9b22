/** The shape of the manual's tables, which tell three families of XMPP clients apart. */

import type { Setting } from '@isthmus/model';

/** What crosses to Microsoft: the manual's right-hand columns know these four only. */
export const FOUR_STATES = ['available', 'away', 'busy', 'offline'] as const;
export type FourStates = (typeof FOUR_STATES)[number];

/** What an XMPP client can show: the four states, and the one more that RFC 6121 section 4.7.2.1 has a `show` for. */
export const XMPP_STATES = [...FOUR_STATES, 'extended-away'] as const;
export type XmppStates = (typeof XMPP_STATES)[number];

/** One row of a table that leads to Microsoft. */
export interface ToMicrosoftRow {
  /** As the manual prints it; absent where the manual leaves the cell open. */
  readonly printed?: string;
  readonly setting: Setting;
  readonly microsoft: FourStates;
  /** Our reason, where the manual leaves the cell open. */
  readonly unspecified?: string;
}

/** One row of the table that leads from Microsoft, a column for each family. */
export interface FromMicrosoftRow {
  readonly printed?: string;
  readonly setting: Setting;
  readonly jabber: FourStates;
  readonly cupc: FourStates;
  readonly 'third-party': FourStates;
  readonly unspecified?: string;
}
