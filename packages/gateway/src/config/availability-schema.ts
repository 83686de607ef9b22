import { DEFAULT_SETTINGS } from '@isthmus/engine';
import { z } from 'zod';
import { seconds } from './fields';
import { clientFamilySchema } from './tables';

const engine = DEFAULT_SETTINGS;

export const availabilitySchema = z.strictObject({
  watchExpiresSeconds: seconds.default(engine.watchExpiresSeconds).describe('the Expires that our SUBSCRIBE asks for'),
  minExpiresSeconds: seconds.default(engine.minExpiresSeconds).describe('the shortest expiry that a SIP watcher is granted'),
  maxExpiresSeconds: seconds.default(engine.maxExpiresSeconds).describe('the longest expiry that a SIP watcher is granted'),
  retryMinSeconds: seconds.default(engine.retryMinSeconds).describe('first pause before a failed SUBSCRIBE is tried again; it doubles each time'),
  retryMaxSeconds: seconds.default(engine.retryMaxSeconds).describe('longest pause before a failed SUBSCRIBE is tried again'),
  maxWatchDialogs: z.number().int().min(1).max(64).default(engine.maxWatchDialogs).describe('devices of one SIP user that may watch one XMPP user'),
  notifyIntervalSeconds: z.number().int().min(0).max(300).default(engine.notifyIntervalSeconds).describe('a change goes out to SIP watchers at once, and those that follow within so long as one (RFC 3856: 5); 0 = all at once'),
  maxResources: z.number().int().min(1).max(256).default(engine.maxResources).describe('resources of one XMPP user that are taken note of'),
  clientFamilies: z
    .array(clientFamilySchema)
    .max(100)
    .default([])
    .describe('which XMPP clients belong to which family of the tables, before our own rows (docs/tables/client-families.md)'),
  statusTexts: z.boolean().default(true).describe('say "On the phone" and the like where a SIP user wrote no text and XMPP has no word for his setting'),
  accountCacheSeconds: seconds.default(60).describe('so long is the answer to "has this user an account" believed'),
});
