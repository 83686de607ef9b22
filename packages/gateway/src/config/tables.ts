import { FAMILIES, SETTINGS, type Setting } from '@isthmus/model';
import { FOUR_STATES, XMPP_STATES, type Tables } from '@isthmus/rules';
import { z } from 'zod';

/** Offline stays offline: who is blocked, unknown or unreachable is never shown as anything else (promises 4 and 5). */
const overridable = z.enum(SETTINGS.filter((setting): setting is Exclude<Setting, 'offline'> => setting !== 'offline'));
const family = z.enum(FAMILIES);
const text = z.string().min(1).max(200);

/** Rows of the manual's tables in a deployment's own words: `family -> setting -> what the other side shows`. */
export const tablesSchema = z.strictObject({
  toMicrosoft: z
    .partialRecord(family, z.partialRecord(overridable, z.enum(FOUR_STATES)))
    .default({})
    .describe('over Tables 1-6 to 1-8: family of the XMPP client, its setting, and what a Microsoft client shows, whatever the document'),
  fromMicrosoft: z
    .partialRecord(family, z.partialRecord(overridable, z.enum(XMPP_STATES)))
    .default({})
    .describe('over Table 1-5: family of the XMPP client, the setting of the Microsoft user, and what the XMPP client shows'),
  statusTexts: z
    .partialRecord(overridable, text)
    .default({})
    .describe('over the short texts of settings (docs/tables/status-texts.md): setting and text'),
});

export const clientFamilySchema = z.strictObject({
  family: family.describe('of the tables: Cisco Jabber, Cisco Unified Personal Communicator 8.x, or all others'),
  capsNode: z.string().min(1).max(256).describe('node of the entity capabilities (XEP-0115) that its clients send; `*` stands for any text'),
});

interface TableSettings {
  readonly tables: z.infer<typeof tablesSchema>;
  readonly availability: { readonly clientFamilies: readonly z.infer<typeof clientFamilySchema>[]; readonly statusTexts: boolean };
}

/** What the rules are told of the configuration. */
export function toTables({ tables, availability }: TableSettings): Tables {
  const { toMicrosoft, fromMicrosoft, statusTexts } = tables;
  const { clientFamilies } = availability;
  return { toMicrosoft, fromMicrosoft, clientFamilies, statusTexts: availability.statusTexts ? statusTexts : 'none' };
}
