/**
 * RFC 7247 section 7.2, Table 3: SIP statuses to XMPP error conditions. The column `blame` is ours: it decides who is
 * told. https://www.rfc-editor.org/rfc/rfc7247#section-7.2
 */

import type { Blame, Condition } from '@isthmus/model';

export interface StatusRow {
  /** One status, or both ends of a range of statuses without a row of their own. */
  readonly from: number;
  readonly to: number;
  readonly condition: Condition;
  readonly blame: Blame;
  /** RFC 7247's remark, or ours. */
  readonly rule?: string;
}

const row = (status: number, condition: Condition, blame: Blame = 'peer', rule?: string): StatusRow =>
  rule === undefined
    ? { from: status, to: status, condition, blame }
    : { from: status, to: status, condition, blame, rule };

/** First match wins: the classes come last. */
export const RFC7247_TABLE_3: readonly StatusRow[] = [
  row(300, 'redirect'),
  row(301, 'gone', 'peer', 'gone carries the new address'),
  row(302, 'redirect'),
  row(305, 'redirect'),
  row(380, 'not-acceptable'),
  row(400, 'bad-request'),
  row(401, 'not-authorized', 'us', 'the operator of the route must act; the text is not passed on (ERR-6)'),
  row(402, 'bad-request', 'peer', 'payment-required no longer exists'),
  row(403, 'forbidden', 'peer', 'also not-allowed, policy-violation'),
  row(404, 'item-not-found', 'peer', 'also remote-server-not-found'),
  row(405, 'feature-not-implemented'),
  row(406, 'not-acceptable'),
  row(407, 'registration-required', 'us', 'the operator of the route must act; the text is not passed on (ERR-6)'),
  row(408, 'remote-server-timeout', 'network', 'also remote-server-not-found'),
  row(410, 'gone', 'peer', 'gone carries no address'),
  row(413, 'policy-violation'),
  row(414, 'policy-violation'),
  row(415, 'not-acceptable'),
  row(416, 'not-acceptable'),
  row(420, 'feature-not-implemented'),
  row(421, 'not-acceptable'),
  row(423, 'resource-constraint'),
  row(430, 'recipient-unavailable'),
  row(439, 'feature-not-implemented'),
  row(440, 'policy-violation'),
  row(480, 'recipient-unavailable'),
  row(481, 'item-not-found'),
  row(482, 'not-acceptable'),
  row(483, 'not-acceptable'),
  row(484, 'item-not-found'),
  row(485, 'item-not-found'),
  row(486, 'recipient-unavailable'),
  row(487, 'recipient-unavailable'),
  row(488, 'not-acceptable'),
  row(489, 'policy-violation'),
  row(491, 'unexpected-request'),
  row(493, 'bad-request'),
  row(500, 'internal-server-error'),
  row(501, 'feature-not-implemented'),
  row(502, 'remote-server-not-found', 'network'),
  row(503, 'internal-server-error', 'network'),
  row(504, 'remote-server-timeout', 'network'),
  row(505, 'not-acceptable'),
  row(513, 'policy-violation'),
  row(600, 'recipient-unavailable'),
  row(603, 'recipient-unavailable'),
  row(604, 'item-not-found'),
  row(606, 'not-acceptable'),
  { from: 300, to: 399, condition: 'redirect', blame: 'peer', rule: 'other 3xx' },
  { from: 400, to: 499, condition: 'bad-request', blame: 'peer', rule: 'other 4xx' },
  { from: 500, to: 599, condition: 'internal-server-error', blame: 'peer', rule: 'other 5xx' },
  { from: 600, to: 699, condition: 'recipient-unavailable', blame: 'peer', rule: 'other 6xx' },
];
