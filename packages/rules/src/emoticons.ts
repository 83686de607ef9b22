import { EMOTICONS, type EmoticonRow } from './tables/emoticons';

/**
 * Emoticons either way, by the table. Only what stands alone between blanks is read as a code, perhaps with the end of a
 * sentence behind it, so that addresses, words, times and program text stay as they are.
 */

const ROWS: readonly EmoticonRow[] = EMOTICONS;
const VARIATION = '\ufe0f';

const EMOJI_OF: ReadonlyMap<string, string> = new Map(
  ROWS.filter(({ read }) => read === 'yes').flatMap(({ code, also, emoji }) => [code, ...also].map((each) => [each, emoji] as const)),
);
const CODE_OF: ReadonlyMap<string, string> = new Map(ROWS.map(({ code, emoji }) => [emoji.replace(VARIATION, ''), code]));

const WORD = /\S+/g;
const SENTENCE_END = /[.,!?]+$/;
/** A longer word is no code, whatever ends it. */
const MAX_WORD = 12;
const ADDRESS = /^(?:www\.|[A-Za-z][\w+.-]*:\/\/|(?:mailto|sips?|tel|xmpp):)/i;
/** One emoji with what may follow it: a tone of skin, the wish to be drawn in colour. */
const EMOJI = /\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?/gu;
const JOINER = '\u200d';

/** Towards XMPP: codes become emoji. */
export function emojiFromCodes(text: string): string {
  return text.replace(WORD, (word) => {
    if (word.length > MAX_WORD) return word;
    const whole = EMOJI_OF.get(word);
    if (whole !== undefined) return whole;
    const end = SENTENCE_END.exec(word)?.[0] ?? '';
    const emoji = EMOJI_OF.get(word.slice(0, word.length - end.length));
    return emoji === undefined ? word : emoji + end;
  });
}

/** Towards SIP: emoji become codes, with blanks around where there are none. An emoji without a code stays. */
export function codesFromEmoji(text: string): string {
  return text.replace(WORD, (word) => (ADDRESS.test(word) || word.includes(JOINER) ? word : codesInWord(word)));
}

function codesInWord(word: string): string {
  const chunks: string[] = [];
  let from = 0;
  for (const { 0: emoji, index } of word.matchAll(EMOJI)) {
    const code = CODE_OF.get(emoji.replace(/[\u{1f3fb}-\u{1f3ff}\ufe0f]/gu, ''));
    if (code === undefined) continue;
    if (index > from) chunks.push(word.slice(from, index));
    if (chunks.length > 0 && chunks.at(-1) !== ' ') chunks.push(' ');
    chunks.push(code);
    from = index + emoji.length;
    if (from < word.length && !/[.,!?]/.test(word.charAt(from))) chunks.push(' ');
  }
  return chunks.join('') + word.slice(from);
}
