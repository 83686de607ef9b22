/**
 * RFC 8048 Table 1 note 4, Table 2 note 1 and section 6.2: which presence stanzas become a NOTIFY, and with which basic
 * status. https://www.rfc-editor.org/rfc/rfc8048#section-6.2
 */

import { firstMatch } from '../first-match';

export interface PresenceTypeRow {
  /** The stanza's `type`; `none` is a presence without one. */
  readonly type: string;
  /** RFC 3863 section 4.1.4; absent: the stanza is about subscriptions and never becomes a NOTIFY. */
  readonly basic?: 'open' | 'closed';
}

export const RFC8048_PRESENCE_TYPES = [
  { type: 'none', basic: 'open' },
  { type: 'unavailable', basic: 'closed' },
  { type: 'subscribe' },
  { type: 'subscribed' },
  { type: 'unsubscribe' },
  { type: 'unsubscribed' },
  { type: 'probe' },
  { type: 'error' },
] as const satisfies readonly PresenceTypeRow[];

/** The basic status that a presence stanza of the type means, or undefined where it is no notification. */
export function basicOfType(type?: string): 'open' | 'closed' | undefined {
  return firstMatch<PresenceTypeRow, 'open' | 'closed' | undefined>(
    RFC8048_PRESENCE_TYPES,
    (row) => row.type === (type ?? 'none'),
    (row) => row.basic,
    undefined,
  );
}

/** The `type` of the presence stanza for a basic status (Table 2 note 1). */
export function typeOfBasic(basic: 'open' | 'closed'): 'unavailable' | undefined {
  return basic === 'closed' ? 'unavailable' : undefined;
}
