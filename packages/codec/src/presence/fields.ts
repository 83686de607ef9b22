/** The free parts of a presence document: note, language, times, names (requirements SEC-10, PRES-45). */

import type { Presence } from '@isthmus/model';
import { readLanguage } from '../body/language';
import { cleanXmlText } from '../xml/text';
import { XML_LANG, type XmlNode } from './xml-tree';

/** Microsoft's own limit ([MS-SIP] 2.2.1); a stanza must fit into 10 000 octets with it. Code points. */
const MAX_NOTE = 1_024;
const MAX_NAME = 256;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;
const LINE_END = /\r\n?/g;
const CONTROL = /\p{Cc}+/gu;

/** Text that a user wrote, for either side: allowed characters only, LF line ends, cut with an ellipsis at 1024 characters. */
export function noteText(text: string): string {
  const characters = [...cleanXmlText(text).replace(LINE_END, '\n').trim()];
  return characters.length > MAX_NOTE ? `${characters.slice(0, MAX_NOTE - 1).join('')}…` : characters.join('');
}

/** The first of the elements that has text, as a note with its language. */
export function noteOf(nodes: readonly XmlNode[]): Pick<Presence, 'note' | 'noteLanguage'> {
  const node = nodes.find((candidate) => noteText(candidate.text) !== '');
  if (node === undefined) {
    return {};
  }
  const noteLanguage = readLanguage(node.attributes.get(XML_LANG));
  return { note: noteText(node.text), ...(noteLanguage === undefined ? {} : { noteLanguage }) };
}

/** RFC 3339 in UTC, or undefined for what is no such time, or is none in UTC any more (before the year 0, behind 9999). */
export function utcTime(text: string | undefined): string | undefined {
  const time = text !== undefined && DATE_TIME.test(text) ? Date.parse(text) : Number.NaN;
  const utc = Number.isNaN(time) ? '' : utcOf(time);
  return DATE_TIME.test(utc) ? utc : undefined;
}

/** RFC 3339 in UTC; `time`: milliseconds since the epoch. */
export function utcOf(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** A display name on one line, at most 256 characters, or nothing. */
export function displayNameOf(text: string | undefined): Pick<Presence, 'displayName'> {
  const characters = [...cleanXmlText(text ?? '').replace(CONTROL, ' ').trim()];
  return characters.length === 0 ? {} : { displayName: characters.slice(0, MAX_NAME).join('') };
}
