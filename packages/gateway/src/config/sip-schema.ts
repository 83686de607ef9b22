import { Resolver } from 'node:dns';
import { z } from 'zod';
import { domainName, host, port, seconds, secret, withSipPort } from './fields';
import { hostEntry, peersSchema } from './peers-schema';
import { sipLimitsSchema } from './sip-limits-schema';

const listener = z
  .strictObject({
    transport: z.enum(['udp', 'tcp', 'tls']).describe('transport of this listener; connections that are opened need one of their transport too'),
    host: host.default('127.0.0.1').describe('own address to listen on; the SIP peers must reach it'),
    port: z.number().int().min(0).max(65_535).optional().describe('0: any free one; default: 5060, with tls 5061'),
  })
  .transform(withSipPort);
const certificateFiles = {
  certificate: z.string().min(1).describe('PEM file of the certificate, followed by the intermediate ones'),
  key: z.string().min(1).describe('PEM file of its private key, without a passphrase, readable by the worker only'),
};
const tls = z.strictObject({
  ...certificateFiles,
  ca: z.string().min(1).describe('PEM file of the authorities that are believed, of peers that connect and of next hops'),
  clientCertificates: z
    .enum(['required', 'optional', 'none'])
    .default('required')
    .describe('whether a peer that connects must show a certificate; one that is shown is checked unless none is asked for'),
  name: domainName.optional().describe('the name by which peers know this server, shown to them in Via and Contact instead of its address: Lync and Skype for Business want it'),
  further: z.array(z.strictObject(certificateFiles)).default([]).describe('certificates for further names of this server, shown to peers that ask for one of them (SNI)'),
  client: z.strictObject(certificateFiles).optional().describe('the certificate shown to next hops, where it is not the one above'),
  minVersion: z.enum(['1.2', '1.3']).default('1.2').describe('the oldest version of TLS that is spoken'),
  handshakeSeconds: seconds.default(10).describe('a handshake that takes longer is given up'),
  maxHandshakes: z.number().int().min(1).default(256).describe('handshakes of peers under way; above that one of the address that has most of them is closed'),
});
const embeddedServer = z.strictObject({
  type: z.literal('embedded').describe('the built-in SIP server: one process, UDP, TCP and TLS'),
  listen: z.array(listener).min(1).describe('where it takes requests'),
  tls: tls.optional().describe('for listeners and routes with transport tls; docs/tls.md. Changed files are taken over within a minute, or at once by SIGHUP'),
  limits: sipLimitsSchema.prefault({}).describe('what it bears of its peers'),
});
const drachtioServer = z.strictObject({
  type: z.literal('drachtio').describe('one or more drachtio servers, sipd processes, or anchors before them'),
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
        tls: z
          .strictObject({
            ca: z.string().min(1).optional().describe('PEM file of the authorities that are believed; default: those of the system'),
            name: domainName.optional().describe('the name that its certificate must show, where it is not `host`'),
          })
          .optional()
          .describe('TLS to an anchor (docs/anchor.md)'),
      }),
    )
    .min(1)
    .describe('all of them; new requests go to any that is connected. SIGHUP takes changes of the list over'),
});

function isDnsServer(text: string): boolean {
  try {
    new Resolver().setServers([text]);
    return true;
  } catch {
    return false;
  }
}

export const sipSchema = z.strictObject({
  server: z.discriminatedUnion('type', [embeddedServer, drachtioServer]).describe('the SIP stack that this worker uses'),
  allow: z
    .array(hostEntry)
    .default([])
    .describe('addresses, networks (CIDR) or host names from which requests are taken, besides the next hops; the short form of one peer'),
  peers: peersSchema.describe('who may send requests in whose name, where `allow` is not enough; the first that matches counts (docs/security.md)'),
  peerRefreshSeconds: seconds.default(60).describe('the host names of peers and next hops are looked up again after so long'),
  dnsServers: z
    .array(z.string().refine(isDnsServer, 'must be an address, or address:port ([address]:port)'))
    .default([])
    .describe('DNS servers for the next hops, address or address:port; none: those of the system, and its hosts file'),
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
