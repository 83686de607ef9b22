/**
 * Text on its way into XML 1.0 (fifth edition, section 2.2 Char and section 2.4 escaping; requirement SEC-10).
 * A single forbidden character would close the shared XMPP stream, so all text from the wire passes here first.
 */

/** Everything that is not a Char of XML 1.0: most controls, U+FFFE, U+FFFF and surrogates without their partner. */
const NOT_XML_CHAR = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** The common case, decided at once. */
const PRINTABLE = /^[\t\n -~]*$/;

/** Drops the characters that XML 1.0 does not allow, lone surrogates included. Does not escape. */
export function cleanXmlText(text: string): string {
  if (PRINTABLE.test(text)) return text;
  return text.replace(NOT_XML_CHAR, '');
}

/**
 * Cleans (see `cleanXmlText`) and escapes for character data and for quoted attribute values alike. Markup characters
 * become references; CR does so too, because a parser would turn it into LF (section 2.11).
 */
export function escapeXml(text: string): string {
  return cleanXmlText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
    .replaceAll('\r', '&#xD;');
}
