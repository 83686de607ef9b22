import { DOCUMENTS } from '@isthmus/rules';
import { z } from 'zod';
import { domainName, domainPattern, host, port, withSipPort } from './fields';

const userPattern = z.string().min(1).max(1_023).regex(/^[^@\s]+$/, 'must be the part of an address before the @, in which * stands for any text');

export const routeSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]+$/, 'may hold letters, digits and _ . - only').describe('in logs and metrics'),
  enabled: z.boolean().default(true).describe('false: as if the route were not there'),
  domains: z
    .array(domainPattern)
    .min(1)
    .optional()
    .describe('domains whose SIP users are behind this route: example.com, *.example.com (all below it, not itself), * (any); default: all served domains'),
  users: z
    .array(userPattern)
    .min(1)
    .default(['*'])
    .describe('users of these domains who are behind this route, by the part before the @; * stands for any text'),
  priority: z.number().int().min(0).max(65_535).default(0).describe('of several routes for one address the one with the greatest priority is tried first'),
  weight: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe('share of the users among routes of one priority; 0: tried after those with a share, in the order of this list'),
  host: host.describe('the next hop: an address or a host name'),
  srv: z
    .boolean()
    .default(false)
    .describe('look for SRV records of the host name first (RFC 3263: _sip._tcp, _sip._udp, for tls _sips._tcp); `port` counts where there are none'),
  port: port.optional().describe('its port; default: 5060, with tls 5061'),
  transport: z.enum(['udp', 'tcp', 'tls']).default('tcp').describe('transport to it; a Microsoft server takes tls (LCS and OCS also tcp)'),
  tls: z.strictObject({ name: domainName.describe('the name that its certificate must show, where that is not `host`') }).optional().describe('with transport tls and the embedded server'),
  streamOnly: z
    .boolean()
    .default(false)
    .describe('every hop up to the SIP users\' devices is TCP or TLS, so texts outside of a session may exceed 1,300 bytes (RFC 3428)'),
  dialect: z.enum(['microsoft', 'simple']).describe('how the server there speaks: OCS, Lync and the like, or any standard SIP/SIMPLE server'),
  variant: z.enum(['lcs', 'ocs', 'lync']).default('lync').describe('which Microsoft server; without meaning for simple'),
  presence: z
    .enum(['msrtc', 'pidf'])
    .default('msrtc')
    .describe('what we ask a Microsoft server for: its own richer document where it has one, or PIDF only'),
  documents: z
    .enum(DOCUMENTS)
    .optional()
    .describe(
      'the richest presence document that Microsoft clients are sent, as far as they accept it: categories or msrtc also tell do not disturb, be right back, on the phone and notes, pidf four states only; default: msrtc for lcs, categories for ocs and lync',
    ),
  messageStatus: z
    .union([z.literal(200), z.literal(202)])
    .default(200)
    .describe('the answer to a text out of dialog that the XMPP server has taken: 200 (RFC 7572) or 202 (RFC 3428)'),
  receipts: z
    .enum(['answer', 'report', 'off'])
    .optional()
    .describe('what confirms a text to an XMPP client that asks (XEP-0184): the answer 200, a delivery report of the far client (IMDN, RFC 5438; dialect simple), or nothing; default: answer for microsoft, off for simple'),
  assumeSentSeconds: z
    .number()
    .int()
    .min(0)
    .max(60)
    .optional()
    .describe('a text in a session that has no answer after so long counts as sent, since clients of LCS 2005 may never answer; 0: no answer is a failure; default: 3 for variant lcs, else 0'),
  approval: z
    .enum(['answer', 'state'])
    .default('answer')
    .describe('when a contact there counts as having approved an XMPP user: at its first answer, or when it first shows another state than offline'),
}).transform(withSipPort);
