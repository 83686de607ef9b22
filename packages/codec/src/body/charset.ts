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

/** What windows-1252 has from 0x80 to 0x9f (WHATWG Encoding, index windows-1252). */
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';
const C1 = /[\u0080-\u009f]/g;

/** Octets that had an encoding of their own. Undefined: not in this character set, or the set is not known. */
export function decodeOctets(octets: Uint8Array, charset = 'utf-8'): string | undefined {
  try {
    const decoder = new TextDecoder(charset, { fatal: true });
    const text = decoder.decode(octets);
    // Node 20 decodes windows-1252 (and all that stands for it) as ISO 8859-1, which has controls where that has text.
    return decoder.encoding === 'windows-1252' ? text.replace(C1, (control) => WINDOWS_1252.charAt(control.charCodeAt(0) - 0x80)) : text;
  } catch {
    return undefined;
  }
}
