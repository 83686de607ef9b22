/**
 * Names that mix scripts, as names do that are to be taken for other ones: Cyrillic letters among Latin ones, for example
 * (UTS 39 section 5.1, mixed-script detection, and section 5.2, restriction level "highly restrictive"; requirement SEC-14).
 * The scripts are the recommended and the limited-use ones of UAX 31; all others count as one more.
 */

const SCRIPTS =
  'Latn Cyrl Grek Arab Hebr Armn Beng Deva Ethi Geor Gujr Guru Knda Khmr Laoo Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt Cher Cans Nkoo Syrc Mong Hani Hira Kana Bopo Hang';

/** What stands beside ideographs and syllables in one writing system (UTS 39 section 5.1, augmented script sets). */
const SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  Hani: ['Jpan', 'Hanb', 'Kore'],
  Hira: ['Jpan'],
  Kana: ['Jpan'],
  Bopo: ['Hanb'],
  Hang: ['Kore'],
};
/** Latin letters are at home in these (section 5.2). */
const WITH_LATIN: readonly string[] = ['Jpan', 'Hanb', 'Kore'];

const TESTS = SCRIPTS.split(' ').map((script) => [script, new RegExp(`\\p{Script_Extensions=${script}}`, 'u')] as const);
/** Of no script: digits, punctuation, marks that take the script of their letter. */
const NEUTRAL = /[\p{Script=Common}\p{Script=Inherited}]/u;
/** The common case, decided at once. */
const ASCII = /^[\0-\x7f]*$/;

function scriptsOf(character: string): readonly string[] {
  const found = TESTS.filter(([, test]) => test.test(character)).map(([script]) => script);
  if (found.length === 0) return NEUTRAL.test(character) ? [] : ['other'];
  return found.flatMap((script) => [script, ...(SYSTEMS[script] ?? [])]);
}

/** Are there letters of scripts in `text` that no writing system uses together? */
export function isMixedScript(text: string): boolean {
  if (ASCII.test(text)) return false;
  const sets = [...text].map(scriptsOf).filter((set) => set.length > 0);
  if (common(sets).length > 0) return false;
  const others = sets.filter((set) => !set.includes('Latn'));
  return !common(others).some((script) => WITH_LATIN.includes(script));
}

/** What all of the sets have; of none of them, something. */
function common(sets: readonly (readonly string[])[]): readonly string[] {
  const [first = ['other'], ...rest] = sets;
  return first.filter((script) => rest.every((set) => set.includes(script)));
}
