import { z } from 'zod';
import { isHostName, isNetwork } from '../peers/networks';
import { domainPattern } from './fields';

/** Settings about who of the SIP side may come in. */

/** The peer that `sip.allow` and the next hops of routes make together. */
export const UNNAMED_PEER = 'allow';
/** In metrics: whoever is no peer. */
export const NO_PEER = 'unlisted';

const MAX_PEERS = 100;

export const hostEntry = z
  .string()
  .refine((text) => isNetwork(text) || isHostName(text), 'must be an address, a network such as 192.0.2.0/24, or a host name');

const peer = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,32}$/, 'may hold 1 to 32 letters, digits and _ . - only')
      .refine((name) => name !== UNNAMED_PEER && name !== NO_PEER, `must be another word than ${UNNAMED_PEER} and ${NO_PEER}`)
      .describe('in logs and metrics'),
    from: z.array(hostEntry).min(1).optional().describe('its addresses, networks (CIDR) or host names; all machines of one pool or cluster belong to one peer'),
    tlsNames: z
      .array(z.string().refine(isHostName, 'must be a host name'))
      .min(1)
      .optional()
      .describe('it comes over TLS with a verified certificate that has one of these names; with `from`, both must match. The embedded server only: drachtio shows no certificates'),
    domains: z.array(domainPattern).min(1).optional().describe('domains that its users may be of; default: those of `domain` and of the routes'),
    trusted: z.boolean().default(false).describe('its P-Asserted-Identity counts in place of From (RFC 3325)'),
  })
  .refine(({ from, tlsNames }) => from !== undefined || tlsNames !== undefined, 'give from, tlsNames or both: how is it known?');

export const peersSchema = z.array(peer).max(MAX_PEERS).default([]);

export type PeerConfig = z.infer<typeof peer>;
