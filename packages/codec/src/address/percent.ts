/** Percent-encoding of URIs (RFC 3986 section 2.1, RFC 7247 section 6; requirements ADDR-1, ADDR-3, ADDR-5, ADDR-6). */

/** Allowed bare in the user part: RFC 3261 section 25.1, unreserved and user-unreserved. */
export const SIP_USER = /[A-Za-z0-9\-_.!~*'()&=+$,;?/]/;

/** Allowed bare in a URI parameter's value: RFC 3261 section 25.1, paramchar. */
export const PARAMETER = /[A-Za-z0-9\-_.!~*'()[\]/:&+$]/;

/** Allowed bare in im: and pres: URIs: RFC 7247 Table 1, less `%`, which would read as an escape. */
export const IM_USER = /[A-Za-z0-9!#$&'*+\-/=?^_`{|}~]/;

const STRAY_PERCENT = /%(?![0-9A-Fa-f]{2})/g;
/** The common case, decided at once: ASCII without an escape. */
const PLAIN = /^[!-$&-~]*$/;
const LONE_SURROGATE = /\p{Cs}/u;

/** Undoes the escapes. A stray `%` stays (ADDR-6); octets that are no UTF-8 give undefined (ADDR-5). */
export function percentDecode(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  if (LONE_SURROGATE.test(text)) {
    return undefined;
  }
  try {
    return decodeURIComponent(text.replace(STRAY_PERCENT, '%25'));
  } catch {
    return undefined;
  }
}

/** The common case, decided at once: these are allowed bare everywhere. */
const NEVER_ESCAPED = /^[A-Za-z0-9\-_*]*$/;

/** Escapes every character that `bare` does not match, as UTF-8 octets with upper-case digits. The text is well-formed. */
export function percentEncode(text: string, bare: RegExp): string {
  if (NEVER_ESCAPED.test(text)) return text;
  return [...text].map((character) => (bare.test(character) ? character : encodeOne(character))).join('');
}

function encodeOne(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x80 ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(character);
}
