/**
 * RFC 7247 section 7.1, Table 2: XMPP error conditions to SIP statuses. The type is RFC 6120 section 8.3.3's, the
 * legacy code is XEP-0086's. https://www.rfc-editor.org/rfc/rfc7247#section-7.1
 */

import type { Condition, ErrorType } from '@isthmus/model';

export interface ConditionRow {
  readonly condition: Condition;
  /** The first is the one we send. */
  readonly types: readonly [ErrorType, ...ErrorType[]];
  /** Absent where XEP-0086 is older than the condition. */
  readonly legacy?: number;
  /** The status where the JID in question is a full one: one device could not; the user's others may. */
  readonly full: number;
  /** The status where it is a bare one: nobody can, for this user. */
  readonly bare: number;
  /** `gone` with the new address (MUST). */
  readonly withNewAddress?: number;
  /** The server's name could not be resolved at all. */
  readonly unresolvable?: number;
  /** Our choice where the table leaves one, with its reason. */
  readonly unspecified?: string;
}

export const RFC7247_TABLE_2 = [
  { condition: 'bad-request', types: ['modify'], legacy: 400, full: 400, bare: 400 },
  { condition: 'conflict', types: ['cancel'], legacy: 409, full: 400, bare: 400 },
  {
    condition: 'feature-not-implemented', types: ['cancel', 'modify'], legacy: 501, full: 405, bare: 501,
    unspecified: 'RFC 6120 allows both types: cancel, because trying again does not help',
  },
  { condition: 'forbidden', types: ['auth'], legacy: 403, full: 403, bare: 603 },
  { condition: 'gone', types: ['cancel'], legacy: 302, full: 410, bare: 410, withNewAddress: 301 },
  { condition: 'internal-server-error', types: ['cancel'], legacy: 500, full: 500, bare: 500 },
  { condition: 'item-not-found', types: ['cancel'], legacy: 404, full: 404, bare: 604 },
  { condition: 'jid-malformed', types: ['modify'], legacy: 400, full: 400, bare: 400 },
  { condition: 'not-acceptable', types: ['modify'], legacy: 406, full: 406, bare: 606 },
  { condition: 'not-allowed', types: ['cancel'], legacy: 405, full: 403, bare: 403 },
  { condition: 'not-authorized', types: ['auth'], legacy: 401, full: 401, bare: 401 },
  {
    condition: 'policy-violation', types: ['modify', 'wait'], full: 403, bare: 403,
    unspecified: 'RFC 6120 allows both types: modify, because the rule stays',
  },
  { condition: 'recipient-unavailable', types: ['wait'], legacy: 404, full: 480, bare: 600 },
  { condition: 'redirect', types: ['modify'], legacy: 302, full: 302, bare: 302 },
  { condition: 'registration-required', types: ['auth'], legacy: 407, full: 407, bare: 407 },
  { condition: 'remote-server-not-found', types: ['cancel'], legacy: 404, full: 404, bare: 404, unresolvable: 408 },
  { condition: 'remote-server-timeout', types: ['wait'], legacy: 504, full: 408, bare: 408 },
  { condition: 'resource-constraint', types: ['wait'], legacy: 500, full: 500, bare: 500 },
  {
    condition: 'service-unavailable', types: ['cancel'], legacy: 503, full: 403, bare: 403,
    unspecified: '403 or 405, never 503 (ERR-2): 403, because 405 must list the methods that are allowed',
  },
  { condition: 'subscription-required', types: ['auth'], legacy: 407, full: 400, bare: 400 },
  {
    condition: 'undefined-condition', types: ['cancel', 'auth', 'continue', 'modify', 'wait'], legacy: 500, full: 400,
    bare: 400, unspecified: 'RFC 6120 allows any type: cancel, because nothing tells that trying again helps',
  },
  {
    condition: 'unexpected-request', types: ['wait', 'modify'], legacy: 400, full: 491, bare: 491,
    unspecified: 'wait with 491, or modify with 400: the former, it invites to try again',
  },
] as const satisfies readonly ConditionRow[];
