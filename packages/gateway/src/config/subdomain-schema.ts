import { z } from 'zod';
import { domainName } from './fields';

/** How users appear to the other side in subdomain mode. */
export const subdomainSchema = z.strictObject({
  sipDomains: z
    .array(domainName)
    .min(1)
    .optional()
    .describe(
      "domains of the SIP users: those of the first appear as bob@COMPONENT, those of the others as bob\\40their.domain@COMPONENT; default: the component's domain without its first label",
    ),
  appearAs: z
    .record(domainName, domainName)
    .default({})
    .describe('served XMPP domain, and the domain in which its users appear to SIP users; default: the same'),
});
