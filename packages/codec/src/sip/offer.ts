import { ACCEPTED_TYPES } from '../body/text';
import type { LooseHeaders } from './safe';

/** What we understand, as the headers say it. */

export const METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'MESSAGE', 'INFO', 'SUBSCRIBE', 'NOTIFY', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

export const ALLOW = METHODS.join(', ');
export const EVENT_PACKAGE = 'presence';

/** Seconds that a peer should wait after our 503, which is never for one user (ERR-2). */
const RETRY_AFTER = '10';

/** The headers that a status demands whatever the request was (RFC 3261 section 21.4, RFC 6665 section 8.3.2, IM-7). */
export function headersOfStatus(status: number): LooseHeaders {
  if (status === 405) return { Allow: ALLOW };
  if (status === 415) return { Accept: ACCEPTED_TYPES, 'Accept-Encoding': 'identity' };
  if (status === 503) return { 'Retry-After': RETRY_AFTER };
  if (status === 489) return { 'Allow-Events': EVENT_PACKAGE };
  return {};
}
