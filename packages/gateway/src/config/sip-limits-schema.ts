import { DEFAULT_LIMITS, type SipdOptions } from '@isthmus/sipd';
import { z } from 'zod';
import { seconds } from './fields';

const defaults = DEFAULT_LIMITS;
const count = (fallback: number, least = 1) => z.number().int().min(least).max(10_000_000).default(fallback);

/** Bounds of the embedded SIP server. What a far end sends beyond them is answered if it can be, and never kept. */
export const sipLimitsSchema = z.strictObject({
  maxConnections: count(defaults.connections).describe('connections of a listener that SIP peers have opened; one more is closed. Hosts that are not listed and show no certificate have at most a quarter of them'),
  maxAddressConnections: count(defaults.connectionsPerAddress).describe('of these, connections of one address; one more is closed'),
  idleSeconds: seconds.default(defaults.idleMs / 1_000).describe('a connection without traffic is closed after so long'),
  unfinishedSeconds: seconds.default(defaults.silentMs / 1_000).describe('so long may a connection take for its first message, and for the rest of each that it has begun; then it is closed'),
  maxUnfinishedBytes: z.number().int().min(1_000_000).default(defaults.unfinishedBytes).describe('parts of messages that are not complete, over all connections of a listener; above that a connection of the address that has sent most of them is closed'),
  maxUnsentBytes: count(defaults.peerBacklogBytes, 100_000).describe('what waits for one peer that does not read; its connection is closed'),
  maxFirstLineBytes: count(defaults.firstLineBytes, 1_000).describe('first line of a message; a longer one is answered 414, or ends the connection'),
  maxHeaderFields: count(defaults.headerFields, 20).describe('header fields of a message; more are answered 513'),
  maxHeadBytes: count(defaults.headBytes, 2_000).describe('first line and header fields of a message together; more are answered 513, and end a connection'),
  maxBodyBytes: count(1_000_000, 2_000).describe('body of a message; a larger one is answered 413, and ends a connection'),
  maxTransactions: count(defaults.transactions, 100).describe('requests of both sides that are not over; one more is answered 503'),
  maxDialogs: count(defaults.dialogs, 100).describe('sessions and subscriptions; a request for one more is answered 503'),
});

export type SipLimits = z.infer<typeof sipLimitsSchema>;

/** In the server's own words. */
export function sipdLimits(limits: SipLimits): NonNullable<SipdOptions['limits']> {
  return {
    connections: limits.maxConnections,
    connectionsPerAddress: limits.maxAddressConnections,
    idleMs: limits.idleSeconds * 1_000,
    silentMs: limits.unfinishedSeconds * 1_000,
    unfinishedBytes: limits.maxUnfinishedBytes,
    peerBacklogBytes: limits.maxUnsentBytes,
    firstLineBytes: limits.maxFirstLineBytes,
    headerFields: limits.maxHeaderFields,
    headBytes: limits.maxHeadBytes,
    bodyBytes: limits.maxBodyBytes,
    transactions: limits.maxTransactions,
    dialogs: limits.maxDialogs,
  };
}
