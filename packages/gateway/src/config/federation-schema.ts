import { z } from 'zod';
import { domainPattern } from './fields';

/** Users of other XMPP domains, by server-to-server links (the manual, "Interdomain Federation"; SEC-4). Nothing is let through by itself. */
export const federationSchema = z.strictObject({
  xmppDomains: z
    .array(domainPattern)
    .default([])
    .describe('other XMPP domains whose users may begin to write to and to watch SIP users: partner.example, *.partner.example, or * for any'),
  sipToXmpp: z.array(domainPattern).default([]).describe('other XMPP domains whose users SIP users may begin to write to and to watch'),
});
