import { cleanXmlText } from '../xml/text';

/** The longest text of a fault, characters (ERR-1). */
const MAX_TEXT = 200;

/** One line of at most 200 characters; undefined where nothing is left. */
export function faultText(text: string | undefined): string | undefined {
  const line = cleanXmlText((text ?? '').slice(0, 4 * MAX_TEXT)).replace(/\s+/g, ' ').trim();
  return line === '' ? undefined : cleanXmlText(line.slice(0, MAX_TEXT));
}
