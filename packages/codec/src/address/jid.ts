/** JIDs from text (RFC 7622; requirements ADDR-4, ADDR-9, ADDR-11). */

import { type BareJid, fail, fault, type Jid, type Result, succeed } from '@isthmus/model';
import { readDomain } from './domain';
import { MAX_PART_OCTETS, prepareOpaque, prepareUsername } from './precis';

/** Three parts of at most 1023 octets and two separators. */
const MAX_LENGTH = 3 * MAX_PART_OCTETS + 2;
/** UTF-16 units: more than any text that NFC brings down to 1023 octets. What is longer is refused before any work on it. */
const MAX_UNPREPARED = 2 * MAX_PART_OCTETS;
/** RFC 7622 section 3.3.1. */
const EXCLUDED = /["&'/:<>@]/;
/** Width mapping would turn these into an excluded character, a space or a backslash: a disguise, refused. */
const WIDE_DELIMITER = /[\uFF02\uFF06\uFF07\uFF0F\uFF1A\uFF1C\uFF1E\uFF20\uFF3C\u3000]/u;

/** The parts of a JID as found in text, before preparation. */
export interface JidParts {
  readonly local?: string;
  readonly domain: string;
  readonly resource?: string;
}

/**
 * Reads and prepares a JID. A JID without a localpart (a server, a component) gives `local: ''` and a `bare` that is
 * the domain alone. Fault: `address.malformed`.
 */
export function readJid(text: string): Result<Jid> {
  return text.length > MAX_LENGTH ? malformedJid() : makeJid(splitJid(text));
}

/** RFC 7622 section 3.1: split at the first slash, then at the first at-sign, before any mapping. */
function splitJid(text: string): JidParts {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const at = address.indexOf('@');
  return {
    domain: address.slice(at + 1),
    ...(at < 0 ? {} : { local: address.slice(0, at) }),
    ...(slash < 0 ? {} : { resource: text.slice(slash + 1) }),
  };
}

/** Prepares the parts. Fault: `address.malformed`. */
export function makeJid(parts: JidParts): Result<Jid> {
  const domain = readDomain(parts.domain)?.unicode;
  const local = parts.local === undefined ? '' : prepareLocalpart(parts.local);
  const resource = parts.resource === undefined ? null : prepareResource(parts.resource);
  if (domain === undefined || local === undefined || resource === undefined) {
    return malformedJid();
  }
  const bare = (local === '' ? domain : `${local}@${domain}`) as BareJid;
  return succeed({ bare, local, domain, ...(resource === null ? {} : { resource }) });
}

/** The fault of an address that breaks the rules. */
export function malformedJid(): Result<never> {
  return fail(fault('address.malformed'));
}

/** Whether width mapping would make a delimiter of one of the characters. */
export function hasWideDelimiter(text: string): boolean {
  return WIDE_DELIMITER.test(text);
}

/** A JID as text. */
export function writeJid(jid: Jid): string {
  return jid.resource === undefined ? jid.bare : `${jid.bare}/${jid.resource}`;
}

function prepareLocalpart(text: string): string | undefined {
  const refused = text.length > MAX_UNPREPARED || hasWideDelimiter(text);
  const prepared = refused ? undefined : prepareUsername(text);
  return prepared !== undefined && !EXCLUDED.test(prepared) && fits(prepared) ? prepared : undefined;
}

/** RFC 7622 Table 2 row 18: no leading space. */
function prepareResource(text: string): string | undefined {
  const prepared = text.length > MAX_UNPREPARED ? undefined : prepareOpaque(text);
  return prepared !== undefined && !prepared.startsWith(' ') && fits(prepared) ? prepared : undefined;
}

function fits(part: string): boolean {
  return Buffer.byteLength(part) <= MAX_PART_OCTETS;
}
