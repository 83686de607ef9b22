/**
 * The two PRECIS profiles of JIDs (RFC 7622 sections 3.3 and 3.4, RFC 8265 sections 3.3 and 4.2; requirement ADDR-9).
 * Deviations are confessed in `precis-classes.ts` and `precis-context.ts`.
 */

import { precisProperty } from './precis-classes';
import { isContextAllowed, satisfiesBidiRule } from './precis-context';

/** RFC 7622 section 3.1, for each part of a JID. */
export const MAX_PART_OCTETS = 1023;
/** The common case, decided at once: ASCII7 is valid throughout; text without a letter in upper case maps to itself. */
const PLAIN_USERNAME = /^[\x21-\x40\x5B-\x7E]+$/;
const PLAIN_OPAQUE = /^[\x20-\x7E]+$/;
const WIDE_OR_NARROW = /[\uFF01-\uFFEE]/gu;
const NON_ASCII_SPACE = /\p{Zs}/gu;

/** UsernameCaseMapped: width, case, NFC. The mapping only, for text that is still to be escaped. */
export function mapUsername(text: string): string {
  if (PLAIN_USERNAME.test(text)) return text;
  const narrow = text.replace(WIDE_OR_NARROW, (character) => character.normalize('NFKC'));
  return narrow.toLowerCase().normalize('NFC');
}

/** UsernameCaseMapped, enforced: the prepared text, or undefined where the profile forbids it. */
export function prepareUsername(text: string): string | undefined {
  if (PLAIN_USERNAME.test(text)) {
    return text;
  }
  const mapped = mapUsername(text);
  const stable = mapUsername(mapped) === mapped;
  return stable && isOfClass(mapped, false) && satisfiesBidiRule(mapped) ? mapped : undefined;
}

/** OpaqueString, enforced: the prepared text, or undefined where the profile forbids it. */
export function prepareOpaque(text: string): string | undefined {
  if (PLAIN_OPAQUE.test(text)) {
    return text;
  }
  const mapped = text.replace(NON_ASCII_SPACE, ' ').normalize('NFC');
  return isOfClass(mapped, true) ? mapped : undefined;
}

/**
 * Whether every character belongs to the FreeformClass, or to the IdentifierClass. Empty text belongs to neither, and text
 * too long for a JID is not looked at: the context rules read all of it for each of their characters.
 */
function isOfClass(text: string, freeform: boolean): boolean {
  if (Buffer.byteLength(text) > MAX_PART_OCTETS) {
    return false;
  }
  let index = 0;
  for (const character of text) {
    const property = precisProperty(character);
    const allowed =
      property === 'valid' ||
      (property === 'free' && freeform) ||
      (property === 'context' && isContextAllowed(text, index, character));
    if (!allowed) {
      return false;
    }
    index += character.length;
  }
  return index > 0;
}
