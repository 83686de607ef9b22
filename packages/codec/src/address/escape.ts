/** JID Escaping (XEP-0106 sections 2 to 4; requirement ADDR-4). For localparts only. */

/** The characters that a localpart cannot hold, and the backslash where it would start one of the ten sequences. */
const TO_ESCAPE = /[ "&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/gi;
const SEQUENCE = /\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g;
const SPACE_AT_EDGE = /^\\20|\\20$/;

/** The escaped form of a user name, with lower-case digits; all else stays as it is. */
export function escapeLocalpart(text: string): string {
  return text.replace(TO_ESCAPE, (character) => `\\${character.charCodeAt(0).toString(16)}`);
}

/** The inverse of `escapeLocalpart`. */
export function unescapeLocalpart(localpart: string): string {
  return localpart.replace(SEQUENCE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Are all escapes needed (section 4.2)? Otherwise two localparts would be one user: `\\5cann` and `\\ann`. */
export function isEscapedOnce(localpart: string): boolean {
  return !localpart.includes('\\') || escapeLocalpart(unescapeLocalpart(localpart)) === localpart;
}

/** Section 4.2: an escaped space is neither the first nor the last character. */
export function hasSpaceAtEdge(localpart: string): boolean {
  return SPACE_AT_EDGE.test(localpart);
}
