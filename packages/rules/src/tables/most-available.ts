/**
 * Which setting wins when one user has several (RFC 8048 section 6.2, end; RFC 3856 section 6.8; requirement PRES-47):
 * most available first. The order is Microsoft's, by its availability numbers 3500, 5000, 6500, 9500, 12500, 15500 and
 * 18500: who is at one of his devices, even if busy, counts before who is away from another.
 */

import type { Setting } from '@isthmus/model';

export const MOST_AVAILABLE = [
  'available',
  'idle',
  'busy',
  'on-the-phone',
  'meeting',
  'do-not-disturb',
  'be-right-back',
  'away',
  'extended-away',
  'out-of-office',
  'offline',
] as const satisfies readonly Setting[];

/** The place of a setting in the order: 0 is the most available. */
export function rankOf(setting: Setting): number {
  return MOST_AVAILABLE.indexOf(setting);
}
