import { cleanXmlText } from '../xml/text';

/** DEL and the C1 controls: XML allows them, no message needs them. */
const CONTROLS = /[\u007f-\u009f]/g;

/**
 * Text of a SIP body as it goes into a stanza: line feeds for all line ends, none at the end, no control characters, no
 * byte order mark (RFC 2046 section 4.1.1, SEC-10).
 */
export function textFromWire(text: string): string {
  const cleaned = cleanXmlText(text.replace(/\r\n?/g, '\n')).replace(CONTROLS, '');
  return trimEnds(cleaned.replace(/^\ufeff+/, ''));
}

/** Text of a stanza as it goes into a SIP body: CR LF for all line ends, the canonical form of text (RFC 2046 section 4.1.1). */
export function textToWire(text: string): string {
  return cleanXmlText(text).replace(/\r\n?|\n/g, '\r\n');
}

/** Without the line feeds at the end. A regular expression would look at each run of them anew. */
function trimEnds(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end -= 1;
  return text.slice(0, end);
}
