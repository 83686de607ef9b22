import { z } from 'zod';
import { anchorSchema } from './anchor-schema';
import { availabilitySchema } from './availability-schema';
import { federationSchema } from './federation-schema';
import { domainName } from './fields';
import { limitsSchema } from './limits-schema';
import { messagingSchema } from './messaging-schema';
import { administratorsSchema, policySchema } from './policy-schema';
import { routeSchema } from './routes-schema';
import { routingSchema } from './routing-schema';
import { httpSchema, logSchema } from './service-schema';
import { sipSchema } from './sip-schema';
import { storeSchema } from './store-schema';
import { subdomainSchema } from './subdomain-schema';
import { tablesSchema } from './tables';
import { xmppSchema } from './xmpp-schema';

/**
 * The configuration file. Units are in the names. Secrets are never written here: a file or an environment variable is
 * named instead. docs/config.md is generated from the descriptions; config.example.yaml is checked against this schema.
 */

export const configSchema = z.strictObject({
  domain: domainName.describe('the domain that both servers serve'),
  domains: z.array(domainName).default([]).describe('further domains that both servers serve, beside `domain`'),
  worker: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,32}$/, 'may hold 1 to 32 letters, digits and _ - only')
        .optional()
        .describe('unique among the workers; default: host name and process id'),
    })
    .prefault({})
    .describe('this worker'),
  xmpp: xmppSchema.describe('the XMPP server'),
  sip: sipSchema.describe('the SIP side'),
  routes: z.array(routeSchema).min(1).describe('where requests for SIP users go: of the routes for an address the first that is not down is taken; docs/routing.md'),
  routing: routingSchema.prefault({}).describe('who is a SIP user'),
  subdomain: subdomainSchema.prefault({}).describe('addresses in xmpp.mode subdomain'),
  federation: federationSchema.prefault({}).describe('users of other XMPP domains'),
  store: storeSchema.describe('where the state of the pairs is kept'),
  messaging: messagingSchema.prefault({}).describe('messages and sessions'),
  availability: availabilitySchema.prefault({}).describe('presence and who may watch whom'),
  tables: tablesSchema.prefault({}).describe("rows of the manual's tables in your own words; what is absent stays as printed (docs/tables)"),
  policy: policySchema.prefault({}).describe('who may see XMPP users, for all of them; docs/policy.md'),
  administrators: administratorsSchema.default([]).describe('XMPP users who may use the commands for administrators'),
  limits: limitsSchema.prefault({}).describe('bounds of one worker'),
  http: httpSchema,
  log: logSchema,
  anchor: anchorSchema.optional().describe('`isthmus anchor`, which may share this file with workers; docs/anchor.md'),
});

export type Config = z.infer<typeof configSchema>;
export type RouteConfig = Config['routes'][number];
export type SecretRef = Config['xmpp']['secret'];
