/**
 * Where the context-dependent characters may stand (RFC 5892 appendix A), and the Bidi Rule (RFC 5893 section 2).
 *
 * Deviations, because JavaScript knows neither joining types nor bidirectional classes:
 * - ZERO WIDTH NON-JOINER is allowed after a virama only; the second half of rule A.1 (between joining letters) is not.
 * - The Bidi Rule tells right-to-left characters by their script, and takes all others that are no letter, mark or digit as
 *   neutral.
 */

const VIRAMA =
  /[\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D3B\u0D3C\u0D4D\u0DCA\u0E3A\u0EBA\u0F84\u1039\u103A\u1714\u1734\u17D2\u1A60\u1B44\u1BAA\u1BAB\u1BF2\u1BF3\u2D7F\uA806\uA8C4\uA953\uA9C0\uAAF6\uABED]$/u;

interface Place {
  readonly before: string;
  readonly after: string;
  readonly whole: string;
}

type Rule = readonly [character: RegExp, allowed: (place: Place) => boolean];

const RULES: readonly Rule[] = [
  // A.1, A.2: the zero width joiners
  [/[\u200C\u200D]/u, ({ before }) => VIRAMA.test(before)],
  // A.3: Catalan's middle dot
  [/\u00B7/u, ({ before, after }) => before.endsWith('l') && after.startsWith('l')],
  // A.4: Greek lower numeral sign
  [/\u0375/u, ({ after }) => /^\p{Script=Greek}/u.test(after)],
  // A.5, A.6: Hebrew geresh and gershayim
  [/[\u05F3\u05F4]/u, ({ before }) => /\p{Script=Hebrew}$/u.test(before)],
  // A.7: Katakana middle dot
  [/\u30FB/u, ({ whole }) => /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(whole.replaceAll('\u30FB', ''))],
  // A.8, A.9: the two sets of Arabic digits are not mixed
  [/[\u0660-\u0669]/u, ({ whole }) => !/[\u06F0-\u06F9]/u.test(whole)],
  [/[\u06F0-\u06F9]/u, ({ whole }) => !/[\u0660-\u0669]/u.test(whole)],
];

/** Whether the context-dependent character at `index` (in UTF-16 units) of `whole` may stand there. */
export function isContextAllowed(whole: string, index: number, character: string): boolean {
  const place = { before: whole.slice(0, index), after: whole.slice(index + character.length), whole };
  return RULES.some(([matches, allowed]) => matches.test(character) && allowed(place));
}

const RTL_CHARACTER =
  /(?![\p{M}\p{Nd}])[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}]/u;
const LETTER = /\p{L}/gu;
const EUROPEAN_DIGIT = /[0-9\u06F0-\u06F9]/;
const ARABIC_DIGIT = /[\u0660-\u0669]/;
const TRAILING_MARKS = /\p{M}+$/u;
const RTL_END = new RegExp(`(?:${RTL_CHARACTER.source}|[0-9\\u0660-\\u0669\\u06F0-\\u06F9])$`, 'u');
const RTL_START = new RegExp(`^${RTL_CHARACTER.source}`, 'u');

/** RFC 5893 section 2, for text that has a right-to-left letter or an Arabic digit; other text passes. */
export function satisfiesBidiRule(text: string): boolean {
  if (!RTL_CHARACTER.test(text) && !ARABIC_DIGIT.test(text)) {
    return true;
  }
  const letters = text.match(LETTER) ?? [];
  return (
    RTL_START.test(text) &&
    letters.every((letter) => RTL_CHARACTER.test(letter)) &&
    RTL_END.test(withoutTrailingMarks(text)) &&
    !(EUROPEAN_DIGIT.test(text) && ARABIC_DIGIT.test(text))
  );
}

function withoutTrailingMarks(text: string): string {
  return text.replace(TRAILING_MARKS, '');
}
