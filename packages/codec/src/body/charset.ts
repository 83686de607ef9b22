/**
 * Character sets of bodies. The stack has decoded the whole message as UTF-8 before we see it (drachtio.md DR-15), so
 * for any other set only what is ASCII in both has survived: the rest shows up as U+FFFD.
 */

/** Those in which ASCII text is not a row of ASCII octets. */
const NOT_ASCII = /^(utf-?16|utf-?32|utf-?7|ucs-?[24]|ebcdic|ibm037|cp037|iso-10646)/i;
const UTF_8 = /^(utf-?8|us-ascii|ascii)$/i;
const REPLACEMENT = '\ufffd';

/** Has text in this character set come through a UTF-8 decoder unharmed? No charset means UTF-8 (RFC 3428 section 7). */
export function isIntact(text: string, charset = 'utf-8'): boolean {
  if (UTF_8.test(charset)) return true;
  return !NOT_ASCII.test(charset) && !text.includes(REPLACEMENT);
}

/** Octets that had a transfer encoding of their own. Undefined: not in this character set, or the set is not known. */
export function decodeOctets(octets: Uint8Array, charset = 'utf-8'): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}
