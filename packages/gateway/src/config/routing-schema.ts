import { z } from 'zod';
import { seconds } from './fields';

/** How it is decided whether an address without an XMPP account is a SIP user's (the manual, "Request Routing"). */

const fileList = z.strictObject({
  type: z.literal('file').describe('the list is a text file; it is read again when it changes and at SIGHUP'),
  file: z.string().min(1).describe('its path: one address a line; what follows # is a comment'),
  lookSeconds: seconds.default(2).describe('pause between two looks whether the file has changed'),
});
const redisList = z.strictObject({
  type: z.literal('redis').describe('the list is kept in the Redis of `store`, shared by all workers; `isthmus users` fills it'),
  cacheSeconds: seconds.default(30).describe('so long is an answer about an address believed'),
  maxCachedUsers: z.number().int().min(1).max(10_000_000).default(50_000).describe('addresses whose answer a worker remembers'),
});

export const routingSchema = z.strictObject({
  mode: z
    .enum(['basic', 'advanced'])
    .default('basic')
    .describe('basic: whoever has no XMPP account is taken for a SIP user; advanced: only who is on the list of SIP users too; docs/routing-modes.md'),
  sipUsers: z.discriminatedUnion('type', [fileList, redisList]).optional().describe('the list of SIP users, for mode advanced'),
  unlistedSenders: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe('in mode advanced: may somebody who is not on the list write from the SIP side; refuse: 403'),
});
