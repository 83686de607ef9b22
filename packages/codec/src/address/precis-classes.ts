/**
 * The PRECIS string classes (RFC 8264 sections 4, 8 and 9), read from the Unicode properties of the running Node.
 * No maintained PRECIS package exists for Node, hence this table. Deviation: a newer Unicode version than the peer's
 * allows characters that the peer calls unassigned.
 */

/** `free` is FREE_PVAL: allowed in the FreeformClass only. `context` is allowed where its rule says so. */
export type PrecisProperty = 'valid' | 'free' | 'context' | 'disallowed';

type Row = readonly [matches: RegExp, property: PrecisProperty, source: string];

/** In the order of RFC 8264 section 8; first match wins. HasCompat (9.17) is no property of Unicode: see below. */
const BEFORE_COMPATIBILITY = [
  [/[\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007]/u, 'valid', '9.6 Exceptions'],
  [/[\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B]/u, 'disallowed', '9.6 Exceptions'],
  [/[\u00B7\u0375\u05F3\u05F4\u30FB\u0660-\u0669\u06F0-\u06F9]/u, 'context', '9.6 Exceptions'],
  [/\p{Cn}/u, 'disallowed', '9.10 Unassigned'],
  [/[\x21-\x7E]/u, 'valid', '9.11 ASCII7'],
  [/\p{Join_Control}/u, 'context', '9.8 JoinControl'],
  [/[\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]/u, 'disallowed', '9.9 OldHangulJamo'],
  [/\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point}/u, 'disallowed', '9.13 PrecisIgnorableProperties'],
  [/\p{Cc}/u, 'disallowed', '9.12 Controls'],
] as const satisfies readonly Row[];

const AFTER_COMPATIBILITY = [
  [/[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]/u, 'valid', '9.1 LetterDigits'],
  [/[\p{Lt}\p{Nl}\p{No}\p{Me}]/u, 'free', '9.18 OtherLetterDigits'],
  [/[\p{Zs}\p{S}\p{P}]/u, 'free', '9.14 to 9.16 Spaces, Symbols, Punctuation'],
] as const satisfies readonly Row[];

/** The derived property of one character (one code point). */
export function precisProperty(character: string): PrecisProperty {
  const early = lookUp(BEFORE_COMPATIBILITY, character);
  if (early !== undefined) {
    return early;
  }
  if (character.normalize('NFKC') !== character) {
    return 'free';
  }
  return lookUp(AFTER_COMPATIBILITY, character) ?? 'disallowed';
}

function lookUp(rows: readonly Row[], character: string): PrecisProperty | undefined {
  return rows.find(([matches]) => matches.test(character))?.[1];
}
