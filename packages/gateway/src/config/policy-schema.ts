import { readJid, readPolicyEntry } from '@isthmus/codec';
import { z } from 'zod';

/** Settings about who may see XMPP users. Addresses are checked here and prepared where they are used. */

const entries = (what: string) =>
  z
    .array(z.string().refine((text) => readPolicyEntry(text).ok, 'must be an address such as bob@example.com, or *@domain, or *'))
    .default([])
    .describe(what);

export const policySchema = z.strictObject({
  autoAuthorize: z.boolean().default(false).describe('let SIP users see XMPP users without asking them; each user may say otherwise for himself'),
  allow: entries('SIP users who see everybody without asking, but for users who have refused or blocked them: addresses, `*@domain`, `*`'),
  block: entries('SIP users who see everybody as offline, whatever users say: addresses, `*@domain`, `*`'),
  maxListEntries: z.number().int().min(1).max(10_000).default(1_000).describe('entries of each list of a user'),
});

export const administratorsSchema = z.array(
  z.string().refine((text) => {
    const jid = readJid(text);
    return jid.ok && jid.value.local !== '' && jid.value.resource === undefined;
  }, 'must be the address of a user, without a resource'),
);
