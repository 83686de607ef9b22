/**
 * To which family of the manual's tables a client belongs, by the node of its entity capabilities (XEP-0115 section 4).
 * Ours: the manual names products, not what they send. A deployment's own rows come before these.
 */

import type { Family } from '@isthmus/model';

export interface FamilyRow {
  /** The node, compared in lower case; `*` stands for any text, also none. */
  readonly capsNode: string;
  readonly family: Family;
  /** Why, where no client of the family has been seen to send it. */
  readonly unspecified?: string;
}

/** First match wins; what matches none is third-party. */
export const CLIENT_FAMILIES = [
  { capsNode: '*cisco*cupc*', family: 'cupc', unspecified: "inferred from the product's short name" },
  { capsNode: '*cisco*personal*communicator*', family: 'cupc', unspecified: "inferred from the product's name" },
  { capsNode: 'http://jabber.cisco.com/*', family: 'jabber' },
  { capsNode: '*.cisco.com/*', family: 'jabber', unspecified: "inferred: the vendor's other XMPP clients are Jabber" },
] as const satisfies readonly FamilyRow[];
