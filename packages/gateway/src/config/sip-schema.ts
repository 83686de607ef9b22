import { z } from 'zod';
import { host, port, seconds, secret } from './fields';
import { hostEntry, peersSchema } from './peers-schema';
import { sipLimitsSchema } from './sip-limits-schema';

const listener = z.strictObject({
  transport: z.enum(['udp', 'tcp']).describe('transport of this listener'),
  host: host.default('127.0.0.1').describe('own address to listen on; the SIP peers must reach it'),
  port: z.number().int().min(0).max(65_535).default(5060).describe('0: any free one'),
});
const embeddedServer = z.strictObject({
  type: z.literal('embedded').describe('the built-in SIP server: one process, UDP and TCP, no TLS'),
  listen: z.array(listener).min(1).describe('where it takes requests'),
  limits: sipLimitsSchema.prefault({}).describe('what it bears of its peers'),
});
const drachtioServer = z.strictObject({
  type: z.literal('drachtio').describe('one or more drachtio servers, or sipd processes'),
  servers: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,32}$/, 'may hold 1 to 32 letters, digits and _ - only')
          .describe('unique among the servers; dialogs remember it, so it must stay'),
        host: host.describe('where its admin port is'),
        port: port.default(9022).describe('its admin port'),
        secret: secret('the secret of the admin port').describe('the secret of the admin port; exactly one of the two'),
      }),
    )
    .min(1)
    .describe('all of them; new requests go to any that is connected'),
});

export const sipSchema = z.strictObject({
  server: z.discriminatedUnion('type', [embeddedServer, drachtioServer]).describe('the SIP stack that this worker uses'),
  allow: z
    .array(hostEntry)
    .default([])
    .describe('addresses, networks (CIDR) or host names from which requests are taken, besides the next hops; the short form of one peer'),
  peers: peersSchema.describe('who may send requests in whose name, where `allow` is not enough; the first that matches counts (docs/security.md)'),
  peerRefreshSeconds: seconds.default(60).describe('the host names of peers and next hops are looked up again after so long'),
  requestTimeoutSeconds: seconds.default(10).describe('deadline for the answer to any request of ours but INVITE'),
  inviteTimeoutSeconds: seconds.default(90).describe('deadline for the answer to INVITE: the far user may have to click'),
  nextHopTimeoutSeconds: seconds
    .default(4)
    .describe('a next hop that has said nothing at all to a new request after so long is left for the next one (docs/routing.md)'),
  maxRetryAfterSeconds: z
    .number()
    .int()
    .min(0)
    .max(3_600)
    .default(60)
    .describe('a next hop that answers 503 with Retry-After is left out for so long at most'),
  healthIntervalSeconds: seconds.default(5).describe('pause between two OPTIONS to a next hop'),
  downGraceSeconds: z
    .number()
    .int()
    .min(0)
    .default(3)
    .describe('so long may the SIP servers of a domain be away, once found down, before its contacts are shown offline'),
});
