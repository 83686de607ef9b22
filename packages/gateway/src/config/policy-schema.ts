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
  mixedScripts: z
    .enum(['ask', 'block'])
    .default('block')
    .describe('SIP users whose name mixes scripts, Cyrillic letters among Latin ones for example, so that it can be taken for another one: `block`: they see everybody as offline, but for users who have put them on their own list; `ask`: as all others'),
  maxListEntries: z.number().int().min(1).max(10_000).default(1_000).describe('entries of each list of a user'),
});

export const administratorsSchema = z.array(
  z.string().refine((text) => {
    const jid = readJid(text);
    return jid.ok && jid.value.local !== '' && jid.value.resource === undefined;
  }, 'must be the address of a user, without a resource'),
);
